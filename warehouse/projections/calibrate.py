"""Calibration from past errors: each indicator's blend, and the widths of its intervals. The map of
probabilities is estimated in chance_learning.py.

Used twice: at each origin on the outcomes known by then (nested.py), and on all outcomes for production.
Takes arrays of forecasts and returns arrays by indicator or family; projects nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from warehouse.projections.intervals import LEVELS, widths_of
from warehouse.projections.model import Pool
from warehouse.projections.model_settings import Settings
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Bools, Floats, Integers, Scale, from_scale

FEWEST = 60  # forecasts from which an indicator's errors speak for its family
ENOUGH = 200  # outcomes from which a family has a factor of its own
EIGHTY = LEVELS.index(0.8)


@dataclass(frozen=True)
class Forecasts:
    """One entry for each forecast that can be compared with a value. series: row of the panel; at_end:
    whether it was at an end of its range; blends: absolute error of each blend, in the unit; drift, still,
    smooth: error of the model's path, of no change, and distance to the smoothed level, in volatilities;
    reach: distance from the last value to the target, in volatilities, NaN without one; met: whether the
    value that came met the target, NaN without one; typical: log of the indicator's typical volatility at the
    origin; behind: number of series that it was read from; last: the last value, on the scale; volatility: of
    the series; offset and scale_unit: of the scale, as known at the origin."""

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
    typical: Floats
    behind: Integers
    last: Floats
    volatility: Floats
    offset: Floats
    scale_unit: Floats

    def take(self, chosen: Bools) -> Self:
        """Select some of them."""
        return type(self)(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})

    def moved(self, weights: Floats) -> Floats:
        """Return the distance of the blended path from the last value, in volatilities; weights: one blend
        per forecast.
        """
        return weights[:, 0] * (self.still - self.drift) + weights[:, 1] * self.smooth


def choose_blends(panel: Panel, past: Forecasts, settings: Settings) -> Floats:
    """Return the blend of each indicator, a share of the drift and one of the smoothing: the mean of the best
    candidate and of all with less drift whose error is within `blend_errors` standard errors of its.

    Errors are relative to no change in the last years, and shrunk towards the family's. The rule of one
    standard error (Breiman et al. 1984) prefers the simpler of candidates that the data cannot tell apart;
    their mean has a smaller error than the simplest alone (combination of forecasts, Bates and Granger 1969).
    """
    came = past.origin + past.horizon
    past = past.take(came > came.max(initial=0) - settings.blend_years)
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
    best: Integers = relative.argmin(axis=1)
    least = np.take_along_axis(relative, best[:, None], axis=1)
    doubt = _doubt(past, indicator, own, best, settings)
    units = options.sum(axis=1)
    kept = (relative <= least + settings.blend_errors * doubt) & (units <= units[best][:, None])
    blends: Floats = kept.astype(np.float64) @ options / kept.sum(axis=1, keepdims=True)
    return blends


def _doubt(past: Forecasts, indicator: Integers, own: Floats, best: Integers, settings: Settings) -> Floats:
    """Return the standard error of the difference between each candidate's relative error and the best's, by
    indicator.

    It is computed over origins, as forecasts made at the end of one year err together, with a prior of
    `blend_spread` per unit of drift.
    """
    count, options = own.shape
    first = int(past.origin.min(initial=10**6))
    years = max(int(past.origin.max(initial=0)) - first + 1, 1)
    cell = indicator * years + (past.origin - first)
    by_origin = np.stack(
        [np.bincount(cell, past.blends[:, j], count * years) for j in range(options)], axis=1
    ).reshape(count, years, options)
    still = by_origin[:, :, :1]
    there = still[:, :, 0] > 0
    seen = there.sum(axis=1)
    mean = still[:, :, 0].sum(axis=1) / np.maximum(seen, 1)
    rest = by_origin - own[:, None, :] * still
    away = rest - np.take_along_axis(rest, best[:, None, None], axis=2)
    away /= np.maximum(mean, 1e-12)[:, None, None]
    squares = (np.where(there[:, :, None], away, 0) ** 2).sum(axis=1)
    weight, units = settings.blend_spread_weight, np.array(settings.blends).sum(axis=1)
    variance = weight * (settings.blend_spread * (units - units[best][:, None])) ** 2 + squares
    variance /= (weight + np.maximum(seen - 1, 0))[:, None]
    doubt: Floats = np.sqrt(variance / np.maximum(seen, 1)[:, None])
    return doubt


def error_of(panel: Panel, use: Forecasts, blends: Floats) -> Floats:
    """Return the signed error of each forecast, in volatilities, with its indicator's blend."""
    return use.still - use.moved(blends[panel.indicator[use.series]])


def error_in_unit(panel: Panel, use: Forecasts, weights: Floats) -> Floats:
    """Return the absolute error of each forecast in the indicator's unit; weights: one blend per forecast."""
    of = panel.scale.take(use.series)
    scale = Scale(of.kind, of.low, of.high, use.offset, use.scale_unit)
    both = np.stack([use.still, use.moved(weights)], axis=1)
    values = from_scale(use.last[:, None] + use.volatility[:, None] * both, scale)
    return np.abs(values[:, 1] - values[:, 0])


def as_of(
    panel: Panel, use: Forecasts, error: Floats, typical: Floats, behind: Integers, settings: Settings
) -> Floats:
    """Convert errors from volatilities of their origin to volatilities of the time of the widths.

    An error is measured in the volatility of its origin, and a width is multiplied by the current one. After
    a shock that raised the volatility, the errors of the shock would count twice: by themselves and by the
    unit. Errors stay as they are if either volatility is estimated from few series.

    Args:
        panel: the panel of the forecasts.
        use: the forecasts.
        error: of each, in volatilities.
        typical: log of each indicator's typical volatility at that time.
        behind: number of series that it was read from.
        settings: `volatility_series` is the fewest.
    """
    indicator = panel.indicator[use.series]
    safe = np.minimum(use.behind, behind[indicator]) >= settings.volatility_series
    scaled: Floats = error * np.exp(np.where(safe, use.typical - typical[indicator], 0.0))
    return scaled


def typical_of(panel: Panel, pool: Pool) -> tuple[Floats, Integers]:
    """Return by indicator of a panel the log of its typical volatility, and the number of series behind it;
    zero for an indicator without series in the pool.
    """
    missing = (0, len(panel.indicators) - len(pool.series))
    return np.pad(pool.log_volatility, missing), np.pad(pool.series, missing)


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
