"""Projections of groups: simulated from their members, anchored on the official value, and their
back-test.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    backtest="group_families judged_groups production tested_groups",
    official="official_of",
    rows="GroupInputs group_inputs with_groups",
    simulation="GroupCalibration group_calibration",
)
