"""Back-test of the projection: every method projects values that are known now from the data known before.

Rolling origins: at the end of each year every series with a value of that year and three before is projected
one to ten years ahead, and compared with the outcome. The benchmarks are evaluated on these forecasts; the
model in use is evaluated nested (nested.py), and calibrated for production on all of them (calibrate.py,
chance_learning.py). The data are of the current vintage: later revisions and estimates were not known then,
so errors are understated, for every method alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from warehouse.projections.benchmarks import CANDIDATES, pooled_on_scale
from warehouse.projections.calibrate import (
    Forecasts,
    as_of,
    choose_blends,
    error_of,
    learn_widths,
    recency,
    typical_of,
)
from warehouse.projections.chance_learning import learn_chances
from warehouse.projections.chances import Chances
from warehouse.projections.model import learn, smoothed_level
from warehouse.projections.model_settings import Settings
from warehouse.projections.nested import Nested
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Floats, from_scale, to_scale

HORIZON = 10  # years; the distance from 2020 to 2030
SHOWN = 6  # years with published figures
FORECASTS_MIN = 100  # minimum for widths or figures of an indicator's own
FOUR = ("internet_use", "electricity", "coverage_4g", "gini")
MODEL = "pooled_drift"
COMPARED = ("naive", "unsd_in_range", MODEL)  # for the indicators other than the four


@dataclass(frozen=True)
class Errors(Forecasts):
    """Forecasts, with the absolute errors of every method in the indicator's unit: forecast by method."""

    method: Floats


@dataclass(frozen=True)
class Calibrated:
    """The calibration that production reads: see intervals.Calibration."""

    widths: dict[str, Floats]
    blends: dict[str, list[float]]
    chances: Chances


def errors(panel: Panel, settings: Settings, origins: Sequence[int], horizon: int = HORIZON) -> Errors:
    """Return every forecast of every method that can be compared with a value."""
    parts = [_at(panel, settings, origin, horizon) for origin in origins]
    return Errors(
        **{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Errors)}
    )


def _at(panel: Panel, settings: Settings, origin: int, horizon: int) -> Errors:
    then = panel.until(origin)
    known = (~np.isnan(then.values)).sum(axis=1)
    rows = np.flatnonzero(known > 0)
    then = then.take(known > 0)
    projected = (known[rows] >= settings.points_min) & ~np.isnan(then.values[:, -1])
    came = np.full((len(rows), horizon), np.nan)
    there = panel.values[rows][:, (panel.years > origin) & (panel.years <= origin + horizon)]
    came[:, : there.shape[1]] = there
    paths = np.stack([method(then, horizon, settings) for method in CANDIDATES.values()], axis=2)
    path, volatility, pool = pooled_on_scale(then, horizon, settings)
    typical, behind = typical_of(then, pool)
    z, scale, last = then.z, then.scale, then.values[:, -1]
    now, smooth = z[:, -1:], smoothed_level(z, settings)[:, None]
    arrived = to_scale(came, scale)
    drift, still = ((arrived - at) / volatility[:, None] for at in (path, now))
    blended = np.stack(
        [from_scale(now + w * (path - now) + u * (smooth - now), scale) for w, u in settings.blends], axis=2
    )
    near = 0.0005 * (scale.high - scale.low)  # half a tenth of a per cent: published as the end itself
    at_end = (scale.kind == 2) & ((last > scale.high - near) | (last < scale.low + near))
    inside = np.clip(then.met_at, scale.low + scale.offset, scale.high - scale.offset)
    target = np.where(scale.kind == 2, inside, then.met_at)
    reach = (to_scale(target[:, None], scale) - now)[:, 0] / volatility
    sign = np.where(then.direction == "higher_is_better", 1.0, -1.0)[:, None]
    met = np.where(np.isnan(then.met_at)[:, None], np.nan, sign * came >= sign * then.met_at[:, None])
    row, step = np.nonzero(projected[:, None] & ~np.isnan(came))
    return Errors(
        series=rows[row],
        origin=np.full(len(row), origin, dtype=np.int64),
        horizon=step + 1,
        at_end=at_end[row],
        blends=np.abs(blended[row, step] - came[row, step][:, None]),
        drift=drift[row, step],
        still=still[row, step],
        smooth=((smooth - now)[:, 0] / volatility)[row],
        reach=np.where(then.direction == "closer_to_one", np.nan, reach)[row],
        met=np.where(then.direction[:, None] == "closer_to_one", np.nan, met)[row, step],
        typical=typical[then.indicator][row],
        behind=behind[then.indicator][row],
        last=now[row, 0],
        volatility=volatility[row],
        offset=scale.offset[row],
        scale_unit=scale.unit[row],
        method=np.abs(paths[row, step] - came[row, step][:, None]),
    )


def calibrated(panel: Panel, forecast_errors: Errors, settings: Settings, tested: Nested) -> Calibrated:
    """Learn blends, widths and probabilities for production from all errors."""
    use = forecast_errors.take(~forecast_errors.at_end)
    blends = choose_blends(panel, use.take(use.horizon <= SHOWN), settings)
    pool = learn(panel.z, panel.years, panel.indicator, panel.region, panel.country, settings)
    error = as_of(panel, use, error_of(panel, use, blends), *typical_of(panel, pool), settings)
    own, by_family = learn_widths(panel, use, error)
    factor = _recent(panel, tested, settings)
    number = np.bincount(panel.indicator[use.series], minlength=len(panel.indicators))
    named = [code for code in range(len(panel.indicators)) if number[code] >= FORECASTS_MIN]
    family = panel.family_of_indicator
    widths = {panel.indicators[code]: own[code] * factor[family[code]] for code in named}
    widths |= {f"family {name}": by_family[code] * factor[code] for code, name in enumerate(panel.families)}
    widths["all"] = np.median(by_family * factor[:, None, None], axis=0)
    chosen = {panel.indicators[code]: _shares_of(blends[code]) for code in named}
    for code, name in enumerate(panel.families):
        members = [one for one in named if family[one] == code]
        chosen[f"family {name}"] = _shares_of(blends[members].mean(axis=0) if members else np.zeros(2))
    chosen["all"] = list(settings.blends[0])
    return Calibrated(widths, chosen, learn_chances(panel, tested.use, tested.raw, settings))


def _shares_of(blend: Floats) -> list[float]:
    return [round(float(share), 4) for share in blend]


def _recent(panel: Panel, tested: Nested, settings: Settings) -> Floats:
    """Return the factor by family that updates the widths."""
    year = int((tested.use.origin + tested.use.horizon).max())
    return recency(panel, tested.use, tested.ratio, year, settings)


def skill(panel: Panel, forecast_errors: Errors, tested: Nested) -> list[dict[str, Any]]:
    """Return rows of the table projection_skill: all methods for the four indicators, three for the others,
    the model in use as nested.

    Every method is evaluated on the same forecasts: those that were tested nested and have a defined UNSD
    growth rate.
    """
    names = list(CANDIDATES)
    keys = [
        one.series * 10**6 + (one.origin - 1900) * 100 + one.horizon for one in (forecast_errors, tested.use)
    ]
    order = np.argsort(keys[0])
    at = order[np.searchsorted(keys[0], keys[1], sorter=order)]
    method = forecast_errors.method[at].copy()
    method[:, names.index(MODEL)] = tested.unit
    defined = ~np.isnan(method).any(axis=1)
    indicator, horizon = panel.indicator[tested.use.series], tested.use.horizon
    rows = []
    for code, name in enumerate(panel.indicators):  # for the few dozen figures, not for data
        for step in range(1, SHOWN + 1):
            here = (indicator == code) & (horizon == step)
            chosen = here & defined
            if (chosen.sum() < FORECASTS_MIN and name not in FOUR) or not chosen.any():
                continue
            mean = dict(zip(names, method[chosen].mean(axis=0), strict=True))
            shown = names if name in FOUR else COMPARED
            held = _shares(tested.inside[here])
            rows += [_row(name, one, step, int(chosen.sum()), mean, held) for one in shown]
    return rows + _four(rows, panel, tested)


def _four(rows: Sequence[Mapping[str, Any]], panel: Panel, tested: Nested) -> list[dict[str, Any]]:
    """Average the four with equal weight; the intervals of all their forecasts together."""
    of_four = np.isin(np.array(panel.indicators)[panel.indicator[tested.use.series]], FOUR)
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
        held = _shares(tested.inside[of_four & (tested.use.horizon == step)])
        made += [_row("all_four", name, step, number, mean, held) for name in CANDIDATES]
    return made


def _row(
    indicator: str, name: str, step: int, number: int, mean: Mapping[str, float], held: Sequence[float | None]
) -> dict[str, Any]:
    shares = held if name == MODEL else (None,) * 2
    return {
        "measured_on": indicator,
        "method": name,
        "horizon": step,
        "forecasts": number,
        "mean_absolute_error": _short(mean[name]),
        "relative_to_naive": _short(mean[name] / mean["naive"]) if mean["naive"] else None,
        "relative_to_unsd": _short(mean[name] / mean["unsd_in_range"]) if mean["unsd_in_range"] else None,
        **dict(zip(("coverage_80", "coverage_95"), shares, strict=True)),
    }


def _shares(hits: Floats) -> tuple[float | None, float | None]:
    """Return the coverage of the tested forecasts, if there are enough."""
    if len(hits) < FORECASTS_MIN // 2:
        return None, None
    return round(float(hits[:, 0].mean()), 4), round(float(hits[:, 1].mean()), 4)


def _short(value: float) -> float:
    return float(f"{value:.5g}")
