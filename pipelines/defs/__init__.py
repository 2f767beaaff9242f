"""The project's Dagster definitions: the folders that the components read, the release, and the automation.
`dg list defs` shows it.
"""
