"""ITU DataHub, route `csv`: /data/download, a family of series in one file.

Quirks seen: a byte order mark; newlines inside Notes and Source that are not quoted; the response includes
other series than the requested ones (breakdowns of the same question); a blank Value is a year without data;
no total declares the number of rows. A record is reassembled from its lines until it has all columns and the
next line starts another; the bytes are stored unchanged.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from sources.http.content import expect_header, parse_text
from sources.http.session import Session
from sources.model import Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import RUN_AGAIN, check_unique, refuse

if TYPE_CHECKING:
    import duckdb

COLUMNS = ("SeriesID", "SeriesCode", "Series", "Unit", "Database", "Year", "AreaName", "AreaCode",
           "DisaggregationGroup", "Disaggregation1", "Disaggregation2", "Value", "Notes", "Source",
           "LastModifiedOn")  # fmt: skip
BEGINS_RECORD = re.compile(r'"?\d+"?,"?[A-Za-z]\w*"?,')  # SeriesID and SeriesCode
NEWLINE = "\x1e"  # placeholder for a newline inside a record during parsing
Record = dict[str, str]


def fetch_csv(resource: Resource, code_ids: Mapping[str, str], session: Session) -> SourceResponse:
    """Fetch a family of series; code_ids: series code to the agency's codeID, for every required series."""
    page = session.get("/data/download", {"codesid": ",".join(code_ids.values())})
    records = parse(page)
    answered = {(record["SeriesCode"], record["SeriesID"]) for record in records}
    if lost := sorted(set(code_ids.items()) - answered):
        raise refuse(
            f"{resource.key}: no rows of {', '.join(f'{code} ({number})' for code, number in lost[:5])} came",
            [page],
            allowed="every series that was asked for",
            next_step="if the agency has renamed it, write the new code in series.csv and the indicators, "
            "else run again",
        )
    key = ("SeriesID", "AreaCode", "Year", "Disaggregation1", "Disaggregation2")
    check_unique(
        (tuple(record[name] for name in key) for record in records), len(records), " ".join(key), [page]
    )
    digest = hashlib.sha256("\n".join(sorted(str(record) for record in records)).encode())
    return SourceResponse(resource, (page,), 1, len(records), digest.hexdigest())


def parse(page: Page) -> list[Record]:
    """Return the records of a file. Raises InvalidResponse if the layout is unknown or the file ends
    within a record.
    """
    lines = [line for line in re.split(r"(?<=\n)", parse_text(page)) if line]
    _check_header(expect_header(lines[0], page), page)
    if not lines[-1].endswith("\n"):
        raise refuse(
            f"the file ends in the middle of a line: {lines[-1][-60:]!r}",
            [page],
            allowed="a newline at the end",
            next_step=RUN_AGAIN,
        )
    records: list[Record] = []
    waiting = ""
    for number, line in enumerate(lines[1:], 2):
        waiting += line
        ends = number == len(lines) or BEGINS_RECORD.match(lines[number])
        fields = _fields(waiting, page) if ends else []
        if len(fields) == len(COLUMNS):
            records.append(dict(zip(COLUMNS, fields, strict=True)))
            waiting = ""
        elif len(fields) > len(COLUMNS) or (ends and number == len(lines) and waiting.strip()):
            raise refuse(
                f"the record that ends on line {number} has {len(fields)} columns: {waiting[:80]!r}",
                [page],
                allowed=f"{len(COLUMNS)} columns",
                next_step=RUN_AGAIN,
            )
    if not records:
        raise refuse(
            "the file has a header and no rows", [page], allowed="at least one row", next_step=RUN_AGAIN
        )
    return records


def _fields(record: str, page: Page) -> list[str]:
    """Split one record into fields, keeping newlines inside; none if a quotation is still open."""
    if record.count('"') % 2:
        return []
    flat = record.rstrip("\r\n").replace("\r\n", NEWLINE).replace("\n", NEWLINE).replace("\r", NEWLINE)
    try:
        fields = next(csv.reader([flat]), [])
    except csv.Error as error:
        raise refuse(f"a record is no CSV: {error}: {record[:80]!r}", [page], next_step=RUN_AGAIN) from None
    return [field.replace(NEWLINE, "\n").strip() for field in fields]


def _check_header(header: Sequence[str], page: Page) -> None:
    if tuple(header) == COLUMNS:
        return
    place = next(
        (i for i, (a, b) in enumerate(zip(header, COLUMNS, strict=False)) if a != b),
        min(len(header), len(COLUMNS)),
    )
    actual = repr(header[place]) if place < len(header) else "missing"
    expected = COLUMNS[place] if place < len(COLUMNS) else "nothing"
    raise refuse(
        f"column {place + 1} of the file is {actual}, and {expected} belongs there",
        [page],
        allowed=", ".join(COLUMNS),
        next_step="if the agency has changed its file, the reader must learn the new columns",
    )


def wire_csv(con: duckdb.DuckDBPyConnection, files: Sequence[tuple[SnapshotFiles, Path]]) -> None:
    """Add the records of files to `rows_read`."""
    for one, path in files:
        records = parse(Page(str(path), path.read_bytes()))
        table = pa.Table.from_pylist(records, pa.schema([(name, pa.string()) for name in COLUMNS]))
        con.register("records", table.append_column("row", pa.array(range(len(records)), pa.int64())))
        con.execute(_ROWS, {"snapshot": one.snapshot})
        con.unregister("records")


_ROWS = """
insert into rows_read by name
select
    $snapshot as snapshot,
    row,
    SeriesCode as series,
    AreaCode as area,
    AreaName as area_name,
    Year as time_period,
    Value as value,
    Unit as unit,
    DisaggregationGroup as label_group,
    Disaggregation1 as label,
    Disaggregation2 as second_label,
    Notes as note,
    Source as source
from records
"""
