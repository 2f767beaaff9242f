"""The sentence with which a run says what it released: how much there is, what was added and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from warehouse.engine.duckdb_engine import engine, parquet


def summary(
    folder: Path,
    rows: Mapping[str, int],
    previous: Path | None,
    changes: Sequence[tuple[str, int, int, int]],
) -> str:
    """What a run says of the release that it made."""
    with engine() as con:
        relation = con.execute(f"""
            select count(distinct indicator), count(distinct ref_area) filter (where ref_area not like '%:%')
            from {parquet(folder / "latest.parquet")}""").fetchone()
    indicators, countries = relation or (0, 0)
    changed = sum(row[1] for row in changes)
    added, gone = sum(row[2] for row in changes), sum(row[3] for row in changes)
    since = (
        f"{added:,} added, {changed:,} changed, {gone:,} withdrawn since {previous.name}" if previous else ""
    )
    held = f"{rows['indicator']:,} values of {indicators} indicators for {countries} countries"
    return f"{held}; {since or 'the first release'}"
