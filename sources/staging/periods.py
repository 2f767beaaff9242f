"""Periods that are not a calendar year: their kind, and the year that a source's rule assigns.

A period of a kind without a rule has no year, and stage refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from schemas.definitions.source import Source

FISCAL = re.compile(r"(?:FY\s?)?([0-9]{4})\s?[/-]\s?([0-9]{2})|(?:FY\s?)?([0-9]{4})/([0-9]{4})")
NAMED_FISCAL = re.compile(r"FY\s?([0-9]{4})")
RANGE = re.compile(r"([0-9]{4})\s?[-–]\s?([0-9]{4})")
QUARTER = re.compile(r"([0-9]{4})[-\s]?Q([1-4])|Q([1-4])[-\s]([0-9]{4})")
END = {"first": "1", "last": "4"}  # the quarter that represents its year

Period = tuple[str, int | None, bool]  # text, year, whether the source excludes it


def period_rows(source: Source, texts: Iterable[str]) -> list[Period]:
    """Return the periods covered by a rule of the source."""
    return [row for text in texts if (row := _period(source, text)) is not None]


def _period(source: Source, text: str) -> Period | None:
    kind, first, last, quarter = _parts(text)
    rule = {str(name): rule for name, rule in source.periods.items()}.get(kind)
    if rule is None:
        return None
    if rule == "leave_out" or (quarter and quarter != END[rule]):
        return text, None, True
    return text, first if rule == "first" else last, False


def _parts(text: str) -> tuple[str, int, int, str]:
    """Return kind, first and last year, and the quarter; no kind if it is none of them."""
    if match := NAMED_FISCAL.fullmatch(text):  # the named year, whichever it is
        return "fiscal", int(match[1]), int(match[1]), ""
    if match := FISCAL.fullmatch(text):
        first = int(match[1] or match[3])
        last = int(match[4]) if match[4] else first + 1
        if last == first + 1 and (not match[2] or int(match[2]) == last % 100):
            return "fiscal", first, last, ""
    if match := RANGE.fullmatch(text):
        return ("range", int(match[1]), int(match[2]), "") if match[1] < match[2] else ("", 0, 0, "")
    if match := QUARTER.fullmatch(text):
        year = int(match[1] or match[4])
        return "quarter", year, year, match[2] or match[3]
    return "", 0, 0, ""
