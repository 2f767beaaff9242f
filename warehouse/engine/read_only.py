"""A connection for readers: DuckDB in memory over parquet files, with no other import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect(**config: str | bool | int | float | list[str]) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB that downloads nothing and draws no progress bar: stdout is for results."""
    import duckdb

    con = duckdb.connect(config={"autoinstall_known_extensions": "false", **config})
    con.execute("set enable_progress_bar = false")
    return con
