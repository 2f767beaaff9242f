"""The projection's model, `pooled_drift`: a series continues at the pace typical of its level, plus its
region's and its own deviation as far as such deviations have persisted.

Empirical Bayes in the sense of Efron and Morris (1975) and James and Stein (1961): a country's own pace is
shrunk towards that of countries at its level, the more, the less deviations persisted after five years. The
drift is damped as in Gardner and McKenzie (1985). The combination is ours; backtest.py compares it with other
methods, and docs/methods/projection.md publishes the results. It uses arrays only: no loop over countries or
indicators.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from warehouse.projections.model_settings import Settings
from warehouse.projections.panel import grouped_quantile
from warehouse.projections.transforms import KINDS, Bools, Floats, Integers

VARIANCE_MIN = 1e-4  # minimum of a year's step on the scale: series that never moved are not certain
STEPS_MIN = 3  # minimum own steps for an indicator's typical volatility
RECENT = 0.75  # quantile of the countries' last years that is the present of an indicator
PACE_BY_LEVEL = 0.5  # largest slope of pace by level, either way: a higher start never ends lower


@dataclass(frozen=True)
class Steps:
    """Every step from one value of a series to its next: at the later year. there: whether there is one;
    start: value before it; size: difference; gap: years between (1 where there is no step)."""

    there: Bools
    start: Floats
    size: Floats
    gap: Floats


@dataclass(frozen=True)
class Local:
    """Estimates from a series alone. pace: weighted mean annual step, NaN without one; level: where it was
    measured; effective: effective number of steps (Kish); variance, freedom: of the steps before the last,
    a year."""

    steps: Steps
    last_year: Floats
    last: Floats
    pace: Floats
    level: Floats
    effective: Floats
    squares: Floats
    freedom: Floats


@dataclass(frozen=True)
class Pool:
    """Estimates from all countries. Of each indicator: pace at a level (intercept, slope, centre, and the
    levels seen), persistence of a deviation, typical variance and log volatility, and the number of series
    behind them; of each region: its deviation.
    """

    intercept: Floats
    slope: Floats
    centre: Floats
    lowest: Floats
    highest: Floats
    persistence: Floats
    variance: Floats
    log_volatility: Floats
    series: Integers
    region: Floats

    def pace(self, level: Floats, indicator: Integers) -> Floats:
        """Return the typical annual step at a level; beyond the levels seen that of the nearest one."""
        inside = np.clip(level, self.lowest[indicator], self.highest[indicator])
        return self.intercept[indicator] + self.slope[indicator] * (inside - self.centre[indicator])


def local(z: Floats, years: Integers, settings: Settings) -> Local:
    """Estimate pace and volatility of each series (series by years, at least one value each)."""
    known = ~np.isnan(z)
    column = np.arange(z.shape[1])
    at = z.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    steps = _steps(z, known, years)
    last_year = years[at].astype(np.float64)
    age = last_year[:, None] - years + (steps.gap - 1) / 2  # of the step's middle year
    recent = steps.there & (last_year[:, None] - years < settings.window)
    weight = np.where(recent, 0.5 ** (age / settings.half_life) * steps.gap, 0.0)
    pace = _mean(steps.size / steps.gap, weight)
    level = _mean(steps.start + steps.size / 2, weight)
    total = weight.sum(axis=1)
    effective = np.where(total > 0, total**2 / np.maximum((weight**2).sum(axis=1), 1e-300), 0.0)
    # The last step is excluded from volatility: a jump to a better value must not make the target less
    # likely.
    before = recent & (column != at[:, None])
    usual = np.nan_to_num(_mean(steps.size / steps.gap, np.where(before, weight, 0.0)))
    squares = np.where(before, (steps.size - usual[:, None] * steps.gap) ** 2 / steps.gap, 0.0).sum(axis=1)
    freedom = np.maximum(before.sum(axis=1) - 1, 0).astype(np.float64)
    return Local(steps, last_year, z[np.arange(len(z)), at], pace, level, effective, squares, freedom)


def learn(
    z: Floats, years: Integers, indicator: Integers, region: Integers, country: Bools, settings: Settings
) -> Pool:
    """Estimate the common parameters of the countries of each indicator."""
    now = local(z, years, settings)
    # Sources end in different years: the present is the last year of the more recent countries.
    count = int(indicator.max()) + 1
    present = grouped_quantile(now.last_year, indicator, count, RECENT, country, float(years[-1]))
    pool = _typical(now, years, present, indicator, country, settings)
    pool = _with_regions(pool, now, indicator, region, country, settings)
    return _with_persistence(pool, now, z, years, present, indicator, region, country, settings)


def project(
    series: Local,
    pool: Pool,
    indicator: Integers,
    region: Integers,
    kind: Integers,
    horizon: int,
    settings: Settings,
) -> tuple[Floats, Floats]:
    """Return the median path for 1 to `horizon` years after the last value (series by horizon), and the
    volatility that scales its interval (series), both on the scale. kind: of the scale, which determines
    the damping of the drift."""
    damping = np.array([settings.damping[name] for name in KINDS])[kind]
    own = series.pace - pool.pace(series.level, indicator) - pool.region[region]
    share = pool.persistence[indicator] * series.effective / (series.effective + settings.own_weight)
    deviation = pool.region[region] + np.nan_to_num(share * own)
    at, path = series.last, []
    for step in range(1, horizon + 1):
        at = at + damping**step * (pool.pace(at, indicator) + deviation)
        path.append(at)
    own_log = np.log(_variance(series, pool.variance[indicator], settings)) / 2
    typical = pool.log_volatility[indicator]
    return np.stack(path, axis=1), np.exp(typical + settings.volatility_share * (own_log - typical))


def smoothed_level(z: Floats, settings: Settings) -> Floats:
    """Return the level of each series by simple exponential smoothing; missing years change nothing."""
    level = z[:, 0]
    for column in range(1, z.shape[1]):  # years, not series
        value = z[:, column]
        moved = np.where(np.isnan(level), value, level + settings.blend_smoothing * (value - level))
        level = np.where(np.isnan(value), level, moved)
    return level


def _steps(z: Floats, known: Bools, years: Integers) -> Steps:
    seen = np.maximum.accumulate(np.where(known, np.arange(z.shape[1]), -1), axis=1)
    before = np.concatenate([np.full((len(z), 1), -1), seen[:, :-1]], axis=1)
    there = known & (before >= 0)
    from_ = np.maximum(before, 0)
    start = np.where(there, np.take_along_axis(z, from_, axis=1), 0.0)
    return Steps(
        there, start, np.where(there, z - start, 0.0), np.where(there, years - years[from_], 1).astype(float)
    )


def _mean(values: Floats, weight: Floats) -> Floats:
    total = weight.sum(axis=1)
    return np.where(total > 0, (weight * values).sum(axis=1) / np.where(total > 0, total, 1), np.nan)


def _variance(series: Local, typical: Floats, settings: Settings) -> Floats:
    """Return a series' variance of a year's step, shrunk towards the typical one by that many steps."""
    held = settings.volatility_weight
    return (series.squares + held * typical) / (series.freedom + held)


def _typical(
    series: Local, years: Integers, present: Floats, indicator: Integers, country: Bools, settings: Settings
) -> Pool:
    """Return volatility, and pace by level: a weighted straight line through the steps of the last years."""
    count = int(indicator.max()) + 1
    enough = country & (series.freedom >= STEPS_MIN - 1)
    own = series.squares / np.maximum(series.freedom, 1)
    variance = np.maximum(grouped_quantile(own, indicator, count, 0.5, enough, VARIANCE_MIN), VARIANCE_MIN)
    spread = _variance(series, variance[indicator], settings)
    log_volatility = grouped_quantile(
        np.log(spread) / 2, indicator, count, 0.5, country, np.log(VARIANCE_MIN) / 2
    )
    steps = series.steps
    lately = present[indicator][:, None] - years < settings.pool_years
    used = steps.there & country[:, None] & lately
    weight = np.where(used, steps.gap, 0.0) / np.sqrt(spread)[:, None]

    def total(values: Floats) -> Floats:
        return np.bincount(indicator, (weight * values).sum(axis=1), count).astype(np.float64)

    mass = np.maximum(total(np.ones_like(weight)), 1e-9)
    centre = total(steps.start) / mass
    off, rate = steps.start - centre[indicator][:, None], steps.size / steps.gap
    slope = total(off * rate) / (total(off * off) + settings.level_ridge * mass)
    lowest, highest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(lowest, indicator, np.where(used, steps.start, np.inf).min(axis=1))
    np.maximum.at(highest, indicator, np.where(used, steps.start, -np.inf).max(axis=1))
    seen = np.isfinite(lowest)
    return Pool(
        total(rate) / mass,
        np.clip(slope, -PACE_BY_LEVEL, PACE_BY_LEVEL),
        centre,
        np.where(seen, lowest, centre),
        np.where(seen, highest, centre),
        np.full(count, settings.persistence_prior),
        variance,
        log_volatility,
        np.bincount(indicator[enough], minlength=count),
        np.zeros(1),
    )


def _with_regions(
    pool: Pool, series: Local, indicator: Integers, region: Integers, country: Bools, settings: Settings
) -> Pool:
    """Estimate how a region's countries deviate from the typical pace, shrunk towards zero if few."""
    off = series.pace - pool.pace(series.level, indicator)
    weight = np.where(country & ~np.isnan(off), series.effective / (series.effective + 2), 0.0)
    count = int(region.max()) + 1
    by_region = np.bincount(region, weight * np.nan_to_num(off), count)
    return replace(pool, region=by_region / (np.bincount(region, weight, count) + settings.region_weight))


def _with_persistence(
    pool: Pool,
    now: Local,
    z: Floats,
    years: Integers,
    present: Floats,
    indicator: Integers,
    region: Integers,
    country: Bools,
    settings: Settings,
) -> Pool:
    """Estimate the share of a country's own deviation that persisted: a regression through the origin,
    over the countries of an indicator, of the later deviation on the earlier one, in volatilities."""
    count = len(pool.persistence)
    numerator = np.full(count, settings.persistence_prior * settings.persistence_weight)
    denominator = np.full(count, float(settings.persistence_weight))
    present = present - settings.persistence_years
    z = np.where(years <= present[indicator][:, None], z, np.nan)
    rows = np.flatnonzero(country & (~np.isnan(z)).any(axis=1))
    if rows.size:
        indicator, region = indicator[rows], region[rows]
        then = local(z[rows], years, settings)
        everyone = np.ones(len(rows), dtype=np.bool_)
        before = _typical(then, years, present, indicator, everyone, settings)
        before = _with_regions(before, then, indicator, region, everyone, settings)
        expected = before.region[region]
        span = now.last_year[rows] - then.last_year
        counted = (span >= 3) & (then.freedom >= 1) & (then.last_year >= present[indicator] - 2)
        deviation = then.pace - before.pace(then.level, indicator) - expected
        deviation *= then.effective / (then.effective + settings.own_weight)
        after = (
            (now.last[rows] - then.last) / np.maximum(span, 1) - before.pace(then.last, indicator) - expected
        )
        volatility = np.sqrt(_variance(then, before.variance[indicator], settings))
        # clipped, so that no country dominates
        x = np.clip(np.where(counted, np.nan_to_num(deviation), 0) / volatility, -3, 3)
        y = np.clip(np.where(counted, after, 0) / volatility, -3, 3)
        numerator += np.bincount(indicator, x * y, count)
        denominator += np.bincount(indicator, x * x, count)
    return replace(pool, persistence=np.clip(numerator / denominator, 0, 1))
