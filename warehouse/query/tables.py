"""Queries on the tables of a release: DuckDB over its parquet files, on one connection per process.

No heavy import (no pandas, pandera, pyarrow, sqlglot, pydantic): only DuckDB, on first use.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.engine.read_only import connect

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
DATABASE = "warehouse.duckdb"


def ask(folder: Path, sql: str, **values: Any) -> list[Row]:
    """Return rows as dictionaries. {name} in the SQL is a table's parquet file, $name a value."""
    names, relation = records(folder, sql, **values)
    return [dict(zip(names, row, strict=True)) for row in relation]


def records(folder: Path, sql: str, **values: Any) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return column names and records. Cheaper than a relation, which plans the query twice."""
    con = _connection(os.getpid()).cursor()
    relation = con.execute(sql.format_map(_Files(folder)), values or None)
    return tuple(column[0] for column in relation.description or ()), relation.fetchall()


def query(folder: Path, sql: str, **values: Any) -> duckdb.DuckDBPyRelation:
    """Return the query as a relation, which converts to rows, Arrow or pandas."""
    return _cursor(_connection(os.getpid())).sql(sql.format_map(_Files(folder)), params=values or None)


def database_query(folder: Path, sql: str, values: dict[str, Any]) -> duckdb.DuckDBPyRelation:
    """Query the tables and views of a release under their own names, read-only.

    They are read from warehouse.duckdb, or from the parquet files where a copy of the release lacks it.

    Raises:
        CompactError: the SQL is invalid, or not a query; the error includes DuckDB's message.
    """
    import duckdb

    from schemas.errors import CompactError

    cursor = _cursor(_database(folder.resolve(), os.getpid()))
    if (folder / DATABASE).is_file():
        cursor.execute("use release")
    try:
        relation = cursor.sql(sql, params=values or None)
    except duckdb.Error as error:
        raise CompactError(
            str(error).strip(), where="SQL", next_step="see docs/reference/tables.md for tables and columns"
        ) from None
    if relation is None:
        raise CompactError("the statement returns no rows", where="SQL", allowed="one select statement")
    return relation


def has_table(folder: Path, name: str) -> bool:
    """Return whether the release has the table: one from before the table was published has not."""
    return (folder / f"{name}.parquet").is_file()


class _Files(dict[str, str]):
    """Maps table names to their files as SQL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __missing__(self, name: str) -> str:
        return f"read_parquet({_quoted(self.folder / f'{name}.parquet')})"


def _cursor(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    cursor = con.cursor()
    cursor.execute("set enable_progress_bar = false")  # DuckDB draws it on stdout, which is for results
    return cursor


@lru_cache(maxsize=1)
def _connection(_process: int) -> duckdb.DuckDBPyConnection:
    return connect()


@lru_cache(maxsize=2)
def _database(folder: Path, _process: int) -> duckdb.DuckDBPyConnection:
    con = connect()
    if (folder / DATABASE).is_file():
        con.execute(f"attach {_quoted(folder / DATABASE)} as release (read_only)")
    else:
        for path in sorted(folder.glob("*.parquet")):
            con.execute(f'create view "{path.stem}" as from read_parquet({_quoted(path)})')
    return con


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
