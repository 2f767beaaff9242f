"""Compares warehouse.duckdb with the parquet files of its release: equal rows in every table, and no view
that reads other files.

The file is attached read-only in a database without access to anything but the release's folder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import duckdb

from warehouse.engine.duckdb_engine import literal, parquet
from warehouse.verification.finding import Finding

DATABASE = "warehouse.duckdb"


def database_findings(folder: Path, names: Collection[str]) -> Iterator[Finding]:
    """Return the differences between warehouse.duckdb and the parquet files.

    Args:
        folder: the release's folder; warehouse.duckdb and the tables are regular files in it.
        names: the tables to compare.
    """
    try:
        with duckdb.connect(":memory:", config={"autoinstall_known_extensions": False}) as con:
            con.execute("set enable_progress_bar = false")
            con.execute(f"attach {literal(str(folder / DATABASE))} as published (read_only)")
            con.execute(
                "set allowed_directories = $folders", {"folders": [str(folder), str(folder.resolve())]}
            )
            con.execute("set enable_external_access = false")
            yield from _table_findings(con, folder, names)
            yield from _view_findings(con)
    except duckdb.Error as error:
        yield Finding(DATABASE, "database", f"cannot be read: {_first_line(error)}")


def _table_findings(
    con: duckdb.DuckDBPyConnection, folder: Path, names: Collection[str]
) -> Iterator[Finding]:
    present = {
        str(row[0])
        for row in con.execute(
            "select table_name from duckdb_tables() where database_name = 'published'"
        ).fetchall()
    }
    for name in sorted(present - set(names)):
        yield Finding(DATABASE, "database", f"has a table {name!r}, which the release does not have")
    for name in sorted(names):
        if name not in present:
            yield Finding(DATABASE, "database", f"has no table {name}")
            continue
        source = parquet(folder / f"{name}.parquet")
        columns = [str(row[0]) for row in con.execute(f"describe select * from {source}").fetchall()]
        stored = [str(row[0]) for row in con.execute(f'describe published.main."{name}"').fetchall()]
        if columns != stored:
            yield Finding(DATABASE, "database", f"table {name} has other columns than {name}.parquet")
        elif _digest(con, source, columns) != _digest(con, f'published.main."{name}"', columns):
            yield Finding(DATABASE, "database", f"table {name} has other rows than {name}.parquet")


def _digest(con: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> tuple[object, ...]:
    """Return an order-independent checksum of a table: number of rows and two sums of 64-bit hashes."""
    row = ", ".join(f'"{name}"' for name in columns)
    return tuple(
        con.execute(
            f"select count(*), sum(h::hugeint), bit_xor(h) from (select hash({row}) as h from {table})"
        ).fetchall()[0]
    )


def _view_findings(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Find views that read other files, which could show other data than the release."""
    con.execute("use published")
    views = con.execute(
        "select view_name from duckdb_views() where database_name = 'published' and not internal order by 1"
    ).fetchall()
    for (name,) in views:
        try:
            con.execute(f'describe published.main."{name}"')
        except duckdb.Error as error:
            yield Finding(DATABASE, "database", f"view {name} cannot be used: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
