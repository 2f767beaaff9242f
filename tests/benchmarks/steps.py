"""The cost of each step on this machine, on the stored snapshots.

Each measurement runs in a separate process, so that peak memory belongs to that step. Nothing measured is
cached: a temporary home shares only the snapshots. Fetching is not measured, because it is the agencies'
time.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from schemas.errors import CompactError


def bench(home: Path) -> list[dict[str, Any]]:
    """One row per step: seconds, rows, peak memory, and for the evaluation the same in plain pandas."""
    if not (home / "snapshots" / "manifest.jsonl").exists():
        raise CompactError(
            "there is nothing to measure", where=str(home), next_step="run `compact run` first"
        )
    with tempfile.TemporaryDirectory(dir=home, prefix=".bench-") as scratch:
        fresh = Path(scratch)
        share(home, fresh)
        rows = [_measure(fresh, "stage", source_id) for source_id in sources_in_store(fresh)]
        duck = _measure(fresh, "evaluate")
        pandas = _measure(fresh, "pandas")
        rows += [duck, pandas | {"times_ours": round(pandas["seconds"] / duck["seconds"], 1)}]
        rows.append(_measure(fresh, "release"))
        steps = [row for row in rows if row["step"] != "pandas"]
        rows.append(
            {
                "step": "all, one after the other",
                "rows": sum(row["rows"] for row in steps if row["step"].startswith("stage")),
                "seconds": round(sum(row["seconds"] for row in steps), 2),
                "peak_mib": max(row["peak_mib"] for row in steps),
            }
        )
        rows.append(_unchanged(fresh))
    return [{"machine": f"{os.cpu_count()} cores, {platform.machine()}", **row} for row in rows]


def share(home: Path, fresh: Path) -> None:
    """The scratch home: the same objects, its own manifest and status."""
    (fresh / "snapshots").mkdir()
    for entry in (home / "snapshots").iterdir():
        if entry.is_dir():
            (fresh / "snapshots" / entry.name).symlink_to(entry.resolve())
        else:
            shutil.copy(entry, fresh / "snapshots" / entry.name)
    if (home / "status").exists():
        shutil.copytree(home / "status", fresh / "status")


def sources_in_store(home: Path) -> list[str]:
    from pipelines.steps.context import open_context
    from sources.settings import Settings
    from tests.steps import Steps

    workspace = Steps(open_context(Settings(home=home)))
    return [source_id for source_id in workspace.sources if workspace.store.live(source_id)]


def _measure(home: Path, step: str, argument: str = "") -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.steps", step, argument]
    done = subprocess.run(
        command, env={**os.environ, "COMPACT_HOME": str(home)}, stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"step": f"{step} {argument}".strip(), **result}


def _unchanged(home: Path) -> dict[str, Any]:
    """A whole `compact run --offline` in which nothing changed, the start of Python included."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "pipelines.cli", "run", "--offline"]
    environment = {**os.environ, "COMPACT_HOME": str(home)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CompactError("the run in which nothing changed failed", next_step="run `compact run --offline`")
    seconds = round(time.perf_counter() - started, 2)
    return {
        "step": "run, nothing changed",
        "rows": 0,
        "seconds": seconds,
        "peak_mib": usage.ru_maxrss // 1024,
    }


def _step(step: str, argument: str) -> int:
    """Run one step on COMPACT_HOME; the number of rows that it made."""
    from pipelines.steps.context import open_context
    from tests.steps import Steps

    workspace = Steps(open_context())
    if step == "stage":
        staged = workspace.stage(argument)
        return staged.rows_out if staged else 0
    if step == "evaluate":
        return sum(result.rows for result in workspace.evaluate(list(workspace.catalogue)).values())
    if step == "release":
        return sum(workspace.release().tables.values())
    return _pandas(workspace)


def _pandas(workspace: Any) -> int:
    import pandas as pd

    from schemas.codelists.areas import membership_rows
    from tests.benchmarks.pandas_baseline import evaluate, latest, progress, weighted_means

    staged = workspace.observations()
    values = evaluate(workspace.catalogue, staged)
    latest(values)
    progress(values, workspace.catalogue)
    members = pd.DataFrame(membership_rows())
    weighted_means(values, workspace.catalogue, members[members["valid_to"].isna()][["group", "ref_area"]])
    return len(values)


def main(step: str, argument: str = "") -> None:
    """Measure one step in this process and print the result as a line of JSON."""
    started = time.perf_counter()
    rows = _step(step, argument)
    seconds = round(time.perf_counter() - started, 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "peak_mib": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
