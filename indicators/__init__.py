"""What is measured: one YAML file an indicator, the catalogue that loads and checks them, and formulas.

Nothing here fetches, evaluates or publishes, and nothing here imports dagster.
"""
