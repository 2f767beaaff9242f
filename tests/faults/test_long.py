"""Kills, soak and load as separate commands, because they fork.

Short forms in any run of the tests; the long ones with COMPACT_FAULTS=full, which `make faults` sets.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.kills import KINDS, sample
from tests.faults.table import saw, tried

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FULL = os.environ.get("COMPACT_FAULTS") == "full"
POINTS, RUNS = (300, 100) if FULL else (6, 3)
READERS, RELEASES, PAUSE, ROUNDS = (50, 3, 2.0, 10) if FULL else (6, 3, 0.2, 1)
KILLS = {
    "change": "kill -9 before a change of a file",
    "torn": "kill -9 in the middle of a write",
    "clock": "kill -9 at a moment of the clock",
}


def command(module: str, **options: float | str) -> subprocess.CompletedProcess[str]:
    given = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    return subprocess.run(
        [sys.executable, "-m", f"tests.faults.{module}", *given],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.fault("kill -9 at any moment")
def test_a_run_that_is_killed_leaves_what_the_next_one_completes() -> None:
    seed = 1 if FULL else 3
    assert {point.kind for point in sample(POINTS, seed)} == set(KINDS)
    done = command("kills", points=POINTS, seed=seed)
    rows = [line.split() for line in done.stdout.split("survived\n")[-1].splitlines()]
    for kind in KINDS:
        counts = [[int(row[-2]), int(row[-1])] for row in rows if row and row[0] == kind]
        tried(KILLS[kind], sum(n for n, _ in counts), sum(n for _, n in counts))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].split() == ["all", str(POINTS), str(POINTS)]


@pytest.mark.fault("a run in a soak of random faults")
def test_after_many_runs_with_faults_the_release_is_that_of_a_clean_run() -> None:
    done = command("soak", runs=RUNS, seed=1)
    last = done.stdout.splitlines()[-1] if done.stdout else "nothing"
    saw(last)
    tried("a run in a soak of random faults", RUNS, RUNS if ", 0 not held" in last else 0)
    assert done.returncode == 0, done.stdout + done.stderr
    assert last.startswith(f"{RUNS} runs, seed 1, ")


@pytest.mark.fault("many readers while releases are made, withdrawn and removed")
def test_no_reader_sees_an_error_or_half_of_a_release() -> None:
    done = command("load", readers=READERS, releases=RELEASES, pause=PAUSE, rounds=ROUNDS)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    bad = result["torn"] + len(result["errors"])
    tried("readers while releases are made: answers", result["answers"], result["answers"] - bad)
    saw(f"{READERS} readers: no error, no torn answer" if not bad else result["errors"])
    tried("rollback beside gc and readers", 2 * ROUNDS, 0 if result["shaken"] else 2 * ROUNDS)
    assert result["shaken"] == []
    assert result["removed"] > 0
    assert (result["errors"], result["torn"], result["different"]) == ([], 0, RELEASES + 1)


def test_points_are_spread_and_the_same_for_the_same_seed() -> None:
    points = sample(60, 1)
    assert points == sample(60, 1)
    assert points != sample(60, 2)
    for home in ("first", "later"):
        for kind in KINDS:
            places = sorted(point.at for point in points if (point.home, point.kind) == (home, kind))
            assert [int(place * 10) for place in places] == list(range(10))
    assert sum(point.twice is not None for point in points) > 3
