"""The verbs that make, check and publish a release. Each calls one function and prints."""
