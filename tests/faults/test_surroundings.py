"""Runs in unusual environments, by the command of surroundings.py, because it forks. Normally all at once;
each separately in `make faults`.
"""

from __future__ import annotations

import json

import pytest

from tests.faults.surroundings import ALLOWED, CLOCK
from tests.faults.table import tried
from tests.faults.test_long import command

EXPECTED = {"all of these at once", "a path too long for SQLite", "too little memory (ulimit -v)"}


def try_surroundings(each: str) -> set[str]:
    """Run the command, put every try into the table, and give the names of what was tried."""
    done = command("surroundings", each=each)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    for row in rows:
        tried(row["name"], 1, 0 if row["wrong"] else 1, row["saw"])
    assert done.returncode == 0, done.stdout + done.stderr
    return {row["name"] for row in rows}


@pytest.mark.fault("unusual surroundings, all at once")
def test_a_run_in_all_unusual_surroundings_at_once_makes_what_an_ordinary_one_makes() -> None:
    assert try_surroundings("no") >= EXPECTED


@pytest.mark.long
@pytest.mark.fault("unusual surroundings, each by itself")
def test_a_run_in_each_unusual_surrounding_makes_what_an_ordinary_one_makes() -> None:
    assert try_surroundings("yes") >= EXPECTED | {*ALLOWED, CLOCK}
