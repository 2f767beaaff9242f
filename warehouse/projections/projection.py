"""The published projection: the series, the model's path, its intervals, and the probability of the
target.

Forecasts of series are in forecast.py, those of groups in groups/rows.py; models/sql/projection_series.sql
selects the series. All countries and indicators are computed together, as arrays.
"""

from __future__ import annotations

import csv
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.tables.arrow import arrow_schema
from schemas.tables.projections import PROJECTION, PROJECTION_REFUSED, PROJECTION_SKILL
from warehouse.engine.duckdb_engine import load_models, model_sql, run_sql, sort_by_key
from warehouse.projections.forecast import Forecast, chance, forecast, years_met
from warehouse.projections.groups.rows import GroupInputs, group_inputs, with_groups
from warehouse.projections.intervals import Calibration, calibration, width
from warehouse.projections.model_settings import Settings, settings
from warehouse.projections.panel import DESCRIBING, Panel, make_panel, panel_of_series
from warehouse.projections.probability import Columns
from warehouse.projections.transforms import KINDS, Floats, Integers, from_scale

SKILL = Path(__file__).with_name("skill.csv")
HISTORY = 30  # years of history that the model may use: twice its window, and some more
BLOCK = 250_000  # number of values projected together, whole indicators at a time
NO_CHANGE = "no_change/1"  # the model of a blend without drift and smoothing: carries the last value forward
# A value published only as a bound counts as the middle of its possible range.
MIDDLE = """case point.side
    when 'at_most' then (point.value + listed.lowest) / 2
    when 'at_least' then (point.value + listed.highest) / 2
    else point.value end"""
BANDS = ("lower_80", "upper_80", "lower_95", "upper_95")
YEARS_MET = ("year_met", "year_met_earliest", "year_met_latest")
DIGITS = 10  # significant digits that are published: the last bits differ between processors


def load_projection_series(con: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary tables projection_rule and projection_series, unless they exist. The newest
    snapshot determines the current year, so that the same snapshots give the same projection on any day.
    """
    rule = settings()
    load_models(con, ("assessment_point", "area_target", "target_status"))
    con.execute(
        f"""create temp table if not exists projection_rule as
        select year::int as this_year, {rule.points_min}::int as points_min,
            {rule.horizon_year}::int as horizon_year
        from newest_snapshot"""
    )
    load_models(con, ("projection_series",))


def projection_refused_table(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return the published table of series without a projection, with the reason."""
    load_projection_series(con)
    return run_sql(con, model_sql("projection_refused"), PROJECTION_REFUSED)


def projection_rows(con: duckdb.DuckDBPyConnection) -> pa.RecordBatchReader:
    """Return the published table. The pool is learned from every country with a value. Projected are the
    series without a reason against it, and the groups that can be simulated from them.

    Indicators are independent, so batches of whole indicators are projected in parallel: memory does not grow
    with the data.
    """
    load_projection_series(con)
    groups = group_inputs(con)
    tables = _map_in_order(lambda block: _projected_block(groups, *block), _blocks(con))
    batches = (batch for table in tables for batch in table.to_batches())
    return pa.RecordBatchReader.from_batches(arrow_schema(PROJECTION), batches)


def _projected_block(groups: GroupInputs, series: Columns, points: Columns, years: Integers) -> pa.Table:
    place = points["series"] - series["series"][0]
    panel = panel_of_series(series, place, points["time_period"], points["value"], years, settings().offset)
    chosen = {name: column[series["wanted"]] for name, column in series.items()}
    said = forecast(panel, chosen, settings(), calibration())
    return with_groups(rows_of(said, chosen, settings(), calibration()), said, chosen, groups, settings())


def _map_in_order(do: Callable[[Any], pa.Table], items: Iterable[Any]) -> Iterator[pa.Table]:
    """Yield the results in the order of the items, computing a few in parallel and taking no further items
    than needed.
    """
    workers = min(os.cpu_count() or 1, 8)
    waiting: deque[Future[pa.Table]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="projection") as pool:
        for item in items:
            waiting.append(pool.submit(do, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _blocks(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[Columns, Columns, Integers]]:
    """Yield the series and the values of one batch of indicators after the other, and all years."""
    con.execute(
        f"""
        create or replace temp table projection_listed as
        select
            *,
            row_number() over (order by indicator, ref_area) as series,
            sum(points) over (order by indicator) // {BLOCK} as block
        from projection_series
        cross join (select this_year from projection_rule)
        where last_year > this_year - {HISTORY}"""
    )
    con.execute(
        f"""
        create or replace temp table projection_point as
        select listed.series, point.time_period, {MIDDLE} as value, listed.block
        from assessment_point as point
        join projection_listed as listed using (indicator, ref_area)
        where point.time_period > listed.this_year - {HISTORY}
        order by listed.block"""
    )
    least, most = con.execute(
        f"""
        select this_year - {HISTORY} + 1, greatest(this_year, (select max(time_period) from projection_point))
        from projection_rule"""
    ).fetchall()[0]
    blocks = con.execute(
        "select distinct block from projection_listed where reason is null order by block"
    ).fetchall()
    for (block,) in blocks:
        series = con.sql(
            f"""
            select series, {", ".join(map(_described, DESCRIBING))}, reason is null as wanted,
                points, last_year, last_value, until_year,
                coalesce(target_value, 'nan'::double) as target_value,
                coalesce(target_year, 0) as target_year
            from projection_listed
            where block = ?
            order by series""",
            params=[block],
        ).fetchnumpy()
        points = con.sql(
            "select series, time_period, value from projection_point where block = ?", params=[block]
        ).fetchnumpy()
        yield series, points, np.arange(least, most + 1)
    con.execute("drop table projection_point")
    con.execute("drop table projection_listed")


def _described(name: str) -> str:
    """Return a column of a panel; a missing target is NaN there."""
    return "coalesce(met_at, 'nan'::double) as met_at" if name == "met_at" else name


def panel_of(con: duckdb.DuckDBPyConnection, history: int = HISTORY) -> Panel:
    """Return every series of assessment_point, projected or not, with its values of the last years."""
    columns = con.sql(
        f"""
        select {", ".join(map(_described, DESCRIBING))}, time_period, {MIDDLE} as value
        from assessment_point as point
        join projection_series as listed using (indicator, ref_area)
        where coalesce(reason, '') <> 'not_projected'
            and time_period > (select max(last_year) from projection_series) - {history}
        order by indicator, ref_area, time_period"""
    ).fetchnumpy()
    return make_panel(columns, settings().offset)


def projected(panel: Panel, series: Columns, settings: Settings, widths: Calibration) -> pa.Table:
    """Return the rows of the published table, in its order. wanted: the series to project, by (indicator,
    ref_area), a subset of the panel's, with their targets and last projected year.
    """
    return rows_of(forecast(panel, series, settings, widths), series, settings, widths)


def rows_of(said: Forecast, series: Columns, settings: Settings, widths: Calibration) -> pa.Table:
    """Return the rows of the published table from the forecast of the series."""
    part, path = said.part, said.path
    ahead = (series["until_year"] - series["last_year"]).astype(np.int64)
    shown = int(ahead.max())
    bands = [
        from_scale(path[:, :shown] + sign * width(said.scaled[:, :shown], level), part.scale)
        for level in (0.8, 0.95)
        for sign in (-1, 1)
    ]
    met, at_target = (chance(said, widths, series, name, settings) for name in ("met_at", "target_value"))
    row, step = np.nonzero(np.arange(shown) < ahead[:, None])
    texts = {name: pa.array(series[name], pa.string()).take(row) for name in ("indicator", "ref_area")}
    calibrated = pa.array(["family", "indicator"]).take(said.own[part.indicator].astype(np.int8)[row])
    table = {
        **texts,
        "time_period": (series["last_year"][row] + step + 1).astype(np.int16),
        "value": _rounded(from_scale(path[:, :shown], part.scale)[row, step]),
        **{name: _rounded(band[row, step]) for name, band in zip(BANDS, bands, strict=True)},
        "probability_target_met": _nullable(np.round(met[row, step], 6)),
        "model": pa.array([settings.model, NO_CHANGE]).take(pa.array(said.still[row].astype(np.int8))),
        "met_at": _nullable(series["met_at"][row]),
        "probability_at_target": _nullable(np.round(at_target[row, step], 6)),
        "target_value": _nullable(series["target_value"][row]),
        "target_year": _years(series["target_year"][row]),
        "last_year": series["last_year"][row].astype(np.int16),
        "last_value": series["last_value"][row],
        "points": series["points"][row],
        "scale": pa.array(KINDS).take(part.scale.kind[row]),
        "calibrated_on": calibrated,
        "anchored_on": pa.nulls(len(row), pa.string()),
        **{name: _years(years[row]) for name, years in zip(YEARS_MET, years_met(met, series), strict=True)},
    }
    return pa.table(table).cast(arrow_schema(PROJECTION))


@cache
def _skill_rows(path: Path = SKILL) -> tuple[Mapping[str, str], ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def projection_skill_table(_: duckdb.DuckDBPyConnection | None = None) -> pa.Table:
    """Return the published table of the last back-test, as written by `compact backtest --write`."""
    schema = arrow_schema(PROJECTION_SKILL)
    columns = {
        field.name: pa.array([row[field.name] or None for row in _skill_rows()], pa.string()).cast(field.type)
        for field in schema
    }
    return sort_by_key(pa.table(columns, schema=schema), PROJECTION_SKILL)


def _years(values: NDArray[Any]) -> pa.Array:
    """Convert years; 0 means none."""
    return pa.array(values.astype(np.int16), mask=values == 0)


def _nullable(values: Floats) -> pa.Array:
    return pa.array(values, from_pandas=True)


def _rounded(values: Floats) -> Floats:
    """Round to DIGITS significant digits."""
    with np.errstate(divide="ignore"):
        order = np.floor(np.log10(np.abs(values)))
    scale = 10.0 ** (DIGITS - 1 - np.where(np.isfinite(order), order, 0))
    return np.asarray(np.round(values * scale) / scale, dtype=np.float64)
