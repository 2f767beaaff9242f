"""`compact bench methods`: what each model costs, as a multiple of a bare scan of the indicator values.

The models run one after the other on the latest release, as in a run. With more rows wanted than the release
has, its indicators are repeated under other names: the same series and gaps, only more of them.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

SCAN = "select count(*), sum(value), max(time_period), max(ref_area), max(sex) from indicator"
REPEATED = ("indicator", "definition", "declared_break", "framework")


def bench_methods(home: Path, rows: int = 0) -> list[dict[str, Any]]:
    """One row for the scan and for each model: rows made, seconds, and the multiple of the scan.

    rows: repeat the release's indicators until there are so many values.
    """
    from pipelines.workspace import Workspace
    from sources.settings import Settings
    from warehouse.engine import engine
    from warehouse.model_inputs import load_model_inputs
    from warehouse.read import open_release

    folder = open_release(home)
    workspace = Workspace(Settings(home=home))
    with engine() as con:
        load_model_inputs(con, folder, workspace.catalogue.entries, None)
        _repeat(con, rows)
        found = [_timed("bare scan", lambda: con.execute(SCAN).fetchall())]
        found[0]["rows"] = _count(con, "indicator")
        found += _models(con)
    scan, rest = found[0], found[1:]
    for row in rest:
        row["times_scan"] = round(row["seconds"] / scan["seconds"], 1)
    parts = [row for row in rest if row["step"].startswith("  ")]
    whole = sum(row["seconds"] for row in rest) - sum(row["seconds"] for row in parts)
    total = {"step": "all models", "rows": sum(row["rows"] for row in rest if row not in parts)}
    total |= {"seconds": round(whole, 3), "times_scan": round(whole / scan["seconds"], 1)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return [scan | {"times_scan": 1.0}, *rest, total | {"peak_mib": peak}]


def _models(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every model in the order of a run; the methods of progress and their inputs each on its own as well. A
    model whose own inputs lie outside a release is named with why it was left out."""
    from schemas.assessment_tables import PROGRESS
    from schemas.methods import methods
    from warehouse.assemble import MODEL_TABLES, compute
    from warehouse.engine import model_sql
    from warehouse.model_inputs import load
    from warehouse.progress import INPUTS, method_sql

    found = []
    for contract in MODEL_TABLES:
        if contract is PROGRESS:
            for name in INPUTS:
                making = f"create or replace temp table {name} as\n{model_sql(name)}"
                row = _timed(f"  {name}", lambda making=making: con.execute(making))  # type: ignore[misc]
                found.append(row | {"rows": _count(con, name)})
            for method in methods().values():
                making = f"create or replace temp table one_method as\n{method_sql(method)}"
                row = _timed(f"  {method.id}", lambda making=making: con.execute(making))  # type: ignore[misc]
                found.append(row | {"rows": _count(con, "one_method")})
            con.execute("drop table one_method")
        try:
            row = _timed(contract.name, lambda contract=contract: compute(con, contract))  # type: ignore[misc]
        except duckdb.CatalogException as missing:
            said = str(missing).splitlines()[0]
            found.append({"step": contract.name, "rows": 0, "seconds": 0.0, "note": f"left out: {said}"})
            continue
        made = row.pop("made")
        load(con, contract.name, made)
        found.append(row | {"rows": made.num_rows})
    return [{name: value for name, value in row.items() if name != "made"} for row in found]


def _timed(step: str, do: Callable[[], Any]) -> dict[str, Any]:
    started = time.perf_counter()
    made = do()
    return {"step": step, "rows": 0, "seconds": round(time.perf_counter() - started, 3), "made": made}


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    found = con.execute(f"select count(*) from {table}").fetchone()
    return int(found[0]) if found else 0


def _repeat(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """The indicators again and again under other names, until there are at least so many values."""
    times = -(-rows // max(_count(con, "indicator"), 1))
    for name in REPEATED if times > 1 else ():
        con.execute(
            f"create or replace temp table {name} as "
            "select given.* replace (if(copy = 0, indicator, indicator || '_' || copy) as indicator) "
            f"from {name} as given, range({times}) as copies(copy)"
        )
