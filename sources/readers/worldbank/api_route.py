"""The World Bank's Indicators API v2 in JSON: one resource is one series, all areas and years.

options in source.yaml: `database` (the API's `source`, 2 is WDI), `per_page`, and `refresh_mrnev`, if given.
The answer is a list of two: a header and the rows of the whole grid of areas and years, most of them without
a value. These stay out of `raw_row` and are counted as `empty_cell`. A series that is stored is requested
without them, as the most recent non-empty values (`mrnev`) of each area, as many as `refresh_mrnev`, more
than there are years: a third of the bytes. Acceptance compares the values with the stored ones, so that an
answer that was cut short is held; the first answer for a series is always the grid.

Where a database has a code for each breakdown (Findex: con1.1 is con1 of women), series.csv declares it:
`base` is the series that the code breaks down, and the columns that source.yaml declares under `dimensions`
hold its codes. A base and its breakdowns are then one resource, fetched in one request (A;B;C), and one
series. Quirks seen: errors come with status 200 as [{"message": [...]}]; per_page is a number or text; an
empty response is [header, null]; income groups have no countryiso3code, so the two letters of country.id
identify them (2026-10).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from schemas.definitions.source import Source
from sources.http.session import Session, parse_json
from sources.model import NoSuchSeries, Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import (
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
from sources.readers.common.raw_table import batches, make_pages, make_wire
from sources.registry.sources import load_series

if TYPE_CHECKING:
    import duckdb

FIELDS = frozenset({"indicator", "country", "countryiso3code", "date", "value", "unit", "obs_status"})
HEADER_CHARACTERS = 4096  # more than the length of a header
HEADER = ("page", "pages", "per_page", "total")
ROW_TYPE = """[{
    "indicator": {"id": "VARCHAR"}, "country": {"id": "VARCHAR", "value": "VARCHAR"},
    "countryiso3code": "VARCHAR", "date": "VARCHAR", "value": "VARCHAR", "unit": "VARCHAR",
    "obs_status": "VARCHAR"}]"""


def plan(source: Source, series: Sequence[str]) -> list[Resource]:
    """Return one resource per series; a breakdown belongs to that of its base."""
    bases = _base(source)
    return [Resource(code, (code,)) for code in dict.fromkeys(bases.get(code, code) for code in series)]


def _base(source: Source) -> dict[str, str]:
    """Return the base series of each code that is a breakdown."""
    listed = load_series(source.id).items()
    return {code: info.more["base"] for code, info in listed if info.more.get("base")}


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch all pages of one series with its breakdowns, and check that they are complete."""
    name, size = resource.key, int(source.options["per_page"])
    codes = [name, *(code for code, base in _base(source).items() if base == name)]
    database = str(source.options["database"])
    asked: dict[str, str | int] = {"format": "json", "source": database, "per_page": size}
    if resource.stored and (values := source.options.get("refresh_mrnev")):
        asked["mrnev"] = int(values)

    def ask(number: int) -> Page:
        return session.get(f"/country/all/indicator/{';'.join(codes)}", asked | {"page": number})

    releases: list[str] = []

    def read(page: Page) -> Sheet:
        header, rows = _parts(page, name)
        if whole(header["per_page"], "per_page", page) != size:
            raise refuse(
                f"{size} rows a page were asked of {name}, and per_page says {header['per_page']}",
                [page],
                next_step="if the agency has lowered its limit, lower options.per_page in source.yaml",
            )
        if str(header.get("sourceid") or database) != database:
            raise refuse(f"the rows come from database {header['sourceid']}", [page], allowed=database)
        check_rows(rows, FIELDS, page, name)
        releases.append(str(header.get("lastupdated") or ""))
        numbers = {name: whole(header[name], name, page) for name in HEADER}
        return sheet(page, numbers["page"], numbers["pages"], numbers["total"], rows)

    sheets = follow(ask, read, size, name)
    rows = [row for one in sheets for row in one.rows]
    pages = tuple(one.page for one in sheets)
    _check_grid(rows, codes, pages)
    if len(set(releases)) > 1:
        raise refuse(f"{name} was updated while it was read: {' then '.join(dict.fromkeys(releases))}", pages)
    return SourceResponse(
        resource, pages, sheets[0].pages, len(rows), content_of(sheets, _has_value), releases[0] or None
    )


def _has_value(row: Row) -> bool:
    return row["value"] is not None


def _parts(page: Page, code: str) -> tuple[Row, list[Any]]:
    """Return header and rows of a page, or raise InvalidResponse with the agency's own message."""
    answer = parse_json(page)
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
    try:
        _header(page.body.decode("utf-8-sig")[:HEADER_CHARACTERS])
    except ValueError:
        raise refuse(
            f"the header of {code} is too long", [page], allowed=f"{HEADER_CHARACTERS} characters"
        ) from None
    if rows is not None and not isinstance(rows, list):
        raise refuse(
            f"the rows of {code} are {type(rows).__name__}, not a list", [page], allowed="a list, or null"
        )
    return header, rows or []


def _check_grid(rows: Sequence[Row], codes: Sequence[str], pages: Sequence[Page]) -> None:
    """Check types, the requested series, and that each area and date occurs once."""
    name = codes[0]
    for number, row in enumerate(rows):
        if not (isinstance(row["indicator"], dict) and isinstance(row["country"], dict)):
            raise refuse(f"indicator or country of row {number} of {name} is no object", pages)
        words = (row["indicator"].get("id"), row["country"].get("id"), row["date"])
        more = (row["country"].get("value"), row["countryiso3code"], row["unit"], row["obs_status"])
        if not (all(isinstance(w, str) for w in words) and all(isinstance(w, str | None) for w in more)):
            raise refuse(f"row {number} of {name} has something else where text belongs", pages)
        if not (row["value"] is None or type(row["value"]) in (int, float)):
            raise refuse(
                f"the value of row {number} of {name} is {row['value']!r}", pages, allowed="a number or null"
            )
    answered = {str(row["indicator"].get("id", "")) for row in rows}
    check_series(answered - set(codes[1:]), name, pages)
    if lost := set(codes) - answered:
        raise refuse(
            f"{name} was asked with its breakdowns, and no rows of {', '.join(sorted(lost))} came",
            pages,
            allowed=", ".join(codes),
            next_step="look them up in the agency's list; those withdrawn are to leave series.csv",
            kind=NoSuchSeries,
        )
    check_unique(
        ((row["country"].get("id"), row["date"], *_code_of(row, codes)) for row in rows),
        len(rows),
        "area and date" if len(codes) == 1 else "area, date and series",
        pages,
    )


def _code_of(row: Row, codes: Sequence[str]) -> tuple[str, ...]:
    """Return the further key of a row: the series, if there are several."""
    return (str(row["indicator"]["id"]),) if len(codes) > 1 else ()


def raw_rows(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    files: Sequence[SnapshotFiles],
) -> None:
    """Write the cells with a value to `raw_row`; count the empty ones of the grid in `raw_row_counted`."""
    make_wire(con)
    add_rows(con, source, files)


def add_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Add rows to existing tables, for a source that has other routes too."""
    con.register("breakdowns", _breakdowns(source))
    for group in batches(files):
        pages = make_pages(con, group)
        con.execute("create or replace temp table headers (path varchar, before bigint, total bigint)")
        con.executemany("insert into headers values ($1, $2, $3)", _headers(group))
        con.execute(_WIRE, pages)
        con.execute(_COUNTED)
    con.execute("drop table if exists headers")
    con.unregister("breakdowns")


def _breakdowns(source: Source) -> pa.Table:
    """Return each code of a breakdown with its base and its codes in the dimensions that source.yaml
    declares.
    """
    bases, listed = _base(source), load_series(source.id)
    dims = [[(n, listed[c].more[n]) for n in source.dimensions if listed[c].more.get(n)] for c in bases]
    return pa.table(
        {
            "code": pa.array(list(bases), pa.string()),
            "base": pa.array(list(bases.values()), pa.string()),
            "dims": pa.array(dims, pa.map_(pa.string(), pa.string())),
        }
    )


def _headers(group: Sequence[SnapshotFiles]) -> list[tuple[str, int, int]]:
    """Return each page with the rows before it and of all pages, by its header, which fetch has validated."""
    headers = []
    for path in sorted({path for one in group for path in one.pages}):
        with path.open(encoding="utf-8-sig") as file:
            header = _header(file.read(HEADER_CHARACTERS))
        headers.append((str(path), (int(header["page"]) - 1) * int(header["per_page"]), int(header["total"])))
    return headers


def _header(start: str) -> dict[str, Any]:
    """Parse the header from the first characters of a page. Raises ValueError if it is longer than they."""
    header: dict[str, Any] = json.JSONDecoder().raw_decode(start, start.index("{"))[0]
    return header


# A page is a list of two: the header, an object, and the rows, a list. They are told apart by the first
# character, because any JSON function would parse megabytes to do it.
_WIRE = f"""
insert into raw_row by name
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
    coalesce(breakdowns.base, cell.indicator.id) as series,
    coalesce(nullif(cell.countryiso3code, ''), cell.country.id) as area,
    cell.country.value as area_name,
    cell.date as time_period,
    cell.value as value,
    coalesce(breakdowns.dims, map([]::varchar[], []::varchar[])) as dims,
    nullif(cell.unit, '') as unit,
    nullif(cell.obs_status, '') as status
from unnested
left join breakdowns
    on cell.indicator.id = breakdowns.code
where cell.value is not null
"""

_COUNTED = """
insert into raw_row_counted
with kept as (
    select snapshot, count(*) as rows
    from raw_row
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
