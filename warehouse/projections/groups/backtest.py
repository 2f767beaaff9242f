"""Back-test of the simulated groups: at each origin it uses the members, weights, widths, correlations and
official value known by then, and compares with the later official values.

Membership and vintage of the data are current; nothing else is from the future. The calibration for
production is learned from all origins, with the functions of learning.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from warehouse.projections.benchmarks import pooled_on_scale
from warehouse.projections.calibrate import Forecasts
from warehouse.projections.groups.correlation import correlations
from warehouse.projections.groups.learning import GroupForecasts, factors, learn_group_chances, shares
from warehouse.projections.groups.official import Official, weights_at
from warehouse.projections.groups.simulation import Correlation, Members, anchored, simulated
from warehouse.projections.model import smoothed_level
from warehouse.projections.model_settings import Settings
from warehouse.projections.nested import FURTHEST, JUDGED_FROM, Learned, Nested
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Floats, Scale, from_scale, to_scale

DRAWS = 200
LATE = 2013  # first origin with past outcomes of every family


def tested_groups(
    panel: Panel, forecasts: Forecasts, tested: Nested, official: Official, settings: Settings
) -> GroupForecasts:
    """Return every forecast of a group with an official value at the origin and in the outcome year; the
    calibration learns from those of early origins, see `judged_groups`.
    """
    use = forecasts.take(~forecasts.at_end & (forecasts.horizon <= FURTHEST))
    rows: list[dict[str, Any]] = []
    for origin, learned in sorted(tested.learned.items()):
        correlation = correlations(panel, use.take(learned.past), learned.error)
        rows += _at(panel, learned, origin, official, correlation, settings)
    return _nested(_forecasts(rows))


def judged_groups(made: GroupForecasts) -> GroupForecasts:
    """Select the forecasts with published figures."""
    return made.take(made.origin >= JUDGED_FROM)


def _forecasts(rows: Sequence[Mapping[str, Any]]) -> GroupForecasts:
    kinds: dict[str, type] = dict.fromkeys(("indicator", "group", "family"), str)
    kinds |= dict.fromkeys(("origin", "horizon"), np.int64)
    kinds |= dict.fromkeys(("ratio", "absolute", "still", "away", "distance", "met"), np.float64)
    columns: dict[str, Any] = {
        name: np.array([row[name] for row in rows], dtype=kind) for name, kind in kinds.items()
    }
    unknown = np.full(len(rows), np.nan)
    return GroupForecasts(**columns, inside=unknown, raw=unknown.copy(), said=unknown.copy())


def _nested(made: GroupForecasts) -> GroupForecasts:
    """Fill in coverage and probabilities with the factors and the map known at each origin."""
    came = made.origin + made.horizon
    for origin in np.unique(made.origin):
        past, now = made.take(came <= origin), made.origin == origin
        known, rows = factors(past), made.take(now)
        factor = np.array([known.get(family, known["all"]) for family in rows.family.tolist()])
        made.inside[now] = rows.ratio <= factor
        made.raw[now] = shares(rows, factor)
        made.said[now] = learn_group_chances(past).each(rows.indicator.tolist(), made.raw[now])
    return made


def production(
    panel: Panel, forecasts: Forecasts, tested: Nested, groups: GroupForecasts
) -> dict[str, dict[str, Any]]:
    """Learn correlations, factors and the map of probabilities for production from all origins."""
    use = forecasts.take(~forecasts.at_end & (forecasts.horizon <= FURTHEST))
    learned = tested.learned[max(tested.learned)]
    pairs = correlations(panel, use.take(learned.past), learned.error)
    chances = learn_group_chances(groups)
    return {
        "correlation": {name: [pair.world, pair.region] for name, pair in sorted(pairs.items())},
        "factor": dict(sorted(factors(groups).items())),
        "chances": {"slope": chances.slope, "shifts": dict(sorted(chances.shifts.items()))},
    }


def _at(
    panel: Panel,
    learned: Learned,
    origin: int,
    official: Official,
    correlation: Mapping[str, Correlation],
    settings: Settings,
) -> list[dict[str, Any]]:
    then = panel.until(origin)
    known = (~np.isnan(then.values)).sum(axis=1)
    usable = (known >= settings.points_min) & ~np.isnan(then.values[:, -1])
    some = known > 0
    then, usable = then.take(some), usable[some]
    path, volatility, _ = pooled_on_scale(then, FURTHEST, settings)
    z = then.z
    blends = learned.blends[then.indicator]
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
        about = (float(then.met_at[chosen[0]]), str(then.direction[chosen[0]]))
        areas = [then.areas[row] for row in chosen]
        rows += _of_indicator(
            name, family, members, areas, listed, official, origin, correlation[family], about
        )
    return rows


def _of_indicator(
    name: str,
    family: str,
    members: Members,
    areas: Sequence[str],
    listed: Sequence[str],
    official: Official,
    origin: int,
    correlation: Correlation,
    about: tuple[float, str],
) -> list[dict[str, Any]]:
    weights, kept = weights_at(name, areas, listed, official, origin)
    if not kept:
        return []
    years = np.arange(origin, origin + FURTHEST + 1)
    seed = crc32(f"{name} {origin}".encode())
    values, middle = simulated(members, years, weights, correlation, seed, DRAWS)
    scale = members.scale.take(np.zeros(len(kept), dtype=np.int64))
    at_origin = np.array([official.by_group[name][group][origin] for group in kept])
    draws = anchored(values, middle, years, np.full(len(kept), origin), at_origin, scale, 1.0)
    rows = []
    for place, group in enumerate(kept):
        of = scale.take(np.array([place]))
        low, middle, high = (np.quantile(draws[place], share, axis=1) for share in (0.1, 0.5, 0.9))
        for step in range(1, FURTHEST + 1):
            came = official.by_group[name][group].get(origin + step)
            if came is None:
                continue
            ends = low[step], middle[step], high[step]
            row = _judged(draws[place, step], ends, came, at_origin[place], of, about)
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
    about: tuple[float, str],
) -> dict[str, Any]:
    low, middle, high = ends
    at = float(to_scale(np.array([[came]]), scale)[0, 0])
    half = max(high - middle if at >= middle else middle - low, 1e-6)
    ratio = abs(at - middle) / half
    median = float(from_scale(np.array([[middle]]), scale)[0, 0])
    number, direction = about
    distance = met = np.nan
    better = -1.0 if direction == "lower_is_better" else 1.0
    if not np.isnan(number) and direction != "closer_to_one":
        inside = np.clip(number, scale.low + scale.offset, scale.high - scale.offset)
        number = float(inside[0]) if scale.kind[0] == 2 else number
        distance = better * (float(to_scale(np.array([[number]]), scale)[0, 0]) - middle)
        met = float(better * came >= better * number)
    return {
        "ratio": ratio,
        "absolute": abs(median - came),
        "still": abs(last - came),
        "away": better * (draws - middle),
        "distance": distance,
        "met": met,
    }


def group_families(tested: GroupForecasts) -> list[dict[str, Any]]:
    """Return forecasts, share of values in the 80 per cent interval, of all and from origin LATE on, and
    error at five years relative to no change (geometric mean over indicators with at least 20 forecasts), by
    family and overall.
    """
    rows = []
    for family in [*sorted(set(tested.family.tolist())), "all"]:
        here = tested.take((tested.family == family) | (family == "all"))
        late = here.origin >= LATE
        ratios = []
        for one in sorted(set(here.indicator.tolist())):
            at = (here.indicator == one) & (here.horizon == 5)
            naive = here.still[at].mean() if at.sum() >= 20 else 0
            if naive > 0:
                ratios.append(np.log(max(here.absolute[at].mean(), 1e-12) / naive))
        rows.append(
            {
                "family": family,
                "forecasts": len(here.ratio),
                "coverage_80": round(float(here.inside.mean()), 4),
                "late_forecasts": int(late.sum()),
                "late_coverage_80": round(float(here.inside[late].mean()), 4) if late.any() else None,
                "relative_to_naive": round(float(np.exp(np.mean(ratios))), 4) if ratios else None,
                "indicators": len(ratios),
            }
        )
    return rows
