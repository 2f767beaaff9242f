"""warehouse.duckdb: the tables of a release in one self-describing file, always derived from the parquet
files.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from schemas.tables.registry import TABLES
from warehouse.engine.duckdb_engine import literal, model_sql, parquet


def write_database(aside: Path) -> None:
    """Write warehouse.duckdb: copies of the tables, with a comment on each table and column, and the views.

    Tables are copied, not linked: DuckDB resolves a relative parquet path in the reader's working folder, so
    a file of views breaks when it is opened elsewhere or sent alone. Storage version v1.0.0: every later
    DuckDB can open it.
    """
    with duckdb.connect(":memory:") as con:
        con.execute(
            f"attach {literal(str(aside / 'warehouse.duckdb'))} as release (storage_version 'v1.0.0')"
        )
        con.execute("use release")
        for name, table in TABLES.items():
            con.execute(f'create table "{name}" as select * from {parquet(aside / f"{name}.parquet")}')
            about = f"{table.title}. {table.description} Key: {', '.join(table.key)}."
            con.execute(f'comment on table "{name}" is {literal(about)}')
            for column in table.columns:
                unit = f" Unit: {column.unit}." if column.unit else ""
                con.execute(
                    f'comment on column "{name}"."{column.name}" is {literal(column.description + unit)}'
                )
        con.execute(model_sql("views"))
        con.execute("use memory")
        con.execute("detach release")
