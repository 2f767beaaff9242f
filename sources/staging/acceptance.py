"""Acceptance: compares the staged rows of new snapshots with those of the current ones, series by series.

The thresholds are in source.yaml with their reasons. The caller handles a snapshot that exceeds one: it is
held, and the current one stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.columns.observation import OBSERVATION
from schemas.definitions.source import Source, Threshold
from sources.settings import CHECKOUT
from sources.staging.stage import StagedSource

if TYPE_CHECKING:
    import duckdb

SQL = CHECKOUT / "sources" / "staging" / "sql" / "changes.sql"
EXAMPLES = 10
CHECKS = {
    "rows_lost_share": "share of the earlier values that are gone",
    "areas_lost": "areas that had a value and have none",
    "median_ratio": "factor by which the values changed, in the median",
    "years_back": "years by which the latest year went back",
}


@dataclass(frozen=True, order=True)
class Finding:
    """One series beyond one threshold. check: a field of the source's `acceptance`."""

    series: str
    check: str
    change: float
    limit: float
    detail: str
    reason: str

    def __str__(self) -> str:
        return f"{self.series}: {CHECKS[self.check]}: {self.change:.4g}, limit {self.limit:g} ({self.detail})"


def compare(source: Source, live: StagedSource | None, candidate: StagedSource) -> list[Finding]:
    """Return every series that changed by more than the source allows; none without current rows."""
    if live is None or live.fingerprint == candidate.fingerprint:
        return []
    import duckdb

    with duckdb.connect() as con:
        _open(con, live, candidate)
        con.execute(SQL.read_text(encoding="utf-8"), {"examples": EXAMPLES})
        rows = con.execute("select * from difference order by series").fetchall()
        names = [column[0] for column in con.description or ()]
    return sorted(
        finding for row in rows for finding in _findings(source, dict(zip(names, row, strict=True)))
    )


def describe(findings: list[Finding]) -> str:
    """Format the findings as a table for a terminal."""
    head = ("series", "what changed", "found", "limit", "in words")
    body = [(f.series, f.check, f"{f.change:.4g}", f"{f.limit:g}", f.detail) for f in sorted(findings)]
    widths = [max(len(row[i]) for row in (head, *body)) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *body)
    ]
    reasons = sorted({f"{f.check}: {f.reason}" for f in findings})
    return "\n".join(
        [
            lines[0],
            "  ".join("-" * width for width in widths),
            *lines[1:],
            "why these limits:",
            *(f"  {reason}" for reason in reasons),
        ]
    )


def _open(con: duckdb.DuckDBPyConnection, live: StagedSource, candidate: StagedSource) -> None:
    """Create views before and after: the rows with a value, value in units."""
    con.execute("set memory_limit = '1500MB'")
    con.execute("set autoinstall_known_extensions = false")
    key = ", ".join(OBSERVATION.key[1:])
    for name, staged in (("before", live), ("after", candidate)):
        path = str(staged.observation).replace("'", "''")
        con.execute(
            f"create view {name} as select {key}, obs_value * power(10.0::double, unit_mult) as value "
            f"from read_parquet('{path}') where obs_value is not null"
        )


def _findings(source: Source, row: dict[str, object]) -> list[Finding]:
    details = {
        "rows_lost_share": f"{row['rows_lost']} of {row['rows_before']} values gone, {row['rows_new']} new",
        "areas_lost": f"gone: {_listed(row['areas_gone'])}; new: {_listed(row['areas_new'])}",
        "median_ratio": f"{row['rows_common']} values in common; for example {_listed(row['largest'])}",
        "years_back": f"latest year was {row['year_before']}, is {row['year_after'] or 'none'}",
    }
    findings = []
    for check, detail in details.items():
        threshold: Threshold = getattr(source.acceptance, check)
        value = row[check]
        if isinstance(value, int | float) and value > threshold.limit:
            findings.append(
                Finding(str(row["series"]), check, float(value), threshold.limit, detail, threshold.reason)
            )
    return findings


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) and value else "none"
