"""How the projection is judged: every method is made to project what is now known, from what was known
before.

Rolling origins: at the end of each year every series that has a value of that year and three before is
projected one to ten years on, and compared with what came. From the errors of the model in use come the
widths of its intervals (widths) and the published figures (skill). The data are of today's vintage:
revisions and estimates made afterwards were not known then, so errors are understated, for every method
alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from warehouse.projections.benchmarks import CANDIDATES, pooled_on_scale
from warehouse.projections.intervals import width, widths_of
from warehouse.projections.model import Settings
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import KINDS, Bools, Floats, Integers, to_scale

HORIZON = 10  # years; as far as 2020 is from 2030
SHOWN = 6  # years whose figures are published
FOLDS = 5  # of areas: widths are learned from four fifths, and tested on the rest
SPLIT = 2017  # later origins: widths from what had come by the end of this year, tested on origins from it on
FORECASTS_MIN = 100  # below which an indicator has no widths or figures of its own
FOUR = ("internet_use", "electricity", "coverage_4g", "gini")
MODEL = "pooled_drift"
COMPARED = ("naive", "unsd_in_range", MODEL)  # for the indicators other than the four


@dataclass(frozen=True)
class Errors:
    """One entry for each forecast. method: absolute errors in the indicator's unit, forecast by method;
    signed: error of the model in use, in volatilities; still: that of no change; at_end: the series stood at
    an end of its range; series: row of the panel."""

    series: Integers
    origin: Integers
    horizon: Integers
    at_end: Bools
    method: Floats
    signed: Floats
    still: Floats

    def take(self, chosen: Bools) -> Errors:
        """Some of them."""
        return Errors(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})


def errors(panel: Panel, given: Settings, origins: Sequence[int], horizon: int = HORIZON) -> Errors:
    """Every forecast of every method that can be compared with a value."""
    parts = [_at(panel, given, origin, horizon) for origin in origins]
    return Errors(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Errors)))


def _at(panel: Panel, given: Settings, origin: int, horizon: int) -> Errors:
    then = panel.until(origin)
    known = (~np.isnan(then.values)).sum(axis=1)
    rows = np.flatnonzero(known > 0)
    then = then.take(known > 0)
    projected = (known[rows] >= given.points_min) & ~np.isnan(then.values[:, -1])
    came = np.full((len(rows), horizon), np.nan)
    there = panel.values[rows][:, (panel.years > origin) & (panel.years <= origin + horizon)]
    came[:, : there.shape[1]] = there
    paths = np.stack([method(then, horizon, given) for method in CANDIDATES.values()], axis=2)
    path, volatility = pooled_on_scale(then, horizon, given)
    last, scale = then.values[:, -1], then.scale
    arrived = to_scale(came, scale)
    signed, still = ((arrived - at) / volatility[:, None] for at in (path, then.z[:, -1:]))
    near = 0.0005 * (scale.high - scale.low)  # half a tenth of a per cent: published as the end itself
    at_end = (scale.kind == 2) & ((last > scale.high - near) | (last < scale.low + near))
    row, step = np.nonzero(projected[:, None] & ~np.isnan(came))
    return Errors(
        rows[row],
        np.full(len(row), origin, dtype=np.int64),
        step + 1,
        at_end[row],
        np.abs(paths[row, step] - came[row, step][:, None]),
        signed[row, step],
        still[row, step],
    )


def no_change(panel: Panel, found: Errors, given: Settings) -> list[str]:
    """The indicators on which the model erred more than the last value that just goes on, among those with
    enough forecasts to tell."""
    use = found.take(~found.at_end & (found.horizon == given.no_change_horizon))
    names, count = list(CANDIDATES), len(panel.indicators)
    indicator = panel.indicator[use.series]
    erred = {
        name: np.bincount(indicator, use.method[:, names.index(name)], count) for name in ("naive", MODEL)
    }
    worse = erred[MODEL] > given.no_change_ratio * erred["naive"]
    enough = np.bincount(indicator, minlength=count) >= FORECASTS_MIN
    return [panel.indicators[code] for code in np.flatnonzero(worse & enough)]


def settled(panel: Panel, found: Errors, still: Collection[str]) -> Errors:
    """The errors of what is published: where no change is projected, those of no change."""
    chosen = np.isin(np.array(panel.indicators), list(still))[panel.indicator[found.series]]
    method, names = found.method.copy(), list(CANDIDATES)
    method[chosen, names.index(MODEL)] = method[chosen, names.index("naive")]
    return replace(found, method=method, signed=np.where(chosen, found.still, found.signed))


def calibrated(panel: Panel, found: Errors) -> dict[str, Floats]:
    """The widths by indicator, and by scale for indicators with few forecasts, from all errors:
    production's."""
    use = found.take(~found.at_end)
    own, by_kind = _widths(panel, use)
    enough = np.bincount(panel.indicator[use.series], minlength=len(panel.indicators)) >= FORECASTS_MIN
    named = {name: own[code] for code, name in enumerate(panel.indicators) if enough[code]}
    return named | {f"scale {name}": by_kind[code] for code, name in enumerate(KINDS)}


def _widths(panel: Panel, use: Errors) -> tuple[Floats, Floats]:
    indicator, kind = panel.indicator[use.series], panel.scale.kind[use.series]
    return widths_of(
        use.signed, use.horizon, indicator, len(panel.indicators), kind, _areas(panel)[use.series]
    )


def _areas(panel: Panel) -> Integers:
    return np.unique(panel.areas, return_inverse=True)[1].astype(np.int64)


def coverage(panel: Panel, use: Errors) -> tuple[Floats, Floats]:
    """Whether each error lay inside the 80 and the 95 per cent interval (forecast by two): widths learned
    from other areas; and from earlier years, NaN for the origins before SPLIT."""
    area = _areas(panel)[use.series]
    inside, later = (np.full((len(area), 2), np.nan) for _ in range(2))
    for fold in range(FOLDS):
        other = area % FOLDS != fold
        own, _ = _widths(panel, use.take(other))
        inside[~other] = _hits(panel, use.take(~other), own)
    early = use.origin + use.horizon <= SPLIT
    late = use.origin >= SPLIT
    if early.any() and late.any():
        own, _ = _widths(panel, use.take(early))
        later[late] = _hits(panel, use.take(late), own)
    return inside, later


def _hits(panel: Panel, use: Errors, own: Floats) -> Floats:
    widths = own[panel.indicator[use.series], use.horizon - 1]
    return np.stack([np.abs(use.signed) <= width(widths, level) for level in (0.8, 0.95)], axis=1).astype(
        float
    )


def skill(panel: Panel, found: Errors) -> list[dict[str, Any]]:
    """Rows of the table projection_skill: all methods for the four indicators, three for the others. Every
    method is judged on the same forecasts: those for which UNSD's growth rate is defined."""
    names = list(CANDIDATES)
    defined = ~np.isnan(found.method).any(axis=1)
    use = found.take(defined & ~found.at_end & (found.horizon <= SHOWN))
    inside, later = coverage(panel, found.take(~found.at_end & (found.horizon <= SHOWN)))
    every = found.take(~found.at_end & (found.horizon <= SHOWN))
    rows = []
    for code, indicator in enumerate(panel.indicators):  # of figures, a few dozen: not of data
        for step in range(1, SHOWN + 1):
            chosen = (panel.indicator[use.series] == code) & (use.horizon == step)
            if (chosen.sum() < FORECASTS_MIN and indicator not in FOUR) or not chosen.any():
                continue
            mean = dict(zip(names, use.method[chosen].mean(axis=0), strict=True))
            tested = (panel.indicator[every.series] == code) & (every.horizon == step)
            held = _shares(inside[tested]) + _shares(later[tested])
            shown = names if indicator in FOUR else COMPARED
            rows += [_row(indicator, name, step, int(chosen.sum()), mean, held) for name in shown]
    return rows + _four(rows, inside, later, every, panel)


def _four(
    rows: Sequence[Mapping[str, Any]], inside: Floats, later: Floats, every: Errors, panel: Panel
) -> list[dict[str, Any]]:
    """The mean of the four, each counting alike; the intervals of all their forecasts together."""
    of_four = np.isin(np.array(panel.indicators)[panel.indicator[every.series]], FOUR)
    made = []
    for step in range(1, SHOWN + 1):
        there = [row for row in rows if row["measured_on"] in FOUR and row["horizon"] == step]
        if len({row["measured_on"] for row in there}) < len(FOUR):
            continue
        mean = {
            name: float(np.mean([row["mean_absolute_error"] for row in there if row["method"] == name]))
            for name in CANDIDATES
        }
        number = sum(row["forecasts"] for row in there if row["method"] == MODEL)
        tested = of_four & (every.horizon == step)
        held = _shares(inside[tested]) + _shares(later[tested])
        made += [_row("all_four", name, step, number, mean, held) for name in CANDIDATES]
    return made


def _row(
    indicator: str, name: str, step: int, number: int, mean: Mapping[str, float], held: Sequence[float | None]
) -> dict[str, Any]:
    shares = held if name == MODEL else (None,) * 4
    return {
        "measured_on": indicator,
        "method": name,
        "horizon": step,
        "forecasts": number,
        "mean_absolute_error": _short(mean[name]),
        "relative_to_naive": _short(mean[name] / mean["naive"]) if mean["naive"] else None,
        "relative_to_unsd": _short(mean[name] / mean["unsd_in_range"]) if mean["unsd_in_range"] else None,
        **dict(
            zip(("coverage_80", "coverage_95", "coverage_80_later", "coverage_95_later"), shares, strict=True)
        ),
    }


def _shares(hits: Floats) -> tuple[float | None, float | None]:
    """The share inside of those that were tested, if they are more than a few."""
    tested = hits[~np.isnan(hits[:, 0])]
    if len(tested) < FORECASTS_MIN // 2:
        return None, None
    return round(float(tested[:, 0].mean()), 4), round(float(tested[:, 1].mean()), 4)


def _short(value: float) -> float:
    return float(f"{value:.5g}")
