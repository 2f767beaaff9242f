"""Interval widths and probabilities of a value, from past errors in units of a series' volatility, by
horizon.

The widths are data: calibration.yaml, written by `compact backtest --write`. backtest.py estimates them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from schemas.definitions.yaml_file import load_yaml
from warehouse.projections.chances import Chances
from warehouse.projections.panel import grouped_quantile
from warehouse.projections.transforms import Floats, Integers

CALIBRATION = Path(__file__).with_name("calibration.yaml")
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98)  # shares of errors covered by each width
# A share of errors p on an unbounded line: ln((1 + p) / (1 - p)), the logistic quantile of (1 + p) / 2.
KNOTS = np.log((1 + np.array(LEVELS)) / (1 - np.array(LEVELS)))


@dataclass(frozen=True)
class Calibration:
    """calibration.yaml. widths: of each indicator that could be back-tested, of each family, and of all,
    horizon by level, in volatilities; blends: drift and smoothing of each indicator and family, as shares;
    chances: the map from raw to calibrated probabilities; made_from: release, model, origins."""

    widths: Mapping[str, Floats]
    made_from: Mapping[str, Any]
    blends: Mapping[str, Sequence[float]]
    chances: Chances

    def of(self, indicators: Sequence[str], families: Sequence[str]) -> Floats:
        """Return widths: indicator by horizon by level."""
        return np.stack([self._found(self.widths, *pair) for pair in zip(indicators, families, strict=True)])

    def blend(self, indicators: Sequence[str], families: Sequence[str]) -> Floats:
        """Return blends: indicator by (drift, smoothing)."""
        blends = [self._found(self.blends, *pair) for pair in zip(indicators, families, strict=True)]
        return np.array(blends, dtype=np.float64)

    @staticmethod
    def _found(table: Mapping[str, Any], indicator: str, family: str) -> Any:
        return table.get(indicator, table.get(f"family {family}", table["all"]))


@cache
def calibration(path: Path = CALIBRATION) -> Calibration:
    """Load the current widths and figures."""
    read = load_yaml(path).data
    widths = {name: np.array(rows, dtype=float) for name, rows in read["widths"].items()}
    shifts = {name: (float(pair[0]), float(pair[1])) for name, pair in read["shifts"].items()}
    return Calibration(widths, read["made_from"], read["blends"], Chances(shifts, read["limits"]))


def width(widths: Floats, level: float) -> Floats:
    """Return the half width that covers a share of errors: widths (…, level) at one of LEVELS."""
    chosen: Floats = widths[..., LEVELS.index(level)]
    return chosen


def share_below(distance: Floats, widths: Floats) -> Floats:
    """Return the probability that an error is at most `distance` (in volatilities, signed), for widths of
    the same shape and one more dimension, the levels. Between two widths, and beyond the last, it follows
    a logistic distribution, so it rises strictly and never reaches 0 or 1.
    """
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
    family: Integers,
    area: Integers,
    family_of_group: Integers,
    held: int = 10,
) -> tuple[Floats, Floats]:
    """Estimate widths (group by horizon by level; family by horizon by level) from signed errors in
    volatilities.

    A group of n areas has weight n / (n + held) against all groups of its family, on the log scale: a few
    countries do not determine a width. Widths grow with the horizon and with the level. group: code of the
    indicator; family: of its family, one for each error and one for each group; area: of the area.
    """
    horizons, families = int(horizon.max()), int(family_of_group.max()) + 1
    own = np.full((groups, horizons, len(LEVELS)), np.nan)
    by_family = np.full((families, horizons, len(LEVELS)), np.nan)
    size = np.abs(errors)
    # a family without history is no better known than the least known of the others
    everything = np.max(
        [np.quantile(size[family == one], LEVELS) for one in np.unique(family) if (family == one).sum() > 200]
        or [np.quantile(size, LEVELS)],
        axis=0,
    )
    for step in range(horizons):  # a handful, whatever the data
        at = horizon == step + 1
        for one in range(families):
            chosen = size[at & (family == one)]
            by_family[one, step] = np.quantile(chosen, LEVELS) if len(chosen) > 50 else everything
        own[:, step] = _own(size[at], group[at], groups, area[at], by_family[family_of_group, step], held)
    return _growing(own), _growing(by_family)


def _own(size: Floats, group: Integers, groups: int, area: Integers, all_groups: Floats, held: int) -> Floats:
    everyone = np.ones(size.shape, dtype=np.bool_)
    pairs = np.unique(group * (int(area.max(initial=0)) + 1) + area)
    areas = np.bincount(pairs // (int(area.max(initial=0)) + 1), minlength=groups)
    own = np.stack([grouped_quantile(size, group, groups, level, everyone) for level in LEVELS], axis=1)
    own = np.where(np.isnan(own), all_groups, np.maximum(own, 1e-6))
    share = (areas / (areas + held))[:, None]
    return np.exp(share * np.log(own) + (1 - share) * np.log(np.maximum(all_groups, 1e-6)))


def _growing(widths: Floats) -> Floats:
    return np.maximum.accumulate(np.maximum.accumulate(widths, axis=1), axis=2)
