"""Parsers for the values of `--target` and `--break` of `compact new indicator`."""

from __future__ import annotations

import re

from indicators.scaffold.indicator import WantedBreak, WantedTarget
from schemas.errors import CompactError

NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
TARGET = re.compile(
    rf"(?:(?P<factor>{NUMBER})x(?P<base>[0-9]{{4}})|(?P<value>{NUMBER})):(?P<year>[0-9]{{4}})"
)
BREAK = re.compile(r"(?:(?P<area>[A-Z]{3}|all):)?(?P<year>[0-9]{4})=(?P<reason>\S.*)")


def wanted_target(text: str, origin: str) -> WantedTarget | None:
    """Parse the target VALUE:YEAR or FACTORxBASE:YEAR; None where the option is absent.

    Raises:
        CompactError: the text is neither, or the owner of the target is missing.
    """
    if not text:
        return None
    match = TARGET.fullmatch(text)
    if match is None:
        raise CompactError(
            f"{text!r} is no target",
            where="--target",
            allowed="VALUE:YEAR as 95:2030, or FACTORxBASE:YEAR as 0.5x2015:2030",
        )
    if not origin:
        raise CompactError("a target needs an owner", next_step="add --origin TEXT: who set it, and where")
    year = int(match["year"])
    if match["factor"]:
        return WantedTarget(year, origin, factor=float(match["factor"]), base_year=int(match["base"]))
    return WantedTarget(year, origin, value=float(match["value"]))


def wanted_breaks(texts: list[str]) -> tuple[WantedBreak, ...]:
    """Parse breaks written as YEAR=REASON or ISO3:YEAR=REASON.

    Raises:
        CompactError: one is neither.
    """
    breaks = []
    for text in texts:
        parts = BREAK.fullmatch(text)
        if parts is None:
            raise CompactError(
                f"{text!r} is no break",
                where="--break",
                allowed="YEAR=REASON, or ISO3:YEAR=REASON for one country",
            )
        breaks.append(WantedBreak(int(parts["year"]), parts["area"] or "all", parts["reason"]))
    return tuple(breaks)
