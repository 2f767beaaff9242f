"""Our group values from real country values, compared with the agencies' own: World Bank, UNSD and ITU.

The differences are not faults to be tuned away: agencies fill gaps that they do not publish, weigh by
populations of another vintage, and use the members of their year. The bounds below say how far apart two
honest answers are here; a mistake in weights, members or years is far outside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.codelists.areas import area_rows, membership_rows
from schemas.codelists.code_maps import code_map
from schemas.columns.model import Table
from schemas.tables.assessment import AGGREGATE
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR
from tests.unit.make import catalogue, indicator, table, value
from warehouse.engine.duckdb_engine import engine, write_table
from warehouse.models.definition_inputs import load_model_inputs
from warehouse.release.tables import compute

HOW = {"method": "weighted_mean", "weight": "people", "min_weight_share": 0.5}
Groups = dict[tuple[str, int], dict[str, Any]]


def observations(sql: str, scheme: str, name: str) -> list[dict[str, Any]]:
    """Rows of `indicator` from a query for code, year and value; codes that are no area of ours are left
    out."""
    codes = code_map(scheme)
    rows = duckdb.sql(sql).fetchall()
    return [
        value(name, codes[code], int(year), float(number)) for code, year, number in rows if code in codes
    ]


def wdi(shared: Path, series: str, name: str) -> list[dict[str, Any]]:
    return observations(
        f"""
        select countryiso3code, date, value
        from read_parquet('{shared}/data/worldbank/wdi_2026-07.parquet')
        where indicator = '{series}' and value is not null and date >= 2000""",
        "worldbank",
        name,
    )


def unsd(shared: Path, series: str, name: str, where: str = "true") -> list[dict[str, Any]]:
    return observations(
        f"""
        select geoAreaCode, timePeriodStart, any_value(try_cast(value as double))
        from read_parquet('{shared}/data/unsd/unsd_sdg_2020-10.parquet')
        where series = '{series}' and try_cast(value as double) is not null and {where}
        group by all""",
        "m49",
        name,
    )


def itu(shared: Path, name: str) -> list[dict[str, Any]]:
    return observations(
        f"""
        select entityIso, dataYear, dataValue
        from read_csv('{shared}/data/itu/individuals-using-the-internet.csv',
            all_varchar = true, header = true)
        where dataValue is not null""",
        "iso3",
        name,
    )


def aggregates(folder: Path, rows: list[dict[str, Any]]) -> Groups:
    """Our aggregates of `share`, weighted by `people`, by group and year."""
    keyed = {(row["indicator"], row["ref_area"], row["time_period"]): row for row in rows}
    tables: tuple[tuple[Table, list[dict[str, Any]]], ...] = (
        (INDICATOR, list(keyed.values())),
        (AREA, area_rows()),
        (AREA_GROUP, membership_rows()),
    )
    for contract, content in tables:
        write_table(table(contract, content), contract, folder / f"{contract.name}.parquet")
    definitions = catalogue(
        indicator("share", aggregate=HOW), indicator("people", aggregate={"method": "sum"})
    )
    with engine() as con:
        load_model_inputs(con, folder, definitions, None)
        records = compute(con, AGGREGATE).read_all().to_pylist()
    return {(row["group"], row["time_period"]): row for row in records if row["indicator"] == "share"}


@pytest.fixture(scope="session")
def electricity(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Groups:
    rows = [*wdi(shared, "EG.ELC.ACCS.ZS", "share"), *wdi(shared, "SP.POP.TOTL", "people")]
    return aggregates(tmp_path_factory.mktemp("electricity"), rows)


@pytest.fixture(scope="session")
def unsd_internet(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Groups:
    both_sexes = "(dim_sex is null or dim_sex = 'BOTHSEX')"
    rows = [*unsd(shared, "IT_USE_ii99", "share", both_sexes), *wdi(shared, "SP.POP.TOTL", "people")]
    return aggregates(tmp_path_factory.mktemp("internet"), rows)


@pytest.fixture(scope="session")
def itu_internet(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Groups:
    return aggregates(
        tmp_path_factory.mktemp("itu"), [*itu(shared, "share"), *wdi(shared, "SP.POP.TOTL", "people")]
    )


@pytest.mark.parametrize("group", ["SSF", "SAS", "LCN", "ECS", "EAS", "MEA", "NAC"])
def test_regions_of_the_world_bank_are_reproduced(electricity: Groups, group: str) -> None:
    """Access to electricity, 2026-07: same countries, same weights, no holes, so the same value to two
    decimals."""
    rows = [electricity[f"WB:{group}", year] for year in range(2015, 2024)]
    assert all(row["official_value"] is not None and row["weight_share"] > 0.99 for row in rows)
    assert max(abs(row["difference"]) for row in rows) < 0.005


@pytest.mark.parametrize(("group", "most"), [("LIC", 2.1), ("LMC", 1.1), ("UMC", 0.4), ("HIC", 0.01)])
def test_income_groups_differ_by_the_year_of_their_members(
    electricity: Groups, group: str, most: float
) -> None:
    """Ours are the members of fiscal year 2026. The World Bank's file of July 2026 stands at the turn of the
    year."""
    rows = [electricity[f"WB:{group}", year] for year in range(2015, 2024)]
    assert all(row["official_value"] is not None and row["weight_share"] > 0.99 for row in rows)
    assert max(abs(row["difference"]) for row in rows) < most


@pytest.mark.parametrize(
    ("group", "most"),
    [
        ("M49:001", 0.4),  # the world; UNSD's includes values for countries without data
        ("M49:142", 0.4),
        ("M49:150", 0.4),
        ("M49:009", 1.0),
        ("M49:202", 0.1),
        ("M49:419", 0.1),
        ("M49:145", 1.2),
        ("M49:199", 0.1),  # least developed countries
        ("M49:432", 0.3),  # landlocked developing countries
        ("M49:722", 0.3),  # small island developing States
    ],
)
def test_internet_use_by_m49_group_meets_unsd(unsd_internet: Groups, group: str, most: float) -> None:
    """UNSD, October 2020. Its weights are populations of that time, ours those of 2026."""
    rows = [unsd_internet[group, year] for year in (2010, 2015, 2017) if (group, year) in unsd_internet]
    published = [row for row in rows if row["difference"] is not None]
    assert published
    assert all(row["weight_share"] > 0.95 for row in published)
    assert max(abs(row["difference"]) for row in published) < most


def test_a_year_with_few_reporting_countries_is_withheld(unsd_internet: Groups) -> None:
    """2018: 81 countries published, among them neither China nor India; UNSD's 51.4 rests on unpublished
    estimates."""
    world = unsd_internet["M49:001", 2018]
    assert world["official_value"] == pytest.approx(51.4, abs=0.1)
    assert world["value"] is None
    assert 0.3 < world["weight_share"] < 0.35
    assert world["note"].startswith("withheld")


def test_the_world_of_2024_depends_on_the_vintage(itu_internet: Groups) -> None:
    """ITU published 67.6 per cent for 2024 in November 2024. The country values of May 2026 have been revised
    upwards since, so their mean is higher; for years before the revisions it meets the figures that ITU
    published."""
    world = {year: itu_internet["M49:001", year] for year in (2015, 2024)}
    assert all(row["weight_share"] > 0.95 for row in world.values())
    assert world[2015]["value"] == pytest.approx(40.0, abs=0.5)
    assert world[2024]["value"] == pytest.approx(72.7, abs=0.1)
    assert world[2024]["value"] - 67.6 > 3
