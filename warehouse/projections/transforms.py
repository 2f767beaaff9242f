"""The scale on which a series is projected: logit between two natural ends, log for positive values, else
linear.

models/sql/projection_series.sql chooses the scale of an indicator from its definition. This module maps
arrays in both directions; it projects nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]
Kind = Literal["linear", "log", "logit"]
KINDS: tuple[Kind, ...] = ("linear", "log", "logit")


@dataclass(frozen=True)
class Scale:
    """One entry for each series. kind: index into KINDS; low and high: no value lies beyond; offset: added to
    both ends (logit) or to the value (log); unit: what one unit of a linear scale is, in the indicator's
    unit."""

    kind: Integers
    low: Floats
    high: Floats
    offset: Floats
    unit: Floats

    def take(self, chosen: Bools | Integers) -> Scale:
        """Select some of the series."""
        return Scale(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})


def to_scale(values: Floats, scale: Scale) -> Floats:
    """Map values (series by anything) from the indicator's unit to the scale. NaN stays NaN.

    logit: ln((y - low + c) / (high - y + c)) with the offset c, so that 0 and 100 per cent are finite;
    log: ln(y + c); linear: y over the spread of the indicator, so that all scales have steps of like size.
    """
    z = np.empty(values.shape)
    for code, kind in enumerate(KINDS):
        rows = scale.kind == code
        z[rows] = _to_kind(kind, values[rows], scale.take(rows))
    return z


def _to_kind(kind: Kind, values: Floats, scale: Scale) -> Floats:
    _, low, high, offset, unit = _columns(scale, values.ndim)
    if kind == "linear":
        return values / unit
    inside = np.clip(values, low, high)
    with np.errstate(divide="ignore"):  # an end of the range without an offset is infinitely far
        if kind == "log":
            return np.log(inside + offset)
        return np.log((inside - low + offset) / (high - inside + offset))


def from_scale(z: Floats, scale: Scale) -> Floats:
    """Map values back to the indicator's unit, limited to the range, so that no projection leaves it."""
    kind, low, high, offset, unit = _columns(scale, z.ndim)
    share = 1 / (1 + np.exp(-np.clip(z, -500, 500)))
    bounded = share * (high - low + 2 * offset) + low - offset
    positive = np.exp(np.clip(z, -500, 500)) - offset
    return np.clip(np.where(kind == 2, bounded, np.where(kind == 1, positive, z * unit)), low, high)


def _columns(scale: Scale, dimensions: int) -> list[NDArray[np.float64]]:
    shape = (-1,) + (1,) * (dimensions - 1)
    return [getattr(scale, one.name).reshape(shape) for one in fields(scale)]
