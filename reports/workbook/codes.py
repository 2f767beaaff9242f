"""Words for the codes of the workbook's cells: units, observation statuses, sources, classes of pace,
directions and means.

workbook_sheets.yaml says which columns have them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from reports.shared.localisation import Words
from reports.shared.release_reader import Release
from schemas.codelists.units import units


def code_words(release: Release, words: Words) -> Mapping[str, Callable[[str], str]]:
    """Return what puts a cell into words, by the kind of its column; of codes joined by ';' each."""

    def of_unit(code: str) -> str:
        unit = units().get(code)
        return unit.name if unit else code

    def of_source(code: str) -> str:
        return str(release.sources.get(code, {}).get("title") or code)

    def message(family: str) -> Callable[[str], str]:
        return lambda code: words.or_code(f"{family}.{code}", code)

    kinds = {
        "unit": of_unit,
        "source": of_source,
        "status": message("status"),
        "class": message("category"),
        "direction": message("direction"),
        "aggregate": message("aggregate"),
        "measured": message("target_status"),
    }
    return {kind: cache(_each(one)) for kind, one in kinds.items()}


def _each(one: Callable[[str], str]) -> Callable[[str], str]:
    def put(codes: str) -> str:
        return "; ".join(dict.fromkeys(one(code) for code in codes.split(";")))

    return put
