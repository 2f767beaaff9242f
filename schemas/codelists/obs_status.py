"""Names of observation statuses: SDMX CL_OBS_STATUS 2.2, and C, our own code."""

from __future__ import annotations

STATUS_WORDS = {
    "A": "normal",
    "B": "break in the series",
    "C": "bound only",
    "D": "definition differs",
    "E": "estimated",
    "F": "forecast",
    "G": "experimental",
    "H": "missing, holiday or weekend",
    "I": "imputed",
    "J": "derogation",
    "K": "included in another category",
    "L": "missing, not collected",
    "M": "missing, cannot exist",
    "N": "not significant",
    "O": "missing",
    "P": "provisional",
    "Q": "missing, suppressed",
    "S": "strike",
    "U": "low reliability",
    "V": "unvalidated",
    "W": "includes another category",
}
