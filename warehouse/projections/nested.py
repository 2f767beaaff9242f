"""The nested back-test: at each origin everything is learned only from outcomes known by then.

Values, offsets and units of the scales, the choice of each indicator's blend, the widths of its intervals and
the calibration of probabilities at an origin use forecasts with an outcome known by the end of that year. The
data are of the current vintage: later revisions were not known then. docs/methods/projection.md publishes the
figures by family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from warehouse.projections.calibrate import (
    EIGHTY,
    Forecasts,
    as_of,
    choose_blends,
    error_in_unit,
    error_of,
    learn_widths,
    recency,
)
from warehouse.projections.chance_learning import learn_chances, met_now
from warehouse.projections.intervals import LEVELS, share_below
from warehouse.projections.model_settings import Settings
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Bools, Floats, Integers

LEARNED_FROM = 4  # origins used for learning before the first is tested
JUDGED_FROM = 2009  # first origin with published figures
FURTHEST = 6  # years ahead that are tested
TENTHS = 10
FOLDS = 5  # parts of areas: a map is learned from other countries


@dataclass(frozen=True)
class Nested:
    """The tested forecasts and their published statements. unit: absolute error of the blend in the
    indicator's unit; inside: whether the value was in the 80 and in the 95 per cent interval; ratio: error
    over the 80 per cent width before its update; raw and chance: probability that the target is met, before
    and after calibration, NaN without a target; learned: by origin.
    """

    use: Forecasts
    unit: Floats
    inside: Floats
    ratio: Floats
    raw: Floats
    chance: Floats
    learned: Mapping[int, Learned]


@dataclass(frozen=True)
class Learned:
    """Parameters known at an origin. blends: shares of drift and smoothing by indicator; widths: indicator
    by horizon by level, updated; error: of the forecasts with a known outcome (`past`), in units of their
    80 per cent width.
    """

    blends: Floats
    widths: Floats
    past: Bools
    error: Floats


def nested(panel: Panel, forecasts: Forecasts, settings: Settings) -> Nested:
    """Evaluate every forecast up to FURTHEST years ahead with the parameters known at its origin."""
    use = forecasts.take(~forecasts.at_end & (forecasts.horizon <= FURTHEST))
    came = use.origin + use.horizon
    indicator, family = panel.indicator[use.series], panel.family[use.series]
    size, state = len(use.series), met_now(panel, use)
    unit, ratio, wide, raw, chance = (np.full(size, np.nan) for _ in range(5))
    origins = np.unique(use.origin)
    learned = {}
    for origin in origins[LEARNED_FROM:]:
        past, now = came <= origin, use.origin == origin
        if past.sum() < 1000 or not now.any():
            continue
        before, after = use.take(past), use.take(now)
        blends = choose_blends(panel, before, settings)
        erred = error_of(panel, before, blends)
        erred = as_of(panel, before, erred, *_typical(panel, after), settings)
        own, _ = learn_widths(panel, before, erred)
        factors = recency(panel, use, ratio, int(origin), settings)
        factor = factors[family[now]]
        usual = own[panel.indicator[before.series], before.horizon - 1, EIGHTY]
        learned[int(origin)] = Learned(
            blends,
            own * factors[panel.family_of_indicator][:, None, None],
            past,
            erred / np.maximum(usual, 1e-9),
        )
        held = own[indicator[now], np.minimum(after.horizon, own.shape[1]) - 1]
        weights = blends[indicator[now]]
        error = np.abs(after.still - after.moved(weights))
        unit[now] = error_in_unit(panel, after, weights)
        ratio[now] = error / np.maximum(held[:, EIGHTY], 1e-9)
        widths = held * factor[:, None]
        wide[now] = error / np.maximum(widths[:, LEVELS.index(0.95)], 1e-9)
        raw[now] = _raw(panel, after, after.reach - after.moved(weights), widths)
        chances = learn_chances(panel, before, raw[past], settings)
        chance[now] = chances.each(panel, after.series, raw[now], state[now], settings.probability_cap)
        ratio_now = ratio[now] / factor
        wide[now] = np.where(wide[now] <= 1, 1.0, 0.0) + np.where(ratio_now <= 1, 2.0, 0.0)
    tested = ~np.isnan(wide)
    code = wide[tested].astype(np.int64)
    inside = np.stack([code >= 2, code % 2 == 1], axis=1).astype(np.float64)
    return Nested(use.take(tested), unit[tested], inside, ratio[tested], raw[tested], chance[tested], learned)


def _typical(panel: Panel, made: Forecasts) -> tuple[Floats, Integers]:
    """Return by indicator the typical volatility known at the origin of these forecasts."""
    typical = np.zeros(len(panel.indicators))
    behind = np.zeros(len(panel.indicators), dtype=np.int64)
    indicator = panel.indicator[made.series]
    typical[indicator], behind[indicator] = made.typical, made.behind
    return typical, behind


def judged(tested: Nested) -> Nested:
    """Select the forecasts with published figures; the calibration learns from earlier ones."""
    chosen = tested.use.origin >= JUDGED_FROM
    parts = {name: getattr(tested, name)[chosen] for name in ("unit", "inside", "ratio", "raw", "chance")}
    return replace(tested, use=tested.use.take(chosen), **parts)


def _raw(panel: Panel, use: Forecasts, distance: Floats, widths: Floats) -> Floats:
    below = share_below(distance, widths)
    up = panel.direction[use.series] == "higher_is_better"
    down = panel.direction[use.series] == "lower_is_better"
    return np.where(up, 1 - below, np.where(down, below, np.nan))


def by_family(panel: Panel, tested: Nested) -> list[dict[str, Any]]:
    """Return forecasts, coverage, and error at five years relative to no change (geometric mean over
    indicators with at least 50 forecasts), by family and overall.
    """
    family, indicator = panel.family[tested.use.series], panel.indicator[tested.use.series]
    rows = []
    for code, name in [*enumerate(panel.families), (-1, "all")]:
        chosen = (family == code) | (code < 0)
        ratios = []
        for one in np.unique(indicator[chosen]):
            here = chosen & (indicator == one) & (tested.use.horizon == 5)
            naive = tested.use.blends[here, 0].mean() if here.sum() >= 50 else 0
            if naive > 0:
                ratios.append(np.log(max(tested.unit[here].mean(), 1e-12) / naive))
        rows.append(
            {
                "family": name,
                "forecasts": int(chosen.sum()),
                "coverage_80": round(float(tested.inside[chosen, 0].mean()), 4) if chosen.any() else None,
                "coverage_95": round(float(tested.inside[chosen, 1].mean()), 4) if chosen.any() else None,
                "relative_to_naive": round(float(np.exp(np.mean(ratios))), 4) if ratios else None,
                "indicators": len(ratios),
            }
        )
    return rows


def cross_fitted(panel: Panel, tested: Nested, settings: Settings) -> Floats:
    """Return the calibrated probability of each tested forecast, with the map learned from other areas of all
    years.

    A country never calibrates itself, but events common to all countries are on both sides.
    """
    area = np.unique(panel.areas, return_inverse=True)[1][tested.use.series]
    state = met_now(panel, tested.use)
    fitted = np.full(len(tested.raw), np.nan)
    for fold in range(FOLDS):
        away, here = area % FOLDS != fold, area % FOLDS == fold
        chances = learn_chances(panel, tested.use.take(away), tested.raw[away], settings)
        fitted[here] = chances.each(
            panel, tested.use.series[here], tested.raw[here], state[here], settings.probability_cap
        )
    return fitted


def reliability(tested: Nested, learned_from: str, chance: Floats) -> list[dict[str, Any]]:
    """Return by tenth of the calibrated probability: cases, mean probability, and success rate.

    Args:
        tested: the forecasts.
        learned_from: earlier_years or other_countries, as the map was; not_met_yet and
            not_met_yet_other_countries: the same of the series that did not meet the target at the origin.
        chance: the calibrated probability of each.
    """
    return tenths(learned_from, chance, tested.raw, tested.use.met)


def tenths(learned_from: str, chance: Floats, raw: Floats, met: Floats) -> list[dict[str, Any]]:
    """Return the same for any probabilities, excluding those without an outcome."""
    there = ~np.isnan(chance) & ~np.isnan(met)
    tenth = np.minimum((chance[there] * TENTHS).astype(np.int64), TENTHS - 1)
    met, said, raw = met[there], chance[there], raw[there]
    return [
        {
            "learned_from": learned_from,
            "tenth": f"{one / TENTHS:.1f} to {(one + 1) / TENTHS:.1f}",
            "cases": int(chosen.sum()),
            "said": round(float(said[chosen].mean()), 4),
            "said_raw": round(float(raw[chosen].mean()), 4),
            "came": round(float(met[chosen].mean()), 4),
        }
        for one in range(TENTHS)
        if (chosen := tenth == one).any()
    ]
