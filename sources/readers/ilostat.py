"""Reader of ILOSTAT's rplumber service: /data/indicator, one data set as a self-describing CSV file.

series.csv has for each series (the id of a data set, which ends in its frequency) the `filters` of the
request, `column=A+B` joined by `&`; the reader applies them again to the response. options in source.yaml:
`columns`, every allowed column; `outside`, see common/python_rows.py. A classification is a dimension named
by the first word of its code: AGE for AGE_YTHADULT_YGE15.

Quirks seen: a byte order mark; always application/octet-stream; unknown codes give a header without rows, an
unknown id status 400; lists are joined by a literal +, which %2B breaks; the code before the colon of
`source` is the kind of estimate (XA: an ILO model); rows of modelled series extend into the future.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.session import Session, parse_text
from sources.model import InvalidResponse, NoSuchSeries, Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import RUN_AGAIN, canonical, check_series, check_unique, refuse
from sources.readers.common.python_rows import Row, number_rows, write_raw_rows
from sources.registry.sources import load_series

if TYPE_CHECKING:
    import duckdb

NEEDED = ("ref_area", "source", "indicator", "time", "obs_value", "obs_status")
UNKNOWN_ID = b"deprecated or invalid dataset id"
Record = dict[str, str]


def plan(source: Source, series: Sequence[str]) -> list[Resource]:
    """Return a resource for each data set."""
    for code in series:
        _filters(source, code)
    return [Resource(code, (code,)) for code in series]


def _filters(source: Source, code: str) -> dict[str, str]:
    known = load_series(source.id)
    if code not in known:
        raise CompactError(
            f"{source.id} has no series {code}",
            where=f"sources/agencies/{source.id}/series.csv",
            allowed=", ".join(known),
            next_step="add the data set to series.csv",
        )
    return dict(part.split("=", 1) for part in known[code].more["filters"].split("&") if part)


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch one data set: known columns, complete lines, the requested indicator, each key once."""
    code, filters = resource.key, _filters(source, resource.key)
    query = "&".join(f"{name}={value}" for name, value in {"id": code, "type": "code", **filters}.items())
    try:
        page = session.get(f"/data/indicator?{query}&format=.csv")  # + stays + only in a path built by hand
    except InvalidResponse as error:
        if any(UNKNOWN_ID in page.body for page in error.pages):
            raise _none(f"the agency says that {code} is deprecated or invalid", error.pages) from None
        raise
    records = parse(page, source)
    if not records:
        raise _none(f"the answer for {code} has a header and no rows", [page])
    check_series((record["indicator"] for record in records), code.rpartition("_")[0], [page])
    for name, value in filters.items():
        others = sorted({record.get(name, "") for record in records} - {*value.split("+"), ""})
        if others:
            raise refuse(
                f"{code}: {name}={value} was asked, and rows of {', '.join(others[:5])} came",
                [page],
                allowed=value,
                next_step=RUN_AGAIN,
            )
    names = [name for name in ("ref_area", "sex", "classif1", "classif2", "time") if name in records[0]]
    check_unique((tuple(r[n] for n in names) for r in records), len(records), " ".join(names), [page])
    content = hashlib.sha256(b"\n".join(sorted(map(canonical, records)))).hexdigest()
    return SourceResponse(resource, (page,), 1, len(records), content)


def _none(what: str, pages: Sequence[Page]) -> InvalidResponse:
    return refuse(
        what,
        pages,
        allowed="at least one row",
        next_step="look the data set up in /metadata/toc/indicator; if it was renamed, write the new id in "
        "series.csv",
        kind=NoSuchSeries,
    )


def parse(page: Page, source: Source) -> list[Record]:
    """Return the records of a file; none for a header without rows. Raises InvalidResponse for any other
    layout.
    """
    text = parse_text(page)
    if not text.endswith("\n"):
        raise refuse(
            f"the file ends in the middle of a line: {text[-60:]!r}",
            [page],
            allowed="a newline at the end",
            next_step=RUN_AGAIN,
        )
    lines = csv.reader(io.StringIO(text), strict=True)
    known: list[str] = source.options["columns"]
    try:
        header = next(lines)
        places = [known.index(name) if name in known else -1 for name in header]
        if -1 in places or places != sorted(set(places)) or not set(NEEDED) <= set(header):
            raise refuse(
                f"the columns of the file are {', '.join(header)[:300]}",
                [page],
                allowed=f"of {', '.join(known)}, in this order, and always {', '.join(NEEDED)}",
                next_step="if the agency has changed its file, fix options.columns in source.yaml",
            )
        records = []
        for fields in lines:
            if len(fields) != len(header):
                raise refuse(
                    f"line {lines.line_num} has {len(fields)} columns: {fields[:5]}",
                    [page],
                    allowed=f"{len(header)} columns",
                    next_step=RUN_AGAIN,
                )
            records.append(dict(zip(header, fields, strict=True)))
    except csv.Error as error:
        raise refuse(
            f"line {lines.line_num} is no CSV: {error}", [page], allowed="quoted fields", next_step=RUN_AGAIN
        ) from None
    return records


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write every row of the snapshots."""
    write_raw_rows(con, source, (row for one in files for row in number_rows(one, _rows(source, one))))


def _rows(source: Source, one: SnapshotFiles) -> Iterator[Row]:
    for record in parse(Page(str(one.pages[0]), one.pages[0].read_bytes()), source):
        classified = [record.get(name, "") for name in ("classif1", "classif2")]
        notes = [record.get(name, "") for name in ("note_classif", "note_indicator", "note_source")]
        yield {
            "series": one.resource,
            "area": record["ref_area"],
            "time_period": record["time"],
            "value": record["obs_value"],
            "dims": [("sex", record["sex"])] * bool(record.get("sex"))
            + [(code.partition("_")[0], code) for code in classified if code],
            "nature": record["source"].partition(":")[0] or None,
            "status": record["obs_status"] or None,
            "source_detail": record["source"] or None,
            "footnote": " ".join(filter(None, notes)) or None,
        }
