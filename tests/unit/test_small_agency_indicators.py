"""The indicators from the OECD, Eurostat, ILOSTAT, the UIS, the Data Commons and the World Inequality
Database, on synthetic values.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from indicators.registry import load_catalogue
from tests.unit.make import observation, stage
from warehouse.evaluation.evaluate import evaluate

CATALOGUE = load_catalogue()
PURPOSES = ("CRS.22010", "CRS.22020", "CRS.22030", "CRS.22040", "CRS.22081")


def values(folder: Path, indicator: str, rows: list[dict[str, Any]], **files: Path) -> list[Any]:
    out = folder / f"{indicator}.parquet"
    evaluate(CATALOGUE[indicator], stage(folder / f"staged_{indicator}", rows), files, out)
    return [
        (r["ref_area"], r["time_period"], r["value"], r["series"]) for r in pq.read_table(out).to_pylist()
    ]


def aid(series: str, area: str, value: float) -> dict[str, Any]:
    return observation("oecd_dac", series, area, 2022, value, unit="USD_CURRENT", unit_mult=6)


def test_the_group_comes_first_and_else_the_sum_of_all_purposes(tmp_path: Path) -> None:
    rows = [aid("CRS.220", "JPN", 7.5), aid("CRS.22010", "JPN", 2)]
    rows += [aid(series, "NLD", 1.5) for series in PURPOSES]
    rows += [aid(series, "LVA", 1) for series in PURPOSES[:-1]]  # one purpose was not reported: no sum
    assert values(tmp_path, "oda_ict", rows) == [
        ("JPN", 2022, 7_500_000.0, "CRS.220;CRS.22010"),
        ("NLD", 2022, 7_500_000.0, ";".join(PURPOSES)),
    ]
    total = [aid("CRS.1000", "JPN", 100), aid("CRS.1000", "LVA", 100)]
    share = values(tmp_path, "oda_ict_share", total, oda_ict=tmp_path / "oda_ict.parquet")
    assert share == [("JPN", 2022, pytest.approx(7.5), "CRS.1000;CRS.220;CRS.22010")]


def test_the_gini_of_the_oecd_has_the_scale_of_the_others(tmp_path: Path) -> None:
    rows = [
        observation("oecd", "INC_DISP_GINI", "LVA", 2020, 0.3, unit="RATIO"),
        observation("oecd", "INC_DISP_GINI", "LVA", 2020, 0.4, unit="RATIO", age="Y18T65"),
        observation("oecd", "INC_MRKT_GINI", "LVA", 2020, 0.5, unit="RATIO"),
    ]
    assert values(tmp_path, "gini_disposable", rows) == [("LVA", 2020, pytest.approx(30.0), "INC_DISP_GINI")]
    assert values(tmp_path, "gini_reduction", rows) == [
        ("LVA", 2020, pytest.approx(40.0), "INC_DISP_GINI;INC_MRKT_GINI")
    ]


def wealth(area: str, year: int, total: float, **shares: float) -> list[dict[str, Any]]:
    groups = {"top": "p99p100", "bottom": "p0p50"}
    return [
        observation("wid", "mhweali999", area, year, total, unit="LCU"),
        *(
            observation("wid", "shwealj992", area, year, share, unit="RATIO", quantile=groups[name])
            for name, share in shares.items()
        ),
    ]


def test_who_took_the_growth_of_wealth(tmp_path: Path) -> None:
    """(s1 W1 - s0 W0) / (W1 - W0). Of a growth from 100 to 200 the top takes 76 - 38 = 38 and the bottom half
    4 - 2 = 2: the policy brief's figures. Nothing is said where wealth shrank or a year is missing."""
    rows = [
        *wealth("M49:001", 1995, 100, top=0.38, bottom=0.02),
        *wealth("M49:001", 2021, 200, top=0.38, bottom=0.02),
        *wealth("LVA", 1995, 100, top=0.2, bottom=0.1),
        *wealth("LVA", 2021, 300, top=0.3, bottom=-0.02),
        *wealth("JPN", 1995, 100, top=0.2, bottom=0.1),
        *wealth("JPN", 2021, 90, top=0.3, bottom=0.05),
        *wealth("FRA", 2021, 90, top=0.3, bottom=0.05),
    ]
    series = "mhweali999;shwealj992"
    assert values(tmp_path, "wealth_growth_top_1", rows) == [
        ("LVA", 2021, pytest.approx(35), series),
        ("M49:001", 2021, pytest.approx(38), series),
    ]
    assert values(tmp_path, "wealth_growth_bottom_50", rows) == [
        ("LVA", 2021, pytest.approx(-8), series),
        ("M49:001", 2021, pytest.approx(2), series),
    ]
    shares = {(row[0], row[1]): row[2] for row in values(tmp_path, "wealth_share_bottom_50", rows)}
    assert shares["LVA", 2021] == pytest.approx(-2)


def test_reported_unemployment_is_of_those_of_fifteen_and_over(tmp_path: Path) -> None:
    series = "UNE_DEAP_SEX_AGE_RT_A"
    rows = [
        observation("ilostat", series, "LVA", 2020, 7.5, unit="PT", age="Y_GE15"),
        observation("ilostat", series, "LVA", 2020, 14.5, unit="PT", age="Y15T24"),
    ]
    assert values(tmp_path, "unemployment", rows) == [("LVA", 2020, 7.5, series)]


def test_the_data_commons_stand_in_for_unsd_alone(tmp_path: Path) -> None:
    """Where the three last common years agree, the copy goes on; a copy that does not agree is left out."""
    series = ((2018, 30.0), (2019, 33.0), (2020, 36.0))
    rows = [
        *(observation("unsd_sdg", "IT_USE_ii99", "BGD", year, value, unit="PT") for year, value in series),
        *(
            observation("un_data_commons", "undata/sdg/IT_USE_ii99", "BGD", year, value + 0.1, unit="PT")
            for year, value in series
        ),
        observation("un_data_commons", "undata/sdg/IT_USE_ii99", "BGD", 2021, 38.9, unit="PT"),
        observation("worldbank_wdi", "IT.NET.USER.ZS", "BGD", 2021, 39.0, unit="PT"),
    ]
    assert values(tmp_path, "internet_use", rows) == [
        *(("BGD", year, value, "IT_USE_ii99") for year, value in series),
        ("BGD", 2021, 38.9, "undata/sdg/IT_USE_ii99"),
    ]


NEW = {"oecd", "oecd_dac", "eurostat", "ilostat", "unesco_uis", "un_data_commons"}


def test_every_series_of_these_agencies_is_optional() -> None:
    """They may be out of reach, or rename a code: no run turns red for it."""
    inputs = [
        item
        for indicator in CATALOGUE.values()
        for items in indicator.named_inputs().values()
        for item in items
        if item.source in NEW
    ]
    assert {item.source for item in inputs} == NEW
    assert all(item.optional for item in inputs)
