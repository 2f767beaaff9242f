"""The overhead of Dagster: `compact run --offline` compared with the same steps called as functions.

Both sides stage, evaluate, check, publish and write the reports from the stored snapshots, each in a fresh
home and in a process of its own. The cost is processor time with that of child processes, because the clock
depends on what else the machine does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from schemas.errors import CompactError
from tests.benchmarks.steps import share

COMMANDS = {
    "steps as functions": ["-m", "tests.benchmarks.orchestration"],
    "compact run --offline": ["-m", "pipelines.cli", "run", "--offline"],
}


def bench(home: Path, repeats: int = 2) -> list[dict[str, Any]]:
    """One row per side: the least processor seconds and wall seconds of some repeats, and Dagster's share.

    Args:
        home: A home with snapshots.
        repeats: Runs of each side; the sides alternate.

    Raises:
        CompactError: The home holds no snapshots, or a run failed.
    """
    if not (home / "snapshots" / "manifest.jsonl").exists():
        raise CompactError(
            "there is nothing to measure", where=str(home), next_step="run `compact run` first"
        )
    runs = [(side, *_run(home, side)) for _ in range(repeats) for side in COMMANDS]
    rows: list[dict[str, Any]] = [
        {
            "side": side,
            "cpu_seconds": min(cpu for name, cpu, _ in runs if name == side),
            "seconds": min(wall for name, _, wall in runs if name == side),
        }
        for side in COMMANDS
    ]
    plain, whole = (row["cpu_seconds"] for row in rows)
    rows[-1]["orchestration_percent"] = round(100 * (whole - plain) / whole, 1)
    return rows


def _run(home: Path, side: str) -> tuple[float, float]:
    """Processor and wall seconds of one run in a fresh home."""
    with tempfile.TemporaryDirectory(dir=home, prefix=".bench-") as scratch:
        share(home, Path(scratch))
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *COMMANDS[side]],
            env={**os.environ, "COMPACT_HOME": scratch},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
    if process.returncode:
        raise CompactError(f"{side} failed", next_step="run `compact run --offline` in that home")
    return round(usage.ru_utime + usage.ru_stime, 1), round(wall, 1)


def main() -> None:
    """All steps on the snapshots of COMPACT_HOME, without Dagster."""
    from pipelines.steps.context import open_context
    from tests.steps import Steps

    run = Steps(open_context())
    for source_id in run.sources:
        if run.store.live(source_id):
            run.stage(source_id)
    run.release()


if __name__ == "__main__":
    main()
