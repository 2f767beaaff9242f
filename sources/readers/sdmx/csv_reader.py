"""Reader of SDMX-CSV 2 with labels from an SDMX REST v1 service (OECD): one request per series.

options in source.yaml: `flows`, see layout.py; `start`, the first requested year; `outside`, see
../common/python_rows.py. series.csv has for each series its `flow` and its `key`, in the order of the flow's
dimensions: `A+B` means either, nothing means all. A dimension that the key fixes to one code belongs to the
series; all others become dimensions of the rows. The reader applies the requested filters again to the
response.

Quirks seen: a byte order mark; blank lines at the end; errors in plain text (404 NoRecordsFound); 500
without Accept-Language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.content import KEEP_STORED
from sources.http.session import Session, parse_text
from sources.model import InvalidResponse, NoSuchSeries, Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import RUN_AGAIN, canonical, check_unique, refuse
from sources.readers.common.python_rows import Row, number_rows, write_raw_rows
from sources.readers.sdmx.layout import Flow, Message, NotAsAgreed, Observation, flow_of, read_message
from sources.registry.sources import SeriesInfo, load_series

if TYPE_CHECKING:
    import duckdb

NO_ROWS = (b"NoRecordsFound", b"NoResultsFound")  # the request is valid and has no result


def plan(source: Source, series: Sequence[str]) -> list[Resource]:
    """Return a resource for each series."""
    for code in series:
        _declared(source, code)
    return [Resource(code, (code,)) for code in series]


def _declared(source: Source, code: str) -> tuple[SeriesInfo, Flow, list[str]]:
    """Return a series with its flow and the parts of its key."""
    known = load_series(source.id)
    if code not in known:
        raise CompactError(
            f"{source.id} has no series {code}",
            where=f"sources/agencies/{source.id}/series.csv",
            allowed=", ".join(known),
            next_step="add the series, with its flow and key, to series.csv",
        )
    info = known[code]
    flow = flow_of(source, info.more["flow"])
    parts = info.more["key"].split(".")
    if len(parts) != len(flow.dimensions):
        raise CompactError(
            f"the key of {code} has {len(parts)} parts",
            where=f"sources/agencies/{source.id}/series.csv",
            allowed=f"{len(flow.dimensions)}: {'.'.join(flow.dimensions)}",
            next_step="write a dot between any two dimensions, also where one is left open",
        )
    return info, flow, parts


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch one series: all rows of its key, each once, in the agreed columns, and no others."""
    info, flow, parts = _declared(source, resource.key)
    params = {"dimensionAtObservation": "AllDimensions", "format": "csvfilewithlabels"}
    if start := source.options.get("start"):
        params["startPeriod"] = str(start)
    try:
        page = session.get(f"{flow.path}/data/{flow.dataflow}/{info.more['key']}", params)
    except InvalidResponse as error:
        raise _said(error, resource.key) from None
    message = _read(page, flow, resource.key)
    _check_key(message.observations, flow, parts, page, resource.key)
    names = (*flow.dimensions, "TIME_PERIOD")
    check_unique(
        (tuple(one.codes[name] for name in names) for one in message.observations),
        len(message.observations),
        " ".join(names),
        [page],
    )
    lines = sorted(canonical([one.codes, one.value, one.attributes]) for one in message.observations)
    content = hashlib.sha256(b"\n".join(lines)).hexdigest()
    return SourceResponse(resource, (page,), 1, len(lines), content, message.structure)


def _said(error: InvalidResponse, code: str) -> InvalidResponse:
    """Translate the service's "no results" to NoSuchSeries; return any other error unchanged."""
    if not any(text in page.body for page in error.pages for text in NO_ROWS):
        return error
    return refuse(
        f"the agency has no rows for the key of {code}",
        error.pages,
        allowed="at least one row",
        next_step="look the key up in the agency's data explorer; if a code was renamed, write it in "
        "series.csv",
        kind=NoSuchSeries,
    )


def _read(page: Page, flow: Flow, code: str) -> Message:
    text = parse_text(page)
    if not text.endswith("\n"):
        raise refuse(
            f"the file of {code} ends in the middle of a line: {text[-60:]!r}",
            [page],
            allowed="a newline at the end",
            next_step=RUN_AGAIN,
        )
    try:
        return read_message(text, flow)
    except NotAsAgreed as fault:
        raise refuse(
            f"{code}: {fault.what}",
            [page],
            allowed=fault.allowed,
            next_step="if the agency has changed the dataflow, fix options.flows in source.yaml; "
            + KEEP_STORED,
        ) from None


def _check_key(rows: Sequence[Observation], flow: Flow, parts: Sequence[str], page: Page, code: str) -> None:
    for name, part in zip(flow.dimensions, parts, strict=True):
        others = sorted({one.codes[name] for one in rows} - set(part.split("+"))) if part else []
        if others:
            raise refuse(
                f"{code}: {name} {part} was asked, and rows of {', '.join(others[:5])} came",
                [page],
                allowed=part,
                next_step="run again; if the codes were renamed, write the new ones in series.csv",
            )


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write every row of the snapshots."""
    write_raw_rows(con, source, (row for one in files for row in number_rows(one, _rows(source, one))))


def _rows(source: Source, one: SnapshotFiles) -> Iterator[Row]:
    info, flow, parts = _declared(source, one.resource)
    fixed = {name for name, part in zip(flow.dimensions, parts, strict=True) if part and "+" not in part}
    for path in one.pages:
        message = _read(Page(str(path), path.read_bytes()), flow, info.code)
        for row in message.observations:
            yield {
                "series": info.code,
                "area": row.codes[flow.area],
                "time_period": row.codes["TIME_PERIOD"],
                "value": row.value,
                "dims": [
                    (name, row.codes[name])
                    for name in flow.dimensions
                    if name not in fixed and name not in (flow.area, flow.unit) and row.codes[name]
                ],
                "unit": row.codes[flow.unit] or None,
                "unit_mult": row.attributes.get("UNIT_MULT") or None,
                "status": row.attributes.get("OBS_STATUS") or None,
                "source_detail": message.structure,
                "footnote": _footnote(row.attributes, flow.footnotes),
            }


def _footnote(attributes: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Return the attributes needed to read the value, such as BASE_PER 2015."""
    return ", ".join(f"{name} {attributes[name]}" for name in names if attributes[name]) or None
