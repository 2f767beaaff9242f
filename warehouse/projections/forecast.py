"""The forecast of each series: its path, interval widths, probability of meeting a target, and the year in
which it is more likely met than not.

Takes and returns arrays. The model is in model.py, probabilities in probability.py, the published rows in
projection.py, those of groups in groups/rows.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.projections.intervals import Calibration
from warehouse.projections.model import learn, local, project, smoothed_level
from warehouse.projections.model_settings import Settings
from warehouse.projections.panel import Panel
from warehouse.projections.probability import (
    Columns,
    calibrated_probability,
    families_of,
    interval_widths,
    meets_now,
    raw_probability,
)
from warehouse.projections.transforms import Bools, Floats, Integers

REACH = (
    20  # years after the last value in which a target may be reached; widths beyond ten years are not tested
)
# quantiles of the year in which the target is met: median, and the ends of 80 per cent
YEAR_SHARES = (0.5, 0.1, 0.9)


@dataclass(frozen=True)
class Forecast:
    """The projected series, in order. part: their rows of the panel; z: known values on the scale; path:
    median on the scale, series by years ahead; scaled: half widths, by level; still: whether the path is
    the last value; own: of each indicator, whether the widths are its own.
    """

    part: Panel
    z: Floats
    path: Floats
    scaled: Floats
    still: Bools
    own: Bools


def forecast(panel: Panel, series: Columns, settings: Settings, widths: Calibration) -> Forecast:
    """Return path and widths of the wanted series for REACH years, or as requested. The pool is learned
    from all countries of the panel.
    """
    z = panel.z
    pool = learn(z, panel.years, panel.indicator, panel.region, panel.country, settings)
    chosen = np.zeros(len(panel.areas), dtype=np.bool_)
    chosen[_places(panel, series)] = True
    part, z = panel.take(chosen), z[chosen]
    horizon = max(int((series["until_year"] - series["last_year"]).max()), REACH)
    now = local(z, part.years, settings)
    path, volatility = project(now, pool, part.indicator, part.region, part.scale.kind, horizon, settings)
    blends = widths.blend(panel.indicators, families_of(panel))[part.indicator]
    level, last = smoothed_level(z, settings), now.last[:, None]
    path = last + blends[:, :1] * (path - last) + blends[:, 1:] * (level[:, None] - last)
    by_indicator, own = interval_widths(panel, widths, horizon)
    scaled = by_indicator[part.indicator] * volatility[:, None, None]
    return Forecast(part, z, path, scaled, (blends == 0).all(axis=1), own)


def chance(said: Forecast, widths: Calibration, series: Columns, name: str, settings: Settings) -> Floats:
    """Return the calibrated probability that each year's value meets a number of `wanted`: met_at,
    target_value.
    """
    raw = raw_probability(said.part, said.path, said.scaled, series["direction"], series[name])
    return calibrated_probability(said.part, widths, raw, meets_now(series, name), settings)


def years_met(met: Floats, series: Columns) -> list[Integers]:
    """Return for YEAR_SHARES the first year with that probability of meeting the target, lost in no year up
    to the target's; the year of the last value if it meets the target; 0 if none within REACH.
    """
    last = series["last_year"].astype(np.int64)
    now, until = meets_now(series, "met_at"), series["target_year"].astype(np.int64)
    years = last[:, None] + 1 + np.arange(min(met.shape[1], REACH))
    return [
        first_year(lasting(met[:, :REACH] >= share, years, until[:, None]), last, now)
        for share in YEAR_SHARES
    ]


def lasting(reached: Bools, years: Integers, until: Integers | int) -> Bools:
    """Return whether a condition holds in a year and in all that follow up to `until`: the probability of a
    parity ratio can fall again as its interval widens, and a target that is lost by its year is not met.
    years, until: broadcast to `reached`, series by year.
    """
    missed = ~reached & (years <= until)
    lost: Bools = np.logical_or.accumulate(missed[..., ::-1], axis=-1)[..., ::-1]
    return reached & ~lost


def first_year(reached: Bools, last: Integers, met_now: Bools) -> Integers:
    """Return the first year after `last` in which the condition holds, `last` itself if the target is met
    now, else 0.
    """
    years: Integers = np.where(reached.any(axis=1), last + 1 + np.argmax(reached, axis=1), 0)
    return np.where(met_now, last, years)


def _places(panel: Panel, series: Columns) -> Integers:
    """Return the row of the panel for each wanted series; both are ordered by indicator, then area."""
    here = {name: code for code, name in enumerate(panel.indicators)}
    both = np.concatenate([np.array(panel.areas, str), series["ref_area"].astype(str)])
    areas, of_area = np.unique(both, return_inverse=True)
    codes = np.array([here[name] for name in series["indicator"].astype(str)])
    keys = panel.indicator * len(areas) + of_area[: len(panel.areas)]
    return np.searchsorted(keys, codes * len(areas) + of_area[len(panel.areas) :])
