"""Validators for codes and text forms in a contribution: one function per code list.

Each function returns why a text is not one of its codes, or an empty text. The codes are in schemas; the
caller passes those of indicators and targets, since this package has no indicators.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from urllib.parse import urlsplit

from schemas.codelists.code_maps import code_map
from schemas.codelists.reader import read_codelist
from schemas.codelists.units import units
from schemas.definitions.contribution_templates import Code
from sources.registry.sources import load_series, load_sources

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True)
class Measure:
    """The declared unit and value range of an indicator."""

    unit: str
    lowest: float
    highest: float


@dataclass(frozen=True)
class Known:
    """Ids defined elsewhere in the project. None: no list exists, so only the form of an id is checked.
    measures: by indicator, unit and range of its values.
    """

    indicators: Collection[str] | None = None
    measures: Mapping[str, Measure] = field(default_factory=dict)
    targets: Collection[str] | None = None


def code_fault(code: Code, text: str, known: Known) -> str:
    """Return why a text is not a code of the list; empty if it is."""
    match code:
        case "area":
            return "" if text in code_map("iso3") else _area(text)
        case "unit":
            return _in_list(text, codes_of("unit"), "unit")
        case "metric":
            return _in_list(text, codes_of("metric"), "core metric")
        case "indicator":
            return "" if known.indicators is None else _in_list(text, known.indicators, "indicator")
        case "target":
            return "" if known.targets is None else _in_list(text, known.targets, "target")
        case "source":
            return _in_list(text, _sources(), "source")
        case "lei":
            return (
                "" if _lei(text) else "is not a LEI: its check digits do not fit; copy it from the register"
            )
        case "link":
            return _link(text)
        case "date":
            return _date(text)
        case "dims":
            keys = [part.partition("=")[0] for part in text.split(";")]
            return "" if keys == sorted(set(keys)) else "has its keys not in order, or one twice"
        case _:  # series: checked with its source, by the row's rule
            return ""


def series_fault(source: str, series: str) -> str:
    """Return why a source has no such series."""
    return _in_list(series, _series(source), f"series of {source}")


def area_of(text: str) -> str:
    """Return our code for a country's code."""
    return code_map("iso3")[text]


@cache
def metrics() -> Mapping[str, Mapping[str, str]]:
    """Return the 21 core metrics by id."""
    return {row["metric"]: row for row in read_codelist("stakeholder_capitalism")}


def metric_units(metric: str) -> tuple[str, ...]:
    """Return the units in which a metric may be disclosed; none for a metric in words."""
    return tuple(unit for unit in metrics()[metric]["units"].split(";") if unit)


def codes_of(code: Code) -> dict[str, str]:
    """Return the codes of a list that is small enough to print, with their meaning."""
    match code:
        case "area":
            return {row["iso3"]: row["name"] for row in read_codelist("countries")}
        case "unit":
            return {u.code: u.name for u in units().values() if u.code != "NOT_STATED"}
        case "metric":
            return {
                key: f"{row['title']} ({row['pillar']}); "
                + (f"units: {', '.join(metric_units(key))}" if row["units"] else "in words")
                for key, row in metrics().items()
            }
        case _:
            return {}


def _in_list(text: str, codes: Collection[str], what: str) -> str:
    """Check membership. Only a difference of case or of - and _ gets a hint: searching for similar codes
    is slow and a guess.
    """
    if text in codes:
        return ""
    near = next((code for code in codes if _plain(code) == _plain(text)), "")
    return f"is no {what}" + (
        f"; is {near} meant?" if near else "; the sheet `codes` of the template lists them"
    )


def _plain(code: str) -> str:
    return code.casefold().replace("-", "_").replace(" ", "_")


@cache
def _sources() -> Collection[str]:
    return tuple(load_sources())


@cache
def _series(source: str) -> Collection[str]:
    return frozenset(load_series(source))


@cache
def _country_names() -> Mapping[str, str]:
    return {row["name"].casefold(): row["iso3"] for row in read_codelist("countries")}


def _area(text: str) -> str:
    code = _country_names().get(text.casefold()) or (text.upper() if text.upper() in code_map("iso3") else "")
    hint = f"; the code of {text} is {code}" if code else "; the sheet `codes` of the template lists them"
    return "is no ISO 3166-1 alpha-3 code of a country or territory" + hint


def _lei(text: str) -> bool:
    """Check an LEI (ISO 17442) by ISO 7064 MOD 97-10, with A as 10 to Z as 35."""
    return (
        re.fullmatch(r"[A-Z0-9]{18}[0-9]{2}", text, re.ASCII) is not None
        and int("".join(str(int(character, 36)) for character in text)) % 97 == 1
    )


def _link(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not an address"
    if parts.scheme != "https" or re.search(r"\s", text):
        return "is not an https address, such as https://example.org/report.pdf"
    if parts.username is not None or parts.password is not None or port not in (None, 443):
        return "holds a user name, a password or a port; give the public address"
    if not re.fullmatch(r"([^\W_]([\w-]*[^\W_])?\.)+[^\W\d_]{2,}", host):
        return "names no public host, such as example.org"
    return ""


def _date(text: str) -> str:
    if not DATE.fullmatch(text):
        return ""  # a year without day: the column's pattern checks it too
    try:
        date.fromisoformat(text)
    except ValueError:
        return "is no day of the calendar"
    return ""
