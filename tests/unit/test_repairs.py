"""`compact check --fix`: repaired mistakes, those left to the author, and no other change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from indicators.registry import check_files
from indicators.repairs import repair_files

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "indicators"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURE, tmp_path, dirs_exist_ok=True)
    return tmp_path


def repaired(folder: Path, old: str, new: bytes) -> tuple[bytes, bytes, list[int]]:
    """The file with its slip, after the repair, and the lines of the repairs."""
    file = folder / "indicators" / "digital" / "online.yaml"
    slip = b"# a comment stays\n" + file.read_bytes().replace(old.encode(), new, 1)
    file.write_bytes(slip)
    rows = repair_files([file])
    assert {row["file"] for row in rows} <= {str(file)}
    return slip, file.read_bytes(), [int(row["line"]) for row in rows]


AGGREGATE = "aggregate:"
# What is written for what, what it becomes, and the line.
CERTAIN: dict[str, tuple[str, bytes, bytes, int]] = {
    "a sign of per cent": ("unit: PT", b"unit: %   # share", b"unit: PT   # share", 6),
    "a word for it": ("unit: PT", b"unit: percent", b"unit: PT", 6),
    "a decimal comma": (
        AGGREGATE,
        b"bounds:\n  worst: 0,5\n  best: 100\n  reason: ends\naggregate:",
        b"bounds:\n  worst: 0.5\n  best: 100\n  reason: ends\naggregate:",
        12,
    ),
    "one in quotes": ("value: 100", b"value: '99,5'", b"value: 99.5", 10),
    "a quoted year": ("year: 2030", b'year: "2030"', b"year: 2030", 10),
    "a leading =": (AGGREGATE, b"formula: =value\naggregate:", b"formula: value\naggregate:", 11),
    "one in quotes and =": (
        AGGREGATE,
        b'formula: "= value * 1"\naggregate:',
        b'formula: "value * 1"\naggregate:',
        11,
    ),
    "one on its own line": (
        AGGREGATE,
        b"formula: |\n  =value\naggregate:",
        b"formula: |\n  value\naggregate:",
        11,
    ),
    "a mean over years": (
        AGGREGATE,
        b"formula: AVG(value, 3) + 0\naggregate:",
        b"formula: moving_average(value, 3) + 0\naggregate:",
        11,
    ),
    "Latin-1": ("People online", b"Acc\xe8s", "Accès".encode(), 3),
    "a colon": ("People online", b"People: online  # or so", b'"People: online"  # or so', 3),
    "a colon and quotes": ("People online", b'People: "online"', b"'People: \"online\"'", 3),
    "a tab": (AGGREGATE, b"bounds:\n\tworst: 0\n\tbest: 100\n\treason: ends\naggregate:", b"", 0),
}


@pytest.mark.parametrize("name", CERTAIN)
def test_a_certain_slip_is_mended_and_nothing_else_changes(folder: Path, name: str) -> None:
    old, new, right, line = CERTAIN[name]
    slip, after, lines = repaired(folder, old, new)
    if name == "a tab":
        assert after == slip.replace(b"\t", b"  ")
        assert lines == [12, 13, 14]
    else:
        assert after == slip.replace(new, right, 1)
        assert lines == [line]
    file = folder / "indicators" / "digital" / "online.yaml"
    problems = check_files([file], folder=folder / "indicators", sources_folder=folder / "sources")
    assert problems.problems == []
    assert repair_files([file]) == []


UNCERTAIN: dict[str, tuple[str, bytes]] = {
    "thousands or decimals": ("value: 100", b"value: '1,500'"),
    "a list of two or three": ("range: [0, 100]", b"range: [0,5, 100]"),
    "a comma between fields": ("value: 100", b"value: 99,5"),
    "half a year": ("year: 2030", b"year: '2030,5'"),
    "a mean of unknown years": (AGGREGATE, b"formula: avg(value)\naggregate:"),
    "a mean of inputs": (AGGREGATE, b"formula: avg(value, value)\naggregate:"),
    "a power": (AGGREGATE, b"formula: value ^ 2\naggregate:"),
    "two fields in one line": ("title: People online", b"title: People description: online"),
    "a title that goes on": ("title: People online", b"title: People: online\n  or not"),
    "a tab that may be any level": ("unit: PT", b"\tunit: PT"),
    "Windows-1252": ("People online", b"\x93People\x94"),
    "two encodings": ("People online", b"Acc\xe8s \xc3\xa9"),
    "nothing wrong": ("unit: PT", b"unit: PT"),
}


@pytest.mark.parametrize("name", UNCERTAIN)
def test_what_is_not_certain_is_left_to_the_person(folder: Path, name: str) -> None:
    slip, after, lines = repaired(folder, *UNCERTAIN[name])
    assert (after, lines) == (slip, [])


def test_several_slips_of_one_file_are_mended_together(folder: Path) -> None:
    file = folder / "indicators" / "digital" / "online.yaml"
    right = file.read_bytes()
    slips = right.replace(b"unit: PT", b"unit: %").replace(b"year: 2030", b"year: '2030'")
    file.write_bytes(slips.replace(b"title: People online", b"title: People: online"))
    assert [row["line"] for row in repair_files([folder / "indicators"])] == [2, 5, 9]
    assert file.read_bytes() == right.replace(b"People online", b'"People: online"')
