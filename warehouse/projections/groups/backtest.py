"""Back-test of the simulated groups: at each origin it uses the members, weights, widths, correlations and
official value known by then, and compares with the later official values.

Membership and vintage of the data are current; nothing else is from the future. The calibration for
production is learned from all origins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from warehouse.projections.benchmarks import pooled_on_scale
from warehouse.projections.calibrate import Forecasts
from warehouse.projections.groups.correlation import correlations
from warehouse.projections.groups.official import Official, weights_at
from warehouse.projections.groups.simulation import Correlation, Members, anchored, simulated
from warehouse.projections.model import Settings, smoothed_level
from warehouse.projections.nested import FURTHEST, Learned, Nested
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Bools, Floats, Integers, Scale, from_scale, to_scale

DRAWS = 200
ENOUGH = 100  # minimum forecasts for a family's own factor
HELD = 100  # weight of all families together, in forecasts
RESPONSE = 3.0  # points by which the next quantile rises for each point of missing coverage
LEVELS = (0.5, 0.98)  # of that quantile
LIMITS = (0.1, 4.0)  # limits of a factor
EIGHTY = 0.8


@dataclass(frozen=True)
class GroupForecasts:
    """One entry for each forecast of a group. family: name; half: the 80 per cent half width on the side
    of the outcome, before the factor; error: of the median, both on the scale; absolute and still: error
    of the median and of no change, in the unit; inside: whether the 80 per cent interval held, with the
    factor known at the origin; said and met: probability of meeting the target and whether it was met, NaN
    without one.
    """

    indicator: list[str]
    group: list[str]
    family: np.ndarray[Any, Any]
    origin: Integers
    horizon: Integers
    ratio: Floats
    absolute: Floats
    still: Floats
    inside: Floats
    said: Floats
    met: Floats


def tested_groups(
    panel: Panel, forecasts: Forecasts, tested: Nested, official: Official, settings: Settings
) -> GroupForecasts:
    """Return every forecast of a group with an official value at the origin and in the outcome year."""
    use = forecasts.take(~forecasts.at_end & (forecasts.horizon <= FURTHEST))
    rows: list[dict[str, Any]] = []
    for origin, learned in sorted(tested.learned.items()):
        before = use.take(learned.past)
        correlation = correlations(panel, before, learned.error)
        factor = factors(rows, origin)
        rows += _at(panel, learned, origin, official, correlation, factor, settings)

    def column(name: str) -> Floats:
        return np.array([row[name] for row in rows], dtype=np.float64)

    return GroupForecasts(
        [row["indicator"] for row in rows],
        [row["group"] for row in rows],
        np.array([row["family"] for row in rows]),
        column("origin").astype(np.int64),
        column("horizon").astype(np.int64),
        *(column(name) for name in ("ratio", "absolute", "still", "inside", "said", "met")),
    )


def factors(rows: Sequence[Mapping[str, Any]], origin: int | None = None) -> dict[str, list[float]]:
    """Return by family and overall, and by horizon, the factor on the simulated half width that covers four
    in five outcomes known by the end of a year.

    It grows with the horizon, as errors of a pace add up; a family's own is shrunk towards the overall one,
    as its groups overlap.
    """
    came = [row for row in rows if origin is None or row["origin"] + row["horizon"] <= origin]
    family = np.array([row["family"] for row in came], dtype=object)
    horizon = np.array([row["horizon"] for row in came], dtype=np.int64)
    ratio = np.array([row["ratio"] for row in came], dtype=np.float64)
    inside = np.array([row["inside"] for row in came], dtype=np.float64)
    share = _level(inside)
    together = _quantile(ratio, share, 1.0)
    shape: list[float] = []
    for step in range(1, FURTHEST + 1):
        before = shape[-1] if shape else together
        shape.append(max(_quantile(ratio[horizon == step], share, before), before if shape else 0))
    by_family = {"all": [round(value, 4) for value in shape]}
    for name in sorted(set(family.tolist())):
        # errors relative to the overall ones of their horizon
        own = ratio[family == name] / np.array(shape)[horizon[family == name] - 1]
        held = len(own) / (len(own) + HELD)
        factor = float(np.exp(held * np.log(_quantile(own, _level(inside[family == name]), 1.0))))
        by_family[name] = [round(value * factor, 4) for value in shape]
    return by_family


def _level(inside: Floats) -> float:
    """Return the next quantile: above four in five by a multiple of the missing coverage so far (adaptive
    conformal inference, Gibbs and Candès 2021).
    """
    held = (inside.sum() + HELD * EIGHTY) / (len(inside) + HELD)
    return float(np.clip(EIGHTY + RESPONSE * (EIGHTY - held), *LEVELS))


def production(
    panel: Panel, forecasts: Forecasts, tested: Nested, groups: GroupForecasts
) -> dict[str, dict[str, Any]]:
    """Learn correlations and factors for production from all origins."""
    use = forecasts.take(~forecasts.at_end & (forecasts.horizon <= FURTHEST))
    learned = tested.learned[max(tested.learned)]
    pairs = correlations(panel, use.take(learned.past), learned.error)
    rows = [
        {"family": family, "horizon": horizon, "ratio": ratio, "inside": inside, "origin": 0}
        for family, horizon, ratio, inside in zip(
            groups.family.tolist(), groups.horizon, groups.ratio, groups.inside, strict=True
        )
    ]
    return {
        "correlation": {name: [pair.world, pair.region] for name, pair in sorted(pairs.items())},
        "factor": dict(sorted(factors(rows).items())),
    }


def _quantile(ratios: Floats, share: float, otherwise: float) -> float:
    return float(np.clip(np.quantile(ratios, share), *LIMITS)) if len(ratios) >= ENOUGH else otherwise


def _at(
    panel: Panel,
    learned: Learned,
    origin: int,
    official: Official,
    correlation: Mapping[str, Correlation],
    factor: Mapping[str, Sequence[float]],
    settings: Settings,
) -> list[dict[str, Any]]:
    then = panel.until(origin)
    known = (~np.isnan(then.values)).sum(axis=1)
    usable = (known >= settings.points_min) & ~np.isnan(then.values[:, -1])
    some = known > 0
    then, usable = then.take(some), usable[some]
    path, volatility = pooled_on_scale(then, FURTHEST, settings)
    z = then.z
    blends = np.array(settings.blends)[learned.blends][then.indicator]
    last, level = z[:, -1:], smoothed_level(z, settings)[:, None]
    path = last + blends[:, :1] * (path - last) + blends[:, 1:] * (level - last)
    widths = learned.widths[:, :FURTHEST][then.indicator] * volatility[:, None, None]
    rows: list[dict[str, Any]] = []
    for code, name in enumerate(then.indicators):
        groups = official.by_group.get(name, {})
        chosen = np.flatnonzero((then.indicator == code) & usable)
        listed = [group for group, values in groups.items() if origin in values]
        if not len(chosen) or not listed:
            continue
        members = Members(
            z[chosen], then.years, np.full(len(chosen), origin), path[chosen], widths[chosen],
            then.region[chosen], then.scale.take(chosen),
        )  # fmt: skip
        family = then.families[int(then.family[chosen[0]])]
        parameters = correlation[family], factor.get(family, factor["all"])
        about = (float(then.met_at[chosen[0]]), str(then.direction[chosen[0]]))
        areas = [then.areas[row] for row in chosen]
        rows += _of_indicator(name, family, members, areas, listed, official, origin, parameters, about)
    return rows


def _of_indicator(
    name: str,
    family: str,
    members: Members,
    areas: Sequence[str],
    listed: Sequence[str],
    official: Official,
    origin: int,
    parameters: tuple[Correlation, Sequence[float]],
    about: tuple[float, str],
) -> list[dict[str, Any]]:
    weights, kept = weights_at(name, areas, listed, official, origin)
    if not kept:
        return []
    years = np.arange(origin, origin + FURTHEST + 1)
    seed = crc32(f"{name} {origin}".encode())
    values, middle = simulated(members, years, weights, parameters[0], seed, DRAWS)
    scale = members.scale.take(np.zeros(len(kept), dtype=np.int64))
    at_origin = np.array([official.by_group[name][group][origin] for group in kept])
    draws = anchored(values, middle, years, np.full(len(kept), origin), at_origin, scale, np.ones(1))
    rows = []
    for place, group in enumerate(kept):
        of = scale.take(np.array([place]))
        low, middle, high = (np.quantile(draws[place], share, axis=1) for share in (0.1, 0.5, 0.9))
        for step in range(1, FURTHEST + 1):
            came = official.by_group[name][group].get(origin + step)
            if came is None:
                continue
            ends = low[step], middle[step], high[step]
            row = _judged(
                draws[place, step], ends, came, at_origin[place], of, parameters[1][step - 1], about
            )
            rows.append(
                row | {"indicator": name, "group": group, "family": family, "origin": origin, "horizon": step}
            )
    return rows


def _judged(
    draws: Floats,
    ends: tuple[float, float, float],
    came: float,
    last: float,
    scale: Scale,
    factor: float,
    about: tuple[float, str],
) -> dict[str, Any]:
    low, middle, high = ends
    at = float(to_scale(np.array([[came]]), scale)[0, 0])
    half = max(high - middle if at >= middle else middle - low, 1e-6)
    ratio = abs(at - middle) / half
    median = float(from_scale(np.array([[middle]]), scale)[0, 0])
    number, direction = about
    said = met = np.nan
    if not np.isnan(number) and direction != "closer_to_one":
        inside = np.clip(number, scale.low + scale.offset, scale.high - scale.offset)
        number = float(inside[0]) if scale.kind[0] == 2 else number
        goal = float(to_scale(np.array([[number]]), scale)[0, 0])
        wide = middle + factor * (draws - middle)
        up = direction == "higher_is_better"
        said = ((wide >= goal if up else wide <= goal).sum() + 0.5) / (len(draws) + 1)
        met = float(came >= number if up else came <= number)
    return {
        "ratio": ratio,
        "absolute": abs(median - came),
        "still": abs(last - came),
        "inside": float(ratio <= factor),
        "said": said,
        "met": met,
    }


def group_families(tested: GroupForecasts) -> list[dict[str, Any]]:
    """Return forecasts, share of values in the 80 per cent interval, and error at five years relative to
    no change (geometric mean over indicators with at least 20 forecasts), by family and overall.
    """
    names = np.array(tested.indicator)
    rows = []
    for family in [*sorted(set(tested.family.tolist())), "all"]:
        chosen: Bools = (tested.family == family) | (family == "all")
        ratios = []
        for one in sorted(set(names[chosen].tolist())):
            here = chosen & (names == one) & (tested.horizon == 5)
            naive = tested.still[here].mean() if here.sum() >= 20 else 0
            if naive > 0:
                ratios.append(np.log(max(tested.absolute[here].mean(), 1e-12) / naive))
        rows.append(
            {
                "family": family,
                "forecasts": int(chosen.sum()),
                "coverage_80": round(float(tested.inside[chosen].mean()), 4),
                "relative_to_naive": round(float(np.exp(np.mean(ratios))), 4) if ratios else None,
                "indicators": len(ratios),
            }
        )
    return rows
