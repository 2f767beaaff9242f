"""Reader of the UNSD SDG API v1, by either route: one resource is one series, all areas and years.

options in source.yaml: `route` (data or csv; the environment's COMPACT_ROUTE_UNSD_SDG comes first),
`page_size`, and `attributes`: a map from the agency's attributes, in lower case, to columns of `raw_row`.
Every other name in brackets is a dimension, and stage refuses one that source.yaml does not declare.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.definitions.source import Source
from sources.http.session import Session
from sources.model import Resource, SnapshotFiles, SourceResponse
from sources.readers.common.raw_table import batches, make_wire
from sources.readers.common.routes import route_among
from sources.readers.unsd.csv_route import fetch_csv, wire_csv
from sources.readers.unsd.json_route import fetch_json, wire_json

if TYPE_CHECKING:
    import duckdb

ROUTES = {"data": fetch_json, "csv": fetch_csv}


def plan(source: Source, series: Sequence[str]) -> list[Resource]:  # noqa: ARG001 - as every reader
    """Return one resource per series, with the same key on both routes."""
    return [Resource(code, (code,)) for code in series]


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch one series by the chosen route and check that it is complete."""
    return ROUTES[chosen_route(source)](source, resource, session)


def chosen_route(source: Source) -> str:
    return route_among(source, ROUTES)


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write every row of the snapshots, by the route with which each was fetched."""
    make_wire(con)
    attributes = {str(name): str(column) for name, column in source.options["attributes"].items()}
    for group in batches(files):
        tables = [(one, path) for one in group for path in one.pages if not _is_json(path)]
        in_csv = {one.snapshot for one, _ in tables}
        if tables:
            wire_csv(con, attributes, tables)
        if paged := [one for one in group if one.snapshot not in in_csv]:
            wire_json(con, attributes, paged)


def _is_json(path: Path) -> bool:
    """Return whether it is a page of Series/Data. In a snapshot that also has a file of Series/DataCSV, it
    has only the total.
    """
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
