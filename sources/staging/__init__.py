"""Snapshots to observations: units, areas, periods, statuses; the ledger, quarantine, and acceptance."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    acceptance="compare describe",
    lookups="area_rows",
    result="fingerprint",
    stage="check_arrived stage_source staged_table",
)
