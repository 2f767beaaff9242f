"""Correlation of the errors of countries: worldwide, and additionally within a sub-region.

Estimated from the errors of the back-test; simulation.py draws with it.
"""

from __future__ import annotations

import numpy as np

from warehouse.projections.calibrate import Forecasts
from warehouse.projections.groups.simulation import Correlation
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Floats, Integers

PRIOR, PRIOR_WEIGHT = (0.2, 0.1), 2000.0  # prior correlation, and its weight in pairs
MOST = 0.95  # of correlation


def correlations(panel: Panel, use: Forecasts, error: Floats) -> dict[str, Correlation]:
    """Estimate correlations by family and overall, from errors in units of their width.

    The mean product of two countries' errors of one indicator, origin and horizon over the mean square: of
    two regions, and of one region beyond that.
    """
    error = np.clip(error, -3, 3)
    indicator, region = panel.indicator[use.series], panel.region[use.series]
    cell = _codes(indicator, use.origin, use.horizon)
    of_region = _codes(cell, region)
    sums, squares, number = pairs_of(cell, error)
    local_sums, _, local_number = pairs_of(of_region, error)
    first = np.unique(cell, return_index=True)[1]
    first_local = np.unique(of_region, return_index=True)[1]
    family = panel.family[use.series]
    by_family = {}
    for code, name in [*enumerate(panel.families), (-1, "all")]:
        chosen = (family[first] == code) | (code < 0)
        near = (family[first_local] == code) | (code < 0)
        within = local_sums[near].sum(), local_number[near].sum()
        across = sums[chosen].sum() - within[0], number[chosen].sum() - within[1]
        square = squares[chosen].sum() / max((family == code).sum() if code >= 0 else len(error), 1)
        scale = max(float(square), 1e-9)
        world = _held(across, scale, PRIOR[0])
        both = _held(within, scale, sum(PRIOR))
        world = float(np.clip(world, 0, MOST))
        by_family[name] = Correlation(
            round(world, 4), round(float(np.clip(both - world, 0, MOST - world)), 4)
        )
    return by_family


def _held(pair: tuple[float, float], scale: float, prior: float) -> float:
    total, number = pair
    return float((total / scale + PRIOR_WEIGHT * prior) / (number + PRIOR_WEIGHT))


def _codes(*columns: Integers) -> Integers:
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        code = code * (int(column.max(initial=0)) + 1) + column
    return np.unique(code, return_inverse=True)[1].astype(np.int64)


def pairs_of(code: Integers, error: Floats) -> tuple[Floats, Floats, Floats]:
    """Return for each cell the sum of products of all ordered pairs, the sum of squares, and the number of
    pairs.
    """
    number = np.bincount(code).astype(np.float64)
    total: Floats = np.bincount(code, error).astype(np.float64)
    squares: Floats = np.bincount(code, error**2).astype(np.float64)
    return total**2 - squares, squares, number * (number - 1)
