"""Maps from the agencies' area codes to ours, by scheme."""

from __future__ import annotations

from functools import cache

from schemas.codelists.areas import area_code_map
from schemas.codelists.reader import read_codelist
from schemas.codelists.subnational import subnational_codes
from schemas.errors import CompactError

SCHEMES = ("iso3", "iso2", "m49", "worldbank", "gec", "name", "iso3166_2")


def code_map(scheme: str) -> dict[str, str]:
    """Map an agency's codes to ours.

    m49 takes codes with and without leading zeros, gec upper and lower case (the Factbook's file names are in
    lower case), worldbank the three-letter and the two-letter codes of economies and aggregates, name our
    English names of countries and territories, exactly: other spellings are the source's aliases; iso3166_2
    parts of countries, and whole countries by their two letters.
    """
    _known(scheme)
    if scheme == "iso3166_2":
        return subnational_codes()
    return dict(area_code_map(scheme))


def not_carried(scheme: str) -> dict[str, str]:
    """Return codes of a scheme without an area of ours, with the reason: former countries, parts,
    residuals. A source.yaml may add more.
    """
    _known(scheme)
    codes = {row["code"]: row["reason"] for row in read_codelist("not_carried") if row["scheme"] == scheme}
    if scheme == "gec":
        codes |= {code.lower(): reason for code, reason in codes.items()}
    return former_countries(scheme) | codes


def _reason(row: dict[str, str]) -> str:
    heirs = row["successors"].replace(";", ", ")
    if not row["valid_to"]:
        return f"{row['name']}: a part of {heirs}."
    return f"{row['name']}, {row['valid_from']} to {row['valid_to']}: a former country, now {heirs}."


@cache
def _former_countries() -> dict[str, dict[str, str]]:
    former: dict[str, dict[str, list[str]]] = {}
    for row in read_codelist("former_countries"):
        reason = _reason(row)
        names = [row["name"], *filter(None, row["other_names"].split("|"))]
        m49 = [row["m49"], row["m49"].lstrip("0")] if row["m49"] else []
        for schemes, codes in (
            (("iso3", "worldbank"), [row["iso3"]]),
            (("iso2", "worldbank", "iso3166_2"), [row["iso2"]]),
            (("m49",), m49),
            (("name",), names),
        ):
            for scheme in schemes:
                for code in filter(None, codes):
                    reasons = former.setdefault(scheme, {}).setdefault(code, [])
                    reasons += [reason] if reason not in reasons else []
    return {s: {code: " Or: ".join(said) for code, said in codes.items()} for s, codes in former.items()}


def former_countries(scheme: str) -> dict[str, str]:
    """Return codes and names of former countries with the years in which they existed, except codes that
    the scheme reuses for a current area.
    """
    today = code_map(scheme)
    return {code: reason for code, reason in _former_countries().get(scheme, {}).items() if code not in today}


def _known(scheme: str) -> None:
    if scheme not in SCHEMES:
        raise CompactError(f"unknown scheme of area codes {scheme!r}", allowed=", ".join(SCHEMES))
