"""What Dagster loads: which folders the components read, the release, and what runs by itself. `dg list defs`
shows it.
"""
