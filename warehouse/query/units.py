"""Names of a release's units: its table `unit`, or for an older release the code list of this checkout."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from warehouse.query.tables import ask, has_table

# Units of a bare number: no text follows the number.
SPACELESS = ("%",)


@lru_cache(maxsize=4)
def unit_words(folder: Path) -> dict[str, tuple[str, str]]:
    """Return name and symbol of each unit by its code. The symbol follows a number and may be empty."""
    if has_table(folder, "unit"):
        return {row["unit"]: (row["name"], row["symbol"] or "") for row in ask(folder, "from {unit}")}
    from schemas.codelists.units import units

    return {code: (unit.name, unit.symbol) for code, unit in units().items()}


def code_words(folder: Path, codelists: Sequence[str]) -> dict[tuple[str, str], str]:
    """Codes in words, by code list and code; empty for a release of before the table."""
    if not has_table(folder, "code"):
        return {}
    question = "select codelist, code, name from {code} where codelist in $codelists"
    rows = ask(folder, question, codelists=list(codelists))
    return {(row["codelist"], row["code"]): row["name"] for row in rows}


def verdict_words(folder: Path) -> dict[str, str]:
    """The classes of the default method in words, by their code; empty for a release of before the table."""
    return {code: name for (_, code), name in code_words(folder, ["category"]).items()}


def with_unit(number: str, symbol: str) -> str:
    """Format a number with its unit: 35 %, US$ 1,200, 12 per 100 people."""
    if not symbol:
        return number
    return f"{number}{symbol}" if symbol.startswith(SPACELESS) else f"{number} {symbol}"
