"""The UNSD SDG API v1, route `data`: Series/Data, pages of JSON that declare their totals.

Quirks seen: every value, code and count in a row is text, years are floats (2015.0); an unknown series
returns 200 with no rows; pages of 50,000 rows time out; a comma-joined areaCode is ignored and
timePeriodStart fails for some series (2026), so neither is used: all areas and years are requested. A series
of several indicators has lists of them in each row, and the live service was seen to send such rows once for
each: the repeats are counted as `repeated_for_indicator`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from schemas.definitions.source import Source
from sources.http.session import Session, parse_json
from sources.model import Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import (
    Row,
    Sheet,
    check_rows,
    check_series,
    content_of,
    follow,
    refuse,
    sheet,
    whole,
)
from sources.readers.common.raw_table import make_pages

if TYPE_CHECKING:
    import duckdb

PATH = "/v1/sdg/Series/Data"
ENVELOPE = ("totalElements", "totalPages", "pageNumber")
FIELDS = frozenset({"indicator", "series", "geoAreaCode", "geoAreaName", "timePeriodStart", "value",
                    "upperBound", "lowerBound", "source", "footnotes", "attributes",
                    "dimensions"})  # fmt: skip


def fetch_json(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch all pages of one series and check them against the declared totals."""
    code, size = resource.key, int(source.options["page_size"])
    sheets = follow(
        lambda number: ask_page(session, code, number, size),
        lambda page: read_page(page, code),
        size,
        code,
        copies,
    )
    pages = tuple(one.page for one in sheets)
    return SourceResponse(
        resource, pages, sheets[0].pages, sum(len(one.rows) for one in sheets), content_of(sheets)
    )


def ask_page(session: Session, code: str, number: int, size: int) -> Page:
    return session.get(PATH, {"seriesCode": code, "page": number, "pageSize": size})


def copies(row: Row) -> int:
    """Return how often a row may occur in a response: once for each of its indicators."""
    return len(row["indicator"])


def read_page(page: Page, code: str) -> Sheet:
    """Return the envelope and the rows, checked for the agreed shape and the requested series."""
    answer = parse_json(page)
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        raise refuse(
            f"the answer for {code} is not an envelope with data",
            [page],
            allowed='{"totalElements": ..., "data": [...]}',
        )
    if missing := set(ENVELOPE) - answer.keys():
        raise refuse(
            f"the envelope of {code} lacks {', '.join(sorted(missing))}", [page], allowed=", ".join(ENVELOPE)
        )
    rows: list[Row] = answer["data"]
    check_rows(rows, FIELDS, page, code)
    for number, row in enumerate(rows):
        if not (
            isinstance(row["value"], str | None)
            and isinstance(row["dimensions"], dict)
            and isinstance(row["attributes"], dict)
            and isinstance(row["indicator"], list)
            and isinstance(row["footnotes"], list)
        ):
            raise refuse(
                f"row {number} of {code} does not have the agreed types",
                [page],
                allowed="text for value, objects for dimensions and attributes, lists for the others",
            )
    check_series((row["series"] for row in rows), code, [page])
    numbers = {name: whole(answer[name], name, page) for name in ENVELOPE}
    return sheet(page, numbers["pageNumber"], numbers["totalPages"], numbers["totalElements"], rows)


def wire_json(
    con: duckdb.DuckDBPyConnection, attributes: Mapping[str, str], group: Sequence[SnapshotFiles]
) -> None:
    """Add the rows of a batch of snapshots to `raw_row`. attributes: the agency's attribute to the column
    of `raw_row`.
    """
    pages = make_pages(con, group)
    con.execute(_LENGTHS, pages)
    con.execute(_ROWS, pages)
    con.execute(_REPEATED)
    named = {column: name for name, column in attributes.items()}
    columns = {name: named.get(name, "") for name in ("unit", "unit_mult", "nature", "status")}
    con.execute(_WORDS, columns | {"names": list(attributes)})
    con.execute(_WIRE)
    for name in ("lengths", "rows_read", "repeated", "words"):
        con.execute(f"drop table {name}")


_PAGES = """
    select filename, json
    from read_json($paths, format = 'unstructured', records = false, columns = {'json': 'JSON'},
                   filename = true, maximum_object_size = $largest)
"""

# Rows are numbered across the pages of a snapshot.
_LENGTHS = f"""
create or replace temp table lengths as
select
    pages.snapshot,
    pages.path,
    sum(rows) over (partition by pages.snapshot order by pages.number) - rows as before
from (
    select filename, json_array_length(json, '$.data')::bigint as rows
    from ({_PAGES})
) as read
join pages
    on read.filename = pages.path
"""

_ROWS = f"""
create or replace temp table rows_read as
with unnested as (
    select filename, unnest(rows) as cell, generate_subscripts(rows, 1) - 1 as place
    from (
        select filename, from_json(json -> 'data', '[{{
            "indicator": ["VARCHAR"], "series": "VARCHAR", "geoAreaCode": "VARCHAR", "geoAreaName": "VARCHAR",
            "timePeriodStart": "VARCHAR", "value": "VARCHAR", "upperBound": "VARCHAR",
            "lowerBound": "VARCHAR", "source": "VARCHAR", "footnotes": ["VARCHAR"], "attributes": "JSON",
            "dimensions": "JSON"}}]') as rows
        from ({_PAGES})
    )
)
select
    lengths.snapshot,
    lengths.before + unnested.place as row,
    cell.series as series,
    cell.geoAreaCode as area,
    cell.geoAreaName as area_name,
    cell.timePeriodStart as time_period,
    cell.value as value,
    nullif(cell.lowerBound, '') as lower,
    nullif(cell.upperBound, '') as upper,
    nullif(cell.source, '') as source_detail,
    nullif(array_to_string(list_filter(cell.footnotes, lambda note: note <> ''), ' | '), '') as footnote,
    cell.attributes::varchar as attributes,
    cell.dimensions::varchar as dimensions,
    len(cell.indicator) as indicators
from unnested
join lengths
    on unnested.filename = lengths.path
"""

# A row equal to an earlier one, of a series with several indicators: at most one for each indicator.
_REPEATED = """
create or replace temp table repeated as
select snapshot, row
from rows_read
where indicators > 1
qualify row_number() over (
    partition by snapshot, series, area, time_period, value, lower, upper, source_detail, footnote,
        attributes, dimensions
    order by row
) between 2 and indicators
"""

# Attributes and dimensions are few and occur in every row: each combination is read once. Names are in lower
# case, because the agency's spelling varies. The CSV does not distinguish the two, so source.yaml does for
# both routes.
_WORDS = """
create or replace temp table words as
with combinations as (
    select distinct attributes, dimensions
    from rows_read
),
listed as (
    select attributes, dimensions, list_transform(
        list_filter(
            map_entries(from_json(attributes, '"MAP(VARCHAR, VARCHAR)"'))
            || map_entries(from_json(dimensions, '"MAP(VARCHAR, VARCHAR)"')),
            lambda word: trim(word.value) <> ''
        ),
        lambda word: {'key': lower(trim(word.key)), 'value': trim(word.value)}
    ) as words
    from combinations
)
select
    attributes,
    dimensions,
    map_from_entries(list_sort(list_filter(words, lambda word: not list_contains($names, word.key)))) as dims,
    list_filter(words, lambda word: word.key = $unit)[1].value as unit,
    list_filter(words, lambda word: word.key = $unit_mult)[1].value as unit_mult,
    list_filter(words, lambda word: word.key = $nature)[1].value as nature,
    list_filter(words, lambda word: word.key = $status)[1].value as status
from listed
"""

_WIRE = """
insert into raw_row by name
select rows_read.* exclude (indicators, attributes, dimensions), words.* exclude (attributes, dimensions)
from rows_read
join words
    using (attributes, dimensions)
anti join repeated
    on rows_read.snapshot = repeated.snapshot
    and rows_read.row = repeated.row;
insert into raw_row_counted
select snapshot, 'repeated_for_indicator', count(*)
from repeated
group by snapshot
order by snapshot
"""
