"""The published reference tables: units, breaks, and the code lists of dimensions, status, classes and kinds.

Rows of units and codes come from schemas/codelists, breaks from the definitions of indicators; each column
declares its allowed codes.
"""

from __future__ import annotations

from schemas.columns.model import Table
from schemas.columns.observation import TIME_PERIOD
from schemas.columns.shared import INDICATOR_ID, text

UNIT_TABLE = Table(
    "unit", "Units of measure", "One unit: what a code in a column `unit` means, and what is written after a number.",
    (text("unit", "Code of the unit.", role="dimension", pattern=r"^[A-Z][A-Z0-9_]*$"),
     text("name", "Name of the unit."),
     text("symbol", "What is written after a number; null: nothing.", nullable=True),
     text("note", "What the unit leaves open.", nullable=True)),
    ("unit",))

CODE = Table(
    "code", "Code lists", "One code of a dimension, an observation status, a class, a level of confidence, a kind of area, a "
    "framework or an objective, in words. Ages and quantiles: those that a value of the release has.",
    (text("codelist", "Column in which the code stands, or the framework whose part it is.", role="dimension", pattern=r"^[a-z][a-z0-9_]*$"),
     text("code", "The code.", role="dimension"),
     text("name", "The code in words."),
     text("origin", "Whose code it is.")),
    ("codelist", "code"))

SERIES_BREAK = Table(
    "series_break", "Declared breaks", "A change in how a series is made, as its definition declares it: years before it are not "
    "compared with years from it on. Breaks that an agency marks are in obs_status.",
    (INDICATOR_ID,
     text("applies_to", "ISO3 of the country concerned, or all.", role="dimension", pattern=r"^([A-Z]{3}|all)$"),
     TIME_PERIOD,
     text("reason", "What changed, and where that stands.")),
    ("indicator", "applies_to", "time_period"))

CODE_TABLES: tuple[Table, ...] = (UNIT_TABLE, CODE, SERIES_BREAK)
