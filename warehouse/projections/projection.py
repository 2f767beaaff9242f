"""The published projection: the series, the model's path, its intervals, and the probability of the
target.

The model is in model.py, interval widths in intervals.py, probabilities in probability.py, scales in
transforms.py; models/sql/projection_series.sql selects the series. All countries and indicators are
computed at once, as arrays.
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

from schemas.tables.arrow import arrow_schema
from schemas.tables.projections import PROJECTION, PROJECTION_REFUSED, PROJECTION_SKILL
from warehouse.engine.duckdb_engine import load_models, model_sql, run_sql, sort_by_key
from warehouse.projections.intervals import Calibration, calibration, width
from warehouse.projections.model import Settings, learn, local, project, settings, smoothed_level
from warehouse.projections.panel import DESCRIBING, Panel, make_panel, panel_of_series
from warehouse.projections.probability import (
    Columns,
    calibrated_probability,
    families_of,
    interval_widths,
    meets_now,
    raw_probability,
)
from warehouse.projections.transforms import KINDS, Floats, Integers, from_scale

SKILL = Path(__file__).with_name("skill.csv")
HISTORY = 30  # years until now that the model may look at: its window, twice, and some
BLOCK = 250_000  # values that are projected together, whole indicators at a time
NO_CHANGE = "no_change/1"  # the model of a blend without drift and smoothing: carries the last value forward
# A value of which only a bound is published counts as the middle of what it may be.
MIDDLE = """case point.side
    when 'at_most' then (point.value + listed.lowest) / 2
    when 'at_least' then (point.value + listed.highest) / 2
    else point.value end"""
DIGITS = 10  # significant digits that are published: the last bits differ between processors


def load_projection_series(con: duckdb.DuckDBPyConnection) -> None:
    """The temporary tables projection_rule and projection_series, unless they are there. Which year it is,
    is said by the newest snapshot, so that the same snapshots give the same projection on any day."""
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
    """The published table of what is not projected, and why."""
    load_projection_series(con)
    return run_sql(con, model_sql("projection_refused"), PROJECTION_REFUSED)


def projection_rows(con: duckdb.DuckDBPyConnection) -> pa.RecordBatchReader:
    """The published table. The pool is learned from every country with a value,
    projected are the series without a reason against it.

    Indicators have nothing to do with each other, so blocks of whole indicators are projected side by side:
    what is in memory does not grow with the data.
    """
    load_projection_series(con)
    found = _map_in_order(lambda block: _projected_block(*block), _blocks(con))
    batches = (batch for table in found for batch in table.to_batches())
    return pa.RecordBatchReader.from_batches(arrow_schema(PROJECTION), batches)


def _projected_block(series: Columns, points: Columns, years: Integers) -> pa.Table:
    place = points["series"] - series["series"][0]
    panel = panel_of_series(series, place, points["time_period"], points["value"], years, settings().offset)
    wanted = {name: column[series["wanted"]] for name, column in series.items()}
    return projected(panel, wanted, settings(), calibration())


def _map_in_order(do: Callable[[Any], pa.Table], items: Iterable[Any]) -> Iterator[pa.Table]:
    """The results in the order of the items; a few at once, and no more items taken than are at work."""
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
    """The series and the values of one block of indicators after the other, and all years that there are."""
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
    """A column of a panel; no target is not a number there."""
    return "coalesce(met_at, 'nan'::double) as met_at" if name == "met_at" else name


def panel_of(con: duckdb.DuckDBPyConnection, history: int = HISTORY) -> Panel:
    """Every series of assessment_point, projected or not, with its values of the last years."""
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


def projected(panel: Panel, wanted: Columns, given: Settings, widths: Calibration) -> pa.Table:
    """The rows of the published table, in its order. wanted: the series to project, by (indicator, ref_area),
    which must be those of the panel or fewer, with their targets and last projected year."""
    z = panel.z
    pool = learn(z, panel.years, panel.indicator, panel.region, panel.country, given)
    at = _places(panel, wanted)
    chosen = np.zeros(len(panel.areas), dtype=np.bool_)
    chosen[at] = True
    part, z = panel.take(chosen), z[chosen]
    ahead = (wanted["until_year"] - wanted["last_year"]).astype(np.int64)
    now = local(z, part.years, given)
    path, volatility = project(
        now,
        pool,
        part.indicator,
        part.region,
        part.scale.kind,
        int(ahead.max()),
        given,
    )
    blends = widths.blend(panel.indicators, families_of(panel))[part.indicator]
    level = smoothed_level(z, given)
    last = now.last[:, None]
    path = last + blends[:, :1] * (path - last) + blends[:, 1:] * (level[:, None] - last)
    still = (blends == 0).all(axis=1)
    by_indicator, own = interval_widths(panel, widths, path.shape[1])
    scaled = by_indicator[part.indicator] * volatility[:, None, None]
    bands = [
        from_scale(path + sign * width(scaled, level), part.scale)
        for level in (0.8, 0.95)
        for sign in (-1, 1)
    ]
    met, at_target = (
        raw_probability(part, path, scaled, wanted["direction"], wanted[name])
        for name in ("met_at", "target_value")
    )
    met, at_target = (
        calibrated_probability(part, widths, raw, meets_now(wanted, name), given)
        for raw, name in ((met, "met_at"), (at_target, "target_value"))
    )
    row, step = np.nonzero(np.arange(path.shape[1]) < ahead[:, None])
    met_at, target = _nullable(wanted["met_at"][row]), _nullable(wanted["target_value"][row])
    texts = {name: pa.array(wanted[name], pa.string()).take(row) for name in ("indicator", "ref_area")}
    calibrated = pa.array(["family", "indicator"]).take(own[part.indicator].astype(np.int8)[row])
    table = {
        **texts,
        "time_period": (wanted["last_year"][row] + step + 1).astype(np.int16),
        "value": _rounded(from_scale(path, part.scale)[row, step]),
        **{
            name: _rounded(band[row, step])
            for name, band in zip(("lower_80", "upper_80", "lower_95", "upper_95"), bands, strict=True)
        },
        "probability_target_met": _nullable(np.round(met[row, step], 6)),
        "model": pa.array([given.model, NO_CHANGE]).take(pa.array(still[row].astype(np.int8))),
        "met_at": met_at,
        "probability_at_target": _nullable(np.round(at_target[row, step], 6)),
        "target_value": target,
        "target_year": pa.array(
            wanted["target_year"][row].astype(np.int16), mask=wanted["target_year"][row] == 0
        ),
        "last_year": wanted["last_year"][row].astype(np.int16),
        "last_value": wanted["last_value"][row],
        "points": wanted["points"][row],
        "scale": pa.array(KINDS).take(part.scale.kind[row]),
        "calibrated_on": calibrated,
    }
    return pa.table(table).cast(arrow_schema(PROJECTION))


@cache
def _skill_rows(path: Path = SKILL) -> tuple[Mapping[str, str], ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def projection_skill_table(_: duckdb.DuckDBPyConnection | None = None) -> pa.Table:
    """The published table of the last back-test, as `compact backtest --write` left it."""
    schema = arrow_schema(PROJECTION_SKILL)
    columns = {
        field.name: pa.array([row[field.name] or None for row in _skill_rows()], pa.string()).cast(field.type)
        for field in schema
    }
    return sort_by_key(pa.table(columns, schema=schema), PROJECTION_SKILL)


def _places(panel: Panel, wanted: Columns) -> Integers:
    """The row of the panel for each wanted series; both are ordered by indicator, then area."""
    here = {name: code for code, name in enumerate(panel.indicators)}
    both = np.concatenate([np.array(panel.areas, str), wanted["ref_area"].astype(str)])
    areas, of_area = np.unique(both, return_inverse=True)
    codes = np.array([here[name] for name in wanted["indicator"].astype(str)])
    keys = panel.indicator * len(areas) + of_area[: len(panel.areas)]
    return np.searchsorted(keys, codes * len(areas) + of_area[len(panel.areas) :])


def _nullable(values: Floats) -> pa.Array:
    return pa.array(values, from_pandas=True)


def _rounded(values: Floats) -> Floats:
    """To DIGITS significant digits."""
    with np.errstate(divide="ignore"):
        order = np.floor(np.log10(np.abs(values)))
    scale = 10.0 ** (DIGITS - 1 - np.where(np.isfinite(order), order, 0))
    return np.asarray(np.round(values * scale) / scale, dtype=np.float64)
