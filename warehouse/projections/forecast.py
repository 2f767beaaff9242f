"""What is said of each series ahead: its path, how wide its intervals are, the probability that a target is
met, and the year in which it is more likely met than not.

Arrays in, arrays out; the model is in model.py, the widths in intervals.py, the scales in transforms.py. The
published rows are made in projection.py, those of groups in group_rows.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.projections.calibrate import Chances
from warehouse.projections.intervals import Calibration, share_below
from warehouse.projections.model import Settings, learn, local, project, smoothed_level
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Bools, Floats, Integers, to_scale

REACH = (
    20  # years after the last value in which a target may be reached; widths beyond ten years are not tested
)
YEAR_SHARES = (0.5, 0.1, 0.9)  # of the year in which the target is met: median, and the ends of 80 per cent
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Forecast:
    """Of the series that are projected, in their order. part: their rows of the panel; z: known values on the
    scale; path: median on the scale, series by years ahead; scaled: half widths, by level; still: whether the
    path is the last value; own: of each indicator, whether the widths are its own."""

    part: Panel
    z: Floats
    path: Floats
    scaled: Floats
    still: Bools
    own: Bools


def forecast(panel: Panel, wanted: Columns, given: Settings, widths: Calibration) -> Forecast:
    """Path and widths of the wanted series for REACH years, or as many as are asked for. The pool is learned
    from all countries of the panel."""
    z = panel.z
    pool = learn(z, panel.years, panel.indicator, panel.region, panel.country, given)
    chosen = np.zeros(len(panel.areas), dtype=np.bool_)
    chosen[_places(panel, wanted)] = True
    part, z = panel.take(chosen), z[chosen]
    horizon = max(int((wanted["until_year"] - wanted["last_year"]).max()), REACH)
    now = local(z, part.years, given)
    path, volatility = project(now, pool, part.indicator, part.region, part.scale.kind, horizon, given)
    blends = widths.blend(panel.indicators, _families(panel))[part.indicator]
    level, last = smoothed_level(z, given), now.last[:, None]
    path = last + blends[:, :1] * (path - last) + blends[:, 1:] * (level[:, None] - last)
    by_indicator, own = _widths(panel, widths, horizon)
    scaled = by_indicator[part.indicator] * volatility[:, None, None]
    return Forecast(part, z, path, scaled, (blends == 0).all(axis=1), own)


def chance(said: Forecast, widths: Calibration, wanted: Columns, name: str, given: Settings) -> Floats:
    """The calibrated probability that each year's value meets a number of `wanted`: met_at, target_value."""
    raw = _probability(said.part, said.path, said.scaled, wanted["direction"], wanted[name])
    return _calibrated(said.part, widths, raw, _meets(wanted, name), given)


def years_met(met: Floats, wanted: Columns) -> list[Integers]:
    """By YEAR_SHARES, the first year whose probability of meeting the target reaches the share; the year of
    the last value where that meets it; 0 for none within REACH."""
    last = wanted["last_year"].astype(np.int64)
    return [first_year(met[:, :REACH] >= share, last, _meets(wanted, "met_at")) for share in YEAR_SHARES]


def first_year(reached: Bools, last: Integers, met_now: Bools) -> Integers:
    """The first year after `last` in which it holds, `last` itself where the target is met now, else 0."""
    found: Integers = np.where(reached.any(axis=1), last + 1 + np.argmax(reached, axis=1), 0)
    return np.where(met_now, last, found)


def _places(panel: Panel, wanted: Columns) -> Integers:
    """The row of the panel for each wanted series; both are ordered by indicator, then area."""
    here = {name: code for code, name in enumerate(panel.indicators)}
    both = np.concatenate([np.array(panel.areas, str), wanted["ref_area"].astype(str)])
    areas, of_area = np.unique(both, return_inverse=True)
    codes = np.array([here[name] for name in wanted["indicator"].astype(str)])
    keys = panel.indicator * len(areas) + of_area[: len(panel.areas)]
    return np.searchsorted(keys, codes * len(areas) + of_area[len(panel.areas) :])


def _widths(panel: Panel, widths: Calibration, horizon: int) -> tuple[Floats, NDArray[np.bool_]]:
    """indicator by horizon by level; beyond the last horizon that was tested they grow with the root of
    time. And whether they are the indicator's own."""
    table = widths.of(panel.indicators, _families(panel))
    tested = table.shape[1]
    step = np.arange(horizon)
    grown = np.sqrt(np.maximum(step + 1, tested) / tested)
    own = np.array([name in widths.widths for name in panel.indicators])
    return table[:, np.minimum(step, tested - 1)] * grown[:, None], own


def _families(panel: Panel) -> list[str]:
    return [panel.families[code] for code in panel.family_of_indicator]


def _meets(wanted: Columns, name: str) -> NDArray[np.bool_]:
    """Whether the last value is on the better side of a number."""
    last, number, way = wanted["last_value"], wanted[name], wanted["direction"]
    near = np.abs(last - 1) <= np.abs(number - 1) + 1e-9
    found: NDArray[np.bool_] = np.where(
        way == "closer_to_one", near, np.where(way == "higher_is_better", last >= number, last <= number)
    )
    return found


def _calibrated(
    panel: Panel, widths: Calibration, raw: Floats, met_now: NDArray[np.bool_], given: Settings
) -> Floats:
    """The raw probabilities as they came true in the back-test."""
    rows = np.arange(len(panel.areas))
    return Chances(widths.chances).each(panel, rows, raw, met_now, given.probability_cap)


def _probability(
    panel: Panel, path: Floats, scaled: Floats, direction: NDArray[Any], target: Floats
) -> Floats:
    """That the value is at least the target, at most, or for a parity ratio as close to one as the target;
    NaN without a target, and for parity itself, which no projection meets exactly. A target at an end of a
    bounded scale counts from the offset on: what rounds to 100 per cent is 100 per cent."""
    upper, lower = direction == "higher_is_better", direction == "lower_is_better"
    away = np.abs(target - 1)
    inside = np.clip(target, panel.scale.low + panel.scale.offset, panel.scale.high - panel.scale.offset)
    target = np.where(panel.scale.kind == 2, inside, target)

    def below(value: Floats) -> Floats:
        return share_below(to_scale(value, panel.scale)[:, None] - path, scaled)

    found = below(target)
    near = below(1 + away) - below(1 - away)
    near = np.where(away[:, None] > 0, near, np.nan)
    found = np.where(upper[:, None], 1 - found, np.where(lower[:, None], found, near))
    return np.where(np.isnan(target)[:, None], np.nan, found)
