"""Units of measure: the codes of codelists/units.yaml with their names and symbols.

Nothing is converted here, and no unit is inferred: which unit a series has is said by the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.definitions.yaml_file import load_yaml
from schemas.errors import CompactError

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


def unit_name(code: str) -> str:
    """The name in words, for a column description or a table head."""
    return _unit(code).name


def unit_symbol(code: str) -> str:
    """What stands after a number; empty where a number stands alone."""
    return _unit(code).symbol


@cache
def unit_map() -> dict[str, str]:
    """Codes that agencies use to ours: our own, and those that units.yaml says mean the same."""
    return {code: unit.code for unit in units().values() for code in (unit.code, *unit.same_as)}


def _unit(code: str) -> Unit:
    if code not in units():
        raise CompactError(
            f"unknown unit {code!r}",
            where="schemas/codelists/units.yaml",
            allowed=", ".join(units()),
            next_step="use one of these, or add the unit to units.yaml with its name and symbol",
        )
    return units()[code]
