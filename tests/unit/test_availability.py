"""Availability of data by goal, scope and breakdown, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.codelists.areas import area_rows
from schemas.codelists.reader import read_codelist
from schemas.tables.availability import AVAILABILITY
from tests.unit.make import indicator, observation, stage, value
from tests.unit.modelled import Rows, run_models
from warehouse.models.sdg_database_inputs import load_sdg_database

MEMBERS = [row["ref_area"] for row in area_rows() if row["un_member"]]
DEFINITIONS = [
    indicator("use", frameworks={"sdg": "17.8.1"}),
    indicator("phone", frameworks={"sdg": "5.b.1"}),
    indicator("never", frameworks={"sdg": "5.1.1"}),
    indicator("gini", frameworks={"esg": "social"}),
]
VALUES = [
    value("use", "KEN", 2014, 1.0),
    value("use", "KEN", 2015, 1.0),
    value("use", "KEN", 2020, 1.0),
    value("phone", "KEN", 2016, 1.0, sex="F"),
    value("use", "UGA", 2014, 1.0),
    value("gini", "UGA", 2020, 1.0),
]


def available(folder: Path, staged: dict[str, Path] | None = None, values: Rows | None = None) -> Any:
    shares = run_models(
        folder,
        values or VALUES,
        DEFINITIONS,
        AVAILABILITY,
        load=lambda con: load_sdg_database(con, staged or {}),
    )["availability"]
    return {(r["universe"], r["goal"], r["scope"], r["breakdown"]): r for r in shares}


def test_a_country_by_hand(tmp_path: Path) -> None:
    cells = available(tmp_path)
    kenya = cells["catalogue", "all", "KEN", "_T"]
    assert (kenya["cells"], kenya["indicators"], kenya["areas"]) == (3, 3, 1)  # gini names no SDG indicator
    assert kenya["share_one"] == pytest.approx(2 / 3)  # women alone are a value
    assert kenya["share_two"] == pytest.approx(1 / 3)
    assert kenya["share_recent"] == pytest.approx(2 / 3)  # 2016 to 2020
    assert kenya["median_latest_year"] == 2018
    assert cells["catalogue", "5", "KEN", "_T"]["share_one"] == 0.5
    assert cells["catalogue", "17", "KEN", "_T"]["share_two"] == 1.0
    uganda = cells["catalogue", "all", "UGA", "_T"]
    assert (uganda["share_one"], uganda["median_latest_year"]) == (0.0, 2014)


def test_who_has_nothing_has_a_row(tmp_path: Path) -> None:
    rwanda = available(tmp_path)["catalogue", "all", "RWA", "_T"]
    assert (rwanda["share_one"], rwanda["median_latest_year"], rwanda["cells"]) == (0.0, None, 3)


def test_a_breakdown_asks_only_of_the_indicators_that_have_it(tmp_path: Path) -> None:
    cells = available(tmp_path)
    assert cells["catalogue", "all", "KEN", "sex"]["share_one"] == 1.0
    assert cells["catalogue", "all", "UGA", "sex"]["share_one"] == 0.0
    assert cells["catalogue", "all", "KEN", "sex"]["indicators"] == 1
    assert ("catalogue", "17", "KEN", "sex") not in cells
    assert not [key for key in cells if key[3] in ("age", "quantile", "disability")]


def test_a_group_counts_its_member_states(tmp_path: Path) -> None:
    rows = [*VALUES, value("use", "HKG", 2020, 1.0), value("use", "M49:001", 2020, 1.0)]
    cells = available(tmp_path, values=rows)
    world = cells["catalogue", "all", "M49:001", "_T"]
    assert (world["areas"], world["cells"]) == (193, 3 * 193)
    assert world["share_one"] == pytest.approx(2 / (3 * 193))  # Hong Kong is no member state
    assert cells["catalogue", "all", "HKG", "_T"]["share_one"] == pytest.approx(1 / 3)
    assert cells["catalogue", "all", "OWN:G20", "_T"]["areas"] == 19


def test_a_few_series_are_not_the_database(tmp_path: Path) -> None:
    staged = stage(tmp_path, [observation("unsd_sdg", "IT_USE_ii99", "KEN", 2020, 1.0)])
    assert {key[0] for key in available(tmp_path, staged)} == {"catalogue"}


def test_the_database_as_a_whole_is_counted_by_indicator(tmp_path: Path) -> None:
    series = sorted({row["series"] for row in read_codelist("sdg_series")})
    rows = [observation("unsd_sdg", code, "KEN", 2020, 1.0) for code in series[: int(len(series) * 0.95)]]
    rows += [observation("unsd_sdg", "IT_USE_ii99", "KEN", 2019, 1.0, sex="F")]
    rows += [observation("unsd_sdg", "IT_USE_ii99", "UGA", 2019, None)]
    cells = available(tmp_path, stage(tmp_path, rows))
    kenya = cells["unsd", "all", "KEN", "_T"]
    assert kenya["indicators"] == len({row["indicator"] for row in read_codelist("sdg_series")}) == 221
    assert 0.85 < kenya["share_one"] < 1
    assert kenya["share_two"] == pytest.approx(1 / 221)
    assert cells["unsd", "17", "KEN", "sex"]["indicators"] == 1
    assert cells["unsd", "all", "UGA", "_T"]["share_one"] == 0.0  # a missing value is none


def test_an_indicator_is_measured_where_half_of_the_countries_tell_a_trend(tmp_path: Path) -> None:
    half = [value("use", area, year, 1.0) for area in MEMBERS[:97] for year in (2016, 2020)]
    less = [value("phone", area, year, 1.0) for area in MEMBERS[:96] for year in (2016, 2020)]
    once = [value("never", area, 2020, 1.0) for area in MEMBERS]
    cells = available(tmp_path, values=[*half, *less, *once])
    assert cells["catalogue", "all", "M49:001", "_T"]["measured"] == 1
    assert cells["catalogue", "17", "M49:001", "_T"]["measured"] == 1
    assert cells["catalogue", "5", "M49:001", "_T"]["measured"] == 0
    assert cells["catalogue", "all", MEMBERS[0], "_T"]["measured"] == 2


def test_the_environment_is_a_part_of_the_database(tmp_path: Path) -> None:
    series = sorted({row["series"] for row in read_codelist("sdg_series")})
    rows = [observation("unsd_sdg", code, "KEN", year, 1.0) for code in series for year in (2016, 2020)]
    cells = available(tmp_path, stage(tmp_path, rows))
    part, whole = cells["environment", "all", "KEN", "_T"], cells["unsd", "all", "KEN", "_T"]
    assert part["indicators"] == part["measured"] == 77
    assert whole["measured"] == 221
    listed = {row["indicator"] for row in read_codelist("environmental_indicators")}
    goals = {key[1] for key in cells if key[0] == "environment"} - {"all"}
    assert goals <= {indicator.split(".")[0] for indicator in listed}


def test_more_data_never_lowers_a_share(tmp_path: Path) -> None:
    before = available(tmp_path / "1")
    after = available(tmp_path / "2", values=[*VALUES, value("phone", "UGA", 2018, 1.0)])
    assert before.keys() <= after.keys()
    assert all(after[key]["share_one"] >= row["share_one"] for key, row in before.items())
    assert after["catalogue", "5", "UGA", "_T"]["share_one"] == 0.5
