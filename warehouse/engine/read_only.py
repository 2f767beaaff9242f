"""The connection of those who only read: DuckDB in memory over parquet files, nothing else imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect(**config: str | bool | int | float | list[str]) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that downloads nothing and draws no progress bar: stdout is for answers."""
    import duckdb

    con = duckdb.connect(config={"autoinstall_known_extensions": "false", **config})
    con.execute("set enable_progress_bar = false")
    return con
