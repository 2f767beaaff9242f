"""One lineage per series: values that a fallback may fill, and a record of each excluded value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.assessment import KEPT_OUT
from tests.unit.make import indicator, observation, stage
from warehouse.evaluation.beside import beside
from warehouse.evaluation.evaluate import evaluate

Values = dict[int, float]


def evaluated(
    folder: Path, inputs: list[dict[str, Any]], observations: list[dict[str, Any]], **definition: Any
) -> tuple[dict[tuple[str, int], tuple[float, str]], dict[tuple[str, int], str]]:
    """By area and year: the value with its source, and the rule that kept a value out."""
    out = folder / "use.parquet"
    beside(out, KEPT_OUT).unlink(missing_ok=True)
    evaluate(indicator(inputs=inputs, **definition), stage(folder / "staged", observations), {}, out)
    used = {
        (r["ref_area"], r["time_period"]): (r["value"], r["source"]) for r in pq.read_table(out).to_pylist()
    }
    side = beside(out, KEPT_OUT)
    kept_out = pq.read_table(side).to_pylist() if side.exists() else []
    return used, {(r["ref_area"], r["time_period"]): r["rule"] for r in kept_out}


def series(source: str, code: str, area: str, values: Values, **more: Any) -> list[dict[str, Any]]:
    return [observation(source, code, area, year, number, **more) for year, number in values.items()]


ONE = {"source": "one", "series": "S", "carries": "igme"}
COPY = {"source": "two", "series": "T", "carries": "igme"}
OTHER = {"source": "two", "series": "T", "carries": "factbook"}


def test_another_lineage_never_extends_a_series(tmp_path: Path) -> None:
    """India's infant mortality: 23.35 of UN IGME in 2024, and 30.5 of another model for 2025."""
    rows = series("one", "S", "IND", {2022: 25.7, 2023: 24.5, 2024: 23.35})
    rows += series("two", "T", "IND", {2021: 27.9, 2025: 30.5}) + series("two", "T", "GIB", {2025: 6.0})
    used, kept_out = evaluated(tmp_path, [ONE, OTHER], rows)
    assert used == {
        ("IND", 2022): (25.7, "one"),
        ("IND", 2023): (24.5, "one"),
        ("IND", 2024): (23.35, "one"),
        ("GIB", 2025): (6.0, "two"),  # an area that the lead lacks entirely
    }
    assert kept_out == {("IND", 2021): "another_lineage", ("IND", 2025): "another_lineage"}


def test_a_copy_fills_the_span_and_extends_it_where_it_agrees(tmp_path: Path) -> None:
    rows = series("one", "S", "KEN", {2010: 10.0, 2011: 11.0, 2012: 12.0, 2014: 14.0})
    rows += series("two", "T", "KEN", {y: float(y - 2000) for y in range(2008, 2016)})
    used, kept_out = evaluated(tmp_path, [ONE, COPY], rows)
    assert [used["KEN", year] for year in (2008, 2013, 2015)] == [(8.0, "two"), (13.0, "two"), (15.0, "two")]
    assert kept_out == {}


def test_a_copy_of_another_vintage_does_not_go_on(tmp_path: Path) -> None:
    rows = series("one", "S", "KEN", {2010: 19.2, 2011: 36.2, 2012: 38.1})
    rows += series("two", "T", "KEN", {2009: 23.0, 2010: 30.0, 2011: 36.2, 2012: 38.1, 2013: 40.0})
    used, kept_out = evaluated(tmp_path, [ONE, COPY], rows)
    assert sorted(year for _, year in used) == [2010, 2011, 2012]
    assert kept_out == {("KEN", 2009): "overlap_differs", ("KEN", 2013): "overlap_differs"}
    rows = series("one", "S", "KEN", {2010: 19.2, 2011: 36.2}) + series("two", "T", "KEN", {2012: 40.0})
    assert evaluated(tmp_path, [ONE, COPY], rows)[1] == {("KEN", 2012): "no_overlap"}


def test_a_fallback_may_be_held_inside_or_to_areas_of_its_own(tmp_path: Path) -> None:
    rows = series("one", "S", "KEN", {2010: 10.0, 2011: 11.0, 2012: 12.0, 2014: 14.0})
    rows += series("two", "T", "KEN", {y: float(y - 2000) for y in range(2010, 2016)})
    inside = evaluated(tmp_path, [ONE, COPY | {"use": "inside"}], rows)
    assert inside[0]["KEN", 2013] == (13.0, "two")
    assert inside[1] == {("KEN", 2015): "outside_the_span"}
    alone = evaluated(tmp_path, [ONE, COPY | {"use": "alone"}], rows)
    assert alone[1] == {("KEN", 2013): "outside_the_span", ("KEN", 2015): "outside_the_span"}


def test_consumption_and_income_are_never_mixed_in_one_area(tmp_path: Path) -> None:
    """Serbia's extreme poverty read 0.22, 8.09, 6.65, 0.13: consumption in some years, income in others."""
    inputs = [
        {"source": "one", "series": "S", "where": {"other_dims": f"WELFARE_TYPE={kind}"}, "concept": kind}
        for kind in ("consumption", "income")
    ]
    spent = series(
        "one", "S", "SRB", {2015: 0.22, 2018: 0.13, 2019: 0.24}, other_dims="WELFARE_TYPE=consumption"
    )
    earned = {2015: 8.41, 2016: 8.09, 2017: 6.65, 2018: 4.15, 2019: 2.72, 2020: 2.04}
    rows = spent + series("one", "S", "SRB", earned, other_dims="WELFARE_TYPE=income")
    used, kept_out = evaluated(tmp_path, inputs, rows)
    assert {year: number for (_, year), (number, _) in used.items()} == earned
    assert kept_out == {("SRB", year): "another_concept" for year in (2015, 2018, 2019)}


def test_a_declared_splice_needs_an_overlap_that_agrees(tmp_path: Path) -> None:
    spliced = OTHER | {
        "splice": {"reason": "the same survey", "overlap": 2, "tolerance": 0.05, "absolute": 0.0}
    }
    rows = series("one", "S", "KEN", {2010: 10.0, 2011: 11.0, 2012: 12.0})
    near = rows + series("two", "T", "KEN", {2011: 11.2, 2012: 12.1, 2013: 13.0})
    assert evaluated(tmp_path, [ONE, spliced], near)[0]["KEN", 2013] == (13.0, "two")
    far = rows + series("two", "T", "KEN", {2011: 15.0, 2012: 17.0, 2013: 18.0})
    assert evaluated(tmp_path, [ONE, spliced], far)[1] == {("KEN", 2013): "overlap_differs"}


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.integers(2000, 2024), st.floats(0, 100), min_size=1, max_size=8),
    st.dictionaries(st.integers(2000, 2024), st.floats(0, 100), max_size=8),
)
def test_what_another_lineage_says_changes_nothing(
    tmp_path_factory: Any, first: Values, second: Values
) -> None:
    folder = tmp_path_factory.mktemp("lineage")
    rows = series("one", "S", "KEN", first) + series("two", "T", "KEN", second)
    used, kept_out = evaluated(folder, [ONE, OTHER], rows)
    assert {year: number for (_, year), (number, _) in used.items()} == first
    assert {year for _, year in kept_out} == set(second) - set(first)
