"""The figures of docs/methods/verdict-cases.md match the right answers, and no word contradicts its
probability.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from docs.generate.cases import CASES, FIGURES

CHECKOUT = Path(__file__).resolve().parents[2]
BORDERS = {
    "very_likely": (0.90, 1), "likely": (0.66, 0.90), "about_as_likely_as_not": (0.33, 0.66),
    "unlikely": (0.10, 0.33), "very_unlikely": (0, 0.10), "met": (0.66, 1),
}  # fmt: skip


def rows(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["ref_area"], row["indicator"]): row for row in csv.DictReader(file)}


SHOWN = rows(CHECKOUT / FIGURES)


@pytest.mark.parametrize(("key", "case"), rows(CASES).items(), ids=lambda one: str(one)[:40])
def test_what_was_wrong_is_right_now(key: tuple[str, str], case: dict[str, str]) -> None:
    result = SHOWN[key]
    assert result["now"] in case["right"].split("|"), f"{key}: {case['why']}"
    if result["probability"] and result["now"] in BORDERS:
        low, high = BORDERS[result["now"]]
        assert low <= float(result["probability"]) <= high


def test_every_case_has_figures_and_no_other() -> None:
    assert SHOWN.keys() == rows(CASES).keys()
