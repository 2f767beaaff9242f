"""Household surveys for the inequality models: deciles, means and published measures from the staged rows.

No indicator uses them (the share of the seventh decile is not assessed), so they come directly from the
staged table, not from evaluation; the rows computed from them name source and series.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from warehouse.engine.duckdb_engine import literal, parquet

SOURCE = "worldbank_pip"
SERIES = (
    *(f"decile{tenth}" for tenth in range(1, 11)),
    "mean",
    "gini",
    "mld",
    "survey_comparability",
    "survey_year",
)
EMPTY = """
    select '' as ref_area, 0::smallint as time_period, '' as distribution, '' as series, 0.0::double as value,
        '' as source
    where false"""


def load_surveys(con: duckdb.DuckDBPyConnection, staged: Mapping[str, Path]) -> None:
    """Create the temporary table survey: one row for each series of each national survey.

    distribution is income or consumption. Empty without the Poverty and Inequality Platform. Urban-only and
    rural-only surveys are excluded.
    """
    con.execute(
        f"create or replace temp table survey as {_surveys(staged[SOURCE]) if SOURCE in staged else EMPTY}"
    )


def _surveys(path: Path) -> str:
    return f"""
    select ref_area, time_period, split_part(other_dims, '=', 2) as distribution, series, obs_value as value,
        source
    from {parquet(path)}
    where source = {literal(SOURCE)}
        and series in ({", ".join(map(literal, SERIES))})
        and urbanisation = '_T'
        and other_dims in ('WELFARE_TYPE=income', 'WELFARE_TYPE=consumption')
        and obs_value is not null"""
