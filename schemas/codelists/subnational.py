"""Parts of countries: ISO 3166-2 codes as ISO:KE-30, geoBoundaries codes as GEOB:KEN-ADM2-…; their parents.

A release's table area has only the parts with values, each a member of its parent in the grouping
`subnational`. The model of groups therefore computes a parent's value from its parts, next to the national
figure. Countries and groups are in areas.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import pycountry

from schemas.codelists.areas import area_code_map, area_name
from schemas.errors import CompactError

GROUPING, KIND = "subnational", "subnational"
ISO = re.compile(r"ISO:([A-Z]{2}-[A-Z0-9]{1,3})")
GEOBOUNDARIES = re.compile(r"GEOB:([A-Z]{3})-ADM([1-5])-[A-Za-z0-9_-]+")
ORIGIN = {"ISO": "ISO 3166-2, by way of pycountry", "GEOB": "geoBoundaries, by its code"}

Row = dict[str, Any]


def is_subnational(ref_area: str) -> bool:
    """Return whether a code has the form of a subnational code."""
    return bool(ISO.fullmatch(ref_area) or GEOBOUNDARIES.fullmatch(ref_area))


def parent_of(ref_area: str) -> str:
    """Return the area that a part belongs to: the part above it if ISO 3166-2 names one, else the country.

    geoBoundaries codes of the second level do not name their first-level part, so all their parents are
    countries. Raises CompactError for a code that ISO 3166-2 or our countries do not have.
    """
    if match := ISO.fullmatch(ref_area):
        part = _subdivisions().get(match[1])
        if part is not None:
            above = part.parent_code
            return f"ISO:{above}" if above in _subdivisions() else area_code_map("iso2")[part.country_code]
    elif (match := GEOBOUNDARIES.fullmatch(ref_area)) and match[1] in area_code_map("iso3"):
        return match[1]
    raise CompactError(
        f"unknown part of a country {ref_area!r}",
        where="ref_area",
        allowed="ISO: and a code of ISO 3166-2, or GEOB: and one of geoBoundaries (GEOB:KEN-ADM2-…)",
        next_step="correct the code, or map it under areas.aliases in source.yaml",
    )


def subnational_codes() -> dict[str, str]:
    """Return codes of ISO 3166-2 to ours, including the two-letter codes of whole countries."""
    return {code: f"ISO:{code}" for code in _subdivisions()} | area_code_map("iso2")


def subnational_rows(codes: Iterable[str]) -> tuple[list[Row], list[Row]]:
    """Return rows of the tables area and area_group for these parts and all levels up to countries."""
    parents: dict[str, str] = {}
    for code in codes:
        while code not in parents and is_subnational(code):
            parents[code] = parent_of(code)
            code = parents[code]
    areas = [
        {"ref_area": code, "name": _name(code), "m49": None, "iso2": None, "kind": KIND, "un_member": False}
        for code in sorted(parents)
    ]
    members = [
        {
            "grouping": GROUPING,
            "group": parent,
            "ref_area": code,
            "valid_from": None,
            "valid_to": None,
            "group_name": _name(parent) if is_subnational(parent) else area_name(parent),
            "source": ORIGIN[code.partition(":")[0]],
        }
        for code, parent in sorted(parents.items(), key=lambda pair: (pair[1], pair[0]))
    ]
    return areas, members


def _name(code: str) -> str:
    match = ISO.fullmatch(code)
    return str(_subdivisions()[match[1]].name) if match else code.partition(":")[2]


@cache
def _subdivisions() -> dict[str, Any]:
    return {part.code: part for part in pycountry.subdivisions if part.country_code in area_code_map("iso2")}
