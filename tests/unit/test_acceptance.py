"""Acceptance: large changes are detected series by series and described in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sources.staging.acceptance import Finding, compare, describe
from tests.unit.wired import OTHER, Stage, row, source

AREAS = ("KEN", "UGA", "TZA", "RWA", "BDI")
Rows = list[dict[str, Any]]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    return Stage(monkeypatch, tmp_path)


def grid(
    change: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda r: r, snapshot: str = "a" * 64
) -> Rows:
    """Five areas, ten years and two series, and what a change makes of them."""
    rows = [
        row(series=s, area=a, time_period=str(y), value=str(10 * n + y - 2000), snapshot=snapshot)
        for s in ("S1", "S2")
        for n, a in enumerate(AREAS)
        for y in range(2011, 2021)
    ]
    return [changed for r in rows if (changed := change(r)) is not None]


def findings(stage: Stage, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> list[Finding]:
    return compare(source(), stage(grid()), stage(grid(change, OTHER)))


def test_without_live_rows_there_is_nothing_to_compare(stage: Stage) -> None:
    assert compare(source(), None, stage(grid())) == []


def test_the_same_rows_are_fine(stage: Stage) -> None:
    assert findings(stage, lambda r: r) == []


def test_small_revisions_and_new_years_are_fine(stage: Stage) -> None:
    live = stage(grid())
    new = [
        row(series=s, area=a, time_period="2021", value="30", snapshot=OTHER)
        for s in ("S1", "S2")
        for a in AREAS
    ]
    revised = stage(grid(lambda r: r | {"value": str(float(r["value"]) * 1.05)}, OTHER) + new)
    assert compare(source(), live, revised) == []


def test_values_times_1000_are_found(stage: Stage) -> None:
    (one,) = findings(stage, lambda r: r | {"value": r["value"] + "000"} if r["series"] == "S2" else r)
    assert (one.series, one.check, one.limit) == ("S2", "median_ratio", 2)
    assert one.change == pytest.approx(1000)
    assert "50 values in common; for example" in one.detail
    assert one.reason == "not by a factor of two"


def test_values_divided_by_1000_are_found(stage: Stage) -> None:
    ones = findings(stage, lambda r: r | {"value": str(float(r["value"]) / 1000)})
    assert [(o.series, o.check) for o in ones] == [("S1", "median_ratio"), ("S2", "median_ratio")]
    assert ones[0].change == pytest.approx(1000)


def test_values_in_other_units_are_compared_in_units(stage: Stage) -> None:
    assert findings(stage, lambda r: r | {"value": str(float(r["value"]) / 1000), "unit_mult": "3"}) == []


def test_a_lost_area_is_named(stage: Stage) -> None:
    ones = findings(stage, lambda r: None if (r["series"], r["area"]) == ("S1", "RWA") else r)
    assert [(o.series, o.check, o.change) for o in ones] == [
        ("S1", "areas_lost", 1),
        ("S1", "rows_lost_share", 0.2),
    ]
    assert "gone: RWA; new: none" in ones[0].detail


def test_an_area_that_became_another_is_found(stage: Stage) -> None:
    ones = findings(stage, lambda r: r | {"area": "SOM"} if r["area"] == "RWA" else r)
    assert {"gone: RWA; new: SOM"} == {o.detail for o in ones if o.check == "areas_lost"}


def test_values_that_became_missing_are_lost(stage: Stage) -> None:
    ones = findings(
        stage, lambda r: r | {"value": "NaN"} if r["series"] == "S1" and r["time_period"] < "2013" else r
    )
    assert [(o.check, o.change) for o in ones] == [("rows_lost_share", 0.2)]
    assert ones[0].detail == "10 of 50 values gone, 0 new"


def test_years_that_went_back_are_found(stage: Stage) -> None:
    ones = findings(stage, lambda r: None if (r["series"], r["time_period"]) == ("S1", "2020") else r)
    assert [(o.check, o.change, o.detail) for o in ones] == [
        ("years_back", 1, "latest year was 2020, is 2019")
    ]


def test_a_series_that_is_gone_is_found(stage: Stage) -> None:
    ones = findings(stage, lambda r: None if r["series"] == "S1" else r)
    assert {o.check: o.change for o in ones} == {"areas_lost": 5, "rows_lost_share": 1}
    assert {o.series for o in ones} == {"S1"}


def test_zeros_do_not_disturb(stage: Stage) -> None:
    assert findings(stage, lambda r: r | {"value": "0"} if r["area"] == "RWA" else r) == []


def test_the_findings_read_as_a_table(stage: Stage) -> None:
    text = describe(findings(stage, lambda r: r | {"value": r["value"] + "000"}))
    lines = text.splitlines()
    assert lines[0].split() == ["series", "what", "changed", "found", "limit", "in", "words"]
    assert lines[2].split()[:4] == ["S1", "median_ratio", "1000", "2"]
    assert lines[-1].strip() == "median_ratio: not by a factor of two"
