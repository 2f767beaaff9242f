"""Every table of an SQL model, computed by DuckDB and by Spark from the same values: rows, seconds, equality.

engine_comparison.py defines equality; synthetic_values.py generates the values.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.synthetic_values import make_values, repeat_definitions


def bench_engines(home: Path, rows: int = 0, only: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """A row for each table, as soon as both have it. rows: repeat the release until there are so many values;
    only: these tables (the others are computed by DuckDB alone, for what reads them)."""
    from pipelines.steps.context import open_context
    from sources.settings import Settings
    from tests.benchmarks.engine_comparison import compare
    from tests.steps import Steps
    from warehouse.distributed.spark import SparkConnection, spark_session
    from warehouse.engine.duckdb_engine import engine
    from warehouse.release.tables import load_inputs
    from warehouse.store.listing import open_release

    given = Steps(open_context(Settings(home=home))).ingredients()
    with (
        tempfile.TemporaryDirectory(dir=home, prefix=".bench-") as scratch,
        engine(Path(scratch) / "spill", in_order=False) as con,
        spark_session() as session,
    ):
        folder = Path(scratch)
        copies = make_values(open_release(home), folder, max(rows, 1))
        load_inputs(con, folder, given, None)
        repeat_definitions(con, copies)
        for result in compare(con, SparkConnection(session), folder, None, only):
            yield {
                "table": result.table,
                "rows": result.rows,
                "duckdb": round(result.duckdb_seconds, 2),
                "spark": round(result.spark_seconds, 2),
                "same": "; ".join(result.differences) or "yes",
            }
