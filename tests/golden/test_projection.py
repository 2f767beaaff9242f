"""The projection back-tested on the agencies' own series: the figures that docs/methods/projection.md
publishes.

A reduced set: four indicators and a copy of one. Series: ITU i99H (2026-05), World Bank IT.NET.USER.ZS,
EG.ELC.ACCS.ZS and SI.POV.GINI (WDI of 2026-07), UNSD IT_MOB_4GNTWK (UNDP's copy of 2026-07).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.cli.operate.backtest import FIRST_ORIGIN
from warehouse.projections.backtest import FOUR, Errors, errors, skill
from warehouse.projections.model_settings import settings
from warehouse.projections.nested import judged, nested
from warehouse.projections.panel import Panel, make_panel
from warehouse.projections.projection import projection_skill_table

NEAR = {"coverage_4g": 0.15}  # the shortest series: its origins are few, and one year more or less shows
Rows = dict[tuple[str, str, int], dict[str, Any]]


@pytest.fixture(scope="module")
def panel(shared: Path) -> Panel:
    data = shared / "data"
    columns = duckdb.sql(
        f"""
        with m49 as (
            select "ISO-alpha3 Code" as ref_area, "M49 Code" as m49, coalesce("Sub-region Code", 'none') as
            region from read_csv('{data}/areas/UNSD-M49-en.csv', header=true, all_varchar=true)
            union all
            select 'XKX', '412', 'none' -- Kosovo, which M49 lacks; its Gini index leaps by 17 points
        ),
        series as (
            select 'internet_use' as indicator, entityIso as ref_area, dataYear::int as time_period,
                dataValue::double as value
            from read_csv('{data}/itu/individuals-using-the-internet.csv', header=true, all_varchar=true)
            where seriesCode = 'i99H'
            union all
            select
                case indicator
                    when 'IT.NET.USER.ZS' then 'internet_use_wdi'
                    when 'EG.ELC.ACCS.ZS' then 'electricity'
                    else 'gini'
                end, countryiso3code, date, value
            from '{data}/worldbank/wdi_2026-07.parquet'
            where indicator in ('IT.NET.USER.ZS', 'EG.ELC.ACCS.ZS', 'SI.POV.GINI')
            union all
            select 'coverage_4g', m49.ref_area, timePeriodStart::int, value::double
            from '{data}/unsd/unsd_sdg_2026-07.parquet'
            join m49 on m49.m49 = lpad(geoAreaCode, 3, '0')
            where series = 'IT_MOB_4GNTWK'
        )
        select indicator, ref_area, time_period, value, region, true as country, 'logit' as kind,
            0.0::double as lowest, 100.0::double as highest
        from series
        join m49 using (ref_area)
        where value is not null and time_period >= 1990
        order by all"""
    ).fetchnumpy()
    return make_panel(columns, settings().offset)


@pytest.fixture(scope="module")
def found(panel: Panel) -> Errors:
    return errors(panel, settings(), range(FIRST_ORIGIN, 2026))


@pytest.fixture(scope="module")
def rows(panel: Panel, found: Errors) -> Rows:
    return {
        (row["measured_on"], row["method"], row["horizon"]): row
        for row in skill(panel, found, judged(nested(panel, found, settings())))
    }


def test_the_error_is_a_quarter_below_unsds_extrapolation_at_five_years(rows: Rows) -> None:
    assert rows["all_four", "pooled_drift", 5]["relative_to_unsd"] < 0.75
    # That is UNSD's held to the range; as the note has it, it is far worse.
    assert rows["all_four", "unsd", 5]["relative_to_unsd"] > 1
    for indicator in FOUR:
        assert rows[indicator, "pooled_drift", 5]["relative_to_unsd"] < 0.85


def test_no_other_candidate_is_better_from_two_years_on(rows: Rows) -> None:
    for horizon in (2, 3, 4, 5, 6):
        ours = rows["all_four", "pooled_drift", horizon]["mean_absolute_error"]
        others = [row for (of, _, step), row in rows.items() if of == "all_four" and step == horizon]
        assert min(row["mean_absolute_error"] for row in others) == ours


def test_intervals_hold_with_what_was_known_at_the_origin(rows: Rows) -> None:
    for horizon in range(1, 7):
        row = rows["all_four", "pooled_drift", horizon]
        assert 0.76 <= row["coverage_80"] <= 0.84


@pytest.mark.parametrize("indicator", [*FOUR, "all_four"])
@pytest.mark.parametrize("method", ["naive", "unsd_in_range", "damped_trend", "theta", "pooled_drift"])
def test_the_published_figures_are_met(rows: Rows, indicator: str, method: str) -> None:
    """A release joins several sources where the first has no value, so they are met nearly, not exactly."""
    on_file = projection_skill_table().to_pylist()
    published = {(row["measured_on"], row["method"], row["horizon"]): row for row in on_file}
    for horizon in (1, 3, 5):
        here = rows[indicator, method, horizon]["mean_absolute_error"]
        assert here == pytest.approx(
            published[indicator, method, horizon]["mean_absolute_error"], rel=NEAR.get(indicator, 0.06)
        )


def test_the_world_banks_copy_of_internet_use_says_the_same(rows: Rows) -> None:
    for horizon in (1, 3, 5):
        itu, bank = (rows[name, "pooled_drift", horizon] for name in ("internet_use", "internet_use_wdi"))
        assert bank["mean_absolute_error"] == pytest.approx(itu["mean_absolute_error"], rel=0.06)
