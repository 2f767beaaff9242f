"""A seeded sample of tests/faults/kills.py, by its command: it forks, which only a process of its own may."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults.kills import KINDS, sample

CHECKOUT = Path(__file__).resolve().parent.parent.parent
POINTS, SEED = 9, 3


def test_a_run_that_is_killed_leaves_what_the_next_one_completes() -> None:
    assert {point.kind for point in sample(POINTS, SEED)} == set(KINDS)
    command = [sys.executable, "-m", "tests.faults.kills", "--points", str(POINTS), "--seed", str(SEED)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].split() == ["all", str(POINTS), str(POINTS)]


def test_points_are_spread_and_the_same_for_the_same_seed() -> None:
    points = sample(60, 1)
    assert points == sample(60, 1)
    assert points != sample(60, 2)
    for home in ("first", "later"):
        for kind in KINDS:
            places = sorted(point.at for point in points if (point.home, point.kind) == (home, kind))
            assert [int(place * 10) for place in places] == list(range(10))
    assert sum(point.twice is not None for point in points) > 3
