"""Parses user arguments for an indicator, a year or a code of a dimension."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import CompactError

EVERY = "all"
# Words for codes of the dimensions, as users write them.
CODES = {
    "sex": {"women": "F", "female": "F", "girls": "F", "men": "M", "male": "M", "boys": "M", "total": "_T"},
    "urbanisation": {"urban": "U", "towns": "U", "rural": "R", "countryside": "R", "total": "_T"},
}


def ids_of(names: str | Sequence[str]) -> list[str]:
    """Return one name or several as a list, each once."""
    return [names] if isinstance(names, str) else list(dict.fromkeys(names))


def dimension(name: str, text: str) -> str:
    """Return the code of a dimension for a code or a word; `all` means every code."""
    return CODES.get(name, {}).get(text.casefold(), text)


def year(number: int | None, field: str) -> int | None:
    """Return a valid year, or None.

    Raises:
        CompactError: the number is not a valid year of the tables.
    """
    if number is not None and not 1900 <= number <= 2100:
        raise CompactError(f"{number} is not a valid year", where=field, allowed="from 1900 to 2100")
    return number
