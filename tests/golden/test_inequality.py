"""Measures of inequality from the deciles of real surveys, compared with the World Bank's published ones.

World Bank, Poverty and Inequality Platform, release 20260324 (2021 purchasing power parities), and World
Development Indicators, July 2026. What does not meet the published number is counted, with the reason where
it is known; nothing is tuned to meet it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.tables.assessment import AGGREGATE
from schemas.tables.gaps import INEQUALITY, LORENZ
from tests.unit.make import indicator, value
from tests.unit.modelled import run_models
from warehouse.models.definition_inputs import load
from warehouse.release.tables import compute

Found = dict[tuple[str, str, int, str], dict[str, Any]]
SURVEYS = "data/pip/survey_20260324_2021_01_02_PROD.parquet"
WDI = "data/worldbank/wdi_2026-07.parquet"


def asked(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        return con.execute(sql).fetchall()


@pytest.fixture(scope="session")
def measured(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Every measure of every survey of a whole country, by measure, country, year and what was asked for."""

    def surveys(con: duckdb.DuckDBPyConnection) -> None:
        tenths = ", ".join(f"decile{n}" for n in range(1, 11))
        con.execute(f"""create or replace temp table survey as
            unpivot (
                select country_code as ref_area, year::smallint as time_period, welfare_type as distribution,
                    'worldbank_pip' as source, {tenths}, mean, gini, mld,
                    survey_comparability::double as survey_comparability, welfare_time as survey_year
                from read_parquet('{shared / SURVEYS}')
                where reporting_level = 'national' and poverty_line = 3)
            on {tenths}, mean, gini, mld, survey_comparability, survey_year
            into name series value value""")
        for contract in (AGGREGATE, LORENZ):
            load(con, contract.name, compute(con, contract).read_all())

    rows = run_models(
        tmp_path_factory.mktemp("pip"),
        [value("use", "KEN", 2020, 1.0)],
        [indicator()],
        INEQUALITY,
        load=surveys,
    )["inequality"]
    return {(r["measure"], r["scope"], r["time_period"], r["distribution"]): r for r in rows}


def test_the_gini_of_tenths_lies_slightly_below_that_of_the_survey(measured: Found) -> None:
    """2,475 surveys. None above; the median is 0.8 points too low, the largest 4.7: in unequal countries more
    is hidden within the richest tenth."""
    below = sorted(-row["difference"] for key, row in measured.items() if key[0] == "gini")
    assert len(below) == 2475
    assert below[0] > 0.3
    assert below[len(below) // 2] == pytest.approx(0.8, abs=0.1)
    assert below[-1] == pytest.approx(4.74, abs=0.01)
    assert sum(gap > 2 for gap in below) == 32


def test_the_log_deviation_of_tenths_lies_below_that_of_the_survey(measured: Found) -> None:
    rows = [row for key, row in measured.items() if key[0] == "mean_log_deviation"]
    assert len(rows) == 2475
    assert all(row["difference"] < 0 for row in rows)
    assert sum(row["difference"] < -0.1 for row in rows) == 1


def test_ratios_are_those_of_the_published_shares(measured: Found, shared: Path) -> None:
    """Brazil 2022 by hand from the published tenths; every ratio of every survey by a query of its own."""
    result = asked(f"""
        select country_code, year, welfare_type, decile10 / (decile1 + decile2 + decile3 + decile4),
            (decile9 + decile10) / (decile1 + decile2)
        from read_parquet('{shared / SURVEYS}')
        where reporting_level = 'national' and poverty_line = 3""")
    assert len(result) == 2475
    for area, year, kind, palma, s80_s20 in result:
        assert measured["palma", area, year, kind]["value"] == pytest.approx(palma, rel=1e-6)
        assert measured["s80_s20", area, year, kind]["value"] == pytest.approx(s80_s20, rel=1e-6)


def test_growth_of_the_poorest_two_fifths_meets_the_published(measured: Found, shared: Path) -> None:
    """SI.SPR.PC40.ZG and SI.SPR.PCAP.ZG, 122 countries. 113 of the 117 with a spell that ends in the same
    year agree to a tenth of a point; the other four start from another survey. Five countries have no spell
    here: Argentina's surveys are of towns, the others' are not comparable by the numbers of this release."""
    published = asked(f"""
        select countryiso3code, date, any_value(value) filter (where indicator = 'SI.SPR.PC40.ZG'),
            any_value(value) filter (where indicator = 'SI.SPR.PCAP.ZG')
        from read_parquet('{shared / WDI}')
        where indicator in ('SI.SPR.PC40.ZG', 'SI.SPR.PCAP.ZG')
        group by all
        order by 1""")
    assert len(published) == 122
    missing, other = [], []
    for area, year, poorest, everybody in published:
        pairs = [
            (ours["value"], measured["growth_mean", area, year, kind]["value"])
            for kind in ("income", "consumption")
            if (ours := measured.get(("growth_bottom_40", area, year, kind)))
        ]
        if not pairs:
            missing.append(area)
        elif not any(abs(a - poorest) < 0.1 and abs(b - everybody) < 0.1 for a, b in pairs):
            other.append(area)
    assert missing == ["ALB", "ARG", "COD", "JOR", "MMR"]
    assert len(other) == 4, other
