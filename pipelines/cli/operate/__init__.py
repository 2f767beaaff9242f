"""The verbs that keep a machine in order. Each calls one function and prints."""
