"""Availability of SDG data, July 2026, from the UN Development Programme's copy of the SDG database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from schemas.codelists.code_maps import code_map
from schemas.tables.availability import AVAILABILITY
from tests.unit.make import indicator, value
from tests.unit.modelled import run_models
from warehouse.models.sdg_database_inputs import load_sdg_database

Found = dict[tuple[str, str, str], dict[str, Any]]


@pytest.fixture(scope="session")
def unsd(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The universe unsd by goal, scope and breakdown: the file in the columns that the model reads."""
    folder = tmp_path_factory.mktemp("unsd")
    codes = pa.Table.from_pylist([{"m49": m49, "ref_area": area} for m49, area in code_map("m49").items()])
    staged = folder / "observation.parquet"
    with duckdb.connect() as con:
        con.register("code", codes)
        con.execute(f"""
            copy (
                select distinct
                    'unsd_sdg' as source, series, ref_area, timePeriodStart::smallint as time_period,
                    if(dim_sex in ('FEMALE', 'MALE'), dim_sex, '_T') as sex, '_T' as age,
                    if(dim_location in ('URBAN', 'RURAL'), dim_location, '_T') as urbanisation,
                    '_T' as quantile, '_T' as education, '_T' as other_dims, 1.0::double as obs_value
                from read_parquet('{shared}/data/unsd/unsd_sdg_2026-07.parquet')
                join code on code.m49 = geoAreaCode
                where value is not null)
            to '{staged}' (format parquet)""")
    rows = run_models(
        folder,
        [value("use", "KEN", 2020, 1.0)],
        [indicator()],
        AVAILABILITY,
        load=lambda con: load_sdg_database(con, {"unsd_sdg": staged}),
    )["availability"]
    results = {(r["goal"], r["scope"], r["breakdown"]): r for r in rows if r["universe"] == "unsd"}
    environment = [r for r in rows if r["universe"] == "environment" and r["goal"] == "all"]
    results |= {("environment", r["scope"], r["breakdown"]): r for r in environment}
    return results


def test_the_environment_is_measured_by_sixty_of_seventy_seven_indicators(unsd: Found) -> None:
    """22.1 per cent are not, where the policy brief said 41 of UNEP's 92."""
    world = unsd["environment", "M49:001", "_T"]
    assert (world["indicators"], world["measured"]) == (77, 60)


def test_the_baseline_of_the_pledge(unsd: Found) -> None:
    """221 indicators and 193 Member States: 71.4 per cent of the cells have a value since 2015, 60.1 two."""
    world = unsd["all", "M49:001", "_T"]
    assert (world["indicators"], world["areas"], world["cells"]) == (221, 193, 221 * 193)
    assert round(world["share_one"] * world["cells"]) == 30455
    assert 100 * world["share_one"] == pytest.approx(71.4, abs=0.05)
    assert 100 * world["share_two"] == pytest.approx(60.1, abs=0.05)
    assert world["measured"] == 146


def test_goals_lie_between_peace_and_energy(unsd: Found) -> None:
    shares = {goal: unsd[str(goal), "M49:001", "_T"]["share_one"] for goal in range(1, 18)}
    assert min(shares, key=lambda goal: shares[goal]) == 16
    assert max(shares, key=lambda goal: shares[goal]) == 7
    assert 100 * shares[16] == pytest.approx(49, abs=0.5)
    assert 100 * shares[7] == pytest.approx(94, abs=0.5)


def test_the_share_of_a_group_is_the_mean_of_its_members(unsd: Found) -> None:
    """Every country has as many cells as every other."""
    income = [unsd["all", f"WB:{code}", "_T"] for code in ("LIC", "LMC", "UMC", "HIC")]
    world = unsd["all", "M49:001", "_T"]
    covered = sum(row["areas"] for row in income)
    mean = sum(row["share_one"] * row["areas"] for row in income) / covered
    assert covered == 191  # Ethiopia and Venezuela are unclassified in fiscal year 2026
    assert mean == pytest.approx(world["share_one"], abs=0.01)
    assert all(row["share_two"] <= row["share_one"] for row in unsd.values())


def test_few_indicators_are_broken_down_and_fewer_for_most_countries(unsd: Found) -> None:
    by_sex, whole = unsd["all", "M49:001", "sex"], unsd["all", "M49:001", "_T"]
    assert 10 < by_sex["indicators"] < whole["indicators"] / 2
    assert by_sex["share_one"] < whole["share_one"]
