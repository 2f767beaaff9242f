"""Published composites from their published parts, through formulas and group values like any indicator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from schemas.tables.assessment import AGGREGATE
from tests.unit.make import indicator, observation, stage, value
from tests.unit.modelled import run_models
from warehouse.evaluation.evaluate import evaluate


def asked(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        return con.execute(sql).fetchall()


def composed(folder: Path, rows: list[tuple[Any, ...]], parts: list[str], formula: str) -> dict[Any, float]:
    """The formula over the parts, by area and year. rows: area, year, then the parts in their order."""
    observations = [
        observation("one", part, row[0], int(row[1]), float(number))
        for row in rows
        for part, number in zip(parts, row[2:], strict=True)
    ]
    staged = stage(folder, observations)
    inputs = {part.lower(): [{"source": "one", "series": part}] for part in parts}
    evaluate(indicator(inputs=inputs, formula=formula), staged, {}, folder / "out.parquet")
    return {
        (row["ref_area"], row["time_period"]): row["value"]
        for row in pq.read_table(folder / "out.parquet").to_pylist()
    }


def test_the_statistical_performance_index_is_the_mean_of_its_pillars(shared: Path, tmp_path: Path) -> None:
    """World Bank, Statistical Performance Indicators, SPI_index.csv: 689 country years, to the digits
    printed."""
    names = [f"SPI.INDEX.PIL{n}" for n in range(1, 6)]
    rows = asked(f"""
        select iso3c, date, "SPI.INDEX", {", ".join(f'"{name}"' for name in names)}
        from read_csv('{shared}/data/worldbank/SPI_index.csv', header = true, nullstr = ['', 'NA'],
            sample_size = -1)
        where "SPI.INDEX" is not null""")
    assert len(rows) == 689
    published = {(area, year): index for area, year, index, *_ in rows}
    parts = [f"PIL{n}" for n in range(1, 6)]
    ours = composed(
        tmp_path,
        [(row[0], row[1], *row[3:]) for row in rows],
        parts,
        "(pil1 + pil2 + pil3 + pil4 + pil5) / 5",
    )
    assert ours.keys() == published.keys()
    assert max(abs(ours[key] - published[key]) for key in ours) < 4.1e-9


@pytest.mark.parametrize(("survey", "residuals"), [(2018, 0), (2022, 22)])
def test_the_e_government_index_is_the_mean_of_its_three_parts(
    shared: Path, tmp_path: Path, survey: int, residuals: int
) -> None:
    """UN E-Government Survey, 193 countries. 2022 prints the parts rounded to four digits, which moves 22
    indices by more than half a unit of the last digit, none by a whole one."""
    rows = asked(f"""
        select "Country Name", "E-Government Index", "Online Service Index", "Human Capital Index",
            "Telecommunication Infrastructure Index"
        from read_csv('{shared}/data/egov/EGOV_DATA_{survey}.csv', header = true)""")
    assert len(rows) == 193
    # the file of 2022 has no codes: any 193 codes will do
    codes = [a + b + c for a in "ABCDEFGH" for b in "ABCDE" for c in "ABCDE"][:193]
    ours = composed(
        tmp_path,
        [(code, survey, *row[2:]) for code, row in zip(codes, rows, strict=True)],
        ["OSI", "HCI", "TII"],
        "(osi + hci + tii) / 3",
    )
    off = [abs(ours[code, survey] - row[1]) for code, row in zip(codes, rows, strict=True)]
    assert max(off) < 1e-4
    assert sum(difference > 0.5e-4 + 1e-9 for difference in off) == residuals


@pytest.mark.parametrize("line", [3.0, 4.2, 8.3])
def test_the_poverty_of_the_world_is_that_of_its_regions(shared: Path, tmp_path: Path, line: float) -> None:
    """Poverty and Inequality Platform, 1981 to 2026: the World Bank's world is the mean of its seven regions,
    weighed by their populations."""
    rows = asked(f"""
        select region_code, year, headcount, population
        from read_parquet('{shared}/data/pip/aggregates_20260324_2021_01_02_PROD.parquet')
        where poverty_line = {line}""")
    values = []
    for region, year, headcount, population in rows:
        area = "M49:001" if region == "WLD" else region
        values += [value("poor", area, year, headcount), value("people", area, year, population)]
    regions = sorted({row[0] for row in rows} - {"WLD"})
    areas = [_area(code, "country") for code in regions] + [_area("M49:001", "group")]
    members = [
        {
            "grouping": "world",
            "group": "M49:001",
            "ref_area": code,
            "valid_from": None,
            "valid_to": None,
            "group_name": "World",
            "source": "test",
        }
        for code in regions
    ]
    how = {"method": "weighted_mean", "weight": "people"}
    definitions = [indicator("poor", aggregate=how), indicator("people", aggregate={"method": "sum"})]
    result = run_models(tmp_path, values, definitions, AGGREGATE, areas=areas, members=members)["aggregate"]
    world = [row for row in result if row["indicator"] == "poor"]
    assert len(world) == 46
    assert all(row["areas_used"] == 7 for row in world)
    assert max(abs(row["difference"]) for row in world) < 1e-15


def _area(code: str, kind: str) -> dict[str, Any]:
    return {"ref_area": code, "name": code, "m49": None, "iso2": None, "kind": kind, "un_member": False}
