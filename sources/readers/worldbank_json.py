"""The World Bank's Indicators API v2, JSON: one resource is one series, all areas and years.

options in source.yaml: `database` (the API's `source`, 2 is WDI) and `per_page`. The answer is a list of two:
a header and the rows of the whole grid of areas and years, most of them without a value. These stay out of
`wire` and are counted as `empty_cell`.
Quirks seen: errors come with status 200 as [{"message": [...]}]; per_page is a number or text; an empty
answer is [header, null]; income groups have no countryiso3code, then the two letters of country.id stand for
them (2026-10).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from schemas.definitions import Source
from sources.base import Answer, NoSuchSeries, Page, Resource, SnapshotFiles
from sources.http import Session, expect_json
from sources.readers._paging import (
    Row,
    Sheet,
    check_rows,
    check_series,
    check_unique,
    content_of,
    follow,
    refuse,
    sheet,
    whole,
)
from sources.readers._tables import batches, make_pages, make_wire

if TYPE_CHECKING:
    import duckdb

FIELDS = frozenset({"indicator", "country", "countryiso3code", "date", "value", "unit", "obs_status"})
HEADER_CHARACTERS = 4096  # more than a header has
HEADER = ("page", "pages", "per_page", "total")
ROW_TYPE = """[{
    "indicator": {"id": "VARCHAR"}, "country": {"id": "VARCHAR", "value": "VARCHAR"},
    "countryiso3code": "VARCHAR", "date": "VARCHAR", "value": "VARCHAR", "unit": "VARCHAR",
    "obs_status": "VARCHAR"}]"""


def plan(source: Source, series: Sequence[str]) -> list[Resource]:  # noqa: ARG001 - as every reader
    """One resource a series."""
    return [Resource(code, (code,)) for code in series]


def fetch(source: Source, resource: Resource, session: Session) -> Answer:
    """All pages of one series, proved whole."""
    code, size = resource.key, int(source.options["per_page"])
    database = str(source.options["database"])

    def ask(number: int) -> Page:
        return session.get(
            f"/country/all/indicator/{code}",
            {"format": "json", "source": database, "per_page": size, "page": number},
        )

    releases: list[str] = []

    def read(page: Page) -> Sheet:
        header, rows = _parts(page, code)
        if whole(header["per_page"], "per_page", page) != size:
            raise refuse(
                f"{size} rows a page were asked of {code}, and per_page says {header['per_page']}",
                [page],
                next_step="if the agency has lowered its limit, lower options.per_page in source.yaml",
            )
        if str(header.get("sourceid") or database) != database:
            raise refuse(f"the rows come from database {header['sourceid']}", [page], allowed=database)
        check_rows(rows, FIELDS, page, code)
        releases.append(str(header.get("lastupdated") or ""))
        numbers = {name: whole(header[name], name, page) for name in HEADER}
        return sheet(page, numbers["page"], numbers["pages"], numbers["total"], rows)

    sheets = follow(ask, read, size, code)
    rows = [row for one in sheets for row in one.rows]
    pages = tuple(one.page for one in sheets)
    _check_grid(rows, code, pages)
    if len(set(releases)) > 1:
        raise refuse(f"{code} was updated while it was read: {' then '.join(dict.fromkeys(releases))}", pages)
    return Answer(resource, pages, sheets[0].pages, len(rows), content_of(sheets), releases[0] or None)


def _parts(page: Page, code: str) -> tuple[Row, list[Any]]:
    """Header and rows of a page, or BadAnswer with the agency's own message."""
    answer = expect_json(page)
    if isinstance(answer, list) and answer and isinstance(answer[0], dict) and "message" in answer[0]:
        said = "; ".join(
            str(m.get("value", m)) if isinstance(m, dict) else str(m) for m in answer[0]["message"]
        )
        raise refuse(
            f"the agency refuses {code}: {said}",
            [page],
            allowed="a code of the database, see /source/2/indicator",
            next_step="look the series up in the agency's list; if it was renamed or withdrawn, change "
            "series.csv",
            kind=NoSuchSeries,
        )
    if not (isinstance(answer, list) and len(answer) == 2 and isinstance(answer[0], dict)):
        raise refuse(
            f"the answer for {code} is not a list of header and rows", [page], allowed="[header, rows]"
        )
    header, rows = answer
    if missing := set(HEADER) - header.keys():
        raise refuse(
            f"the header of {code} lacks {', '.join(sorted(missing))}", [page], allowed=", ".join(HEADER)
        )
    if rows is not None and not isinstance(rows, list):
        raise refuse(
            f"the rows of {code} are {type(rows).__name__}, not a list", [page], allowed="a list, or null"
        )
    return header, rows or []


def _check_grid(rows: Sequence[Row], code: str, pages: Sequence[Page]) -> None:
    """Objects where objects belong, numbers for values, one series, and each area and date once."""
    for number, row in enumerate(rows):
        if not (isinstance(row["indicator"], dict) and isinstance(row["country"], dict)):
            raise refuse(f"indicator or country of row {number} of {code} is no object", pages)
        if not (row["value"] is None or type(row["value"]) in (int, float)):
            raise refuse(
                f"the value of row {number} of {code} is {row['value']!r}", pages, allowed="a number or null"
            )
    check_series((row["indicator"].get("id", "") for row in rows), code, pages)
    check_unique(((row["country"].get("id"), row["date"]) for row in rows), len(rows), "area and date", pages)


def wire(
    con: duckdb.DuckDBPyConnection,
    source: Source,  # noqa: ARG001 - as every reader
    files: Sequence[SnapshotFiles],
) -> None:
    """The cells with a value in `wire`, the empty ones of the grid counted in `wire_counted`."""
    make_wire(con)
    for group in batches(files):
        given = make_pages(con, group)
        con.execute("create or replace temp table headers (path varchar, before bigint, total bigint)")
        con.executemany("insert into headers values ($1, $2, $3)", _headers(group))
        con.execute(_WIRE, given)
        con.execute(_COUNTED)
    con.execute("drop table if exists headers")


def _headers(group: Sequence[SnapshotFiles]) -> list[tuple[str, int, int]]:
    """Each page with the rows before it and of all pages, by its header, which was proved when it was
    fetched."""
    found = []
    for path in sorted({path for one in group for path in one.pages}):
        with path.open(encoding="utf-8-sig") as file:
            start = file.read(HEADER_CHARACTERS)
        header = json.JSONDecoder().raw_decode(start, start.index("{"))[0]
        found.append((str(path), (int(header["page"]) - 1) * int(header["per_page"]), int(header["total"])))
    return found


# A page is a list of two: the header, an object, and the rows, a list. They are told apart by the first
# character, because any JSON function would parse megabytes to do it.
_WIRE = f"""
insert into wire by name
with read as (
    select filename, json
    from read_json($paths, format = 'array', records = false, columns = {{'json': 'JSON'}},
                   filename = true, maximum_object_size = $largest)
    where starts_with(json::varchar, '[')
),
parsed as (
    select pages.snapshot, headers.before, from_json(read.json, '{ROW_TYPE}') as cells
    from read
    join headers
        on read.filename = headers.path
    join pages
        on read.filename = pages.path
),
unnested as (
    select snapshot, before, unnest(cells) as cell, generate_subscripts(cells, 1) - 1 as place
    from parsed
)
select
    snapshot,
    before + place as row,
    cell.indicator.id as series,
    coalesce(nullif(cell.countryiso3code, ''), cell.country.id) as area,
    cell.country.value as area_name,
    cell.date as time_period,
    cell.value as value,
    map([]::varchar[], []::varchar[]) as dims,
    nullif(cell.unit, '') as unit,
    nullif(cell.obs_status, '') as status
from unnested
where cell.value is not null
"""

_COUNTED = """
insert into wire_counted
with kept as (
    select snapshot, count(*) as rows
    from wire
    group by snapshot
)
select pages.snapshot, 'empty_cell' as reason, max(headers.total) - coalesce(max(kept.rows), 0) as empty
from pages
join headers
    on pages.path = headers.path
left join kept
    on pages.snapshot = kept.snapshot
group by pages.snapshot
having empty > 0
order by pages.snapshot
"""
