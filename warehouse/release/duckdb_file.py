"""warehouse.duckdb: the tables of a release in one file that explains itself. Derived from the parquet files,
always."""

from __future__ import annotations

from pathlib import Path

import duckdb

from schemas.tables.registry import TABLES
from warehouse.engine.duckdb_engine import literal, model_sql, parquet


def write_database(aside: Path) -> None:
    """warehouse.duckdb: the tables copied in, with a comment on each table and column, and the views.

    Copied, not linked: DuckDB looks for a relative parquet path in the reader's working folder, so a file of
    views breaks as soon as it is opened from elsewhere or sent on alone. v1.0.0: every DuckDB since then can
    open it.
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
