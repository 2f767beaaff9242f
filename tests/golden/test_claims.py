"""Two claims of the policy brief recomputed from real data, compared with manual results from the same files.

World Bank, World Development Indicators of July 2026, GDP in current dollars: nine of the twenty members of
the Group of 20 lie below 2.1 trillion in 2022. UNSD, the copy of July 2026, SE_ADT_ACTS: 100 of the 193 UN
members have a value since 2015.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from indicators.targets import load_commitments
from schemas.codelists.areas import area_rows, membership_rows
from schemas.codelists.code_maps import code_map
from schemas.definitions.targets import Targets
from schemas.tables.assessment import AGGREGATE
from schemas.tables.availability import AVAILABILITY
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR
from tests.unit.make import catalogue, indicator, table, value
from warehouse.engine.duckdb_engine import engine, write_table
from warehouse.models.claims import claim_table
from warehouse.models.definition_inputs import load, load_model_inputs
from warehouse.models.target_inputs import load_commitments as load_into
from warehouse.release.tables import compute


def rows_of(sql: str, scheme: str, name: str) -> list[dict[str, Any]]:
    codes = code_map(scheme)
    rows = duckdb.sql(sql).fetchall()
    return [
        value(name, codes[code], int(year), float(number)) for code, year, number in rows if code in codes
    ]


def recomputed(folder: Path, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The claims of the project from these values alone."""
    for contract, result in ((INDICATOR, rows), (AREA, area_rows()), (AREA_GROUP, membership_rows())):
        write_table(table(contract, list(result)), contract, folder / f"{contract.name}.parquet")
    names = sorted({row["indicator"] for row in rows})
    with engine() as con:
        load_model_inputs(con, folder, catalogue(*map(indicator, names)), None)
        load_into(con, folder, Targets(claims=load_commitments().claims))
        load(con, "aggregate", compute(con, AGGREGATE).read_all())
        load(con, "availability", table(AVAILABILITY, []))
        return {row["claim"]: row for row in claim_table(con).to_pylist()}


def test_nine_of_the_group_of_twenty_lie_below(shared: Path, tmp_path: Path) -> None:
    sql = f"""
        select countryiso3code, date, value
        from read_parquet('{shared}/data/worldbank/wdi_2026-07.parquet')
        where indicator = 'NY.GDP.MKTP.CD' and value is not null and date = 2022"""
    result = recomputed(tmp_path, rows_of(sql, "worldbank", "gdp"))["billionaires_and_g20"]
    assert (result["value_now"], result["verdict"]) == (9, "not_reproduced")


def test_a_hundred_un_members_track_a_skill(shared: Path, tmp_path: Path) -> None:
    sql = f"""
        select geoAreaCode, timePeriodStart, any_value(try_cast(value as double))
        from read_parquet('{shared}/data/unsd/unsd_sdg_2026-07.parquet')
        where series = 'SE_ADT_ACTS' and try_cast(value as double) is not null and timePeriodStart >= 2015
        group by all"""
    result = recomputed(tmp_path, rows_of(sql, "m49", "ict_skills_email"))["countries_tracking_skills"]
    assert result["value_now"] == pytest.approx(100 * 100 / 193)
    assert result["verdict"] == "not_reproduced"


def test_without_their_data_the_others_say_so(tmp_path: Path) -> None:
    result = recomputed(tmp_path, [value("gdp", "KEN", 2022, 1.0)])
    assert {row["verdict"] for row in result.values()} == {"no_data"}
