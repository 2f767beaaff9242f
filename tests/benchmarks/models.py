"""The cost of each model, as a multiple of a bare scan of the indicator values.

The models run in sequence on the latest release, as in a run. For more rows than the release has, its
indicators are replicated under other names, with the same series and gaps.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from tests.benchmarks.synthetic_values import make_values, repeat_definitions

SCAN = "select count(*), sum(value), max(time_period), max(ref_area), max(sex) from indicator"
PART = "progress: "


def bench_methods(home: Path, rows: int = 0) -> list[dict[str, Any]]:
    """One row for the scan and for each model: rows made, seconds, and the multiple of the scan.

    rows: repeat the release's indicators until there are so many values.
    """
    from pipelines.steps.context import open_context
    from sources.settings import Settings
    from tests.steps import Steps
    from warehouse.engine.duckdb_engine import engine
    from warehouse.release.tables import load_inputs
    from warehouse.store.listing import open_release

    folder = open_release(home)
    given = Steps(open_context(Settings(home=home))).ingredients()
    with tempfile.TemporaryDirectory(dir=home, prefix=".bench-") as scratch, engine(in_order=False) as con:
        copies = 1
        if rows:
            copies, folder = make_values(folder, Path(scratch), rows), Path(scratch)
        load_inputs(con, folder, given, None)
        repeat_definitions(con, copies)
        records = [
            _timed("bare scan", lambda: con.execute(SCAN).fetchall()) | {"rows": _count(con, "indicator")}
        ]
        records += _models(con, Path(scratch) / "made")
    for row in records:
        row["times_scan"] = round(row["seconds"] / records[0]["seconds"], 1)
        del row["made"]
    tables = [row for row in records[1:] if not row["step"].startswith(PART)]
    seconds = sum(row["seconds"] for row in tables)
    return [
        *records,
        {
            "step": "all models",
            "rows": sum(row["rows"] for row in tables),
            "seconds": round(seconds, 3),
            "times_scan": round(seconds / records[0]["seconds"], 1),
        },
        {"step": "peak memory, MiB", "rows": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024},
    ]


def _models(con: duckdb.DuckDBPyConnection, folder: Path) -> list[dict[str, Any]]:
    """Every model in the order of a run, written to a folder; the methods of progress and their inputs each
    on its own as well."""
    from schemas.definitions.methods import methods
    from schemas.tables.assessment import PROGRESS
    from warehouse.engine.duckdb_engine import model_sql
    from warehouse.models.progress import INPUTS, OUTLOOK, method_sql, outlook_sql
    from warehouse.release.tables import MODEL_TABLES, make

    results = []
    for contract in MODEL_TABLES:
        if contract is PROGRESS:
            parts = [(name, model_sql(name)) for name in INPUTS]
            parts.append((OUTLOOK, outlook_sql()))
            parts += [(method.id, method_sql(method)) for method in methods().values()]
            for name, sql in parts:
                table = name if name in (*INPUTS, OUTLOOK) else "one_method"
                making = partial(con.execute, f"create or replace temp table {table} as\n{sql}")
                results.append(_timed(PART + name, making) | {"rows": _count(con, table)})
            con.execute("drop table one_method")
        row = _timed(contract.name, partial(make, con, contract, folder))
        results.append(row | {"rows": row["made"]})
    return results


def _timed(step: str, do: Callable[[], Any]) -> dict[str, Any]:
    started = time.perf_counter()
    made = do()
    return {"step": step, "rows": 0, "seconds": round(time.perf_counter() - started, 3), "made": made}


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])
