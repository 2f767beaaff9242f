"""Maps from the area codes of agencies to ours, by scheme."""

from __future__ import annotations

from schemas.codelists.areas import area_code_map
from schemas.codelists.reader import read_codelist
from schemas.codelists.subnational import subnational_codes
from schemas.errors import CompactError

SCHEMES = ("iso3", "iso2", "m49", "worldbank", "gec", "name", "iso3166_2")


def code_map(scheme: str) -> dict[str, str]:
    """An agency's code to ours.

    m49 takes codes with and without leading zeros, gec upper and lower case (the Factbook's file names are in
    lower case), worldbank the three-letter and the two-letter codes of economies and aggregates, name our
    English names of countries and territories, letter by letter: other spellings are the source's aliases;
    iso3166_2 parts of countries, and whole countries by their two letters.
    """
    _known(scheme)
    if scheme == "iso3166_2":
        return subnational_codes()
    return dict(area_code_map(scheme))


def not_carried(scheme: str) -> dict[str, str]:
    """Codes of a scheme that stand for no area of ours, with the reason; a source.yaml may name more."""
    _known(scheme)
    codes = {row["code"]: row["reason"] for row in read_codelist("not_carried") if row["scheme"] == scheme}
    return codes | {code.lower(): reason for code, reason in codes.items()} if scheme == "gec" else codes


def _known(scheme: str) -> None:
    if scheme not in SCHEMES:
        raise CompactError(f"unknown scheme of area codes {scheme!r}", allowed=", ".join(SCHEMES))
