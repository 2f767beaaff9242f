"""warehouse.duckdb: the tables of a release in one self-describing file, always derived from the parquet
files.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

import duckdb

from schemas.columns.model import Table
from schemas.tables.registry import TABLES
from warehouse.engine.duckdb_engine import literal, model_sql, parquet
from warehouse.store.publish import SUMS, file_sha256

DATABASE = "warehouse.duckdb"


def write_database(aside: Path, previous: Path | None = None, same: Collection[str] = frozenset()) -> None:
    """Write warehouse.duckdb: copies of the tables, with a comment on each table and column, and the views.

    Tables are copied, not linked: DuckDB resolves a relative parquet path in the reader's working folder, so
    a file of views breaks when it is opened elsewhere or sent alone. Storage version v1.0.0: every later
    DuckDB can open it.

    Args:
        aside: the folder of the release, with its parquet files.
        previous: the previous release; if more than half of the bytes are `same`, a copy of its database
            receives the other tables.
        same: tables with the bytes of the previous release, made by the same code.
    """
    path = aside / DATABASE
    kept = same if previous is not None and _mostly(aside, same) and _copied(previous, path) else frozenset()
    with duckdb.connect(":memory:") as con:
        con.execute(f"attach {literal(str(path))} as release (storage_version 'v1.0.0')")
        con.execute("use release")
        for name, table in TABLES.items():
            if name not in kept:
                _copy_table(con, aside, table)
        if not kept:
            con.execute(model_sql("views"))
        con.execute("use memory")
        con.execute("detach release")


def _copy_table(con: duckdb.DuckDBPyConnection, aside: Path, table: Table) -> None:
    name = table.name
    con.execute(f'create or replace table "{name}" as select * from {parquet(aside / f"{name}.parquet")}')
    about = f"{table.title}. {table.description} Key: {', '.join(table.key)}."
    con.execute(f'comment on table "{name}" is {literal(about)}')
    for column in table.columns:
        unit = f" Unit: {column.unit}." if column.unit else ""
        con.execute(f'comment on column "{name}"."{column.name}" is {literal(column.description + unit)}')


def _mostly(aside: Path, same: Collection[str]) -> bool:
    """Return whether the unchanged tables are more than half of the bytes: replacing most of a database
    takes longer than writing it, and leaves free blocks.
    """
    sizes = {name: (aside / f"{name}.parquet").stat().st_size for name in TABLES}
    return 2 * sum(size for name, size in sizes.items() if name in same) > sum(sizes.values())


def _copied(previous: Path, path: Path) -> bool:
    """Copy the previous database if it is still the published one."""
    published = previous / DATABASE
    if not (published.is_file() and (previous / SUMS).is_file()):
        return False
    shutil.copyfile(published, path)
    if f"{file_sha256(path)}  {DATABASE}\n" in (previous / SUMS).read_text(encoding="utf-8"):
        return True
    path.unlink()
    return False
