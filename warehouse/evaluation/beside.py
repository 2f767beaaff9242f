"""Files beside an indicator's evaluated rows: what was found on the way, each named after its table."""

from __future__ import annotations

from pathlib import Path

import duckdb

from schemas.columns.model import Table
from warehouse.engine.duckdb_engine import run_sql, write_table


def beside(evaluated: Path, table: Table) -> Path:
    """Where the rows of a table lie beside the indicator's; no file where there are none."""
    return evaluated.with_suffix(f".{table.name}")


def write_beside(con: duckdb.DuckDBPyConnection, sql: str, table: Table, evaluated: Path) -> None:
    """Write the rows of a select beside the indicator's, if there are any. sql: empty where none can be."""
    rows = run_sql(con, sql, table) if sql else None
    if rows is not None and rows.num_rows:
        write_table(rows, table, beside(evaluated, table))
