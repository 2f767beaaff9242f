"""The published rows of the groups that are simulated from their members.

simulation.py defines a simulation; warehouse/models/sql/projection_group.sql selects the groups and their
anchors. If the members of a group cannot be projected, it keeps the projection of its own series, if it has
one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.tables.arrow import arrow_schema
from schemas.tables.projections import PROJECTION
from warehouse.engine.duckdb_engine import load_models, sort_by_key
from warehouse.projections.forecast import REACH, YEAR_SHARES, Forecast, lasting
from warehouse.projections.groups.simulation import (
    MODEL,
    Members,
    anchored,
    group_calibration,
    simulated,
)
from warehouse.projections.model_settings import Settings
from warehouse.projections.probability import Columns
from warehouse.projections.transforms import KINDS, Bools, Floats, Integers, Scale, from_scale, to_scale

LEAST_MEMBERS = 2
QUANTILES = {"value": 0.5, "lower_80": 0.1, "upper_80": 0.9, "lower_95": 0.025, "upper_95": 0.975}
Row = dict[str, Any]


@dataclass(frozen=True)
class GroupInputs:
    """groups: rows of projection_group, by indicator; members: areas of each group; weights: of each
    weighing indicator, by area."""

    groups: Mapping[str, Sequence[Row]]
    members: Mapping[str, frozenset[str]]
    weights: Mapping[str, Mapping[str, float]]


def group_inputs(con: duckdb.DuckDBPyConnection) -> GroupInputs:
    """Return the inputs of the simulation from the inputs of the models."""
    load_models(con, ("projection_group", "projection_weight"))
    groups: dict[str, list[Row]] = {}
    for row in con.sql("select * from projection_group order by all").to_arrow_table().to_pylist():
        groups.setdefault(str(row["indicator"]), []).append(row)
    members: dict[str, set[str]] = {}
    listed = con.execute(
        'select distinct "group", ref_area from area_group where valid_to is null order by all'
    )
    for group, area in listed.fetchall():
        members.setdefault(group, set()).add(area)
    weights: dict[str, dict[str, float]] = {}
    for weight, area, value in con.execute("select * from projection_weight order by all").fetchall():
        weights.setdefault(weight, {})[area] = value
    return GroupInputs(groups, {name: frozenset(areas) for name, areas in members.items()}, weights)


def with_groups(
    table: pa.Table, said: Forecast, series: Columns, groups: GroupInputs, settings: Settings
) -> pa.Table:
    """Return the rows of series and groups; those of groups replace the projection of their own series."""
    rows: list[Row] = []
    for code, indicator in enumerate(said.part.indicators):
        if indicator in groups.groups:
            chosen = np.flatnonzero((said.part.indicator == code) & said.part.country)
            rows += _of_indicator(indicator, said, series, chosen, groups, settings)
    if not rows:
        return table
    made = pa.Table.from_pylist(rows, schema=arrow_schema(PROJECTION))
    keys = [pc.binary_join_element_wise(one["indicator"], one["ref_area"], "|") for one in (table, made)]
    kept = table.filter(pc.invert(pc.is_in(keys[0], value_set=pc.unique(keys[1]))))
    return sort_by_key(pa.concat_tables([kept, made]), PROJECTION).combine_chunks()


def _of_indicator(
    indicator: str, said: Forecast, series: Columns, chosen: Integers, groups: GroupInputs, settings: Settings
) -> list[Row]:
    """Return the rows of the groups of one indicator. chosen: its projected countries."""
    areas = [said.part.areas[row] for row in chosen]
    listed, weights = _weighed(groups, groups.groups[indicator], areas)
    if not listed:
        return []
    part = said.part
    correlation, factor = group_calibration().of(part.families[int(part.family[chosen[0]])])
    members = Members(
        said.z[chosen],
        part.years,
        series["last_year"][chosen].astype(np.int64),
        said.path[chosen],
        said.scaled[chosen],
        np.unique(part.region[chosen], return_inverse=True)[1].astype(np.int64),
        part.scale.take(chosen),
    )
    first = np.array([row["last_year"] for row in listed])
    until = np.array([row["until_year"] for row in listed])
    # as far as a target may be reached, independent of other projections
    reach = min(int(first.max()), int(members.last_year.min())) + REACH
    with_target = any(row["met_at"] is not None for row in listed)
    years = np.arange(first.min(), max(int(until.max()), reach if with_target else 0) + 1)
    values, middle = simulated(members, years, weights, correlation, crc32(indicator.encode()))
    scale = _of_groups(part.scale.take(chosen), len(listed))
    anchor = np.array([row["last_value"] for row in listed], dtype=np.float64)
    draws = anchored(values, middle, years, first, anchor, scale, factor)
    made: list[Row] = []
    for at, row in enumerate(listed):
        made += _rows(row, draws[at], years, scale.take(np.array([at])), settings)
    return made


def _weighed(groups: GroupInputs, listed: Sequence[Row], areas: Sequence[str]) -> tuple[list[Row], Floats]:
    """Return the groups with enough projected weight, and the weight of each projected country in them."""
    kept, weights = [], []
    for row in listed:
        members = groups.members.get(row["group"], frozenset())
        weighing = groups.weights.get(row["weight"], {}) if row["weight"] else None
        weight = {area: 1.0 if weighing is None else weighing.get(area, 0.0) for area in sorted(members)}
        here = np.array([weight.get(area, 0.0) for area in areas])
        total = sum(weight.values())
        if (here > 0).sum() >= LEAST_MEMBERS and here.sum() >= row["min_weight_share"] * total > 0:
            kept.append(row)
            weights.append(here)
    return kept, np.array(weights)


def _of_groups(scale: Scale, count: int) -> Scale:
    """Repeat the scale of an indicator for each group."""
    return scale.take(np.zeros(count, dtype=np.int64))


def _rows(row: Row, draws: Floats, years: Integers, scale: Scale, settings: Settings) -> list[Row]:
    """Return the published rows of one group from its draws on the scale: year by draw."""
    ends = {
        name: from_scale(np.quantile(draws, share, axis=1)[None, :], scale)[0]
        for name, share in QUANTILES.items()
    }
    name, way = row["indicator"], row["direction"]
    met = _chance(draws, name, way, row["met_at"], scale, settings)
    at_target = _chance(draws, name, way, row["target_value"], scale, settings)
    last = int(row["last_year"])
    after = years > last
    now = _meets(np.array([row["last_value"]]), row["direction"], row["met_at"])[0]
    until = row["target_year"] or 0
    reached = {
        name: (last if now else _first(lasting(met >= share, years, until), years, after))
        if met is not None
        else None
        for name, share in zip(("year_met", "year_met_earliest", "year_met_latest"), YEAR_SHARES, strict=True)
    }
    common = {
        **{name: row[name] for name in ("indicator", "ref_area", "met_at", "target_value", "target_year")},
        **{name: row[name] for name in ("last_year", "last_value", "points", "anchored_on")},
        **reached,
        "model": MODEL,
        "scale": KINDS[int(scale.kind[0])],
        "calibrated_on": "family",
    }
    shown = np.flatnonzero(after & (years <= row["until_year"]))
    return [
        common
        | {name: float(f"{values[at]:.10g}") for name, values in ends.items()}
        | {
            "time_period": int(years[at]),
            "probability_target_met": None if met is None else round(float(met[at]), 6),
            "probability_at_target": None if at_target is None else round(float(at_target[at]), 6),
        }
        for at in shown
    ]


def _first(reached: Bools, years: Integers, after: Bools) -> int | None:
    reached_years = years[reached & after]
    return int(reached_years[0]) if len(reached_years) else None


def _chance(
    draws: Floats, indicator: str, direction: str, number: float | None, scale: Scale, settings: Settings
) -> Floats | None:
    """Return by year the calibrated share of draws that meet a number, with half a case more on either side;
    None without one, and for exact parity, which no draw meets.
    """
    if number is None or (direction == "closer_to_one" and number == 1):
        return None
    if scale.kind[0] == 2:  # a value that rounds to the end of the scale is the end
        number = float(np.clip(number, scale.low + scale.offset, scale.high - scale.offset)[0])
    if direction == "closer_to_one":
        met = _meets(from_scale(draws[None], scale)[0], direction, number)
    else:
        at = to_scale(np.array([[number]]), scale)[0, 0]
        met = draws >= at if direction == "higher_is_better" else draws <= at
    share = group_calibration().chances.of(indicator, (met.sum(axis=1) + 0.5) / (draws.shape[1] + 1))
    chance: Floats = np.clip(share, settings.probability_cap, 1 - settings.probability_cap)
    return chance


def _meets(values: NDArray[Any], direction: str, number: float | None) -> Bools:
    if number is None:
        return np.zeros(values.shape, dtype=np.bool_)
    if direction == "closer_to_one":
        near: Bools = np.abs(values - 1) <= abs(number - 1) + 1e-9
        return near
    met: Bools = values >= number if direction == "higher_is_better" else values <= number
    return met
