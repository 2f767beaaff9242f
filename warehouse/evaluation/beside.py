"""Side files of an indicator's evaluated rows, one per table, each named after its table."""

from __future__ import annotations

from pathlib import Path

import duckdb

from schemas.columns.model import Table
from warehouse.engine.duckdb_engine import run_sql, write_table


def beside(evaluated: Path, table: Table) -> Path:
    """Return the path of a side file; the file does not exist if it has no rows."""
    return evaluated.with_suffix(f".{table.name}")


def write_beside(con: duckdb.DuckDBPyConnection, sql: str, table: Table, evaluated: Path) -> None:
    """Write the rows of a select to a side file, if there are any. sql: empty if none are possible."""
    rows = run_sql(con, sql, table) if sql else None
    if rows is not None and rows.num_rows:
        write_table(rows, table, beside(evaluated, table))
