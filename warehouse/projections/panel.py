"""Series as arrays: one row per series, one column per year, made from columns of a query.

models/sql/projection_series.sql selects series and points; model.py uses them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.projections.transforms import KINDS, Bools, Floats, Integers, Scale, to_scale

DESCRIBING = (
    *("indicator", "ref_area", "region", "country", "kind", "lowest", "highest"),
    *("family", "met_at", "direction"),
)  # of a series


@dataclass(frozen=True)
class Panel:
    """values: series by years, in the indicator's unit, NaN where there is none; indicator and region: codes
    from 0, the region within its indicator; country: whether the series is a country's, which the pool is
    learned from, or a group's, which is not; family: code of the folder of the indicator's definition; met_at
    and direction: of its target, NaN without one; share: of settings, from which the offsets are made."""

    values: Floats
    years: Integers
    indicator: Integers
    region: Integers
    country: Bools
    scale: Scale
    indicators: tuple[str, ...]
    areas: tuple[str, ...]
    family: Integers
    families: tuple[str, ...]
    met_at: Floats
    direction: NDArray[Any]
    share: float

    @property
    def z(self) -> Floats:
        """Values on their scale."""
        return to_scale(self.values, self.scale)

    def take(self, chosen: Bools) -> Panel:
        """Select some of the series."""
        return replace(
            self,
            values=self.values[chosen],
            indicator=self.indicator[chosen],
            region=self.region[chosen],
            country=self.country[chosen],
            scale=self.scale.take(chosen),
            family=self.family[chosen],
            met_at=self.met_at[chosen],
            direction=self.direction[chosen],
            areas=tuple(np.asarray(self.areas, dtype=object)[chosen]),
        )

    def until(self, year: int) -> Panel:
        """Return the panel as known at the end of a year, within the current vintage: values, and the
        offsets and units of the scales that follow from them.
        """
        known = self.years <= year
        values, scale = self.values[:, known], self.scale
        span = scale.high - scale.low
        measured = _offset_and_unit(values, self.indicator, scale.kind, span, self.share)
        then = Scale(scale.kind, scale.low, scale.high, *measured)
        return replace(self, values=values, years=self.years[known], scale=then)

    @property
    def family_of_indicator(self) -> Integers:
        """Return the family of each indicator, by its code."""
        families = np.zeros(len(self.indicators), dtype=np.int64)
        families[self.indicator] = self.family
        return families


def make_panel(rows: Mapping[str, Any], offset: float) -> Panel:
    """Build a panel from the columns indicator, ref_area, region, country, time_period, value, kind, lowest,
    highest and optionally family, met_at and direction; without families each scale is one.

    offset: of settings. The rows may be in any order; each series and year occurs once.
    """
    _, of_indicator = _coded(rows["indicator"])
    areas, of_area = _coded(rows["ref_area"])
    _, first, series = np.unique(of_indicator * len(areas) + of_area, return_index=True, return_inverse=True)
    time = rows["time_period"].astype(np.int64)
    years = np.arange(time.min(), time.max() + 1)
    missing = {"family": rows["kind"], "met_at": np.full(len(time), np.nan), "direction": rows["kind"]}
    named = {name: rows.get(name, missing.get(name))[first] for name in DESCRIBING}
    return panel_of_series(named, series, time, rows["value"], years, offset)


def panel_of_series(
    named: Mapping[str, Any], series: Integers, time: Integers, value: Floats, years: Integers, offset: float
) -> Panel:
    """Build a panel from DESCRIBING columns, one row per series in the order of indicator and area, and
    from values with their series (its row) and year.
    """
    indicators, indicator = _coded(named["indicator"])
    regions, of_region = _coded(named["region"])
    values = np.full((len(indicator), len(years)), np.nan)
    values[series, time - years[0]] = value
    _, region = np.unique(indicator * len(regions) + of_region, return_inverse=True)
    kinds, of_kind = _coded(named["kind"])
    families, family = _coded(named["family"])
    kind = np.array([KINDS.index(name) for name in kinds], dtype=np.int64)[of_kind]
    low, high = named["lowest"].astype(np.float64), named["highest"].astype(np.float64)
    return Panel(
        values,
        years,
        indicator,
        region.astype(np.int64),
        named["country"].astype(np.bool_),
        Scale(kind, low, high, *_offset_and_unit(values, indicator, kind, high - low, offset)),
        tuple(indicators.tolist()),
        tuple(np.asarray(named["ref_area"]).tolist()),
        family.astype(np.int64),
        tuple(families.tolist()),
        np.asarray(named["met_at"], dtype=np.float64),
        np.asarray(named["direction"]),
        offset,
    )


def _coded(names: NDArray[Any]) -> tuple[NDArray[Any], Integers]:
    """Return the distinct names in order, and the place of each row's name among them. Arrow looks them up
    in a fraction of the time and memory of sorting all of them.
    """
    encoded = pa.array(names, pa.string()).dictionary_encode()
    known = encoded.dictionary.to_numpy(zero_copy_only=False)
    order = np.argsort(known)
    place = np.empty(len(known), dtype=np.int64)
    place[order] = np.arange(len(known))
    return known[order], place[encoded.indices.to_numpy()]


def _offset_and_unit(
    values: Floats, indicator: Integers, kind: Integers, span: Floats, share: float
) -> tuple[Floats, Floats]:
    """Return offset and unit of the scales. offset: of the range (logit), of the indicator's lower
    quartile of positive values (log), else 0; unit: the indicator's interquartile range, for the linear
    scale.
    """
    codes = np.repeat(indicator, values.shape[1]).reshape(values.shape)
    count = int(indicator.max()) + 1
    lower_quartile, upper_quartile = grouped_quantiles(values, codes, count, (0.25, 0.75), ~np.isnan(values))
    positive = grouped_quantile(values, codes, count, 0.25, values > 0)
    spread = np.nan_to_num(upper_quartile - lower_quartile)
    lower = np.nan_to_num(positive)[indicator]
    offset = np.where(kind == 2, share * span, np.where(kind == 1, share * np.where(lower > 0, lower, 1), 0))
    return offset, np.where(spread > 0, spread, 1.0)[indicator]


def grouped_quantile(
    values: Floats, codes: Integers, count: int, q: float, among: Bools, default: float = np.nan
) -> Floats:
    """Return the q-th quantile (an element, not a mean of two) of each group of values, only of those in
    `among`; default for an empty group.
    """
    return grouped_quantiles(values, codes, count, (q,), among, default)[0]


def grouped_quantiles(
    values: Floats,
    codes: Integers,
    count: int,
    shares: Sequence[float],
    among: Bools,
    default: float = np.nan,
) -> list[Floats]:
    """Return several quantiles, sorting the values once."""
    chosen = among & ~np.isnan(values)
    value, code = values[chosen], codes[chosen]
    if not value.size:
        return [np.full(count, default) for _ in shares]
    order = np.argsort(value)  # then by code: 16-bit integers are sorted by counting
    small = np.int16 if count < 1 << 15 else np.int64
    ordered = value[order[np.argsort(code[order].astype(small), kind="stable")]]
    size = np.bincount(code, minlength=count)
    start = np.cumsum(size) - size
    places = [start + np.floor(q * np.maximum(size - 1, 0) + 0.5).astype(np.int64) for q in shares]
    return [np.where(size > 0, ordered[np.minimum(at, value.size - 1)], default) for at in places]
