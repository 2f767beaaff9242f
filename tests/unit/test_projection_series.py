"""The projected series, their scale and last year, and the reasons for the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tables.assessment import AGGREGATE
from schemas.tables.projections import PROJECTION, PROJECTION_REFUSED
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR
from tests.unit.make import catalogue, indicator, table, value
from warehouse.engine.duckdb_engine import engine, write_table
from warehouse.models.definition_inputs import load_model_inputs
from warehouse.projections.forecast import first_year, lasting
from warehouse.projections.projection import (
    load_projection_series,
    projection_refused_table,
    projection_rows,
)
from warehouse.release.tables import compute

TARGET = {"value": 100.0, "year": 2030, "origin": "test"}


def made(
    folder: Path, rows: list[dict[str, Any]], *definitions: Any, members: tuple[str, ...] = ()
) -> tuple[Any, Any, Any]:
    """Rows of projection, of projection_refused and of projection_series; the year is that of the newest
    value."""
    areas = [
        {
            "ref_area": name,
            "name": name,
            "m49": None,
            "iso2": None,
            "kind": kind,
            "un_member": kind == "country",
        }
        for name, kind in (("KEN", "country"), ("UGA", "country"), ("TZA", "country"), ("M49:014", "group"))
    ]
    write_table(table(INDICATOR, rows), INDICATOR, folder / "indicator.parquet")
    write_table(table(AREA, areas), AREA, folder / "area.parquet")
    of_group = {"grouping": "m49_subregion", "group": "M49:014", "group_name": "Eastern Africa"}
    of_group |= {"valid_from": None, "valid_to": None, "source": "test"}
    listed = [of_group | {"ref_area": name} for name in members]
    write_table(table(AREA_GROUP, listed), AREA_GROUP, folder / "area_group.parquet")
    with engine() as con:
        load_model_inputs(con, folder, catalogue(*definitions), None)
        con.register("official", compute(con, AGGREGATE).read_all())
        con.execute("create or replace temp view aggregate as select * from official")
        load_projection_series(con)
        projected = projection_rows(con).read_all()
        con.register("said", projected)
        con.execute("create or replace temp view projection as select * from said")
        refused = projection_refused_table(con)
        series = con.sql("select * from projection_series order by indicator, ref_area").to_arrow_table()
    write_table(projected, PROJECTION, folder / "projection.parquet")  # the contracts hold
    write_table(refused, PROJECTION_REFUSED, folder / "refused.parquet")
    return projected.to_pylist(), refused.to_pylist(), series.to_pylist()


def run_of(area: str, first: int, last: int, name: str = "use") -> list[dict[str, Any]]:
    return [value(name, area, year, 20.0 + 2 * (year - first)) for year in range(first, last + 1)]


def test_every_series_is_projected_or_refused_with_the_reason(tmp_path: Path) -> None:
    rows = [*run_of("KEN", 2015, 2025), *run_of("UGA", 2023, 2025), *run_of("TZA", 2010, 2019)]
    rows += run_of("M49:014", 2010, 2020)  # five years old: not yet too old
    projected, refused, series = made(tmp_path, rows, indicator("use", target=TARGET))
    assert {row["ref_area"] for row in projected} == {"KEN", "M49:014"}
    assert {row["ref_area"]: row["reason"] for row in refused} == {
        "UGA": "too_few_points",
        "TZA": "last_point_too_old",
    }
    assert len(series) == 4
    ahead = [row["time_period"] for row in projected if row["ref_area"] == "M49:014"]
    assert ahead == list(range(2021, 2031))
    assert {(row["last_year"], row["points"]) for row in projected if row["ref_area"] == "KEN"} == {
        (2025, 11)
    }


def test_a_passed_deadline_is_not_projected_but_reported(tmp_path: Path) -> None:
    rows = [*run_of("KEN", 2015, 2025), *run_of("UGA", 2015, 2025)]
    rows += [value("use", "UGA", 2026, 100.0)]
    definition = indicator("use", target=TARGET | {"year": 2025, "baseline_year": 2015})
    projected, refused, _ = made(tmp_path, rows, definition)
    assert projected == []
    assert [(row["ref_area"], row["reason"], row["target_met"]) for row in refused] == [
        ("KEN", "deadline_passed", False),
        ("UGA", "deadline_passed", False),  # met a year late
    ]


def test_nothing_is_projected_beyond_the_last_year(tmp_path: Path) -> None:
    projected, refused, _ = made(tmp_path, run_of("KEN", 2020, 2030), indicator("use"))
    assert projected == []
    assert [row["reason"] for row in refused] == ["nothing_ahead"]


def test_without_a_target_it_goes_to_2030(tmp_path: Path) -> None:
    projected, _, _ = made(tmp_path, run_of("KEN", 2015, 2025), indicator("use"))
    assert [row["time_period"] for row in projected] == [2026, 2027, 2028, 2029, 2030]
    assert {row["probability_target_met"] for row in projected} == {None}


def test_values_before_a_declared_break_are_not_used(tmp_path: Path) -> None:
    broken = [{"time_period": 2022, "ref_area": "KEN", "reason": "a new survey"}]
    rows = [*run_of("KEN", 2010, 2024), *run_of("UGA", 2010, 2024)]
    projected, refused, _ = made(tmp_path, rows, indicator("use", breaks=broken))
    assert {row["ref_area"] for row in projected} == {"UGA"}
    assert [(row["ref_area"], row["reason"], row["points"]) for row in refused] == [
        ("KEN", "too_few_points", 3)
    ]


def test_a_leap_at_a_break_is_no_pace(tmp_path: Path) -> None:
    broken = [{"time_period": 2015, "ref_area": "all", "reason": "a new definition"}]
    rows = [value("use", "KEN", year, 20.0 if year < 2015 else 60.0) for year in range(2008, 2026)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with_break = made(tmp_path / "a", rows, indicator("use", breaks=broken))[0]
    after = [row for row in rows if row["time_period"] >= 2015]
    assert with_break == made(tmp_path / "b", after, indicator("use"))[0]
    assert with_break[-1]["value"] == pytest.approx(60)


def test_what_is_not_assessed_is_not_projected(tmp_path: Path) -> None:
    projected, refused, series = made(tmp_path, run_of("KEN", 2015, 2025), indicator("use", assessed=False))
    assert (projected, refused, series) == ([], [], [])


@pytest.mark.parametrize(
    ("unit", "ends", "kind"),
    [
        ("PT", [0.0, 100.0], "logit"),
        ("PT", [10.0, 100.0], "logit"),
        ("INDEX", [0.0, 1.0], "logit"),
        ("PT", [0.0, 500.0], "log"),
        ("YR", [0.0, 100.0], "log"),
        ("INDEX", [-4.0, 4.0], "linear"),
        ("PT", [-5.0, 100.0], "linear"),
    ],
)
def test_the_definition_says_on_which_scale(tmp_path: Path, unit: str, ends: list[float], kind: str) -> None:
    rows = [value("use", "KEN", year, min(ends[1], 1.0)) for year in range(2015, 2025)]
    _, _, series = made(tmp_path, rows, indicator("use", unit=unit, expect={"range": ends}))
    assert [row["kind"] for row in series] == [kind]


def test_a_target_counts_as_met_where_its_owner_says(tmp_path: Path) -> None:
    rows = run_of("KEN", 2000, 2025)  # 20 to 70
    projected, _, _ = made(tmp_path, rows, indicator("use", target=TARGET | {"met_from": 75.0}))
    last = projected[-1]
    assert (last["time_period"], last["met_at"], last["target_value"]) == (2030, 75, 100)
    assert last["probability_target_met"] > last["probability_at_target"]


def test_a_group_goes_through_its_official_value_and_is_simulated_from_its_members(tmp_path: Path) -> None:
    """Three countries of one group: the group's own series of one official value could not be projected."""
    rows = [
        value("use", area, year, start + 2 * (year - 2015))
        for area, start in (("KEN", 30.0), ("UGA", 20.0), ("TZA", 40.0))
        for year in range(2015, 2026)
    ]
    rows += [value("use", "M49:014", 2025, 51.0)]
    definition = indicator("use", target=TARGET, unit="PT", expect={"range": [0, 100]})
    definition = definition.model_copy(
        update={"aggregate": definition.aggregate.model_copy(update={"method": "unweighted"})}
    )
    projected, refused, _ = made(tmp_path, rows, definition, members=("KEN", "UGA", "TZA"))
    group = [row for row in projected if row["ref_area"] == "M49:014"]
    assert [row["time_period"] for row in group] == [2026, 2027, 2028, 2029, 2030]
    assert {(row["model"], row["anchored_on"], row["last_value"]) for row in group} == {
        ("group_simulation/2", "official", 51.0)
    }
    assert not [row for row in refused if row["ref_area"] == "M49:014"]
    assert group[0]["lower_95"] < group[0]["lower_80"] < group[0]["value"] < group[0]["upper_80"]
    assert 51 < group[0]["value"] < 55  # two points a year, from the official value and not from the mean 50
    widths = [row["upper_80"] - row["lower_80"] for row in group]
    assert widths == sorted(widths)
    country = next(row for row in projected if row["ref_area"] == "KEN" and row["time_period"] == 2026)
    # errors of neighbours are correlated, and the widths of groups are calibrated apart: about one member's
    assert widths[0] < 1.25 * (country["upper_80"] - country["lower_80"])


def test_the_year_in_which_a_target_is_met_agrees_with_the_probability_of_that_year(tmp_path: Path) -> None:
    rows = [value("use", "KEN", year, 40.0 + 4 * (year - 2015)) for year in range(2015, 2026)]
    rows += [value("use", "UGA", year, 95.0) for year in range(2015, 2026)]
    definition = indicator("use", target=TARGET | {"value": 82.0}, unit="PT", expect={"range": [0, 100]})
    projected, _, _ = made(tmp_path, rows, definition)
    kenya = [row for row in projected if row["ref_area"] == "KEN"]
    for share, name in ((0.5, "year_met"), (0.1, "year_met_earliest")):
        first = next((row["time_period"] for row in kenya if row["probability_target_met"] >= share), None)
        assert first is not None
        assert {row[name] for row in kenya} == {first}
    assert {row["year_met"] for row in projected if row["ref_area"] == "UGA"} == {2025}  # met today


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.integers(2024, 2040))
def test_a_target_is_met_by_its_year_exactly_if_that_year_is_likely(
    probabilities: list[float], target_year: int
) -> None:
    # as of women's and men's phones in 2026: a parity of 0.58 in 2026 and of 0.48 in 2030 is not met by 2030
    years = np.arange(2025, 2025 + len(probabilities))
    reached = np.array([probabilities]) >= 0.5
    [year] = first_year(
        lasting(reached, years, target_year), np.array([2024]), np.zeros(1, dtype=np.bool_)
    ).tolist()
    if target_year in years:
        assert (0 < year <= target_year) == (probabilities[target_year - 2025] >= 0.5)
    assert not year or probabilities[year - 2025] >= 0.5
    assert all(chance >= 0.5 for chance in probabilities[year - 2025 : target_year - 2024] if year)
