"""Lists of events, systems or goods, counted by area and year.

options in source.yaml, for each of the `lists`, by name:
  path, params   what is asked
  layout         of delimited text: delimiter, columns, may_follow, final_newline, as in reader.py; or
  records        of JSON: the path of the list of objects in the answer ("" is the answer itself)
  area           the column, or the path in an object, that names the area; an event in several areas counts
                 once in each; in JSON it may be a list
  between        what stands between the names of several areas
  year, years    the column with the year in which the event counts, and the first and last year that the
                 list covers: an event in another year is refused; or
  edition        the year that the whole list is of, or `read`: the year in which it was first read as it is
  counts         a column with a whole number, which is added up instead of the number of rows: a row with 0
                 makes its area one that is known to have none
series.csv: `list`, the list from which the series is counted (not needed where there is one), and `area`
where it is another than the list's.

Rows that are the same in every column are one event. Each area and year gives one row of `raw_row`. The other
events of that area and year, and repeated rows, are in `raw_row_counted` under `counted_in_total` and
`repeated_event`, those without an area, where that is declared, under `no_area`: so every event is accounted
for. An area without events has no row; the source's source.yaml declares whether that means zero.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from schemas.definitions.source import Source
from sources.http.session import Session
from sources.model import Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import refuse
from sources.readers.common.python_rows import Row, number_rows, write_raw_rows
from sources.readers.delimited.event_list import (
    IN_TOTAL,
    NO_AREA,
    READ,
    REPEATED,
    Event,
    ListRules,
    events,
    options_of,
    series_of,
)
from sources.staging.lookups import area_rows

if TYPE_CHECKING:
    import duckdb


def plan(source: Source, series: Sequence[str]) -> list[Resource]:
    """Return every list from which one of the series is counted."""
    resources = []
    for name in options_of(source).lists:
        carried = tuple(sorted({info.code for info in series_of(source, name)} & set(series)))
        if carried:
            resources.append(Resource(name, carried))
    return resources


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch the whole list; check its declared shape, and that each event has an area and a covered year."""
    rules = options_of(source).lists[resource.key]
    page = session.get(rules.path, rules.params or None)
    listed = events(page, source, resource.key, rules)
    if rules.year and (
        lost := {str(y) for y in range(rules.years[0], rules.years[1] + 1)} - {e.year for e in listed}
    ):
        raise refuse(
            f"there is no event of {', '.join(sorted(lost))}",
            [page],
            allowed=f"events of every year from {rules.years[0]} to {rules.years[1]}",
            next_step="look whether another sheet came than the one that was asked for",
        )
    content = hashlib.sha256(page.body if rules.layout else b"".join(sorted(e.identity for e in listed)))
    return SourceResponse(resource, (page,), 1, len(listed), content.hexdigest())


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write one row for each series, area and year with its number of events; count the rest by reason."""
    options = options_of(source)
    ours = {code: area for code, area, _ in area_rows(source) if area}
    counted: list[tuple[str, str, int]] = []
    rows: list[Row] = []
    for one in files:
        rules = options.lists[one.resource]
        records = [
            e
            for path in one.pages
            for e in events(Page(str(path), path.read_bytes()), source, one.resource, rules)
        ]
        single = list({e.identity: e for e in records}.values())
        rest: Counter[str] = Counter()
        rows += number_rows(one, _totals(single, source, one, rules, ours, rest))
        rest[REPEATED] += (len(records) - len(single)) * len(series_of(source, one.resource))
        counted += [(one.snapshot, reason, number) for reason, number in rest.items() if number]
    write_raw_rows(con, source, rows)
    for row in counted:
        con.execute("insert into raw_row_counted values ($1, $2, $3)", list(row))


def _totals(
    listed: Sequence[Event],
    source: Source,
    one: SnapshotFiles,
    rules: ListRules,
    ours: dict[str, str],
    rest: Counter[str],
) -> Iterator[Row]:
    """Sum the rows of a list. rest collects events without a row, and those that share one."""
    edition = one.fetched[:4] if rules.edition == READ else rules.edition
    for info in series_of(source, one.resource):
        total: Counter[tuple[str, str]] = Counter()
        names: dict[tuple[str, str], str] = {}
        pairs = 0
        for event in listed:
            # two spellings of one country in one event are one country
            areas = {ours.get(name, name): name for name in sorted(event.areas[info.code])}
            rest[NO_AREA] += not areas
            for area, name in areas.items():
                key = area, event.year or edition
                total[key] += event.number
                names.setdefault(key, name)
                pairs += 1
        rest[IN_TOTAL] += pairs - len(names)
        for key in sorted(names):
            yield {
                "series": info.code,
                "area": names[key],
                "area_name": names[key],
                "time_period": key[1],
                "value": str(total[key]),
            }
