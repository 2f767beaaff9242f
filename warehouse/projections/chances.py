"""The map from raw to calibrated probabilities: a shift of the log odds of each indicator, and a limit for
series that do not meet the target yet.

Shifts and limits are data, in calibration.yaml; chance_learning.py estimates them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from warehouse.projections.panel import Panel
from warehouse.projections.transforms import Bools, Floats, Integers

SMALLEST = 1e-4  # of a raw probability and its complement, so that the log odds are finite


@dataclass(frozen=True)
class Chances:
    """shifts: by indicator, on the log odds of series that do not meet the target now, and of those that do;
    limits: by family and overall, the highest probability of a series that does not meet it.
    """

    shifts: Mapping[str, tuple[float, float]]
    limits: Mapping[str, float]

    def of(self, indicator: str, family: str, raw: Floats, met_now: Bools, cap: float) -> Floats:
        """Calibrate probabilities, with the cap; NaN stays NaN.

        A value that meets the target now never gets less than one that does not at the same raw probability,
        so a better value never gets less.
        """
        still_open, met = (shifted(raw, shift) for shift in self.shifts.get(indicator, (0.0, 0.0)))
        still_open = np.minimum(still_open, self.limits.get(family, self.limits["all"]))
        chances: Floats = np.clip(np.where(met_now, np.maximum(met, still_open), still_open), cap, 1 - cap)
        return np.where(np.isnan(raw), np.nan, chances)

    def each(self, panel: Panel, series: Integers, raw: Floats, met_now: Bools, cap: float) -> Floats:
        """Calibrate rows of a panel: raw and the result have one row, or entry, for each of `series`."""
        indicator, chances = panel.indicator[series], np.full(raw.shape, np.nan)
        now = met_now[:, None] if raw.ndim == 2 else met_now
        family = panel.family_of_indicator
        for code in np.unique(indicator):  # indicators, not series
            chosen = indicator == code
            names = panel.indicators[code], panel.families[family[code]]
            chances[chosen] = self.of(*names, raw[chosen], now[chosen], cap)
        return chances


def shifted(raw: Floats, shift: float | Floats) -> Floats:
    """Add a shift to the log odds of probabilities."""
    inside = np.clip(raw, SMALLEST, 1 - SMALLEST)
    moved: Floats = 1 / (1 + (1 - inside) / inside * np.exp(-shift))
    return moved
