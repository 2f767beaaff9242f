"""Where data comes from: one folder a source, readers by wire format, the session and the snapshot store.

Nothing here knows of indicators, computes a statistic or imports dagster.
"""
