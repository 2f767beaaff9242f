"""The probability that a projected series meets its target, and the widths of its intervals.

The path itself is in model.py; what the back-test taught is in intervals.py and chances.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.projections.intervals import Calibration, share_below
from warehouse.projections.model_settings import Settings
from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Floats, to_scale

Columns = Mapping[str, NDArray[Any]]


def interval_widths(panel: Panel, widths: Calibration, horizon: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return widths, indicator by horizon by level, and whether they are the indicator's own. Beyond the
    last tested horizon they grow with the square root of time.
    """
    table = widths.of(panel.indicators, families_of(panel))
    tested = table.shape[1]
    step = np.arange(horizon)
    grown = np.sqrt(np.maximum(step + 1, tested) / tested)
    own = np.array([name in widths.widths for name in panel.indicators])
    return table[:, np.minimum(step, tested - 1)] * grown[:, None], own


def families_of(panel: Panel) -> list[str]:
    return [panel.families[code] for code in panel.family_of_indicator]


def meets_now(series: Columns, name: str) -> NDArray[np.bool_]:
    """Return whether the last value is on the better side of a number."""
    last, number, way = series["last_value"], series[name], series["direction"]
    near = np.abs(last - 1) <= np.abs(number - 1) + 1e-9
    met: NDArray[np.bool_] = np.where(
        way == "closer_to_one", near, np.where(way == "higher_is_better", last >= number, last <= number)
    )
    return met


def calibrated_probability(
    panel: Panel, widths: Calibration, raw: Floats, met_now: NDArray[np.bool_], settings: Settings
) -> Floats:
    """The raw probabilities as they came true in the back-test, by indicator."""
    rows = np.arange(len(panel.areas))
    return widths.chances.each(panel, rows, raw, met_now, settings.probability_cap)


def raw_probability(
    panel: Panel, path: Floats, scaled: Floats, direction: NDArray[Any], target: Floats
) -> Floats:
    """Return the probability that the value is at least the target, at most, or for a parity ratio as
    close to one as the target. || NaN without a target, and for exact parity, which no projection meets. A
    target at an end of a bounded scale counts from the offset on: a value that rounds to 100 per cent is
    100 per cent.
    """
    upper, lower = direction == "higher_is_better", direction == "lower_is_better"
    away = np.abs(target - 1)
    inside = np.clip(target, panel.scale.low + panel.scale.offset, panel.scale.high - panel.scale.offset)
    target = np.where(panel.scale.kind == 2, inside, target)

    def below(value: Floats) -> Floats:
        return share_below(to_scale(value, panel.scale)[:, None] - path, scaled)

    chance = below(target)
    near = below(1 + away) - below(1 - away)
    near = np.where(away[:, None] > 0, near, np.nan)
    chance = np.where(upper[:, None], 1 - chance, np.where(lower[:, None], chance, near))
    return np.where(np.isnan(target)[:, None], np.nan, chance)
