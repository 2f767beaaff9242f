"""A series as one line of bars, for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

Item = TypeVar("Item")
BARS = "▁▂▃▄▅▆▇█"
BREAK = "|"
LONGEST = 24  # bars; a longer series is thinned evenly, keeping its first and last value


def spark(values: Sequence[float | None]) -> str:
    """Return a line of bars from the lowest to the highest value; a blank for a missing one."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    step = (high - low) / (len(BARS) - 1) or 1.0
    return "".join(" " if value is None else BARS[round((value - low) / step)] for value in values)


def thinned(values: Sequence[Item]) -> list[Item]:
    """Return at most LONGEST of the values, evenly chosen, including the first and the last."""
    if len(values) <= LONGEST:
        return list(values)
    step = (len(values) - 1) / (LONGEST - 1)
    return [values[round(one * step)] for one in range(LONGEST)]


def parted(line: str, years: Sequence[int], breaks: Collection[int]) -> str:
    """Return a line with a mark where the series breaks: years before it are not comparable with those after.

    Args:
        line: one character a year.
        years: its years.
        breaks: first years after a break.
    """
    drawn = ""
    for number, (bar, year) in enumerate(zip(line, years, strict=True)):
        crossed = number and any(years[number - 1] < one <= year for one in breaks)
        drawn += BREAK + bar if crossed else bar
    return drawn
