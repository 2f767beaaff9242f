"""The method open-sdg, compared with the published assessments of Statistics Canada's own indicators.

Source: Statistics Canada, Sustainable Development Goals data hub and Canadian Indicator Framework data hub,
progress calculation components (components_*.yml of 2025): base and latest value, target or limit in,
progress value, score and status out. The SQL of the method is run on those inputs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.definitions.methods import methods
from tests.golden.assessed import assess

FILES = ("cif-data-donnees-cic", "sdg-data-donnees-odd")
ACHIEVED_WITHOUT_VALUE = 9  # base equal to the target: a status and a score, no progress value


def published(shared: Path) -> list[dict[str, Any]]:
    results = []
    for name in FILES:
        path = shared / "data" / "answers" / f"components_sdg-data-canada-odd-donnees_{name}.yml"
        whole = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        results += [
            {"name": f"{name} {series}", **entry}
            for parts in whole.values()
            for series, entry in parts.items()
            if isinstance(entry, dict)
        ]
    return results


@pytest.fixture(scope="module")
def both(shared: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each published assessment that has a status, with ours."""
    rated = [row for row in published(shared) if row["status"] != "not_available"]
    rows = [
        {
            "ref_area": row["name"],
            "direction": "higher_is_better" if row["direction"] > 0 else "lower_is_better",
            "baseline_year": int(row["base_year"]),
            "baseline_value": row["base_value"],
            "latest_year": int(row["current_year"]),
            "latest_value": row["current_value"],
            "target_value": row["target"],
            "target_year": int(row["target_year"]),
            "limit": row["limit"],
        }
        for row in rated
    ]
    ours = {row["ref_area"]: row for row in assess(methods()["open-sdg"], rows)}
    return [(row, ours[row["name"]]) for row in rated]


def test_every_published_progress_value(both: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    with_value = [(theirs, ours) for theirs, ours in both if theirs["progress_value"] is not None]
    assert len(with_value) == 300
    assert len(both) == 300 + ACHIEVED_WITHOUT_VALUE
    for theirs, ours in with_value:
        assert ours["measure"] == pytest.approx(theirs["progress_value"], rel=1e-9, abs=1e-12), theirs["name"]


def test_every_published_score(both: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """To four digits: theirs are computed with slopes rounded to four digits (7.1429 R - 4.2857)."""
    for theirs, ours in both:
        assert ours["score"] == pytest.approx(theirs["score"], rel=0, abs=2e-4), theirs["name"]


def test_every_published_status(both: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    assert [ours["category"] for _, ours in both] == [theirs["status"] for theirs, _ in both]
    assert len({ours["category"] for _, ours in both}) == len(methods()["open-sdg"].classes)


def test_no_value_is_published_where_we_have_none(shared: Path) -> None:
    """Statistics Canada's not_available: base and latest year are one, or there is no base."""
    without = [row for row in published(shared) if row["status"] == "not_available"]
    assert len(without) == 70
    assert all(row["base_year"] == row["current_year"] or row["base_value"] is None for row in without)


def test_the_table_of_inputs_is_what_the_method_reads() -> None:
    """The rows made by hand above go through the same columns as those of assessment_input.sql."""
    row = {
        "ref_area": "one", "direction": "higher_is_better", "baseline_year": 2015, "baseline_value": 20.0,
        "latest_year": 2020, "latest_value": 40.0, "target_value": 95.0, "target_year": 2030, "limit": None,
    }  # fmt: skip
    (result,) = assess(methods()["open-sdg"], [row])
    assert result["annual_growth"] == pytest.approx(2 ** (1 / 5) - 1)
    assert result["required_growth"] == pytest.approx((95 / 20) ** (1 / 15) - 1)
