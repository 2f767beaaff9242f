"""The queries of polars_baseline.py as plain SQL on our engine, with no more output than the other baselines.

Shows which part of a model's cost is DuckDB's and which is its additional output. Not part of a release.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.columns.observation import TOTAL
from warehouse.engine.duckdb_engine import parquet

LATEST = """
select indicator, ref_area, max(time_period) as time_period, arg_max(value, time_period) as value
from {totals}
group by all"""

PROGRESS = """
with series as (
    select indicator, ref_area, min(time_period) as t0, max(time_period) as t1,
        arg_min(value, time_period) as y0, arg_max(value, time_period) as y1,
        any_value(target_value) as target, any_value(target_year) as year
    from {totals}
    join asked using (indicator)
    where time_period >= baseline_year
    group by all
),
grown as (
    select *, case when t1 > t0 and y0 > 0 and y1 > 0 then (y1 / y0) ** (1 / (t1 - t0)) - 1 end as growth
    from series
)
select *, case when target is null then growth
    else (y1 * (1 + growth) ** greatest(year - t1, 0) - y0) / nullif(target - y0, 0) end as measure
from grown"""

WEIGHTED_MEANS = """
with one as (
    select indicator, weighing, ref_area, time_period, value
    from {totals}
    join weighed using (indicator)
),
weight as (
    select indicator as weighing, ref_area, time_period, value as weight
    from {totals}
    where indicator in (select weighing from weighed)
)
select indicator, "group", time_period, sum(value * weight) / sum(weight) as value
from one
join weight using (weighing, ref_area, time_period)
join member using (ref_area)
group by all"""


def answer(con: duckdb.DuckDBPyConnection, question: str, path: Path) -> pa.Table:
    """The answer to LATEST, PROGRESS (of the measure of unsd-2026) or WEIGHTED_MEANS.

    con has the tables asked (indicator, baseline_year, target_value, target_year), weighed (indicator,
    weighing: the indicator that weighs it) and member (group, ref_area).
    """
    totals = f"(select indicator, ref_area, time_period, value from {parquet(path)} where {TOTAL})"
    return con.sql(question.format(totals=totals)).to_arrow_table()
