"""Simulates a group's mean from its members' projections with correlated errors, anchored on the group's last
official value.

Takes and returns arrays of one indicator. Groups and weights are in
warehouse/models/sql/projection_group.sql, published rows in rows.py, the test against official values in
backtest.py. One-factor copulas with a world and a regional factor: Vasicek (1987), as for portfolios of
loans; the combination with empirical errors is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from schemas.definitions.yaml_file import load_yaml
from warehouse.projections.chances import SMALLEST
from warehouse.projections.intervals import KNOTS, LEVELS
from warehouse.projections.transforms import Floats, Integers, Scale, from_scale, to_scale

GROUP_CALIBRATION = Path(__file__).with_name("calibration.yaml")
MODEL = "group_simulation/2"
DRAWS = 300
EIGHTY = LEVELS.index(0.8)
_SIZES = np.linspace(0, 8, 801)  # of a standard normal deviate
_SHARES = np.array([2 * NormalDist().cdf(size) - 1 for size in _SIZES])
_HEIGHTS = np.log((1 + _SHARES) / np.maximum(1 - _SHARES, 1e-15))


@dataclass(frozen=True)
class Members:
    """The countries of one indicator that are projected, one row each. known: values on the scale by year,
    NaN for none; path and widths: of the years after last_year, on the scale; region: code."""

    known: Floats
    years: Integers
    last_year: Integers
    path: Floats
    widths: Floats
    region: Integers
    scale: Scale


@dataclass(frozen=True)
class Correlation:
    """Correlation of the errors of two countries in one year: world, of any two; region: the additional
    part within one region.
    """

    world: float
    region: float


@dataclass(frozen=True)
class GroupChances:
    """The map from shares of draws to calibrated probabilities: a slope of the log odds, and a shift by
    indicator.
    """

    slope: float
    shifts: Mapping[str, float]

    def of(self, indicator: str, share: Floats) -> Floats:
        """Calibrate shares of one indicator's groups; the result rises with the share."""
        inside = np.clip(share, SMALLEST, 1 - SMALLEST)
        odds = self.slope * np.log(inside / (1 - inside)) + self.shifts.get(indicator, 0.0)
        chance: Floats = 1 / (1 + np.exp(-odds))
        return chance

    def each(self, indicators: Sequence[str], share: Floats) -> Floats:
        """Calibrate shares with one indicator each; NaN stays NaN."""
        said = share.copy()
        names = np.array(indicators, dtype=str)
        for name in sorted(set(indicators)):
            said[names == name] = self.of(name, share[names == name])
        return said


@dataclass(frozen=True)
class GroupCalibration:
    """calibration.yaml: correlation of members' errors and the factor on the simulated spread, by
    family, and of all; the map of probabilities."""

    correlation: Mapping[str, Correlation]
    factor: Mapping[str, float]
    chances: GroupChances
    made_from: Mapping[str, Any]

    def of(self, family: str) -> tuple[Correlation, float]:
        """Return a family's correlation and factor, or the overall ones."""
        return (
            self.correlation.get(family, self.correlation["all"]),
            self.factor.get(family, self.factor["all"]),
        )


@cache
def group_calibration(path: Path = GROUP_CALIBRATION) -> GroupCalibration:
    """Load the current correlations and factors."""
    read = load_yaml(path).data
    correlation = {name: Correlation(*pair) for name, pair in read["correlation"].items()}
    chances = GroupChances(read["chances"]["slope"], read["chances"]["shifts"])
    return GroupCalibration(correlation, read["factor"], chances, read["made_from"])


def simulated(
    members: Members,
    years: Integers,
    weights: Floats,
    correlation: Correlation,
    seed: int,
    draws: int = DRAWS,
) -> tuple[Floats, Floats]:
    """Return the weighted mean of each group in each draw (group by year by draw), and that of its members'
    medians (group by year), in the indicator's unit.

    A member has its known value of a year, or the nearest; after its last value it has its path plus an
    error. Errors of one member add up over the years; those of one year share a world and a regional part.
    weights: group by member, 0 for non-members.
    """
    count, regions = len(members.path), int(members.region.max()) + 1
    random = np.random.default_rng(seed)
    shares = np.sqrt([correlation.world, correlation.region, 1 - correlation.world - correlation.region])
    wide = members.widths[:, :, EIGHTY]
    added = np.sqrt(np.maximum(np.diff(wide**2, axis=1, prepend=0), 1e-12))
    known = _nearest(members, years)
    total, sums = np.zeros((count, draws)), np.empty((len(weights), len(years), draws))
    middle = np.empty((len(weights), len(years)))
    share = weights / weights.sum(axis=1, keepdims=True)
    first = int(min(members.last_year.min() + 1, years[0]))
    rows = np.arange(count)
    for year in range(first, int(years[-1]) + 1):
        common = shares[0] * random.standard_normal(draws)
        of_region = shares[1] * random.standard_normal((regions, draws))
        shock = common + of_region[members.region] + shares[2] * random.standard_normal((count, draws))
        ahead = year - members.last_year
        open_, step = ahead > 0, np.clip(ahead - 1, 0, wide.shape[1] - 1)
        total += np.where(open_, added[rows, step], 0)[:, None] * shock
        if year < years[0]:
            continue
        deviate = total / np.maximum(wide[rows, step], 1e-12)[:, None]
        error = np.sign(deviate) * _size(np.abs(deviate), members.widths[rows, step])
        path = np.where(open_, members.path[rows, step], 0)[:, None]
        at = year - int(years[0])
        both = from_scale(np.concatenate([path + error, path], axis=1), members.scale)
        value = np.where(open_[:, None], both, known[:, at][:, None])
        means = np.einsum("gm,md->gd", share, value)  # one order of summation on every machine
        sums[:, at], middle[:, at] = means[:, :-1], means[:, -1]
    return sums, middle


def _nearest(members: Members, years: Integers) -> Floats:
    """Return in the unit, for each of the years, the member's last value up to then, else its first."""
    there = ~np.isnan(members.known)
    columns = np.arange(members.known.shape[1])
    seen = np.maximum.accumulate(np.where(there, columns, -1), axis=1)
    first = np.argmax(there, axis=1)
    at = np.clip(years - members.years[0], 0, len(columns) - 1)
    place = np.where(seen[:, at] < 0, first[:, None], seen[:, at])
    return from_scale(np.take_along_axis(members.known, place, axis=1), members.scale)


def _size(deviate: Floats, widths: Floats) -> Floats:
    """Return the size of an error at a standard normal deviate's size: the inverse of
    intervals.share_below. widths: member by level; deviate: member by draw.
    """
    height = np.interp(deviate, _SIZES, _HEIGHTS)
    knots, heights = np.concatenate([np.zeros((len(widths), 1)), widths], axis=1), [0.0, *KNOTS]
    size, last = np.zeros(deviate.shape), len(LEVELS) - 1
    for segment in range(len(LEVELS)):
        low, high = heights[segment], heights[segment + 1]
        part = np.clip((height - low) / (high - low), 0, None if segment == last else 1)
        size += part * (knots[:, segment + 1] - knots[:, segment])[:, None]
    return size


def anchored(
    values: Floats,
    middle: Floats,
    years: Integers,
    year: Integers,
    value: Floats,
    scale: Scale,
    factor: float,
) -> Floats:
    """Shift the draws on the scale through the group's last value, and scale their spread to the back-tested
    coverage. Their middle follows the members' medians: at the end of a scale the mean of a wide distribution
    is far from it, and widths are tested as quantiles, not as means.

    Args:
        values: group by year by draw.
        middle: group by year.
        years: the years of the draws.
        year: of each group's last value.
        value: the last values.
        scale: of the groups.
        factor: on the spread.
    """
    z = to_scale(values, scale)
    at = (year - years[0])[:, None]
    away = z - np.take_along_axis(z, at[:, :, None], axis=1)
    away -= np.median(away, axis=2, keepdims=True)
    path = to_scale(middle, scale)
    path += to_scale(value[:, None], scale) - np.take_along_axis(path, at, axis=1)
    paths: Floats = path[:, :, None] + factor * away
    return paths
