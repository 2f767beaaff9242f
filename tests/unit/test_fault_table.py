"""The table of faults is generated from actual runs, and fails if a fault was not survived."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.command import CHECKOUT
from tests.faults.table import NOTHING, lines, plain, table

TESTS = """
import pytest
from tests.faults.table import saw, tried

@pytest.mark.fault("a fault of kind {kind}")
@pytest.mark.parametrize("kind", ["one", "two"])
def test_two(kind):
    saw(f"it was {kind}\\nand more")

@pytest.mark.fault("lost")
def test_lost():
    assert False

@pytest.mark.fault("many")
def test_many():
    tried("many", 300, 299)
    assert False

@pytest.mark.fault("many, and then a mistake")
def test_mistake():
    tried("all survived, it seems", 10, 10)
    assert False

def test_no_fault():
    pass
"""


def test_the_table_is_made_of_what_ran(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.faults.table", "-n", "0",
         "-c", os.devnull, f"--rootdir={tmp_path}", tmp_path],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.split("= faults =")[1].splitlines() if line.strip()]
    said = {" ".join(row) for row in rows}
    assert "a fault of kind one 1 1 it was one" in said
    assert "a fault of kind two 1 1 it was two" in said
    assert f"lost 1 0 NOT SURVIVED: {NOTHING}" in said
    assert f"many 300 299 NOT SURVIVED: {NOTHING}" in said
    assert f"all survived, it seems 10 0 NOT SURVIVED: {NOTHING}" in said
    assert "5 faults 313 301" in said


def test_lines_add_up_by_fault() -> None:
    result = lines([("b", 2, 2, "x"), ("a", 1, 0, "y"), ("b", 1, 1, "z")])
    assert [(name, line.tries, line.survived) for name, line in result.items()] == [("a", 1, 0), ("b", 3, 3)]
    assert "(and 1 other wordings)" in table([("b", 2, 2, "x"), ("b", 1, 1, "z")])


def test_what_differs_between_machines_is_left_out() -> None:
    assert plain("\nhttp://127.0.0.1:4711/a?b=c: no answer\n  next: look") == "no answer"
    assert plain("snapshot 0123456789ab: held") == "snapshot …: held"
    assert (
        plain("compact run, process 12, since 2026-11-23 12:00:00 UTC") == "compact run, process N, since T"
    )
