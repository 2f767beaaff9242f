"""Formulas that read other years or countries: exact years, no gap bridged, no break crossed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.formula.functions import RECIPES, Recipe
from indicators.formula.parser import check_formula
from schemas.codelists.areas import membership_rows
from tests.unit.make import SNAP, indicator, observation, stage
from warehouse.evaluation.evaluate import evaluate, evaluation_fingerprint

KENYA = {2015: 10.0, 2016: 20.0, 2017: 40.0, 2019: 80.0, 2020: None, 2021: 5.0}


def rows_of(values: dict[int, float | None], area: str = "KEN", **more: Any) -> list[dict[str, Any]]:
    return [observation("one", "S", area, year, value, **more) for year, value in values.items()]


def evaluated(tmp_path: Path, rows: list[dict[str, Any]], formula: str, **more: Any) -> list[dict[str, Any]]:
    path = tmp_path / "out.parquet"
    definition = indicator(formula=formula, expect={"range": [-1e12, 1e12]}, **more)
    evaluate(definition, stage(tmp_path, rows), {}, path)
    result: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return result


def by_year(rows: list[dict[str, Any]], area: str = "KEN") -> dict[int, float]:
    return {row["time_period"]: row["value"] for row in rows if row["ref_area"] == area}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (
            "lag(value)",
            {2016: 10.0, 2017: 20.0},
        ),  # 2018 and 2020 have no value, so 2019 and 2021 have no year before
        ("lag(value, 2)", {2017: 10.0, 2019: 40.0, 2021: 80.0}),
        ("value - lag(value)", {2016: 10.0, 2017: 20.0}),
        ("100 * (value / lag(value, 2) - 1)", {2017: 300.0, 2019: 100.0, 2021: -93.75}),
        ("moving_average(value, 2)", {2016: 15.0, 2017: 30.0}),
        ("moving_average(value, 3)", {2017: pytest.approx(70 / 3)}),
        ("rebased(value, 2016)", {2015: 50.0, 2016: 100.0, 2017: 200.0, 2019: 400.0, 2021: 25.0}),
        ("rebased(value, 2018)", {}),
        ("recent(value, 1)", {2015: 10.0, 2016: 20.0, 2017: 40.0, 2019: 80.0, 2021: 5.0}),
        ("lag(value / 10) + 1", {2016: 2.0, 2017: 3.0}),
    ],
)
def test_years_are_counted_not_rows(tmp_path: Path, formula: str, expected: dict[int, float]) -> None:
    assert by_year(evaluated(tmp_path, rows_of(KENYA), formula)) == expected


def test_inputs_of_different_years_are_joined_by_the_latest_of_some_years(tmp_path: Path) -> None:
    """A survey of 2016 and 2020 against a census of 2015: one year apart, and five, which is too far."""
    rows = [
        *rows_of({2016: 12.0, 2020: 30.0}),
        observation("one", "C", "KEN", 2015, 4.0, snapshot=SNAP["b"], obs_status="E"),
    ]
    inputs = {"a": [{"source": "one", "series": "S"}], "b": [{"source": "one", "series": "C"}]}
    result = evaluated(tmp_path, rows, "a / recent(b, 4)", inputs=inputs)
    assert by_year(result) == {2016: 3.0}
    assert (result[0]["series"], result[0]["obs_status"]) == ("C;S", "E")
    assert by_year(evaluated(tmp_path, rows, "a / recent(b, 5)", inputs=inputs)) == {2016: 3.0, 2020: 7.5}
    assert by_year(evaluated(tmp_path, rows, "a / b", inputs=inputs)) == {}
    moved = [{"time_period": 2016, "reason": "A new census."}]
    assert by_year(evaluated(tmp_path, rows, "a / recent(b, 5)", inputs=inputs, breaks=moved)) == {}


def test_no_year_is_looked_at_across_a_declared_break(tmp_path: Path) -> None:
    rows = rows_of({2015: 1.0, 2016: 2.0, 2017: 4.0}) + rows_of({2016: 1.0, 2017: 3.0}, "UGA")
    of_kenya = [{"time_period": 2017, "ref_area": "KEN", "reason": "A new survey."}]
    result = evaluated(tmp_path, rows, "value - lag(value)", breaks=of_kenya)
    assert by_year(result) == {2016: 1.0}
    assert by_year(result, "UGA") == {2017: 2.0}
    of_all = [{"time_period": 2016, "reason": "A new definition."}]
    result = evaluated(tmp_path, rows, "rebased(value, 2015)", breaks=of_all)
    assert by_year(result) == {2015: 100.0}


def test_parts_of_a_country_are_series_of_their_own(tmp_path: Path) -> None:
    rows = rows_of({2015: 1.0, 2016: 2.0}) + rows_of({2015: 10.0, 2016: 40.0}, sex="F")
    result = evaluated(tmp_path, rows, "value - lag(value)", gaps=["sex"])
    assert {row["sex"]: row["value"] for row in result} == {"_T": 1.0, "F": 30.0}


def test_the_crossing_of_two_dimensions_is_kept(tmp_path: Path) -> None:
    parts = [{}, {"sex": "F"}, {"age": "Y15T24"}, {"sex": "F", "age": "Y15T24"}]
    rows = [row for number, part in enumerate(parts) for row in rows_of({2015: float(number)}, **part)]
    result = evaluated(tmp_path, rows, "value", gaps=["sex", "age"])
    assert {(row["sex"], row["age"]): row["value"] for row in result} == {
        ("_T", "_T"): 0.0,
        ("F", "_T"): 1.0,
        ("_T", "Y15T24"): 2.0,
        ("F", "Y15T24"): 3.0,
    }
    assert len(evaluated(tmp_path, rows, "value", gaps=["sex"])) == 2


def test_what_was_looked_at_is_named_and_the_worst_status_stays(tmp_path: Path) -> None:
    rows = rows_of({2015: 1.0}, snapshot=SNAP["a"], obs_status="E") + rows_of({2016: 2.0}, snapshot=SNAP["b"])
    (row,) = evaluated(tmp_path, rows, "value - lag(value)")
    assert row["snapshot"] == f"{SNAP['a']};{SNAP['b']}"
    assert (row["source"], row["series"], row["obs_status"]) == ("one", "S", "E")
    base = [row for row in evaluated(tmp_path, rows, "rebased(value, 2015)") if row["time_period"] == 2016]
    assert base[0]["snapshot"] == f"{SNAP['a']};{SNAP['b']}"


def test_a_share_is_of_the_countries_of_the_group_and_needs_enough_of_them(tmp_path: Path) -> None:
    rows = [observation("one", "S", area, 2020, value) for area, value in (("CAN", 30.0), ("USA", 60.0))]
    rows += [observation("one", "S", "BMU", 2020, 10.0), observation("one", "S", "M49:021", 2020, 1000.0)]
    rows += [observation("one", "S", "CAN", 2021, 30.0), observation("one", "S", "KEN", 2020, 7.0)]
    result = evaluated(tmp_path, rows, "share_of_group(value, wb_region, 1)")
    assert {row["ref_area"]: row["value"] for row in result} == {"BMU": 10.0, "CAN": 30.0, "USA": 60.0}
    assert {row["time_period"] for row in result} == {2020}
    result = evaluated(tmp_path, rows, "share_of_group(value, wb_region, 0.3)")
    assert [row["value"] for row in result if row["time_period"] == 2021] == [100.0]
    assert "M49:021" not in {row["ref_area"] for row in result}


def test_the_income_group_is_that_of_the_year(tmp_path: Path) -> None:
    """Argentina was of high income in fiscal year 2019 and of upper middle income in 2020."""
    rows = [
        observation("one", "S", area, year, 1.0) for area in ("ARG", "USA", "BRA") for year in (2019, 2020)
    ]
    result = evaluated(tmp_path, rows, "share_of_group(value, wb_income, 0)")
    assert by_year(result, "ARG") == by_year(result, "BRA") | {2019: 50.0}
    assert by_year(result, "BRA") == {2019: 100.0, 2020: 50.0}


@pytest.mark.parametrize(
    ("text", "what", "allowed"),
    [
        ("lag(a, 0)", "no whole number of years from 1 to 50", "lag(x, 5)"),
        ("lag(a, b)", "no whole number of years", "lag(x, 5)"),
        ("lag(a, 1, 0)", "takes a value and a number of years", "lag(x)"),
        ("lag(lag(a))", "stands inside another function", "of the same year"),
        ("lag(a > b)", "is a comparison", "case when"),
        ("moving_average(a)", "takes a value and a number of years", "moving_average(x, 3)"),
        ("moving_average(a, 11)", "from 2 to 10", "moving_average(x, 3)"),
        ("rebased(a, 15)", "is no year", "rebased(x, 2015)"),
        ("rebased(a)", "takes a value and a base year", "rebased(x, 2015)"),
        ("recent(a)", "takes a value and a number of years", "recent(x, 3)"),
        ("recent(a, 11)", "from 1 to 10", "recent(x, 3)"),
        ("share_of_group(a)", "takes a value, a grouping", "share_of_group(x, world, 0.9)"),
        ("share_of_group(a, wrld, 1)", "there is no grouping `wrld`", "world, m49_region"),
        ("share_of_group(a, ldc, 1)", "there is no grouping `ldc`", "wb_income"),
        ("share_of_group(a, world, 2)", "is no part of the countries", "0 to 1"),
        ("lag(a) over (order by b)", "is not allowed", "lag"),
        ("moving_averag(a, 3)", "function `moving_averag` is not allowed", "moving_average"),
    ],
)
def test_wrong_arguments_are_refused_with_what_is_right(text: str, what: str, allowed: str) -> None:
    (fault,) = check_formula(text, ["a", "b"])
    assert what in fault.what
    assert allowed in fault.allowed
    assert fault.next_step


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.task.replace(" ", "-"))
def test_every_recipe_of_the_guide_gives_the_value_that_it_shows(tmp_path: Path, recipe: Recipe) -> None:
    """The guide is generated from the same examples. Of a share, the group's other members have the rest."""
    assert check_formula(recipe.formula, recipe.inputs) == []
    rows = [
        observation("one", name, "USA", year, number)
        for name, values in recipe.series.items()
        for year, number in values.items()
    ]
    if recipe.others is not None:
        others = members_with("USA", "wb_income" if "wb_income" in recipe.formula else "world", 2020)
        rows += [observation("one", "value", area, 2020, recipe.others / len(others)) for area in others]
    inputs = {name: [{"source": "one", "series": name}] for name in recipe.inputs}
    result = evaluated(tmp_path, rows, recipe.formula, inputs=inputs)
    last = max(year for values in recipe.series.values() for year in values)
    assert by_year(result, "USA")[last] == pytest.approx(recipe.result)
    assert recipe.example.endswith(f": {recipe.result:g}")


def members_with(area: str, grouping: str, year: int) -> list[str]:
    """The other countries of an area's group in a year."""
    rows = [
        row
        for row in membership_rows()
        if row["grouping"] == grouping
        and (row["valid_from"] or 0) <= year
        and (row["valid_to"] is None or year <= row["valid_to"])
    ]
    (group,) = {row["group"] for row in rows if row["ref_area"] == area}
    return sorted(row["ref_area"] for row in rows if row["group"] == group and row["ref_area"] != area)


def test_memberships_count_only_where_a_formula_asks_for_them(tmp_path: Path, monkeypatch: Any) -> None:
    staged = stage(tmp_path, rows_of(KENYA))
    share, plain = indicator(formula="share_of_group(value, world, 0.5)"), indicator(formula="lag(value)")
    before = [evaluation_fingerprint(one, staged, {}) for one in (share, plain)]
    monkeypatch.setattr("warehouse.evaluation.windows.membership_rows", list)
    after = [evaluation_fingerprint(one, staged, {}) for one in (share, plain)]
    assert before[0] != after[0]
    assert before[1] == after[1]


years = st.dictionaries(st.integers(2000, 2012), st.floats(1, 1e6), min_size=1, max_size=13)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(values=years, back=st.integers(1, 4), length=st.integers(2, 4))
def test_any_series_agrees_with_a_computation_by_hand(
    tmp_path_factory: pytest.TempPathFactory, values: dict[int, float], back: int, length: int
) -> None:
    folder = tmp_path_factory.mktemp("series")
    lagged = evaluated(folder, rows_of(dict(values)), f"lag(value, {back})")
    assert by_year(lagged) == {year: values[year - back] for year in values if year - back in values}
    mean = evaluated(folder, rows_of(dict(values)), f"moving_average(value, {length})")
    spans = {year: [values.get(year - n) for n in range(length)] for year in values}
    by_hand = {year: sum(map(float, span)) / length for year, span in spans.items() if None not in span}  # type: ignore[arg-type]
    assert by_year(mean) == {year: pytest.approx(value) for year, value in by_hand.items()}


def test_the_same_values_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    areas = [
        str(row[0])
        for row in duckdb.sql("select 'A' || chr(65 + i::int) || 'G' from range(26) t(i)").fetchall()
    ]
    from schemas.codelists.areas import area_rows

    known = {row["ref_area"] for row in area_rows()} & set(areas)
    rows = [
        observation("one", "S", a, y, 0.1 * len(a) + y / 7 + ord(a[1]) / 3)
        for a in known
        for y in range(2000, 2020)
    ]
    paths = []
    for number, order in enumerate((rows, rows[::-1])):
        paths.append(tmp_path / f"{number}.parquet")
        formula = "share_of_group(value, world, 0) + moving_average(value, 5)"
        definition = indicator(formula=formula, expect={"range": [-1e9, 1e9]})
        evaluate(definition, stage(tmp_path / str(number), order), {}, paths[-1])
    assert paths[0].read_bytes() == paths[1].read_bytes()
