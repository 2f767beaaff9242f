"""Detects values that changed since the previous release although no input changed.

The fingerprint of an indicator covers its snapshots, definition and code. Two releases with the same
fingerprint must have the same rows: a difference is our fault (a damaged cache, faulty memory, or an input
missing from the fingerprint), never an agency's revision.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from schemas.tables.registry import INDICATOR
from warehouse.engine.duckdb_engine import engine, literal, parquet

EXAMPLES = 5
CELL = ("ref_area", "time_period", "sex", "age", "urbanisation", "quantile", "other_dims")


def unexplained_changes(previous: Path | None, folder: Path) -> list[str]:
    """Return a sentence for each indicator with the same fingerprint but other rows than before.

    Args:
        previous: the folder of the previous release, if there is one.
        folder: the folder of the new tables.
    """
    if previous is None or not (previous / "indicator_meta.parquet").is_file():
        return []
    with engine() as con:
        if not _comparable(con, previous):
            return []
        changed = con.execute(f"""
            with
            unchanged as (
                select indicator
                from {parquet(folder / "indicator_meta.parquet")} as new
                join {parquet(previous / "indicator_meta.parquet")} as old using (indicator, fingerprint)
            ),
            new as ({_sums(folder)}),
            old as ({_sums(previous)})
            select indicator
            from unchanged
            left join new using (indicator)
            left join old using (indicator)
            where new.digest is distinct from old.digest
            order by indicator""").fetchall()
        return [_sentence(con, str(name), previous, folder) for (name,) in changed]


def _comparable(con: duckdb.DuckDBPyConnection, previous: Path) -> bool:
    """Return whether the previous release has the current columns."""
    for name, needed in (
        ("indicator_meta", {"indicator", "fingerprint"}),
        ("indicator", set(INDICATOR.names)),
    ):
        table = parquet(previous / f"{name}.parquet")
        columns = {str(row[0]) for row in con.execute(f"describe select * from {table}").fetchall()}
        if not needed <= columns:
            return False
    return True


def _sums(folder: Path) -> str:
    """Return order-independent checksums of each indicator's rows: their number and two sums of hashes."""
    columns = ", ".join(f'"{name}"' for name in INDICATOR.names)
    return (
        "select indicator, [count(*), sum(h::hugeint), bit_xor(h)::hugeint] as digest "
        f"from (select indicator, hash({columns}) as h from {parquet(folder / 'indicator.parquet')}) "
        "group by indicator"
    )


def _sentence(con: duckdb.DuckDBPyConnection, name: str, previous: Path, folder: Path) -> str:
    """Describe the indicator with the first cells that differ."""
    columns = ", ".join(f'"{column}"' for column in INDICATOR.names)
    new, old = (
        f"(select {columns} from {parquet(place / 'indicator.parquet')} where indicator = {literal(name)})"
        for place in (folder, previous)
    )
    cells = con.execute(f"""
        select ref_area, time_period, old.value, new.value
        from (from {new} except from {old}) as new
        full join (from {old} except from {new}) as old using ({", ".join(CELL)})
        order by all
        limit {EXAMPLES}""").fetchall()
    shown = "; ".join(
        f"{area} {year}: {_text(before)} -> {_text(after)}" for area, year, before, after in cells
    )
    return (
        f"{name}: its values differ from release {previous.name}, although its snapshots, "
        f"definition and code are the same: {shown}"
    )


def _text(value: float | None) -> str:
    return "no value" if value is None else f"{value:g}"
