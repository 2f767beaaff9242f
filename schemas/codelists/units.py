"""Units of measure: the codes of codelists/units.yaml with their names and symbols.

This module neither converts nor infers units: the source declares the unit of a series.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.definitions.yaml_file import load_yaml

UNITS_FILE = Path(__file__).with_name("units.yaml")


@dataclass(frozen=True)
class Unit:
    """One unit. symbol follows a number, may be empty; same_as: agencies' codes with exactly its meaning."""

    code: str
    name: str
    symbol: str
    note: str = ""
    same_as: tuple[str, ...] = ()


@cache
def units() -> dict[str, Unit]:
    """Return every unit by its code, in the order of the file."""
    return {
        code: Unit(
            code, entry["name"], entry["symbol"], entry.get("note", ""), tuple(entry.get("same_as", ()))
        )
        for code, entry in load_yaml(UNITS_FILE).data.items()
    }


def unit_codes() -> tuple[str, ...]:
    """Return the codes that are valid in a unit column."""
    return tuple(units())


@cache
def unit_map() -> dict[str, str]:
    """Map codes of agencies to ours: our own, and the synonyms of units.yaml."""
    return {code: unit.code for unit in units().values() for code in (unit.code, *unit.same_as)}
