"""Group values: the rules of publication, the gap-filled total and the errors to be expected, by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codelists.areas import membership_rows
from schemas.codelists.reader import read_codelist
from schemas.tables.assessment import AGGREGATE
from tests.unit.make import indicator, value
from tests.unit.modelled import run_models

PEOPLE = {"KEN": 50.0, "UGA": 30.0, "NOR": 20.0}  # lower middle, low and high income in fiscal year 2026


def world(
    folder: Path, values: dict[str, float], how: dict[str, Any], expect: dict[str, Any] | None = None
) -> dict[str, Any]:
    rows = [value("use", area, 2020, number) for area, number in values.items()]
    rows += [value("people", area, 2020, number) for area, number in PEOPLE.items()]
    definitions = [
        indicator(aggregate=how, expect=expect or {"range": [0, 1e12]}),
        indicator("people", aggregate={"method": "sum"}),
    ]
    aggregate_rows = run_models(folder, rows, definitions, AGGREGATE)["aggregate"]
    return next(row for row in aggregate_rows if (row["indicator"], row["group"]) == ("use", "M49:001"))


def test_a_gap_filled_total_gives_the_missing_the_average_of_the_rest(tmp_path: Path) -> None:
    how = {"method": "gap_filled_total", "weight": "people", "min_weight_share": 0.0}
    row = world(tmp_path, {"KEN": 10.0, "UGA": 30.0}, how)
    assert row["value"] == pytest.approx(40 * 100 / 80)
    assert row["weight_share"] == pytest.approx(0.8)
    assert row["expected_error"] is None  # the rule is one of means


def test_a_gap_filled_total_is_withheld_if_more_than_a_third_is_missing(tmp_path: Path) -> None:
    how = {"method": "gap_filled_total", "weight": "people", "min_weight_share": 0.0}
    row = world(tmp_path, {"KEN": 10.0}, how)
    assert row["value"] is None
    assert "one third" in row["note"]


def test_errors_are_calibrated_shares_of_the_deviation_between_members(tmp_path: Path) -> None:
    """What the list says of 80 per cent covered, in standard deviations of the members' values."""
    how = {"method": "weighted_mean", "weight": "people"}
    result = world(tmp_path, {"KEN": 10.0, "UGA": 50.0}, how)
    mean = (10 * 50 + 50 * 30) / 80
    deviation = math.sqrt((50 * (10 - mean) ** 2 + 30 * (50 - mean) ** 2) / 80)
    assert result["value"] == pytest.approx(mean)
    assert result["standard_deviation"] == pytest.approx(deviation)
    (listed,) = (
        row
        for row in read_codelist("group_errors")
        if (row["family"], row["coverage_from"], row["age_from"]) == ("connectivity", "0.8", "0")
    )
    assert result["expected_error"] == pytest.approx(float(listed["half"]) * deviation)
    assert result["error_80"] == pytest.approx(float(listed["eighty"]) * deviation)


def test_each_listed_error_held_as_often_as_it_says() -> None:
    """On groups that it was not learned from, by family; the rate was measured with the list."""
    held: dict[str, list[tuple[int, float]]] = {}
    for row in read_codelist("group_errors"):
        if row["held"]:
            held.setdefault(row["family"], []).append((int(row["pairs"]), float(row["held"])))
        assert float(row["half"]) <= float(row["eighty"])
    for family, cells in held.items():
        pairs = sum(number for number, _ in cells)
        assert sum(number * share for number, share in cells) / pairs >= 0.795, family


def test_a_single_member_says_nothing_of_the_deviation(tmp_path: Path) -> None:
    row = world(tmp_path, {"KEN": 10.0}, {"method": "weighted_mean", "weight": "people"})
    assert row["value"] == 10.0
    assert (row["standard_deviation"], row["error_80"]) == (None, None)


@pytest.mark.parametrize(
    ("values", "published", "share"),
    [
        ({"KEN": 1.0, "NOR": 1.0}, True, 50 / 80),
        ({"UGA": 1.0, "NOR": 1.0}, False, 30 / 80),  # half of all people, too few of the poorer ones
    ],
)
def test_the_world_needs_half_of_the_people_of_poorer_countries(
    tmp_path: Path, values: dict[str, float], published: bool, share: float
) -> None:
    how = {"method": "weighted_mean", "weight": "people", "min_low_income_share": 0.5}
    row = world(tmp_path, values, how)
    assert row["weight_share"] >= 0.5
    assert row["low_income_share"] == pytest.approx(share)
    assert (row["value"] is not None) == published
    assert published or "low and lower middle income" in row["note"]
    without = world(tmp_path, values, how | {"min_low_income_share": None})
    assert without["value"] == 1.0
    assert without["low_income_share"] is None


def test_the_condition_is_of_the_world_alone(tmp_path: Path) -> None:
    how = {"method": "weighted_mean", "weight": "people", "min_low_income_share": 1.0}
    rows = [value("use", "KEN", 2020, 5.0), *(value("people", a, 2020, n) for a, n in PEOPLE.items())]
    aggregate_rows = run_models(tmp_path, rows, [indicator(aggregate=how), indicator("people")], AGGREGATE)[
        "aggregate"
    ]
    values = {row["group"]: row["value"] for row in aggregate_rows if row["indicator"] == "use"}
    assert values["M49:001"] is None
    assert values["WB:LMC"] == values["M49:014"] == 5.0


def test_every_kind_of_group_gets_its_value(tmp_path: Path) -> None:
    """Nepal is a least developed and landlocked country, Samoa a small island."""
    rows = [value("use", area, 2020, 5.0) for area in ("NPL", "WSM", "KEN", "DEU", "USA")]
    aggregate_rows = run_models(tmp_path, rows, [indicator(aggregate={"method": "unweighted"})], AGGREGATE)[
        "aggregate"
    ]
    groups = {row["group"] for row in aggregate_rows}
    assert {"M49:001", "M49:199", "M49:432", "M49:722", "M49:002", "M49:034", "M49:014"} <= groups
    assert {"WB:SSF", "WB:SAS", "WB:LMC", "WB:HIC", "OWN:G20"} <= groups


def test_a_group_of_a_user_is_added_up_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "two.yaml").write_text(
        "{code: 'OWN:TWO', name: Two, source: test, members: [KEN, NOR]}"
    )
    rows = [value("use", "KEN", 2020, 10.0), value("use", "NOR", 2020, 80.0), value("use", "UGA", 2020, 1.0)]
    rows += [value("people", area, 2020, number) for area, number in PEOPLE.items()]
    definitions = [indicator(aggregate={"method": "weighted_mean", "weight": "people"}), indicator("people")]
    members = membership_rows(tmp_path / "own")
    aggregate_rows = run_models(tmp_path, rows, definitions, AGGREGATE, members=members)["aggregate"]
    two = next(row for row in aggregate_rows if row["group"] == "OWN:TWO")
    assert (two["value"], two["areas_total"]) == (pytest.approx(30.0), 2)


def test_the_banks_least_developed_countries_are_the_united_nations(tmp_path: Path) -> None:
    rows = [value("use", "UGA", 2020, 10.0), value("use", "WB:LDC", 2020, 11.0)]
    definitions = [indicator(aggregate={"method": "unweighted"})]

    def official(rows: list[dict[str, Any]]) -> float:
        aggregate_rows = run_models(tmp_path, rows, definitions, AGGREGATE)["aggregate"]
        return next(float(row["official_value"]) for row in aggregate_rows if row["group"] == "M49:199")

    assert official(rows) == 11.0
    assert official([*rows, value("use", "M49:199", 2020, 12.0)]) == 12.0


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    values=st.dictionaries(st.sampled_from(sorted(PEOPLE)), st.floats(0, 100), min_size=1),
    factor=st.floats(0.01, 100),
)
def test_totals_and_errors_follow_the_unit(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, float], factor: float
) -> None:
    folder = tmp_path_factory.mktemp("unit")
    scaled = {area: number * factor for area, number in values.items()}
    total = {"method": "gap_filled_total", "weight": "people", "min_weight_share": 0.0}
    mean = {"method": "weighted_mean", "weight": "people", "min_weight_share": 0.0}
    one, other = world(folder, values, total), world(folder, scaled, total)
    assert (one["value"] is None) == (other["value"] is None)
    if one["value"] is not None:
        assert one["value"] >= sum(values.values()) * (1 - 1e-9)  # filling gaps takes nothing away
        assert other["value"] == pytest.approx(one["value"] * factor)
    first, second = world(folder, values, mean), world(folder, scaled, mean)
    if len(values) > 1:
        assert -1e-9 <= first["expected_error"] <= first["error_80"]
        assert second["error_80"] == pytest.approx(first["error_80"] * factor, abs=1e-4 * factor)


@pytest.mark.parametrize("method", ["weighted_mean", "sum", "gap_filled_total", "median", "unweighted"])
def test_an_implausible_value_enters_no_group_value(tmp_path: Path, method: str) -> None:
    """It counts as missing, by every method; without a declared range every value is used."""
    how = {"method": method, "min_weight_share": 0.0}
    how |= {"weight": "people"} if method != "median" else {}
    expect = {"range": [0, 1e12], "plausible": {"range": [1, 100], "reason": "test"}}
    values = {"KEN": 100.0, "UGA": 1.0, "NOR": 5000.0}
    with_range = world(tmp_path / "with", values, how, expect)
    missing = world(tmp_path / "missing", {"KEN": 100.0, "UGA": 1.0}, how)
    assert with_range == missing
    assert with_range["areas_used"] == 2
    assert world(tmp_path / "without", values, how)["areas_used"] == 3
