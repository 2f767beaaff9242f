"""Exports a release's long tables as a lake: parquet partitioned by source and year.

observation/source=itu_datahub/year=2024/….parquet, and the same for indicator, where source has all agencies
of a value, joined by ';' (as %3B in the folder's name). year repeats time_period, which stays in the files;
source is only in the folder's name. The release with its checksums remains the store of record: a lake can be
rebuilt from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from schemas.errors import CompactError
from warehouse.engine.duckdb_engine import engine, literal, parquet

TABLES = ("observation", "indicator")


def write_lake(release: Path, out: Path, tables: Sequence[str] = TABLES) -> list[Path]:
    """Write the tables into a folder that has none of them yet, and return the files.

    The same release gives the same rows in each folder, in the order of the table's key.
    """
    taken = [name for name in tables if (out / name).exists()]
    if taken:
        raise CompactError(
            f"there is a lake already: {', '.join(taken)}",
            where=str(out),
            next_step="name another folder with --out, or remove it",
        )
    with engine(threads=1) as con:  # one thread: one file per folder, in order
        for name in tables:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            con.execute(f"""
                copy (
                    select *, time_period as year
                    from {parquet(release / f"{name}.parquet")})
                to {literal(str(out / name))}
                (format parquet, compression zstd, partition_by (source, year))""")
    return sorted(path for name in tables for path in (out / name).rglob("*.parquet"))
