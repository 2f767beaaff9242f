"""The verbs that add indicators, sources and contributions. Each calls one function and prints."""
