"""The candidate methods of the projection, and the two benchmarks that it must beat: one function each, on
arrays.

Each takes the panel as known at its last year, and returns the median path of each series in the indicator's
unit for 1 to `horizon` years ahead. backtest.py measures their errors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from warehouse.projections.model import Pool, learn, local, project
from warehouse.projections.model_settings import Settings
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Floats, Integers, from_scale

SPAN = 9  # years from UNSD's baseline to the latest value, as from 2015 to 2024
ESCAP_TARGET_YEAR = 2030
Path = Callable[[Panel, int, Settings], Floats]


def naive(panel: Panel, horizon: int, _: Settings) -> Floats:
    """Carry the last observed value forward."""
    return np.repeat(_last(panel.values)[:, None], horizon, axis=1)


def unsd(panel: Panel, horizon: int, _: Settings) -> Floats:
    """Extrapolate by UNSD's method (SDG Report 2026, Technical Note): y_t (1 + g)^h with g the compound
    annual growth from the baseline, the first value of the last nine years, as 2015 is to 2024. Like the
    note, it is not limited to any range. NaN where the rate is undefined, at a value of zero.
    """
    first, span = _since(panel, SPAN)
    last = _last(panel.values)
    defined = (first > 0) & (last > 0) & (span > 0)
    ratio = np.where(defined, last, 1) / np.where(defined, first, 1)
    growth = ratio ** (1 / np.where(defined, span, 1))
    return np.where(defined, last, np.nan)[:, None] * growth[:, None] ** _ahead(horizon)


def unsd_in_range(panel: Panel, horizon: int, settings: Settings) -> Floats:
    """Extrapolate by UNSD's method, limited to the indicator's range: more favourable than the note."""
    low, high = panel.scale.low[:, None], panel.scale.high[:, None]
    return np.clip(unsd(panel, horizon, settings), low, high)


def mean_change(panel: Panel, horizon: int, _: Settings) -> Floats:
    """Extend the mean annual change on the scale over the last nine years from the last value (UNICEF
    MENARO's rule for ESCAP's anticipated progress).
    """
    z = panel.z
    first, span = _since(panel, SPAN, z)
    pace = np.where(span > 0, (_last(z) - first) / np.where(span > 0, span, 1), np.nan)
    return from_scale(_last(z)[:, None] + pace[:, None] * _ahead(horizon), panel.scale)


def escap_regression(panel: Panel, horizon: int, _: Settings) -> Floats:
    """Extrapolate by ESCAP's method: a regression on the scale with weights (T - t_1) / (T - t), T the
    target year, extended along its own line.
    """
    z = panel.z
    known = ~np.isnan(z)
    first = panel.years[np.argmax(known, axis=1)][:, None]
    weight = np.where(
        known, (ESCAP_TARGET_YEAR - first) / np.maximum(ESCAP_TARGET_YEAR - panel.years, 1), 0.0
    )
    level, slope, centre = _line(z, weight, panel.years)
    years = panel.years[-1] + _ahead(horizon)
    return from_scale(level[:, None] + slope[:, None] * (years - centre[:, None]), panel.scale)


def damped_trend(panel: Panel, horizon: int, settings: Settings) -> Floats:
    """Fit a regression on the scale with weights that halve every four years over the last ten; extend its
    slope from the last value, damped by a tenth a year (after Gardner and McKenzie 1985).
    """
    z = panel.z
    age = panel.years[-1] - panel.years
    weight = np.where(~np.isnan(z) & (age <= settings.window), 0.5 ** (age / 4.0), 0.0)
    slope = _line(z, weight, panel.years)[1]
    return from_scale(_last(z)[:, None] + slope[:, None] * np.cumsum(0.9 ** _ahead(horizon)), panel.scale)


def theta(panel: Panel, horizon: int, _: Settings) -> Floats:
    """Project by the theta method (Assimakopoulos and Nikolopoulos 2000) in the form of Hyndman and Billah
    (2003).

    It is simple exponential smoothing on the scale, with the parameter chosen for each series by its one-step
    errors, and half of the slope of the straight line through the series. Missing years are interpolated.
    """
    z = _filled(panel.z)
    known = ~np.isnan(z)
    slope = _line(z, known.astype(float), panel.years)[1]
    best, level = np.full(len(z), np.inf), _last(z)
    for alpha in np.linspace(0.1, 1.0, 10):
        smooth, squares = np.full(len(z), np.nan), np.zeros(len(z))
        for column in range(z.shape[1]):  # years, not series
            error = np.where(np.isnan(smooth), 0, z[:, column] - smooth)
            squares += np.nan_to_num(error) ** 2
            moved = np.where(np.isnan(smooth), z[:, column], smooth + alpha * error)
            smooth = np.where(known[:, column], moved, smooth)
        level, best = np.where(squares < best, smooth, level), np.minimum(squares, best)
    return from_scale(level[:, None] + slope[:, None] / 2 * _ahead(horizon), panel.scale)


def pooled_drift(panel: Panel, horizon: int, settings: Settings) -> Floats:
    """Project by the model in use."""
    return from_scale(pooled_on_scale(panel, horizon, settings)[0], panel.scale)


def pooled_on_scale(panel: Panel, horizon: int, settings: Settings) -> tuple[Floats, Floats, Pool]:
    """Return the path of the model in use and the volatility of each series, on the scale, and the pool."""
    z = panel.z
    pool = learn(z, panel.years, panel.indicator, panel.region, panel.country, settings)
    path, volatility = project(
        local(z, panel.years, settings),
        pool,
        panel.indicator,
        panel.region,
        panel.scale.kind,
        horizon,
        settings,
    )
    return path, volatility, pool


CANDIDATES: dict[str, Path] = {
    one.__name__: one
    for one in (
        naive, unsd, unsd_in_range, mean_change, escap_regression, damped_trend, theta, pooled_drift,
    )
}  # fmt: skip


def _ahead(horizon: int) -> Integers:
    return np.arange(1, horizon + 1)


def _last(values: Floats) -> Floats:
    at = values.shape[1] - 1 - np.argmax(~np.isnan(values[:, ::-1]), axis=1)
    last: Floats = values[np.arange(len(values)), at]
    return last


def _since(panel: Panel, span: int, values: Floats | None = None) -> tuple[Floats, Floats]:
    """Return the first value of the last `span` years, and how many years before the last one it is."""
    of = panel.values if values is None else values
    known = ~np.isnan(of)
    at = np.argmax(known & (panel.years >= panel.years[-1] - span), axis=1)
    last = panel.years[of.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)]
    return of[np.arange(len(of)), at], (last - panel.years[at]).astype(float)


def _line(z: Floats, weight: Floats, years: Integers) -> tuple[Floats, Floats, Floats]:
    """Fit a weighted straight line: level at its centre, slope, centre. The slope through one point is 0."""
    filled, total = np.nan_to_num(z), np.maximum(weight.sum(axis=1), 1e-300)
    centre, level = (weight * years).sum(axis=1) / total, (weight * filled).sum(axis=1) / total
    off = years - centre[:, None]
    spread = (weight * off**2).sum(axis=1)
    slope = (weight * off * (filled - level[:, None])).sum(axis=1) / np.where(spread > 0, spread, 1)
    return level, np.where(spread > 0, slope, 0.0), centre


def _filled(z: Floats) -> Floats:
    """Interpolate missing years between two values linearly."""
    known, columns = ~np.isnan(z), np.arange(z.shape[1])
    left = np.maximum.accumulate(np.where(known, columns, -1), axis=1)
    right = np.minimum.accumulate(np.where(known, columns, z.shape[1])[:, ::-1], axis=1)[:, ::-1]
    inside = (left >= 0) & (right < z.shape[1])
    l, r = np.where(inside, left, 0), np.where(inside, right, 0)  # noqa: E741
    share = np.where(r > l, (columns - l) / np.maximum(r - l, 1), 0.0)
    low, high = np.take_along_axis(z, l, axis=1), np.take_along_axis(z, r, axis=1)
    return np.where(inside, low + share * (high - low), np.nan)
