"""Every step at any size: staging and evaluation of the stored responses of all agencies, models and
release on synthetic values, next to a bare scan, polars, pandas and a loop over countries.

Every measurement runs in a separate process, so that peak memory belongs to that step. The values come
from synthetic_values.py. The cost of an agency's bytes depends on their format, so none are synthetic:
stored responses are staged and evaluated repeatedly until there are enough rows.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

ROWS = 3_000_000
PEERS_UP_TO = 30_000_000  # pandas and polars keep all rows in memory; and no more is staged again and again
ON_STORED = ("stage", "evaluate")
SCAN = "select count(*), sum(value), max(time_period), max(ref_area), max(sex) from {}"
OURS = ("latest", "progress of unsd-2026", "weighted means")


def bench_scale(home: Path, rows: int = ROWS, *, peers: bool = True) -> dict[str, Any]:
    """Machine, date, and a row for each step; peers: with pandas, polars and the loop, up to PEERS_UP_TO."""
    from warehouse.store.listing import open_release

    release = open_release(home)
    with tempfile.TemporaryDirectory(dir=home, prefix=".bench-") as scratch:
        folder = Path(scratch)
        small = rows <= PEERS_UP_TO
        steps = []
        if small:
            steps = [_measure("stage", home, folder, str(rows)), _measure("evaluate", home, folder)]
        steps.append(_measure("generate", home, folder, str(release), str(rows)))
        steps += [_measure(step, home, folder) for step in ("scan", "assess", "release")]
        if peers and small:
            steps += [_measure(step, home, folder) for step in ("ours", "plain", "polars", "pandas", "loop")]
    scan = next(row["seconds"] for row in steps if row["step"] == "scan")
    values = next(row["rows"] for row in steps if row["step"] == "scan")
    for row in steps:
        here = row["rows"] if row["step"] in ON_STORED else values
        row["values_per_second"] = round(here / row["seconds"]) if row["seconds"] else None
        row["times_scan"] = round(row["seconds"] / here / (scan / values), 1) if scan and here else None
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "release": release.name,
        "values": values,
        "steps": steps,
    }


def _measure(step: str, home: Path, folder: Path, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.scale", step, str(folder), *more]
    environment = {**os.environ, "COMPACT_HOME": str(home)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:  # of the others' ways one may well run out of memory: that is a result
        return {"step": step, "rows": 0, "seconds": 0.0, "failed": f"ended with {done.returncode}"}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"step": step, **result}


def _stage(folder: Path, rows: str) -> dict[str, Any]:
    """All that is stored, as often as there are rows sent enough; every time in a home of its own."""
    from pipelines.steps.context import open_context
    from sources.settings import Settings
    from tests.benchmarks.steps import share, sources_in_store
    from tests.steps import Steps

    done, home = 0, Path(os.environ["COMPACT_HOME"])
    for number in count():
        fresh = folder / f"staged-{number}"
        fresh.mkdir()
        share(home, fresh)
        workspace = Steps(open_context(Settings(home=fresh)))
        staged = [workspace.stage(source_id) for source_id in sources_in_store(fresh)]
        done += sum(one.rows_in for one in staged if one)
        if done >= int(rows) or not done:
            break
    return {"rows": done}


def _evaluate(folder: Path) -> dict[str, Any]:
    """Every indicator, from each of the homes."""
    from pipelines.steps.context import open_context
    from sources.settings import Settings
    from tests.steps import Steps

    rows = 0
    for fresh in folder.glob("staged-*"):
        workspace = Steps(open_context(Settings(home=fresh)))
        rows += sum(result.rows for result in workspace.evaluate(list(workspace.catalogue)).values())
        shutil.rmtree(fresh)
    return {"rows": rows}


def _generate(folder: Path, release: str, rows: str) -> dict[str, Any]:
    from tests.benchmarks.synthetic_values import make_values

    copies = make_values(Path(release), folder, int(rows))
    (folder / "copies").write_text(str(copies))
    with _loaded(folder):  # what is stored is staged and evaluated now, not while a step is measured
        pass
    return {"rows": int(rows)}


def _scan(folder: Path) -> dict[str, Any]:
    from warehouse.engine.duckdb_engine import engine, parquet

    with engine() as con:
        return {"rows": con.execute(SCAN.format(parquet(folder / "indicator.parquet"))).fetchall()[0][0]}


def _assess(folder: Path) -> dict[str, Any]:
    """All models, each written as in a release."""
    from warehouse.release.tables import MODEL_TABLES, make

    made, parts = 0, {}
    with _loaded(folder) as con:
        for contract in MODEL_TABLES:
            started = time.perf_counter()
            made += make(con, contract, folder / "made")
            parts[contract.name] = round(time.perf_counter() - started, 2)
    return {"rows": made, "parts": parts}


def _release(folder: Path) -> dict[str, Any]:
    """Every written table read back and checked against its contract, and its checksum."""
    import pyarrow.parquet as pq

    from schemas.tables.registry import TABLES
    from schemas.tables.validation import validate_file
    from warehouse.store.publish import file_sha256

    rows = 0
    for path in sorted((folder / "made").glob("*.parquet")):
        validate_file(path, TABLES[path.stem])
        file_sha256(path)
        rows += pq.read_metadata(path).num_rows
    return {"rows": rows}


def _ours(folder: Path) -> dict[str, Any]:
    """The three models that the others answer too, with all that ours say besides."""
    import duckdb
    import pyarrow as pa

    from schemas.columns.model import Table
    from schemas.definitions.methods import methods
    from schemas.tables.assessment import AGGREGATE, PROGRESS
    from schemas.tables.registry import LATEST
    from warehouse.engine.batching import Rows, in_batches
    from warehouse.models.progress import progress_rows
    from warehouse.release.tables import compute

    def assessed(con: duckdb.DuckDBPyConnection) -> pa.RecordBatchReader:
        return progress_rows(con, [methods()["unsd-2026"].id])

    def answered(contract: Table, rows: Rows | None = None) -> int:
        result = in_batches(con, contract, rows or partial(compute, contract=contract))
        return sum(batch.num_rows for batch in result)

    with _loaded(folder) as con:
        return _answers(
            lambda: answered(LATEST), lambda: answered(PROGRESS, assessed), lambda: answered(AGGREGATE)
        )


def _plain(folder: Path) -> dict[str, Any]:
    import pyarrow as pa

    from tests.benchmarks import sql_baseline as bench_sql
    from warehouse.engine.duckdb_engine import engine

    path = folder / "indicator.parquet"
    defined, members, weights = _asked(folder)
    with engine(folder / "spill", in_order=False) as con:
        con.register("asked", defined.to_arrow())
        con.register("member", members.to_arrow())
        weighed = {"indicator": list(weights), "weighing": list(weights.values())}
        con.register("weighed", pa.table(weighed))

        def rows(question: str) -> int:
            return len(bench_sql.answer(con, question, path))

        questions = (bench_sql.LATEST, bench_sql.PROGRESS, bench_sql.WEIGHTED_MEANS)
        return _answers(*(partial(rows, question) for question in questions))


def _polars(folder: Path) -> dict[str, Any]:
    from tests.benchmarks import polars_baseline as peers

    path = folder / "indicator.parquet"
    defined, members, weights = _asked(folder)
    return _answers(
        lambda: len(peers.latest(path)),
        lambda: len(peers.progress(path, defined)),
        lambda: len(peers.weighted_means(path, weights, members)),
    )


def _pandas(folder: Path) -> dict[str, Any]:
    import pandas as pd

    from schemas.columns.observation import VALUE_DIMENSIONS
    from tests.benchmarks import pandas_baseline as plain
    from tests.benchmarks.polars_baseline import KEY

    defined, members, weights = _asked(folder)
    started = time.perf_counter()
    values = pd.read_parquet(
        folder / "indicator.parquet", columns=[*KEY, "time_period", *VALUE_DIMENSIONS, "value"]
    )
    read = time.perf_counter() - started
    frame, chosen = defined.to_pandas(), pd.Series(weights)
    result = _answers(
        lambda: len(plain.latest(values)),
        lambda: len(plain.ends(values, frame)),
        lambda: len(plain.means(values, chosen, members.to_pandas())),
    )
    result["parts"]["reading the file"] = round(read, 2)
    return result


def _loop(folder: Path) -> dict[str, Any]:
    from tests.benchmarks import polars_baseline as peers

    judged, seconds = peers.loop(folder / "indicator.parquet", _asked(folder)[0])
    return {"rows": judged, "parts": {OURS[1]: round(seconds, 2)}}


def _answers(*questions: Callable[[], int]) -> dict[str, Any]:
    """Rows and seconds of each of OURS; a question says how many rows its answer has."""
    parts, rows = {}, 0
    for name, question in zip(OURS, questions, strict=True):
        started = time.perf_counter()
        rows += question()
        parts[name] = round(time.perf_counter() - started, 2)
    return {"rows": rows, "parts": parts}


def _loaded(folder: Path) -> Any:
    """A connection with all that the models read."""
    from contextlib import contextmanager

    @contextmanager
    def loaded() -> Any:
        from pipelines.steps.context import open_context
        from tests.benchmarks.synthetic_values import repeat_definitions
        from tests.steps import Steps
        from warehouse.engine.duckdb_engine import engine
        from warehouse.release.tables import load_inputs

        with engine(folder / "spill", in_order=False) as con:
            load_inputs(con, folder, Steps(open_context()).ingredients(), None)
            repeat_definitions(con, int((folder / "copies").read_text()))
            yield con

    return loaded()


def _asked(folder: Path) -> tuple[Any, Any, dict[str, str]]:
    """As polars frames what is defined of each indicator, and members of groups; and the weights of means."""
    with _loaded(folder) as con:
        defined = con.sql(
            "select indicator, baseline_year, target_value, target_year from definition where assessed"
        ).pl()
        members = con.sql('select distinct "group", ref_area from area_group where valid_to is null').pl()
        weights = con.execute(
            "select indicator, weight from definition where aggregate_method = 'weighted_mean'"
        ).fetchall()
    return defined, members, dict(weights)


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "stage": _stage, "evaluate": _evaluate, "generate": _generate, "scan": _scan, "assess": _assess,
    "release": _release, "ours": _ours, "plain": _plain, "polars": _polars, "pandas": _pandas, "loop": _loop,
}  # fmt: skip


def main(step: str, folder: str, *more: str) -> None:
    """Measure one step in this process and print the result as a line of JSON."""
    started = time.perf_counter()
    result = STEPS[step](Path(folder), *more)
    if parts := result.get("parts"):
        result = {"seconds": round(sum(parts.values()), 2)} | result
    shutil.rmtree(Path(folder) / "spill", ignore_errors=True)
    used = resource.getrusage(resource.RUSAGE_SELF)
    measured = {
        "seconds": round(time.perf_counter() - started, 2),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mib": used.ru_maxrss // 1024,
    }
    print(json.dumps(measured | result))


if __name__ == "__main__":
    main(*sys.argv[1:])
