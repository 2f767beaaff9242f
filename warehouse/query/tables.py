"""Questions to the tables of a release: DuckDB over its parquet files, on one connection of the process.

No heavy import here (no pandas, pandera, pyarrow, sqlglot, pydantic): DuckDB alone, and that only when asked.
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
    """Rows as dictionaries. {name} in the SQL stands for a table's parquet file, $name for a value."""
    names, relation = records(folder, sql, **values)
    return [dict(zip(names, row, strict=True)) for row in relation]


def records(folder: Path, sql: str, **values: Any) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Names of columns and records. Cheaper than from a relation, which plans the question twice."""
    con = _connection(os.getpid()).cursor()
    relation = con.execute(sql.format_map(_Files(folder)), values or None)
    return tuple(column[0] for column in relation.description or ()), relation.fetchall()


def query(folder: Path, sql: str, **values: Any) -> duckdb.DuckDBPyRelation:
    """The same question as a relation, which answers in rows, Arrow or pandas."""
    return _cursor(_connection(os.getpid())).sql(sql.format_map(_Files(folder)), params=values or None)


def database_query(folder: Path, sql: str, values: dict[str, Any]) -> duckdb.DuckDBPyRelation:
    """An answer on the tables and views of a release under their own names, read-only.

    They are read from warehouse.duckdb, or from the parquet files where a copy of the release lacks it.

    Raises:
        CompactError: the SQL is not valid, or is no query; the error has DuckDB's words.
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
    """Whether the release has a table: one of before the table was published has not."""
    return (folder / f"{name}.parquet").is_file()


class _Files(dict[str, str]):
    """Names of tables to their files as SQL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __missing__(self, name: str) -> str:
        return f"read_parquet({_quoted(self.folder / f'{name}.parquet')})"


def _cursor(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    cursor = con.cursor()
    cursor.execute("set enable_progress_bar = false")  # DuckDB draws it on stdout, which is for answers
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
