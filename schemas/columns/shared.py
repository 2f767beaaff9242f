"""Columns that several published tables share, and short constructors for the others.

The tables are in schemas/tables/.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.columns.model import Column
from schemas.columns.observation import SNAPSHOT, SOURCE, TIME_PERIOD

DIRECTIONS = ("higher_is_better", "lower_is_better", "closer_to_one")

INDICATOR_ID = Column("indicator", "string", "dimension", "Identifier of the indicator, the name of its file.",
                      pattern=r"^[a-z][a-z0-9_]*$")
VALUE = Column("value", "float64", "measure", "The value, in the indicator's unit.")
GROUP = Column("group", "string", "dimension", "Code of the group, unique within its grouping.",
               pattern=r"^[A-Z][A-Z0-9_]*(:[A-Za-z0-9_-]+)?$")
# A derived value has several origins: its sources, series and snapshots are joined by ';'.
SOURCES = replace(SOURCE, description="Source of the value; for a derived value its sources, joined by ';'.",
                  pattern=r"^[a-z][a-z0-9_]*(;[a-z][a-z0-9_]*)*$")
SNAPSHOTS = replace(SNAPSHOT, description="sha256 of the raw bytes behind the value; several, joined by ';', if derived.",
                    pattern=r"^[0-9a-f]{64}(;[0-9a-f]{64})*$")
LOWER = Column("lower_bound", "float64", "measure", "Lower bound of the value, if published.", nullable=True)
UPPER = Column("upper_bound", "float64", "measure", "Upper bound of the value, if published.", nullable=True)


def text(name: str, description: str, *, nullable: bool = False, pattern: str = "", allowed: tuple[str, ...] = (),
         role: str = "attribute") -> Column:
    return Column(name, "string", "dimension" if role == "dimension" else "attribute", description,
                  nullable=nullable, pattern=pattern, allowed=allowed)


def year(name: str, description: str, *, nullable: bool = False) -> Column:
    return replace(TIME_PERIOD, name=name, role="attribute", description=description, nullable=nullable)


def number(name: str, description: str, *, unit: str = "", nullable: bool = False, minimum: float | None = None,
           maximum: float | None = None) -> Column:
    return Column(name, "float64", "measure", description, unit=unit, nullable=nullable, minimum=minimum, maximum=maximum)


def count(name: str, description: str) -> Column:
    return Column(name, "int64", "measure", description, minimum=0)
