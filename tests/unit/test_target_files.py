"""The files of targets, claims and frameworks: complete, sound, and checked with file, line and field."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from indicators.registry import check_files, load_catalogue
from indicators.targets import FOLDER, commitment_problems, load_commitments, metrics
from schemas.definitions.targets import (
    Targets,
)


@pytest.fixture(scope="module")
def files() -> Targets:
    return load_commitments(indicators=load_catalogue())


def test_there_are_174_and_each_says_what_a_reader_must_know(files: Targets) -> None:
    entries = [entry for file in files.targets for entry in file.targets]
    assert len({entry.id for entry in entries}) == len(entries) == 174
    assert all(entry.compact_brief or entry.compact_adopted or entry.reason for entry in entries)
    assert {letter for entry in entries for letter in entry.compact_brief} == set("ABCDEFGH")
    assert {number for entry in entries for number in entry.compact_adopted} == set("12345")


def test_nothing_that_nobody_measures_is_called_measured(files: Targets) -> None:
    entries = [entry for file in files.targets for entry in file.targets]
    assert [e.id for e in entries if e.public_data == "none" and e.status == "measured"] == []


def test_the_list_is_that_of_the_design(files: Targets, shared: Path) -> None:
    with (shared / "design" / "targets.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    entries = {entry.id: entry for file in files.targets for entry in file.targets}
    assert entries.keys() == rows.keys()
    quoted = [
        name
        for name, entry in entries.items()
        if entry.quoted and entry.text != rows[name]["text"].replace("  ", " ")
    ]
    assert quoted == []


def test_every_core_metric_is_mapped_with_an_honest_fit(files: Targets) -> None:
    links = [link for link in files.links if link.from_framework == "stakeholder_capitalism"]
    assert {link.from_code for link in links} == set(metrics())
    assert len(metrics()) == 21
    assert [link.from_code for link in links if link.fit == "none" and link.indicators] == []
    assert [link.from_code for link in links if link.fit != "none" and not link.indicators] == []


def test_the_files_have_no_problem_beside_the_catalogue() -> None:
    assert commitment_problems(FOLDER, load_catalogue()) == []


SOUND = """owner: O
document: D
targets:
  - id: T-1
    reference: para 1
    text: For tests
    quoted: false
    status: measured
    indicators: [internet_use]
    reason: test
    public_data: none
    verified: test
"""


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("[internet_use]", "[internet_us]", 9, "there is no indicator internet_us"),
        ("status: measured", "status: guessed", 8, "'guessed' cannot stand here"),
        (
            "    reason: test\n",
            "    reason: test\n    compact_brief: [Z]\n",
            11,
            "compact_brief has no part Z",
        ),
        (
            "    reason: test\n",
            "    reason: test\n    value: 1\n    unit: APPLES\n",
            12,
            "unknown unit APPLES",
        ),
        ("    quoted: false\n", "", 4, "is missing"),
        ("[internet_use]", "[]", 4, "cannot stand here"),
    ],
)
def test_check_names_file_line_and_field(
    tmp_path: Path, before: str, after: str, line: int, says: str
) -> None:
    folder = tmp_path / "targets"
    folder.mkdir()
    (folder / "test.yaml").write_text(SOUND.replace(before, after), encoding="utf-8")
    problems = commitment_problems(tmp_path, load_catalogue())
    assert [(Path(p.file).name, p.line) for p in problems] == [("test.yaml", line)]
    assert says in problems[0].what


@pytest.mark.slow
def test_check_reads_one_of_these_files_when_it_is_named() -> None:
    checked = check_files([FOLDER / "claims.yaml"])
    assert (checked.files, checked.problems) == (1, [])
    assert check_files([FOLDER / "targets"]).files == 9


def test_a_target_counts_as_met_from_one_number_everywhere() -> None:
    """A test that holds to the number of an indicator's target accepts what the indicator counts as met."""
    entries = load_catalogue().entries
    for file in load_commitments().targets:
        for one in file.targets:
            for asked in one.tests:
                own = entries[asked.indicator].indicator.target
                if own is None or own.met_from is None or own.value != asked.value or asked.change_from:
                    continue
                accepted = None if own.met_from == asked.value else own.met_from
                assert asked.accepted == accepted, f"{one.id}: {asked.indicator}"
