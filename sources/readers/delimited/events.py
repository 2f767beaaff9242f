"""A list of events in delimited text, counted by area and year.

options in source.yaml:
  delimiter, columns, may_follow, final_newline   as in delimited.py
  path, params   what is asked
  area           the column that names the area; an event in several areas counts once in each
  between        what stands between the names of several areas
  year           the column with the year in which the event counts
  years          first and last year that the list covers; an event in another year is refused
series.csv has one series: the number of events.

Rows that are the same in every column are one event. Each area and year with an event gives one row of
`raw_row`, whose value is their number. The other events of that area and year, and repeated rows, are in
`raw_row_counted` under `counted_in_total` and `repeated_event`: so every event is accounted for. An area
without
events gives no row: whether that means zero is a matter of the source, and is said in its source.yaml.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import pyarrow as pa
from pydantic import Field, ValidationError

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.session import Session
from sources.model import RAW_COLUMNS, Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import refuse
from sources.readers.common.raw_table import make_wire
from sources.readers.delimited.parser import Layout, parse
from sources.registry.sources import load_series
from sources.staging.lookups import area_rows

if TYPE_CHECKING:
    import duckdb

EVENTS = "events"
IN_TOTAL, REPEATED = "counted_in_total", "repeated_event"


class Options(Layout):
    path: Annotated[str, Field(pattern="^/")]
    params: dict[str, str] = Field(default={})
    area: str
    between: str
    year: str
    years: list[int] = Field(min_length=2, max_length=2)


def plan(source: Source, series: Sequence[str]) -> list[Resource]:  # noqa: ARG001 - as every reader
    """The list is one resource."""
    return [Resource(EVENTS, tuple(sorted(series)))] if series else []


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """The whole list, if it has the declared columns and each event an area and a year that is covered."""
    options = _options(source)
    page = session.get(options.path, options.params or None)
    table = parse(page, options)
    first, last = options.years
    years = {str(year) for year in range(first, last + 1)}
    for area, year in zip(table[options.area].to_pylist(), table[options.year].to_pylist(), strict=True):
        if not area.strip() or year.strip() not in years:
            raise refuse(
                f"there is an event with {options.area} {area[:60]!r} and {options.year} {year[:20]!r}",
                [page],
                allowed=f"an area, and a year from {first} to {last}",
                next_step="if the list has grown by a year, raise options.years in source.yaml",
            )
    if lost := years - {year.strip() for year in table[options.year].to_pylist()}:
        raise refuse(
            f"there is no event of {', '.join(sorted(lost))}",
            [page],
            allowed=f"events of every year from {first} to {last}",
            next_step="look whether another sheet came than the one that was asked for",
        )
    return SourceResponse(resource, (page,), 1, table.num_rows, hashlib.sha256(page.body).hexdigest())


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """One row for each area and year with its number of events; the rest is counted by its reason."""
    make_wire(con)
    options = _options(source)
    (series,) = load_series(source.id)
    ours = {code: area for code, area, _ in area_rows(source) if area}
    rows: list[dict[str, Any]] = []
    for one in files:
        found: Counter[tuple[str, str]] = Counter()
        names: dict[tuple[str, str], str] = {}
        repeated = 0
        for path in one.pages:
            table = parse(Page(str(path), path.read_bytes()), options)
            events = list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
            places = table.column_names.index(options.area), table.column_names.index(options.year)
            for event in dict.fromkeys(events):
                areas = {name.strip() for name in event[places[0]].split(options.between)}
                # two spellings of one country in one event or year are one country
                for key, name in {
                    (ours.get(n, n), event[places[1]].strip()): n for n in sorted(areas)
                }.items():
                    found[key] += 1
                    names.setdefault(key, name)
            repeated += len(events) - len(set(events))
        rows += [
            {"snapshot": one.snapshot, "row": number, "series": series, "area": names[key],
             "area_name": names[key], "time_period": key[1], "value": str(found[key])}
            for number, key in enumerate(sorted(found))
        ]  # fmt: skip
        for reason, count in ((IN_TOTAL, found.total() - len(found)), (REPEATED, repeated)):
            if count:
                con.execute("insert into raw_row_counted values ($1, $2, $3)", [one.snapshot, reason, count])
    kinds = {"row": pa.int64(), "dims": pa.map_(pa.string(), pa.string())}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in RAW_COLUMNS])
    con.register("event_rows", pa.Table.from_pylist(rows, schema=schema))
    con.execute("insert into raw_row by name select * from event_rows")
    con.unregister("event_rows")


def _options(source: Source) -> Options:
    try:
        options = Options.model_validate(source.options)
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(source, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    names = {ours for _, ours in options.headers()}
    if not {options.area, options.year} <= names:
        raise _wrong(source, "area and year must be declared columns")
    if not {IN_TOTAL, REPEATED} <= source.counted_only.keys():
        raise _wrong(source, f"counted_only must say why {IN_TOTAL} and {REPEATED} are")
    return options


def _wrong(source: Source, what: str) -> CompactError:
    return CompactError(
        f"options of {source.id}: {what}",
        where=f"sources/agencies/{source.id}/source.yaml",
        allowed="what the docstring of sources/readers/delimited/events.py lists",
        next_step="mend options in source.yaml",
    )
