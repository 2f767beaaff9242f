"""Reader of a World Bank database by either route: the Indicators API series by series, or the whole bulk
zip.

options in source.yaml: `route` (api, bulk or auto; the environment's COMPACT_ROUTE_<SOURCE> comes first), for
the API what api_route.py reads, for the zip `archive`, `bulk_url`, and what zip_route.py reads. auto takes
the zip if more than `bulk_above` series are needed: from there on it is the smaller download. After a change
of route, snapshots of both may exist. A series is then taken from the one with the later own date (the API's
`lastupdated`, the zip's newest member); for equal dates from the zip, which has footnotes. The rows of the
other are counted as `superseded`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from schemas.definitions.source import Source
from sources.http.session import Session
from sources.model import NoSuchSeries, Resource, SnapshotFiles, SourceResponse, SpooledPage
from sources.readers.common.archive import packed_on
from sources.readers.common.paging import refuse
from sources.readers.common.raw_table import make_wire
from sources.readers.common.routes import route_among
from sources.readers.worldbank import api_route as worldbank_json
from sources.readers.worldbank.zip_route import inspect, zip_rows

if TYPE_CHECKING:
    import duckdb

ROUTES = ("api", "bulk", "auto")
ZIP = b"PK\x03\x04"
HEADER_CHARACTERS = 4096


def chosen_route(source: Source, series: Sequence[str]) -> str:
    """Return api or bulk, for these series."""
    route = route_among(source, ROUTES)
    if route == "auto":
        route = "bulk" if len(series) > int(source.options["bulk_above"]) else "api"
    return route


def has_release(source: Source, resources: Sequence[Resource]) -> bool:
    """Return whether the freshness request applies: it is the API's, while the zip has another date and
    its own validators.
    """
    return all(resource.key != _name(source) for resource in resources)


def plan(source: Source, series: Sequence[str]) -> list[Resource]:
    """Return one resource per series for the API; all of them in one file for the bulk route."""
    if chosen_route(source, series) == "api":
        return worldbank_json.plan(source, series)
    return [Resource(_name(source), tuple(series))] if series else []


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch one series, or the file with all of them, and check that it is complete."""
    if resource.key == _name(source):
        return _fetch_bulk(source, resource, session)
    answer = worldbank_json.fetch(source, resource, session)
    # the API's Last-Modified is the time of the request: sent back as a validator it would be meaningless
    pages = tuple(replace(page, etag=None, last_modified=None) for page in answer.pages)
    return replace(answer, pages=pages)


def _fetch_bulk(source: Source, resource: Resource, session: Session) -> SourceResponse:
    url = urlsplit(str(source.options["bulk_url"]))
    asked = url if session.base_url == source.base_url.rstrip("/") else urlsplit(session.base_url)
    page = session.get(url.path, base=f"{asked.scheme}://{asked.netloc}")
    if page.head(len(ZIP)) != ZIP:
        raise refuse(
            f"the answer is no zip: it begins with {page.head(40)!r}",
            [page],
            allowed=resource.key,
            next_step=f"look at the kept bytes; COMPACT_ROUTE_{source.id.upper()}=api takes the other route",
        )
    contents = inspect(page, source)
    if lost := sorted(set(resource.series) - set(contents.series) - resource.optional):
        raise refuse(
            f"{resource.key} has no values of {', '.join(lost)}",
            [page],
            allowed=", ".join(contents.series),
            next_step="if the agency has renamed or withdrawn them, change series.csv and the indicators",
            kind=NoSuchSeries,
        )
    carried = Resource(resource.key, contents.series)
    return SourceResponse(carried, (page,), 1, contents.cells, contents.sha256, packed_on(page))


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write every cell with a value, from either route; count the empty ones."""
    make_wire(con)
    zips = [one for one in files if _is_zip(one.pages[0])]
    listed = [one for one in files if one not in zips]
    if listed:
        worldbank_json.add_rows(con, source, listed)
    for one in zips:
        zip_rows(con, one, SpooledPage(str(one.pages[0]), one.pages[0]), source)
    if zips and listed:
        _supersede(con, zips, listed)


def _supersede(
    con: duckdb.DuckDBPyConnection, zips: Sequence[SnapshotFiles], listed: Sequence[SnapshotFiles]
) -> None:
    """Keep only the later version of a series that both routes fetched."""
    con.execute("create or replace temp table states (snapshot varchar, released varchar, route integer)")
    of_zips = [(one.snapshot, packed_on(SpooledPage("", one.pages[0])), 1) for one in zips]
    of_pages = [(one.snapshot, _updated(one.pages[0]), 0) for one in listed]
    con.executemany("insert into states values ($1, $2, $3)", of_zips + of_pages)
    con.execute(_SUPERSEDED)
    con.execute("drop table states")


def _updated(path: Path) -> str:
    """Return the date in the header of a page; fetch has checked that all pages have the same."""
    with path.open(encoding="utf-8-sig") as file:
        start = file.read(HEADER_CHARACTERS)
    header = json.JSONDecoder().raw_decode(start, start.index("{"))[0]
    return str(header.get("lastupdated") or "")


def _name(source: Source) -> str:
    """Return the file's own name, which no series has."""
    return urlsplit(str(source.options["bulk_url"])).path.rpartition("/")[2]


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(ZIP)) == ZIP


_SUPERSEDED = """
create temp table if not exists raw_row_rejected (
    snapshot varchar, row bigint, reason varchar, detail varchar
);
insert into raw_row_rejected
with kept as (
    select carried.series, max_by(states.snapshot, (states.released, states.route)) as snapshot
    from (select distinct series, snapshot from raw_row) as carried
    join states
        on carried.snapshot = states.snapshot
    group by carried.series
)
select
    raw_row.snapshot,
    raw_row.row,
    'superseded' as reason,
    'the other route brought ' || raw_row.series || ' of a later date' as detail
from raw_row
join kept
    on raw_row.series = kept.series
where raw_row.snapshot <> kept.snapshot
"""
