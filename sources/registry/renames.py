"""Renamed series: describes entries of schemas/codelists/series_renames.csv for messages.

The list serves messages only. Rows under an old code are never moved to the new one: a changed code may hide
a changed definition, so an operator decides, by naming both codes as inputs of an indicator.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from schemas.codelists.reader import read_codelist

KINDS = ("renamed", "replaced")


@dataclass(frozen=True)
class Rename:
    """One line of the list. kind: `renamed`, the same series by another name; `replaced`, another series in
    its place. since: the first release or year with the new code."""

    source: str
    old: str
    new: str
    kind: str
    since: str
    reason: str
    knowledge: str

    def __str__(self) -> str:
        if self.kind == "renamed":
            return f"{self.old} is {self.new} since {self.since}"
        return f"{self.old} was replaced by {self.new} in {self.since}, which is not the same: {self.reason}"


@cache
def renames() -> dict[tuple[str, str], Rename]:
    """Return every known rename, by source and old code."""
    return {(row["source"], row["old"]): Rename(**row) for row in read_codelist("series_renames")}


def renamed(source_id: str, codes: Iterable[str]) -> str:
    """Describe the known new codes of these series in one sentence; empty if there are none."""
    known = renames()
    return "; ".join(str(known[source_id, code]) for code in sorted(codes) if (source_id, code) in known)
