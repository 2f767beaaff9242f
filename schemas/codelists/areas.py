"""Areas and groups: the rows of the tables area and area_group, and maps from agencies' codes to ours.

The facts are in codelists/ (their origin in codelists/codelists.yaml), ISO 3166-1 in the library pycountry.
groupings.py checks memberships. Exceptions of a single source (aliases, unused areas) belong in its
source.yaml.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

# country_converter 1.3.2 was tried first: with pandas 3 it reads the code NA, Namibia, as a missing value.
import pycountry

from schemas.codelists.custom_groups import own_area_rows, own_membership_rows, read_custom_groups
from schemas.codelists.groupings import check
from schemas.codelists.reader import CODELISTS, origin, read_codelist
from schemas.columns.observation import REF_AREA_CODES
from schemas.errors import CompactError, Problem

M49_LEVELS = {"m49_region": "region", "m49_subregion": "subregion", "m49_intermediate": "intermediate"}
OWN_GROUPS = CODELISTS / "groups"
UN_CATEGORIES = {"ldc": "M49:199", "lldc": "M49:432", "sids": "M49:722"}

Row = dict[str, Any]


# --- areas
@cache
def _areas() -> dict[str, Row]:
    aliases = {(row["scheme"], row["ref_area"]): row["code"] for row in read_codelist("code_aliases")}
    areas: dict[str, Row] = {}
    for row in read_codelist("countries"):
        country = pycountry.countries.get(alpha_3=row["iso3"])
        m49 = country.numeric if country else aliases["m49", row["iso3"]]
        areas[row["iso3"]] = _area(
            row["iso3"],
            row["name"],
            "country",
            m49=m49,
            iso2=country.alpha_2 if country else None,
            un_member=row["un_member"] == "yes",
        )
    for row in (*read_codelist("m49_groups"), *read_codelist("unsd_groups")):
        areas[f"M49:{row['code']}"] = _area(f"M49:{row['code']}", row["name"], "group", m49=row["code"])
    for row in read_codelist("worldbank_groups"):
        areas[f"WB:{row['code']}"] = _area(f"WB:{row['code']}", row["name"], "group")
    areas |= {row["ref_area"]: row for row in own_area_rows(read_custom_groups(OWN_GROUPS, _countries()))}
    return dict(sorted(areas.items()))


def _area(
    ref_area: str,
    name: str,
    kind: str,
    *,
    m49: str | None = None,
    iso2: str | None = None,
    un_member: bool = False,
) -> Row:
    return {
        "ref_area": ref_area,
        "name": name,
        "m49": m49,
        "iso2": iso2,
        "kind": kind,
        "un_member": un_member,
    }


def area_rows(groups: Path | None = None) -> list[Row]:
    """Return the rows of the table area: every country and territory, every group for which an agency
    publishes values, and the groups declared in codelists/groups/ or in a user's folder.
    """
    more = own_area_rows(read_custom_groups(groups, _countries())) if groups else []
    rows = {row["ref_area"]: row for row in [*_areas().values(), *more]}
    return [dict(rows[code]) for code in sorted(rows)]


@cache
def _countries() -> frozenset[str]:
    return frozenset(row["iso3"] for row in read_codelist("countries"))


def area_name(ref_area: str) -> str:
    """Return the English name of an area or group."""
    if ref_area not in _areas():
        raise CompactError(
            f"unknown area {ref_area!r}",
            where="schemas/codelists",
            allowed=REF_AREA_CODES,
            next_step="look the area up in area.parquet of a release, or with `compact search`",
        )
    return str(_areas()[ref_area]["name"])


# --- memberships
@cache
def _memberships() -> tuple[Row, ...]:
    rows: list[Row] = []
    for country in read_codelist("countries"):
        rows.append(_membership("world", "M49:001", country["iso3"], "countries"))
        rows += [
            _membership(grouping, f"M49:{country[level]}", country["iso3"], "countries")
            for grouping, level in M49_LEVELS.items()
            if country[level]
        ]
    for grouping, group in UN_CATEGORIES.items():
        rows += [_membership(grouping, group, row["iso3"], grouping, row) for row in read_codelist(grouping)]
    for grouping, name in (("wb_region", "worldbank_regions"), ("wb_income", "worldbank_income")):
        rows += [
            _membership(grouping, f"WB:{row['group']}", row["iso3"], name, row) for row in read_codelist(name)
        ]
    rows += own_membership_rows(read_custom_groups(OWN_GROUPS, _countries()))
    return tuple(sorted(rows, key=_key))


def _key(row: Row) -> tuple[str, str, str, int]:
    return row["grouping"], row["group"], row["ref_area"], row["valid_from"] or 0


def _membership(
    grouping: str, group: str, area: str, codelist: str, spell: dict[str, str] | None = None
) -> Row:
    first, last = (spell["valid_from"], spell["valid_to"]) if spell else ("", "")
    return {
        "grouping": grouping,
        "group": group,
        "ref_area": area,
        "valid_from": int(first) if first else None,
        "valid_to": int(last) if last else None,
        "group_name": area_name(group),
        "source": origin(codelist),
    }


def membership_rows(groups: Path | None = None) -> list[Row]:
    """Return the rows of the table area_group, including a user's folder of groups if one is named: a group
    there replaces one of ours with the same code.

    Years of wb_region and wb_income are fiscal years of the World Bank.
    """
    more = own_membership_rows(read_custom_groups(groups, _countries())) if groups else []
    replaced = {row["group"] for row in more}
    rows = [row for row in _memberships() if row["group"] not in replaced]
    return [dict(row) for row in sorted([*rows, *more], key=_key)]


# --- agencies' codes
@cache
def area_code_map(scheme: str) -> dict[str, str]:
    """Return the codes of a scheme for whole areas; callers must not modify it. See code_maps.py."""
    codes: dict[str, str] = {
        row["code"]: row["ref_area"]
        for row in read_codelist("code_aliases")
        if row["scheme"] == scheme or (scheme == "worldbank" and row["scheme"] != "m49")
    }
    countries = [area for area in _areas().values() if area["kind"] == "country"]
    if scheme in ("iso3", "worldbank"):
        codes |= {area["ref_area"]: area["ref_area"] for area in countries}
    if scheme in ("iso2", "worldbank"):
        codes |= {area["iso2"]: area["ref_area"] for area in countries if area["iso2"]}
    if scheme == "worldbank":
        codes |= {
            row[key]: f"WB:{row['code']}"
            for row in read_codelist("worldbank_groups")
            for key in ("code", "iso2")
        }
    if scheme == "m49":
        codes |= {area["m49"]: area["ref_area"] for area in _areas().values() if area["m49"]}
        codes |= {code.lstrip("0"): area for code, area in codes.items()}
    if scheme == "gec":
        codes |= {row["gec"]: row["ref_area"] for row in read_codelist("gec")}
        codes |= {code.lower(): area for code, area in codes.items()}
    if scheme == "name":
        codes |= {area["name"]: area["ref_area"] for area in countries}
    return codes


def grouping_problems(memberships: list[Row] | None = None, areas: list[Row] | None = None) -> list[Problem]:
    """Return the problems of our groupings, or of given rows: overlaps, holes, unknown members and groups."""
    return check(
        membership_rows() if memberships is None else memberships, area_rows() if areas is None else areas
    )
