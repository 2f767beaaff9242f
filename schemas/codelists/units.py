"""Units of measure: the codes of codelists/units.yaml with their names and symbols.

Nothing is converted here, and no unit is inferred: which unit a series has is said by the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.definitions.yaml_file import load_yaml

UNITS_FILE = Path(__file__).with_name("units.yaml")


@dataclass(frozen=True)
class Unit:
    """One unit. symbol stands after a number, may be empty; same_as: agencies' codes that mean exactly it."""

    code: str
    name: str
    symbol: str
    note: str = ""
    same_as: tuple[str, ...] = ()


@cache
def units() -> dict[str, Unit]:
    """Every unit by its code, in the order of the file."""
    return {
        code: Unit(
            code, entry["name"], entry["symbol"], entry.get("note", ""), tuple(entry.get("same_as", ()))
        )
        for code, entry in load_yaml(UNITS_FILE).data.items()
    }


def unit_codes() -> tuple[str, ...]:
    """The codes that may stand in a unit column."""
    return tuple(units())


@cache
def unit_map() -> dict[str, str]:
    """Codes that agencies use to ours: our own, and those that units.yaml says mean the same."""
    return {code: unit.code for unit in units().values() for code in (unit.code, *unit.same_as)}
