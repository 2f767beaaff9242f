"""Calibration from past errors: each indicator's blend, the widths of its intervals, and the map from raw to
calibrated probabilities.

Used twice: at each origin on the outcomes known by then (nested.py), and on all outcomes for production.
Takes arrays of forecasts and returns arrays by indicator or family; projects nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from warehouse.projections.intervals import LEVELS, widths_of
from warehouse.projections.model import Settings
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Bools, Floats, Integers

FEWEST = 60  # minimum forecasts for an indicator's errors to count in its family
BINS = 40  # bins of raw probabilities, equally wide: most cases are near 0 and 1, and the middle counts too
HELD = 5  # weight of a bin's own raw probability, in cases
ENOUGH = 200  # minimum cases for a family's own map
SUPPORT = 100  # cases with the highest raw probabilities: the map never exceeds their success rate
EIGHTY = LEVELS.index(0.8)


@dataclass(frozen=True)
class Forecasts:
    """One entry for each forecast that can be compared with a value. series: row of the panel; at_end:
    whether it was at an end of its range; blends: absolute error of each blend, in the unit; drift, still,
    smooth: error of the model's path, of no change, and distance to the smoothed level, in volatilities;
    reach: distance from the last value to the target, in volatilities, NaN without one; met: whether the
    outcome met the target, NaN without one.
    """

    series: Integers
    origin: Integers
    horizon: Integers
    at_end: Bools
    blends: Floats
    drift: Floats
    still: Floats
    smooth: Floats
    reach: Floats
    met: Floats

    def take(self, chosen: Bools) -> Self:
        """Select some of them."""
        return type(self)(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})

    def moved(self, weights: Floats) -> Floats:
        """Return the distance of the blended path from the last value, in volatilities; weights: one blend
        per forecast.
        """
        return weights[:, 0] * (self.still - self.drift) + weights[:, 1] * self.smooth


def choose_blends(panel: Panel, past: Forecasts, settings: Settings) -> Integers:
    """Choose the blend of each indicator: the one with the smallest error relative to no change, shrunk
    towards its family's, with a penalty for every unit of drift.
    """
    indicator = panel.indicator[past.series]
    count, options = len(panel.indicators), np.array(settings.blends)
    erred = np.stack([np.bincount(indicator, past.blends[:, j], count) for j in range(len(options))], axis=1)
    number = np.bincount(indicator, minlength=count)
    own = np.minimum(erred / np.maximum(erred[:, :1], 1e-12), 3)
    speaks = number >= FEWEST
    family, families = panel.family_of_indicator, len(panel.families)
    members = np.bincount(family[speaks], minlength=families)
    together = (
        np.stack([np.bincount(family[speaks], own[speaks, j], families) for j in range(len(options))], axis=1)
        / np.maximum(members, 1)[:, None]
    )
    together[members == 0] = 1
    share = (number / (number + settings.blend_weight))[:, None]
    relative = np.where(number[:, None] > 0, share * own, 0) + (1 - share) * together[family]
    chosen: Integers = (relative + settings.blend_penalty * options.sum(axis=1)).argmin(axis=1)
    return chosen


def error_of(panel: Panel, use: Forecasts, blends: Integers, settings: Settings) -> Floats:
    """Return the signed error of each forecast, in volatilities, with its indicator's blend."""
    return use.still - use.moved(np.array(settings.blends)[blends[panel.indicator[use.series]]])


def learn_widths(panel: Panel, use: Forecasts, error: Floats) -> tuple[Floats, Floats]:
    """Estimate widths by indicator and by family, horizon and level."""
    areas = np.unique(panel.areas, return_inverse=True)[1].astype(np.int64)
    return widths_of(
        error,
        use.horizon,
        panel.indicator[use.series],
        len(panel.indicators),
        panel.family[use.series],
        areas[use.series],
        panel.family_of_indicator,
    )


def recency(panel: Panel, use: Forecasts, ratio: Floats, year: int, settings: Settings) -> Floats:
    """Return by family the factor that updates the widths at the end of a year, from the widths needed for
    the outcomes of the last years. ratio: error over 80 per cent width, of past forecasts.
    """
    came = use.origin + use.horizon
    lately = (came <= year) & (came > year - settings.recency_years) & ~np.isnan(ratio)
    family = panel.family[use.series]
    weights = np.ones(len(panel.families))
    for code in range(len(weights)):
        chosen = ratio[lately & (family == code)]
        if len(chosen) >= ENOUGH:
            weights[code] = max(float(np.quantile(chosen, 0.8)), 0.1) ** settings.recency_share
    return weights


@dataclass(frozen=True)
class Chances:
    """The map from raw to calibrated probabilities: knots of each family, and of all together.

    Series that meet the target now (met) and others (open) have separate maps: values repeat more often than
    a bell curve of errors implies.
    """

    knots: Mapping[str, Floats]

    def of(self, family: str, raw: Floats, met_now: Bools, cap: float) -> Floats:
        """Calibrate probabilities, with the cap; NaN stays NaN.

        A value that meets the target now never gets less than one that does not at the same raw probability,
        so a better value never gets less.
        """
        still_open = self._map(f"{family} open", "all open", raw)
        met = np.maximum(self._map(f"{family} met", "all met", raw), still_open)
        chances: Floats = np.clip(np.where(met_now, met, still_open), cap, 1 - cap)
        return np.where(np.isnan(raw), np.nan, chances)

    def each(self, panel: Panel, series: Integers, raw: Floats, met_now: Bools, cap: float) -> Floats:
        """Calibrate rows of a panel: raw and the result have one row, or entry, for each of `series`."""
        family, chances = panel.family[series], np.full(raw.shape, np.nan)
        now = met_now[:, None] if raw.ndim == 2 else met_now
        for code, name in enumerate(panel.families):
            chosen = family == code
            chances[chosen] = self.of(name, raw[chosen], now[chosen], cap)
        return chances

    def _map(self, name: str, other: str, raw: Floats) -> Floats:
        at, to = self.knots.get(name, self.knots[other])
        mapped: Floats = np.interp(raw, at, to)
        return mapped


def learn_chances(panel: Panel, use: Forecasts, raw: Floats) -> Chances:
    """Calibrate by family with isotonic regression (pool adjacent violators; Zadrozny and Elkan 2002). For
    series that do not meet the target now, no map exceeds the success rate of the highest raw
    probabilities, see `supported`.
    """
    there = ~np.isnan(raw) & ~np.isnan(use.met)
    family, now = panel.family[use.series], met_now(panel, use)
    knots = {}
    for state, of_state in (("met", there & now), ("open", there & ~now)):
        knots[f"all {state}"] = isotonic(raw[of_state], use.met[of_state])
        for code, name in enumerate(panel.families):
            chosen = of_state & (family == code)
            if chosen.sum() >= ENOUGH:
                knots[f"{name} {state}"] = isotonic(raw[chosen], use.met[chosen])
    still_open = there & ~now
    pooled = supported(raw[still_open], use.met[still_open], 1.0)
    for name, pairs in knots.items():
        if name.endswith(" open"):
            of_family = [one for one in range(len(panel.families)) if f"{panel.families[one]} open" == name]
            own = still_open & (np.isin(family, of_family) if of_family else True)
            pairs[1] = np.minimum(pairs[1], supported(raw[own], use.met[own], pooled))
    return Chances(knots)


def supported(raw: Floats, met: Floats, otherwise: float) -> float:
    """Return the success rate of the cases with the highest raw probabilities, if enough of them are above
    one half. || Beyond them the back-test has no cases, and a map that rises to certainty would have no
    evidence.
    """
    highest = np.argsort(raw, kind="stable")[-SUPPORT:]
    if len(highest) < SUPPORT or raw[highest[0]] < 0.5:
        return otherwise
    return float(met[highest].mean())


def met_now(panel: Panel, use: Forecasts) -> Bools:
    """Return whether the last value known to a forecast met the target."""
    up = panel.direction[use.series] == "higher_is_better"
    met: Bools = np.where(up, use.reach <= 0, use.reach >= 0)
    return met


def isotonic(raw: Floats, met: Floats) -> Floats:
    """Return the map of one group of cases: two rows, raw and calibrated, rising from 0 to 1."""
    if len(raw) < ENOUGH:
        return np.array([[0.0, 1.0], [0.0, 1.0]])
    bins = np.minimum((raw * BINS).astype(np.int64), BINS - 1)
    parts = [np.flatnonzero(bins == one) for one in range(BINS) if (bins == one).any()]
    at = [float(raw[part].mean()) for part in parts]
    blocks: list[tuple[float, float]] = []  # value, weight
    sizes: list[int] = []
    for part, mean in zip(parts, at, strict=True):
        weight = float(len(part))
        blocks.append(((float(met[part].sum()) + HELD * mean) / (weight + HELD), weight))
        sizes.append(1)
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (low, left), (high, right) = blocks[-2:]
            blocks[-2:] = [((low * left + high * right) / (left + right), left + right)]
            sizes[-2:] = [sizes[-2] + sizes[-1]]
    to = np.repeat([value for value, _ in blocks], sizes)
    return np.array([[0.0, *at, 1.0], [0.0, *to, 1.0]])
