"""The verbs that read a release. Each calls one function and prints."""
