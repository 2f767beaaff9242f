"""Dagster's own records in $COMPACT_HOME/dagster: settings, event log, and runs that were killed."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    dead_runs="close_dead_runs",
    home="open_instance prepare",
)
