"""Resolves an area by any common name or code: Kenya, KEN, KE, 404, Africa, LDCs.

The command line, the MCP server, `Release` and the notebooks all use it. Names in agencies' files are
resolved by the area map of their source instead.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from schemas.codelists.reader import read_codelist
from schemas.errors import CompactError
from warehouse.query.tables import ask

NEAREST = 5  # suggestions for an unknown name
ORDER = {"country": 0, "M49": 1, "WB": 2, "OWN": 3, "subnational": 4}


@dataclass(frozen=True)
class Area:
    """A country or territory, a group, or a part of a country. code: as in the column ref_area."""

    code: str
    name: str
    kind: str

    @property
    def is_group(self) -> bool:
        """Whether it is a set of countries."""
        return self.kind == "group"


def find_area(folder: Path, text: str) -> Area:
    """Find an area by a user's text.

    Args:
        folder: a release.
        text: ISO 3166-1 code of three letters, two letters or three digits, a code of a group, or an English
            name, with or without accents, case and articles.

    Raises:
        CompactError: no area has this name or code; the error suggests the nearest.
    """
    known = _known(folder.resolve())
    area = known.get(folded(text)) or known.get(_code(text))
    if area is None:
        raise _unknown(text, known)
    return area


def find_areas(folder: Path, texts: Iterable[str]) -> list[Area]:
    """Find several areas, each once, in their order."""
    return list(dict.fromkeys(find_area(folder, text) for text in texts))


def members(folder: Path, group: Area) -> list[str]:
    """Return the codes of a group's current members; empty if the release lists none."""
    rows = ask(
        folder,
        """
        select distinct ref_area
        from {area_group}
        where "group" = $group and valid_to is null
        order by ref_area""",
        group=group.code,
    )
    return [row["ref_area"] for row in rows]


def listed_members(folder: Path, text: str) -> list[str]:
    """Return the codes of the members of a group, found by a user's text.

    Raises:
        CompactError: no area has this name, or the release lists no members of it.
    """
    group = find_area(folder, text)
    codes = members(folder, group)
    if not codes:
        raise CompactError(
            f"the members of {group.name} are not listed",
            where=text,
            allowed="a group of area_group.parquet, such as Africa, LDCs or Low income",
            next_step="see `compact areas`",
        )
    return codes


def is_aggregated(folder: Path, area: Area) -> bool:
    """Return whether the release computes values of a group, which are in its table aggregate."""
    member = 'select 1 as one from {area_group} where "group" = $code limit 1'
    return area.is_group and bool(ask(folder, member, code=area.code))


def folded(text: str) -> str:
    """Normalise a name: no case, accents, punctuation or leading article."""
    letters = text.replace("&", " and ")
    if not letters.isascii():
        plain = unicodedata.normalize("NFKD", letters)
        letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    letters = letters.casefold()
    return re.sub(r"[^\w:]+", " ", letters).strip().removeprefix("the ")


def _code(text: str) -> str:
    """Return a numeric code with the zeros that a spreadsheet drops."""
    digits = text.strip()
    return f"m49 {int(digits):03d}" if digits.isascii() and digits.isdigit() and len(digits) <= 3 else ""


@lru_cache(maxsize=4)
def _known(folder: Path) -> dict[str, Area]:
    """Map every name of an area to the area; for duplicates the country takes precedence, then M49's
    group.
    """
    rows = ask(
        folder,
        """
        select ref_area, name, kind, m49, iso2 from {area}
        union all
        select distinct "group", group_name, 'group', null, null
        from {area_group}
        where "group" not in (select ref_area from {area})""",
    )
    areas = {row["ref_area"]: Area(row["ref_area"], row["name"], row["kind"]) for row in rows}
    known: dict[str, Area] = {}
    for row in sorted(rows, key=_precedence):  # codes precede names: no name may shadow one
        for code in (row["ref_area"], row["iso2"]):
            if code:
                known.setdefault(folded(code), areas[row["ref_area"]])
        if row["m49"]:
            known.setdefault(f"m49 {row['m49']}", areas[row["ref_area"]])
    for alias in read_codelist("area_aliases"):
        if alias["ref_area"] in areas:
            known.setdefault(folded(alias["alias"]), areas[alias["ref_area"]])
    for name_of in (folded, _short_name):  # a whole name precedes a part of another
        for row in sorted(rows, key=_precedence):
            known.setdefault(name_of(row["name"]), areas[row["ref_area"]])
    return known


def _precedence(row: dict[str, str]) -> tuple[int, str]:
    kind = row["kind"] if row["kind"] != "group" else row["ref_area"].partition(":")[0]
    return ORDER.get(kind, len(ORDER)), row["ref_area"]


def _short_name(name: str) -> str:
    """Return a name without its brackets: Iran for Iran (Islamic Republic of)."""
    if "(" not in name:
        return folded(name)
    return folded(re.sub(r"\([^)]*\)", "", name))


def _unknown(text: str, known: dict[str, Area]) -> CompactError:
    sought = folded(text)
    named = {name: area for name, area in known.items() if not name.startswith("m49 ")}
    within = [name for name in named if len(sought) >= 3 and sought in name]
    near = [*sorted(within, key=len), *difflib.get_close_matches(sought, named, NEAREST, 0.6)]
    offered = list(dict.fromkeys(f"{named[name].name} ({named[name].code})" for name in near))[:NEAREST]
    return CompactError(
        f"there is no area {text}",
        where="area",
        allowed="; ".join(offered) or "an English name, or a code: Kenya, KEN, KE, 404, Africa, LDCs",
        next_step="see `compact areas TEXT`",
    )
