"""Calibration of groups from past forecasts: the factor on the simulated spread, and the map of
probabilities.

Used twice: at each origin on the outcomes known by then (backtest.py), and on all outcomes for production.
The map is applied in simulation.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from warehouse.projections.chances import SMALLEST
from warehouse.projections.groups.simulation import GroupChances
from warehouse.projections.transforms import Bools, Floats, Integers

ENOUGH = 100  # minimum forecasts of all families for a factor
ENOUGH_FAMILY = 40  # minimum forecasts for a family's own factor
HELD = 40  # weight of the nominal coverage against the observed one, in forecasts
HELD_FAMILY = 10  # weight of all families together, in forecasts
RESPONSE = 2.5  # points by which the next quantile rises for each point of missing coverage
LEVELS = (0.5, 0.98)  # limits of that quantile
LIMITS = (0.1, 4.0)  # limits of a factor
EIGHTY = 0.8
CASE = 6  # horizons of one origin that count as one case: their outcomes go together
SLOPE_SPREAD = 0.5  # standard deviation of the prior of the slope, around one
SHIFT_SPREAD = 1.5  # standard deviation of the prior of an indicator's shift, around zero
ROUNDS, LARGEST = 100, 0.5  # iterations of Newton's method, and the longest step


@dataclass(frozen=True)
class GroupForecasts:
    """One entry for each forecast of a group.

    ratio: error over the 80 per cent half width on the side of the outcome, before the factor; absolute and
    still: error of the median and of no change, in the unit; away: distance of each draw from the median, on
    the scale, positive on the better side; distance: the same of the target, NaN without one; met: whether it
    was met. inside: whether the 80 per cent interval held, with the factor known at the origin; raw and said:
    probability before and after the map known then, NaN until they are computed.
    """

    indicator: NDArray[np.str_]
    group: NDArray[np.str_]
    family: NDArray[np.str_]
    origin: Integers
    horizon: Integers
    ratio: Floats
    absolute: Floats
    still: Floats
    away: Floats
    distance: Floats
    met: Floats
    inside: Floats
    raw: Floats
    said: Floats

    def take(self, chosen: Bools) -> Self:
        """Select some of them."""
        return type(self)(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})


def shares(made: GroupForecasts, factor: Floats) -> Floats:
    """Return the share of draws that meet the target with the spread multiplied by the factor, with half a
    case more on either side; NaN without a target.
    """
    met = (factor[:, None] * made.away >= made.distance[:, None]).sum(axis=1)
    return np.where(np.isnan(made.distance), np.nan, (met + 0.5) / (made.away.shape[1] + 1))


def factors(came: GroupForecasts) -> dict[str, float]:
    """Return by family and overall the factor on the simulated half width that covers four in five of these
    outcomes.

    A family's own is shrunk towards the overall one, as its groups overlap. The spread grows with the horizon
    by itself, as the members' does.
    """
    together = _quantile(came.ratio, _level(came.inside), 1.0, ENOUGH)
    by_family = {"all": round(together, 4)}
    for name in sorted(set(came.family.tolist())):
        chosen = came.family == name
        ratio = came.ratio[chosen] / together
        held = len(ratio) / (len(ratio) + HELD_FAMILY)
        own = _quantile(ratio, _level(came.inside[chosen]), 1.0, ENOUGH_FAMILY)
        by_family[name] = round(together * float(own**held), 4)
    return by_family


def _level(inside: Floats) -> float:
    """Return the next quantile: away from four in five by a multiple of the coverage that was missing, or in
    excess, so far (adaptive conformal inference, Gibbs and Candès 2021).
    """
    held = (inside.sum() + HELD * EIGHTY) / (len(inside) + HELD)
    return float(np.clip(EIGHTY + RESPONSE * (EIGHTY - held), *LEVELS))


def _quantile(ratios: Floats, share: float, otherwise: float, enough: int) -> float:
    return float(np.clip(np.quantile(ratios, share), *LIMITS)) if len(ratios) >= enough else otherwise


def learn_group_chances(came: GroupForecasts) -> GroupChances:
    """Estimate the slope of the log odds that all indicators share, and the shift of each (Cox 1958).

    Both have the highest posterior under normal priors around one and zero; Newton's method alternates.
    """
    there = ~np.isnan(came.raw) & ~np.isnan(came.met)
    names, code = np.unique(came.indicator[there], return_inverse=True)
    inside = np.clip(came.raw[there], SMALLEST, 1 - SMALLEST)
    odds, met = np.log(inside / (1 - inside)), came.met[there]
    slope, shift = 1.0, np.zeros(len(names))
    for _ in range(ROUNDS if len(names) else 0):
        said = 1 / (1 + np.exp(-(slope * odds + shift[code])))
        rise = np.bincount(code, met - said, len(names)) / CASE - shift / SHIFT_SPREAD**2
        curve = np.bincount(code, said * (1 - said), len(names)) / CASE + 1 / SHIFT_SPREAD**2
        shift += np.clip(rise / curve, -LARGEST, LARGEST)
        said = 1 / (1 + np.exp(-(slope * odds + shift[code])))
        rise_of_slope = ((met - said) * odds).sum() / CASE - (slope - 1) / SLOPE_SPREAD**2
        curve_of_slope = (said * (1 - said) * odds**2).sum() / CASE + 1 / SLOPE_SPREAD**2
        slope += float(np.clip(rise_of_slope / curve_of_slope, -LARGEST, LARGEST))
    return GroupChances(round(slope, 4), _named(names.tolist(), shift))


def _named(names: Sequence[str], shift: Floats) -> dict[str, float]:
    return {name: round(float(one), 4) for name, one in zip(names, shift, strict=True)}
