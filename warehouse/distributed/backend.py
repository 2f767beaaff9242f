"""Selects the engine that computes the tables of a release: COMPACT_ENGINE, duckdb by default.

Spark computes the SQL tables except progress. The projection, its back-test and the composite scores are
NumPy programs over the totals: they always run in this process on DuckDB.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from schemas.tables.assessment import PROGRESS
from schemas.tables.projections import PROJECTION, PROJECTION_SKILL
from schemas.tables.targets import SCORE
from sources.settings import load_settings
from warehouse.distributed.required import pyspark_version
from warehouse.engine.duckdb_engine import model_sql

if TYPE_CHECKING:
    from warehouse.distributed.spark import SparkConnection

MADE_IN_PYTHON = frozenset({PROJECTION.name, PROJECTION_SKILL.name, SCORE.name})
# Spark inlines each common table expression: planning the default method took all memory before a row was
# read (Spark 4.3, 2026-11-30). Progress has a row for each series, not for each value.
ON_DUCKDB = MADE_IN_PYTHON | {PROGRESS.name}
# Tables as large as the release, which Spark's workers read from parquet; the others are copied.
LARGE = frozenset({"indicator", "total_value", "previous_indicator"})


def engine_name() -> str:
    """Return duckdb or spark."""
    return load_settings().engine


def engine_version() -> str:
    """Return the engine with its version, for the fingerprint of a release; empty for DuckDB, which the
    code's own fingerprint includes. Raises CompactError if Spark is chosen and PySpark or Java are missing.
    """
    return f"spark {pyspark_version()}" if engine_name() == "spark" else ""


@contextmanager
def on_spark(
    con: duckdb.DuckDBPyConnection, folder: Path, previous: Path | None
) -> Iterator[SparkConnection | None]:
    """Return a Spark connection with all tables of the DuckDB one if COMPACT_ENGINE is spark, else None.

    folder: the folder of indicator.parquet; previous: the previous release.
    """
    if engine_name() != "spark":
        yield None
        return
    from warehouse.distributed.spark import SparkConnection, spark_session

    with spark_session() as session:
        other = SparkConnection(session)
        carry_over(con, other, folder, previous)
        try:
            yield other
        finally:
            other.close()


def carry_over(
    con: duckdb.DuckDBPyConnection, other: SparkConnection, folder: Path, previous: Path | None
) -> None:
    """Copy every input of the models from DuckDB to Spark; Spark reads the large ones from their files."""
    for name in temporary_names(con):
        if name not in LARGE:
            other.register(name, con.sql(f'select * from "{name}"').to_arrow_table())
    other.read("indicator", folder / "indicator.parquet")
    other.view("total_value", model_sql("total_value"))
    if previous is not None:
        other.read("previous_indicator", previous / "indicator.parquet")
    else:
        other.execute("create temp table previous_indicator as select * from indicator where false")


def temporary_names(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the temporary tables and views of a connection."""
    return [
        str(name)
        for (name,) in con.execute("""
            select table_name from duckdb_tables() where temporary
            union
            select view_name from duckdb_views() where temporary and not internal
            order by 1""").fetchall()
    ]
