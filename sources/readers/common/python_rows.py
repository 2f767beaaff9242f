"""Shared by readers of small responses: rows made in Python, passed to stage as the table `raw_row`.

A response of more than some 50,000 rows is read by DuckDB instead, see raw_table.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from schemas.definitions.source import Source
from sources.model import RAW_COLUMNS, SnapshotFiles
from sources.readers.common.raw_table import make_wire

if TYPE_CHECKING:
    import duckdb

TYPES = {"row": pa.int64(), "dims": pa.map_(pa.string(), pa.string())}
SCHEMA = pa.schema([(name, TYPES.get(name, pa.string())) for name in (*RAW_COLUMNS, "reason", "detail")])
BATCH = 20_000  # rows written at a time, so that they are not all in memory twice
Row = dict[str, Any]


def write_raw_rows(con: duckdb.DuckDBPyConnection, source: Source, rows: Iterable[Row]) -> None:
    """Write these rows to `raw_row`, and those with an area in options.outside to `raw_row_rejected`.

    options.outside: a list of {pattern, reason, detail}. An area that fully matches a pattern is an
    agency-specific group that is not published: its rows are refused for that reason. Use it for groups that
    an agency numbers (X01, X02, ...); list a single one in areas.not_carried.
    """
    rules = [(re.compile(rule["pattern"]), rule) for rule in source.options.get("outside", ())]
    make_wire(con)
    con.execute(
        "create temp table if not exists raw_row_rejected "
        "(snapshot varchar, row bigint, reason varchar, detail varchar)"
    )
    for batch in _batches({"dims": []} | row | _outside(rules, row) for row in rows):
        con.register("rows_made", pa.Table.from_pylist(batch, SCHEMA))
        con.execute("insert into raw_row by name select * exclude (reason, detail) from rows_made")
        con.execute(
            "insert into raw_row_rejected select snapshot, row, reason, detail from rows_made "
            "where reason is not null"
        )
        con.unregister("rows_made")


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _outside(rules: Iterable[tuple[re.Pattern[str], Mapping[str, str]]], row: Row) -> Row:
    area = row.get("area") or ""
    rule = next((rule for pattern, rule in rules if pattern.fullmatch(area)), None)
    if rule is None:
        return {}
    return {"reason": rule["reason"], "detail": f"{row.get('area_name') or area}: {rule['detail']}"}


def number_rows(one: SnapshotFiles, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows of one snapshot with its id and their places."""
    for number, row in enumerate(rows):
        yield {"snapshot": one.snapshot, "row": number} | row


def number_text(value: float | int | None) -> str:
    """Format a JSON number as text that parses to the same number; nothing if it is null."""
    return "" if value is None else repr(value)
