"""The invariant of every ledger line."""

from __future__ import annotations

from sources.staging.result import Counted


def reconciles(counts: Counted) -> bool:
    """Whether every row that came is kept or rejected with a reason."""
    return counts.rows_in == counts.rows_out + sum(counts.reasons.values())
