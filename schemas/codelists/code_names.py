"""Names of codes: the rows of the table code, from code_names.csv, the statuses and SDMX's rule for ages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from schemas.codelists.obs_status import STATUS_WORDS
from schemas.codelists.reader import read_codelist

AGE = re.compile(r"([YM])(?:_?(GE|GT|LE|LT))?([0-9]{1,3})(?:T([0-9]{1,3}))?")
UNIT = {"Y": "years", "M": "months"}
LIMIT = {"GE": "{} {} and above", "GT": "above {} {}", "LE": "up to {} {}", "LT": "under {} {}"}
NUMBER = re.compile(r"([QD])([0-9]{1,2})")
PART = {"Q": "fifth", "D": "tenth"}


def code_rows(used: Mapping[str, Iterable[str]]) -> list[dict[str, str]]:
    """Return the rows of the table code.

    Args:
        used: codes of each dimension that occur. A code without a name is its own name.
    """
    named = {(row["codelist"], row["code"]): dict(row) for row in read_codelist("code_names")}
    for code, words in STATUS_WORDS.items():
        source = "ours: SDMX has none for a bound" if code == "C" else "SDMX CL_OBS_STATUS 2.2"
        named["obs_status", code] = _row("obs_status", code, words, source)
    for codelist, codes in used.items():
        for code in codes:
            named.setdefault(
                (codelist, code), _row(codelist, code, _words(codelist, code), _source(codelist))
            )
    return [named[key] for key in sorted(named)]


def age_words(code: str) -> str:
    """Format an age group in words: Y15T24 is 15 to 24 years, Y_GE15 15 years and above."""
    match = AGE.fullmatch(code)
    if match is None:
        return code
    unit, limit, first, last = match.groups()
    if last:
        return f"{first} to {last} {UNIT[unit]}"
    word = UNIT[unit].removesuffix("s") if first == "1" else UNIT[unit]
    return LIMIT[limit].format(first, word) if limit else f"{first} {word}"


def _words(codelist: str, code: str) -> str:
    if codelist == "age":
        return age_words(code)
    match = NUMBER.fullmatch(code) if codelist == "quantile" else None
    return f"{PART[match[1]]} {match[2]} from the poorest" if match else code


def _source(codelist: str) -> str:
    return "SDMX CL_AGE 1.0" if codelist == "age" else "the agency of the series"


def _row(codelist: str, code: str, name: str, source: str) -> dict[str, str]:
    return {"codelist": codelist, "code": code, "name": name, "origin": source}
