"""When it runs: the workspace that joins the parts, the Dagster definitions that drive it, and the command
line.

The only package that imports dagster. No method, no parsing and no SQL lives here.
"""
