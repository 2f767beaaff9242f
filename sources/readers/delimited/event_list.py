"""The options of the event list reader in source.yaml and series.csv, and the events of a page.

events.py documents each option.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any

from pydantic import Field, ValidationError

from schemas.definitions.base import Model
from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.content import parse_json
from sources.model import Page
from sources.readers.common.paging import canonical, refuse
from sources.readers.delimited.parser import Layout, parse
from sources.registry.sources import SeriesInfo, load_series

IN_TOTAL, REPEATED, NO_AREA = "counted_in_total", "repeated_event", "no_area"
READ = "read"


class ListRules(Model):
    """One list of a source."""

    path: Annotated[str, Field(pattern="^/")]
    params: dict[str, str] = Field(default={})
    layout: Layout | None = None
    records: str | None = None
    area: str
    between: str = ""
    year: str = ""
    years: list[int] = Field(default=[], max_length=2)
    edition: Annotated[str, Field(pattern=r"^([0-9]{4}|read)?$")] = ""
    counts: str = ""


class Options(Model):
    lists: dict[str, ListRules] = Field(min_length=1)


@dataclass(frozen=True)
class Event:
    """A row of a list. areas: by series; year: empty if the edition determines it; number: its weight;
    identity: a digest of the whole row.
    """

    areas: dict[str, list[str]]
    year: str
    number: int
    identity: bytes


def options_of(source: Source) -> Options:
    """Return the options, or raise CompactError with their problems."""
    try:
        options = Options.model_validate(source.options)
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(source, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for name, rules in options.lists.items():
        if (rules.layout is None) == (rules.records is None):
            raise _wrong(source, f"{name} needs either `layout` (delimited text) or `records` (JSON)")
        if bool(rules.year) == bool(rules.edition) or bool(rules.year) != (len(rules.years) == 2):
            raise _wrong(source, f"{name} needs either `year` with `years`, or `edition`")
        if rules.layout:
            columns = {ours for _, ours in rules.layout.headers()}
            used = {rules.year, rules.counts} | {area_of(info, rules) for info in series_of(source, name)}
            if strange := sorted(used - columns - {""}):
                raise _wrong(source, f"{name} has no column {', '.join(strange)}")
        if not series_of(source, name):
            raise _wrong(source, f"no series of series.csv is counted from {name}")
    if not {IN_TOTAL, REPEATED} <= source.counted_only.keys():
        raise _wrong(source, f"counted_only must say why {IN_TOTAL} and {REPEATED} are")
    return options


def series_of(source: Source, name: str) -> list[SeriesInfo]:
    """Return the series that are counted from a list."""
    return [info for info in load_series(source.id).values() if info.more.get("list", name) == name]


def area_of(info: SeriesInfo, rules: ListRules) -> str:
    """Return the place of the area in a row, for this series."""
    return info.more.get("area") or rules.area


def events(page: Page, source: Source, name: str, rules: ListRules) -> list[Event]:
    """Yield the rows of a page, each with an area (or counted as without) and a covered year."""
    area_of_series = {info.code: area_of(info, rules) for info in series_of(source, name)}
    first, last = rules.years or (0, 0)
    years = {str(year) for year in range(first, last + 1)} if rules.year else {""}
    listed = []
    for number, row in enumerate(_rows(page, rules)):
        event = _event(row, number, area_of_series, rules, page)
        without = any(not areas for areas in event.areas.values()) and NO_AREA not in source.counted_only
        if without or event.year not in years:
            at, names = (
                ", ".join(dict.fromkeys(area_of_series.values())),
                [*chain.from_iterable(event.areas.values())],
            )
            raise refuse(
                f"row {number + 1} has {at} {names!r:.80} and {rules.year or 'year'} {event.year[:20]!r}",
                [page],
                allowed=f"an area, and a year from {first} to {last}" if rules.year else "an area",
                next_step="if the list has grown by a year, raise `years` of the list in source.yaml"
                if rules.year
                else f"if rows without an area belong there, declare {NO_AREA} in counted_only",
            )
        listed.append(event)
    return listed


def _event(
    row: dict[str, Any], number: int, area_of_series: dict[str, str], rules: ListRules, page: Page
) -> Event:
    areas: dict[str, list[str]] = {}
    for code, place in area_of_series.items():
        said = _at(row, place, rules)
        names = said if isinstance(said, list) else [said]
        if not all(isinstance(text, str) for text in names):
            raise refuse(
                f"{place} of row {number + 1} is {said!r:.80}", [page], allowed="a name, or a list of names"
            )
        parts = [part for text in names for part in (text.split(rules.between) if rules.between else [text])]
        areas[code] = list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    counted = str(_at(row, rules.counts, rules)).strip() if rules.counts else "1"
    if not re.fullmatch("[0-9]{1,9}", counted):
        raise refuse(
            f"{rules.counts} of row {number + 1} is {counted[:40]!r}", [page], allowed="a whole number"
        )
    year = str(_at(row, rules.year, rules)).strip() if rules.year else ""
    return Event(areas, year, int(counted), hashlib.blake2b(canonical(row), digest_size=16).digest())


def _rows(page: Page, rules: ListRules) -> Iterator[dict[str, Any]]:
    if rules.layout:
        yield from parse(page, rules.layout).to_pylist()
        return
    answer = parse_json(page)
    for part in (rules.records or "").strip("/").split("/"):
        answer = answer.get(part) if part and isinstance(answer, dict) else answer
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer) or not answer:
        raise refuse(
            f"there is no list of objects at {rules.records!r}: {str(answer)[:120]}",
            [page],
            allowed="a list of objects, not empty",
        )
    yield from answer


def _at(row: dict[str, Any], place: str, rules: ListRules) -> Any:
    """Return a column of delimited text, or the value at a path of a JSON object; nothing if it is
    missing.
    """
    if rules.layout:
        return row[place]
    value: Any = row
    for part in place.strip("/").split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return [] if value is None else value


def _wrong(source: Source, what: str) -> CompactError:
    return CompactError(
        f"options of {source.id}: {what}",
        where=f"sources/agencies/{source.id}/source.yaml",
        allowed="what the docstring of sources/readers/delimited/events.py lists",
        next_step="fix options in source.yaml, or series.csv",
    )
