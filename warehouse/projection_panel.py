"""Series side by side as arrays: one row a series, one column a year. Made from columns of a query.

Which series and points are in it is judged in models/projection_series.sql; what is made of them in
projection_model.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.projection_scale import KINDS, Bools, Floats, Integers, Scale, to_scale


@dataclass(frozen=True)
class Panel:
    """values: series by years, in the indicator's unit, NaN where there is none; indicator and region: codes
    from 0, the region within its indicator; country: whether the series is a country's, which the pool is
    learned from, or a group's, which is not."""

    values: Floats
    years: Integers
    indicator: Integers
    region: Integers
    country: Bools
    scale: Scale
    indicators: tuple[str, ...]
    areas: tuple[str, ...]

    @property
    def z(self) -> Floats:
        """The values on their scale."""
        return to_scale(self.values, self.scale)

    def take(self, chosen: Bools) -> Panel:
        """Some of the series."""
        return replace(
            self,
            values=self.values[chosen],
            indicator=self.indicator[chosen],
            region=self.region[chosen],
            country=self.country[chosen],
            scale=self.scale.take(chosen),
            areas=tuple(np.asarray(self.areas, dtype=object)[chosen]),
        )

    def until(self, year: int) -> Panel:
        """What was known at the end of a year, as far as today's vintage tells."""
        known = self.years <= year
        return replace(self, values=self.values[:, known], years=self.years[known])


def make_panel(rows: Mapping[str, NDArray[Any]], offset: float) -> Panel:
    """A panel from columns: indicator, ref_area, region, country, time_period, value, kind, lowest, highest.

    offset: of settings. The rows may come in any order; a series, year is there once.
    """
    indicators, of_indicator = np.unique(rows["indicator"].astype(str), return_inverse=True)
    areas, of_area = np.unique(rows["ref_area"].astype(str), return_inverse=True)
    regions, of_region = np.unique(rows["region"].astype(str), return_inverse=True)
    _, first, series = np.unique(
        of_indicator.astype(np.int64) * len(areas) + of_area, return_index=True, return_inverse=True
    )
    time = rows["time_period"].astype(np.int64)
    years = np.arange(time.min(), time.max() + 1)
    values = np.full((len(first), len(years)), np.nan)
    values[series, time - years[0]] = rows["value"].astype(np.float64)
    indicator = of_indicator[first].astype(np.int64)
    _, region = np.unique(indicator * len(regions) + of_region[first], return_inverse=True)
    kind = np.array([KINDS.index(name) for name in rows["kind"][first].astype(str)], dtype=np.int64)
    low, high = rows["lowest"][first].astype(np.float64), rows["highest"][first].astype(np.float64)
    scale = Scale(kind, low, high, *_offset_and_unit(values, indicator, kind, high - low, offset))
    return Panel(
        values,
        years,
        indicator,
        region.astype(np.int64),
        rows["country"][first].astype(np.bool_),
        scale,
        tuple(str(name) for name in indicators),
        tuple(str(name) for name in areas[of_area[first]]),
    )


def _offset_and_unit(
    values: Floats, indicator: Integers, kind: Integers, span: Floats, share: float
) -> tuple[Floats, Floats]:
    """offset: of the range (logit), of the indicator's lower quartile of positive values (log), else 0; unit:
    the indicator's interquartile range, for the linear scale."""
    codes = np.repeat(indicator, values.shape[1]).reshape(values.shape)
    count = int(indicator.max()) + 1
    quartile = [grouped_quantile(values, codes, count, q, ~np.isnan(values)) for q in (0.25, 0.75)]
    positive = grouped_quantile(values, codes, count, 0.25, values > 0)
    spread = np.nan_to_num(quartile[1] - quartile[0])
    lower = np.nan_to_num(positive)[indicator]
    offset = np.where(kind == 2, share * span, np.where(kind == 1, share * np.where(lower > 0, lower, 1), 0))
    return offset, np.where(spread > 0, spread, 1.0)[indicator]


def grouped_quantile(
    values: Floats, codes: Integers, count: int, q: float, among: Bools, default: float = np.nan
) -> Floats:
    """The q-th quantile (an element, not a mean of two) of each group of values, those of `among` only;
    default for a group that has none."""
    chosen = among & ~np.isnan(values)
    value, code = values[chosen], codes[chosen]
    order = np.lexsort((value, code))
    size = np.bincount(code, minlength=count)
    start = np.cumsum(size) - size
    if not value.size:
        return np.full(count, default)
    at = np.minimum(start + np.floor(q * np.maximum(size - 1, 0) + 0.5).astype(np.int64), value.size - 1)
    return np.where(size > 0, value[order][at], default)
