"""Estimation of the map of probabilities from past forecasts: the shift of each indicator's log odds, and the
limit for series that do not meet the target yet.

Logistic recalibration (Cox 1958; the intercept of a beta calibration, Kull et al. 2017) with partial pooling:
a normal prior shrinks each indicator's shift to zero. One map per family applied the record of electricity to
seats in parliament. Used twice, like calibrate.py; the map itself is in chances.py.
"""

from __future__ import annotations

import numpy as np

from warehouse.projections.calibrate import Forecasts
from warehouse.projections.chances import Chances, shifted
from warehouse.projections.model_settings import Settings
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Bools, Floats, Integers

SUPPORT = 1000  # cases with the highest probabilities: no probability exceeds their success rate
CASE = 6  # horizons of one origin that count as one case: their outcomes go together
ROUNDS = 50  # maximum iterations of Newton's method
CLOSE = 1e-7  # step at which it stops


def learn_chances(panel: Panel, use: Forecasts, raw: Floats, settings: Settings) -> Chances:
    """Estimate shifts and limits from past forecasts. raw: their probabilities before calibration."""
    there = ~np.isnan(raw) & ~np.isnan(use.met)
    past, raw = use.take(there), raw[there]
    indicator, now = panel.indicator[past.series], met_now(panel, past)
    code = indicator * 2 + now
    shift = shifts(raw, past.met, code, 2 * len(panel.indicators), settings.probability_spread)
    said = shifted(raw, shift[code])
    pooled = supported(said[~now], past.met[~now], 1.0)
    family, limits = panel.family[past.series], {"all": pooled}
    for number, name in enumerate(panel.families):
        own = ~now & (family == number)
        limits[name] = supported(said[own], past.met[own], pooled)
    seen = np.unique(indicator)
    pairs = {panel.indicators[one]: (float(shift[2 * one]), float(shift[2 * one + 1])) for one in seen}
    return Chances(pairs, limits)


def shifts(raw: Floats, met: Floats, code: Integers, count: int, spread: float) -> Floats:
    """Return by code the shift of the log odds with the highest posterior.

    The prior is normal around zero, and CASE forecasts count as one case. Newton's method; the posterior is
    concave.
    """
    shift = np.zeros(count)
    for _ in range(ROUNDS):
        said = shifted(raw, shift[code])
        slope = np.bincount(code, met - said, count) / CASE - shift / spread**2
        curve = np.bincount(code, said * (1 - said), count) / CASE + 1 / spread**2
        step = np.clip(slope / curve, -1, 1)
        shift += step
        if np.abs(step).max(initial=0) < CLOSE:
            break
    return shift


def supported(said: Floats, met: Floats, otherwise: float) -> float:
    """Return the success rate of the cases with the highest probabilities, if enough of them are above one
    half.

    Beyond them the back-test has no cases, and a map that rises to certainty would have no evidence.
    """
    highest = np.argsort(said, kind="stable")[-SUPPORT:]
    if len(highest) < SUPPORT or said[highest[0]] < 0.5:
        return otherwise
    return float(met[highest].mean())


def met_now(panel: Panel, use: Forecasts) -> Bools:
    """Return whether the last value known to a forecast met the target."""
    up = panel.direction[use.series] == "higher_is_better"
    met: Bools = np.where(up, use.reach <= 0, use.reach >= 0)
    return met
