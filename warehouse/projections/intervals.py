"""How wide the intervals are, and how likely a value is: from errors that were made, in units of a series'
volatility, by horizon.

The widths are data: projection_calibration.yaml, written by `compact backtest --write`. How they are found
is in projection_backtest.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from schemas.definitions.yaml_file import load_yaml
from warehouse.projections.panel import grouped_quantile
from warehouse.projections.transforms import Floats, Integers

CALIBRATION = Path(__file__).with_name("calibration.yaml")
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98)  # shares of errors that a width holds
# A share of errors p on a line that has no end: ln((1 + p) / (1 - p)), the logistic quantile of (1 + p) / 2.
KNOTS = np.log((1 + np.array(LEVELS)) / (1 - np.array(LEVELS)))


@dataclass(frozen=True)
class Calibration:
    """projection_calibration.yaml. widths: of each indicator that could be back-tested, and of each scale for
    the others, horizon by level, in volatilities; made_from: release, model, origins; no_change: indicators
    on which the model did not do better than no change, and which are projected without change."""

    widths: Mapping[str, Floats]
    made_from: Mapping[str, Any]
    no_change: frozenset[str] = frozenset()

    def of(self, indicators: Sequence[str], kinds: Sequence[str]) -> Floats:
        """indicator by horizon by level."""
        return np.stack(
            [
                self.widths.get(name, self.widths[f"scale {kind}"])
                for name, kind in zip(indicators, kinds, strict=True)
            ]
        )


@cache
def calibration(path: Path = CALIBRATION) -> Calibration:
    """The widths and figures in force."""
    read = load_yaml(path).data
    widths = {name: np.array(rows, dtype=float) for name, rows in read["widths"].items()}
    return Calibration(widths, read["made_from"], frozenset(read["no_change"]))


def width(widths: Floats, level: float) -> Floats:
    """The half width that holds a share of errors: widths (…, level) at one of LEVELS."""
    chosen: Floats = widths[..., LEVELS.index(level)]
    return chosen


def share_below(distance: Floats, widths: Floats) -> Floats:
    """The probability that an error is at most `distance` (in volatilities, signed), for widths of the same
    shape and one dimension more: the levels. Between two widths, and beyond the last, it goes on as a
    logistic distribution does, so it rises strictly and never reaches 0 or 1."""
    size = np.abs(distance)
    knots = np.concatenate([np.zeros((*widths.shape[:-1], 1)), np.maximum(widths, 1e-12)], axis=-1)
    heights = np.concatenate([[0.0], KNOTS])
    last = len(LEVELS) - 1
    height = np.zeros_like(size)
    for segment in range(len(LEVELS)):
        left, right = knots[..., segment], knots[..., segment + 1]
        part = (size - left) / np.maximum(right - left, 1e-12)
        part = np.clip(part, 0, None if segment == last else 1)
        height += part * (heights[segment + 1] - heights[segment])
    share: Floats = 1 / (1 + np.exp(-np.sign(distance) * np.minimum(height, 500)))
    return share


def widths_of(
    errors: Floats,
    horizon: Integers,
    group: Integers,
    groups: int,
    kind: Integers,
    area: Integers,
    held: int = 10,
) -> tuple[Floats, Floats]:
    """Widths (group by horizon by level; kind by horizon by level) from signed errors in volatilities.

    A group of n areas counts n / (n + held) beside all groups of its scale, on the log scale: a few
    countries make no width of their own. Widths grow with the horizon and with the level. group: code of the
    indicator; kind: of its scale; area: of the area.
    """
    horizons = int(horizon.max())
    own = np.full((groups, horizons, len(LEVELS)), np.nan)
    by_kind = np.full((3, horizons, len(LEVELS)), np.nan)
    everything = np.quantile(np.abs(errors), LEVELS)
    kinds = np.zeros(groups, dtype=np.int64)
    kinds[group] = kind
    for step in range(horizons):  # a handful, whatever the data
        at = horizon == step + 1
        for one in range(3):
            chosen = at & (kind == one)
            by_kind[one, step] = (
                np.quantile(np.abs(errors[chosen]), LEVELS) if chosen.sum() > 50 else everything
            )
        own[:, step] = _own(np.abs(errors[at]), group[at], groups, area[at], by_kind[kinds, step], held)
    return _growing(own), _growing(by_kind)


def _own(size: Floats, group: Integers, groups: int, area: Integers, all_groups: Floats, held: int) -> Floats:
    everyone = np.ones(size.shape, dtype=np.bool_)
    pairs = np.unique(group * (int(area.max(initial=0)) + 1) + area)
    areas = np.bincount(pairs // (int(area.max(initial=0)) + 1), minlength=groups)
    found = np.stack([grouped_quantile(size, group, groups, level, everyone) for level in LEVELS], axis=1)
    found = np.where(np.isnan(found), all_groups, np.maximum(found, 1e-6))
    share = (areas / (areas + held))[:, None]
    return np.exp(share * np.log(found) + (1 - share) * np.log(np.maximum(all_groups, 1e-6)))


def _growing(widths: Floats) -> Floats:
    return np.maximum.accumulate(np.maximum.accumulate(widths, axis=1), axis=2)
