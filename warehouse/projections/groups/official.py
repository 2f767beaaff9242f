"""The official values of groups, their members and weights, as a back-test needs them: by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from warehouse.engine.duckdb_engine import parquet
from warehouse.projections.transforms import Floats

LEAST_SHARE = 0.5  # share of a group's weight that must be projected


@dataclass(frozen=True)
class Official:
    """The official values of groups. by_group: of (indicator, group) the value of each year; members: areas
    of a group; weights: of an indicator (its code) and area by year, absent where every member weighs the
    same."""

    by_group: Mapping[str, Mapping[str, Mapping[int, float]]]
    members: Mapping[str, frozenset[str]]
    weights: Mapping[str, Mapping[str, Mapping[int, float]]]


def official_of(release: Path) -> Official:
    """Return the official values of groups in a release, with current members and the weights of every
    year.
    """
    by_group: dict[str, dict[str, dict[int, float]]] = {}
    weights: dict[str, dict[str, dict[int, float]]] = {}
    members: dict[str, set[str]] = {}
    with duckdb.connect() as con:
        for indicator, group, year, value in con.execute(f"""
            select indicator, "group", time_period, official_value
            from {parquet(release / "aggregate.parquet")}
            where official_value is not null
                and (method like 'weighted_mean%' or method = 'unweighted')
                and coalesce(official_status, 'A') <> 'F'
            order by all""").fetchall():
            by_group.setdefault(indicator, {}).setdefault(group, {})[year] = value
        for indicator, area, year, value in con.execute(f"""
            with weighed as (
                select distinct indicator, split_part(method, ' by ', 2) as weight
                from {parquet(release / "aggregate.parquet")}
                where method like 'weighted_mean by %')
            select weighed.indicator, value.ref_area, value.time_period, value.value
            from weighed
            join {parquet(release / "indicator.parquet")} as value on value.indicator = weighed.weight
            where value.sex = '_T' and value.age = '_T' and value.urbanisation = '_T'
                and value.quantile = '_T' and value.other_dims = '_T'
            order by all""").fetchall():
            weights.setdefault(indicator, {}).setdefault(area, {})[year] = value
        for group, area in con.execute(f"""
            select distinct "group", ref_area from {parquet(release / "area_group.parquet")}
            where valid_to is null order by all""").fetchall():
            members.setdefault(group, set()).add(area)
    return Official(by_group, {name: frozenset(areas) for name, areas in members.items()}, weights)


def weights_at(
    name: str, areas: Sequence[str], listed: Sequence[str], official: Official, origin: int
) -> tuple[Floats, list[str]]:
    """Return the weight of each area in each sufficiently covered group as known at the origin."""
    by_area = official.weights.get(name)
    weights, kept = [], []
    for group in sorted(listed):
        members = sorted(official.members.get(group, frozenset()))
        weight = {area: 1.0 if by_area is None else _known(by_area.get(area, {}), origin) for area in members}
        here = np.array([weight.get(area, 0.0) for area in areas])
        if (here > 0).sum() >= 2 and here.sum() >= LEAST_SHARE * sum(weight.values()) > 0:
            kept.append(group)
            weights.append(here)
    return np.array(weights), kept


def _known(values: Mapping[int, float], origin: int) -> float:
    years = [year for year in values if year <= origin]
    return values[max(years)] if years else 0.0
