"""The one-sentence summary of a release: its size, additions and changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from schemas.display import counted
from warehouse.engine.duckdb_engine import engine, parquet


def summary(
    folder: Path,
    rows: Mapping[str, int],
    previous: Path | None,
    changes: Sequence[tuple[str, int, int, int]],
) -> str:
    """Return the summary of a release."""
    with engine() as con:
        relation = con.execute(f"""
            select count(distinct indicator), count(distinct ref_area) filter (where ref_area not like '%:%')
            from {parquet(folder / "latest.parquet")}""").fetchone()
        first, dropped = _first_and_dropped(con, folder, previous) if previous else ((0, 0), 0)
    indicators, countries = relation or (0, 0)
    held = (
        f"{counted(rows['indicator'], 'value')} of {counted(indicators, 'indicator')} "
        f"for {counted(countries, 'country', 'countries')}"
    )
    if previous is None:
        return f"{held}; the first release"
    changed = sum(row[1] for row in changes)
    added, gone = sum(row[2] for row in changes), sum(row[3] for row in changes)
    new = f", {first[1]:,} of {counted(first[0], 'indicator')} for the first time" if first[0] else ""
    lost = f", {counted(dropped, 'indicator')} without values now" if dropped else ""
    return (
        f"{held}; {added:,} added, {changed:,} changed, {gone:,} withdrawn{new}{lost} since {previous.name}"
    )


def _first_and_dropped(
    con: duckdb.DuckDBPyConnection, folder: Path, previous: Path
) -> tuple[tuple[int, int], int]:
    """Return indicators with values for the first time, with the number of values, and those that lost all
    of them: neither is a revision.
    """
    row = con.execute(f"""
        with now as (
            select indicator, count(*) as n from {parquet(folder / "indicator.parquet")} group by indicator),
        before as (select distinct indicator from {parquet(previous / "indicator.parquet")})
        select
            (select count(*) from now anti join before using (indicator)),
            (select coalesce(sum(n), 0)::bigint from now anti join before using (indicator)),
            (select count(*) from before anti join now using (indicator))""").fetchone()
    indicators, values, dropped = row or (0, 0, 0)
    return (indicators, values), dropped
