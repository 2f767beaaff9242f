"""Corrections: applied while the agency's mistake is there, and red once it is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.errors import DefinitionError
from sources.staging.corrections import load_corrections
from sources.staging.stage import StageProblem
from tests.unit.wired import Stage, row

ENTRY = """
  - series: S1
    ref_area: KEN
    time_period: 2020
    expect: 350
    value: {value}
    reason: "a decimal point was lost."
    source: "the national report, page 3"
    date: 2026-11-01
"""


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    return Stage(monkeypatch, tmp_path)


def corrected(stage: Stage, value: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    stage.corrections("corrections:" + ENTRY.format(value=value))
    return stage.rows(rows)


def test_a_wrong_value_is_replaced_and_says_so(stage: Stage) -> None:
    ken, uga = corrected(stage, "35.0", row(value="350", footnote="A survey."), row(area="UGA", value="350"))
    assert (ken["obs_value"], ken["obs_status"]) == (35.0, "I")
    assert ken["footnote"] == (
        "A survey. [Compact Tracker 2026-11-01: the agency's 350 is replaced by 35: a decimal point "
        "was lost. Source: the national report, page 3]"
    )
    assert (uga["obs_value"], uga["obs_status"], uga["footnote"]) == (350.0, "A", None)


def test_a_wrong_value_may_be_withheld(stage: Stage) -> None:
    (ken,) = corrected(stage, "null", row(value="350", lower="1", upper="400"))
    assert (ken["obs_value"], ken["lower_bound"], ken["upper_bound"], ken["obs_status"]) == (
        None,
        None,
        None,
        "Q",
    )
    assert "the agency's 350 is withheld" in ken["footnote"]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([row(value="35")], "found 35.0"),
        ([row(area="UGA", value="350")], "found no row"),
        ([row(value="NaN")], "found None"),
    ],
)
def test_the_guard_fails_once_the_mistake_is_gone(
    stage: Stage, rows: list[dict[str, Any]], found: str
) -> None:
    with pytest.raises(StageProblem, match="correction of S1 KEN 2020 expects 350") as error:
        corrected(stage, "35.0", *rows)
    assert found in str(error.value)
    assert "a decimal point was lost." in str(error.value)
    assert "corrections.yaml" in error.value.next_step


def test_an_entry_is_idle_while_its_series_is_not_staged(stage: Stage) -> None:
    (other,) = corrected(stage, "35.0", row(series="S2", value="350"))
    assert other["obs_value"] == 350.0


def test_no_file_no_corrections(tmp_path: Path) -> None:
    assert load_corrections("made_up", tmp_path) == []


def test_two_entries_for_one_value_are_refused(stage: Stage) -> None:
    stage.corrections("corrections:" + ENTRY.format(value="1.0") + ENTRY.format(value="2.0"))
    with pytest.raises(DefinitionError, match="corrects the same value as entry 0"):
        load_corrections("made_up", stage.definitions)


def test_a_correction_without_a_reason_is_refused(stage: Stage) -> None:
    stage.corrections("corrections:" + ENTRY.format(value="1.0").replace("    reason", "    because"))
    with pytest.raises(DefinitionError) as error:
        load_corrections("made_up", stage.definitions)
    assert ("corrections.0.because", 7) in [(p.field, p.line) for p in error.value.problems]
