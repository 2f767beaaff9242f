"""Orchestration: the steps of a run, the Dagster definitions that drive them, and the command line.

The only package that imports dagster. Statistical methods, parsing and SQL live elsewhere.
"""
