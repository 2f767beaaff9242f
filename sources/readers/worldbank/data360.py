"""Reader of World Bank Data360: GET /data360/data, one resource per indicator of one database, all areas and
years.

series.csv has for each series its `database` and `indicator`, and its `unit_measure` if the agency publishes
an indicator in several units: rows in the others are counted as `other_unit`. options in source.yaml:
`page_size` (the API's `top`), `fields` (a map from the agency's fields to columns of `raw_row`) and
`ignored`. Every other field with a value is a dimension, and stage refuses one that source.yaml does not
declare.

Pages are requested by `skip`; each has the total number of rows in `count`. Values are text, and a missing
one is the text `null`. For an unknown indicator `count` is 0. Some rows come several times, the same in every
field (Switzerland in UN_EGDI): stage keeps one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.session import Session, parse_json
from sources.model import Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import (
    Row,
    Sheet,
    canonical,
    check_rows,
    check_unique,
    content_of,
    follow,
    refuse,
    sheet,
    whole,
)
from sources.readers.common.python_rows import number_rows, write_raw_rows
from sources.registry.sources import SeriesInfo, load_series

if TYPE_CHECKING:
    import duckdb

PATH = "/data360/data"
OTHER_UNIT = "other_unit"


def plan(source: Source, series: Sequence[str]) -> list[Resource]:
    """Return one resource per series."""
    known = load_series(source.id)
    if unknown := [code for code in series if code not in known]:
        raise CompactError(
            f"{source.id} has no series {', '.join(unknown)}",
            where=f"sources/agencies/{source.id}/series.csv",
            allowed=", ".join(known),
            next_step="add the series, with its database and indicator, to series.csv",
        )
    return [Resource(code, (code,)) for code in series]


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch all pages of one series and check that they are complete."""
    info, size = load_series(source.id)[resource.key], int(source.options["page_size"])
    asked = {"DATABASE_ID": info.more["database"], "INDICATOR": info.more["indicator"]}
    numbers: list[int] = []  # a page does not have its number

    def ask(number: int) -> Page:
        numbers.append(number)
        return session.get(PATH, asked | {"skip": (number - 1) * size, "top": size})

    def read(page: Page) -> Sheet:
        total, rows = _parts(page, info)
        check_rows(rows, frozenset([*source.options["fields"], *asked, *source.dimensions]), page, info.code)
        return sheet(page, numbers[-1], -(-total // size), total, rows)

    sheets = follow(ask, read, size, info.code, copies=lambda _: 2)
    rows = [row for one in sheets for row in one.rows]
    pages = tuple(one.page for one in sheets)
    _check(rows, asked, source, pages)
    _check_units(rows, info, pages)
    return SourceResponse(resource, pages, sheets[0].pages, len(rows), content_of(sheets))


def _parts(page: Page, info: SeriesInfo) -> tuple[int, list[Any]]:
    """Return the total number of rows, and those of the page."""
    answer = parse_json(page)
    if not (isinstance(answer, dict) and isinstance(answer.get("value"), list) and "count" in answer):
        raise refuse(
            f"the answer for {info.code} is no object with count and value",
            [page],
            allowed='{"count": ..., "value": [...]}',
            next_step="look at the kept bytes: if the agency says that it has no such indicator, change "
            "series.csv",
        )
    return whole(answer["count"], "count", page), answer["value"]


def _check(rows: Sequence[Row], asked: dict[str, str], source: Source, pages: Sequence[Page]) -> None:
    """Check the requested indicator, values as text, and that no two different rows share area, year,
    breakdown and unit.
    """
    for name, expected in asked.items():
        if others := sorted({str(row[name]) for row in rows} - {expected}):
            raise refuse(
                f"{name} {expected} was asked, and rows of {', '.join(others[:5])} came",
                pages,
                allowed=expected,
                next_step="if the agency has renamed it, write the new code in series.csv",
            )
    for number, row in enumerate(rows):
        if not (row["OBS_VALUE"] is None or isinstance(row["OBS_VALUE"], str)):
            raise refuse(
                f"the value of row {number} is {row['OBS_VALUE']!r}", pages, allowed="a text or null"
            )
        if other := [name for name, value in row.items() if isinstance(value, list | dict | float)]:
            raise refuse(
                f"{', '.join(other[:5])} of row {number} is neither text nor a whole number",
                pages,
                allowed="text, a whole number, true, false or null",
            )
    unread = {*source.options["ignored"]}  # LATEST_DATA differs between two copies of a row
    different = {canonical({k: v for k, v in row.items() if k not in unread}): row for row in rows}.values()
    keys = (
        (row["REF_AREA"], row["TIME_PERIOD"], row["UNIT_MEASURE"], *_dims(row, source).values())
        for row in different
    )
    check_unique(keys, len(rows), "area, year, unit and breakdown", pages)


def _check_units(rows: Sequence[Row], info: SeriesInfo, pages: Sequence[Page]) -> None:
    """Check for one unit, or the one of several that series.csv names."""
    units = sorted({str(row["UNIT_MEASURE"]) for row in rows})
    named = info.more.get("unit_measure", "")
    if (named and named not in units) or (not named and len(units) > 1):
        raise refuse(
            f"{info.code} has values in {', '.join(units)}",
            pages,
            allowed=named or "one unit",
            next_step="name the unit of the series as unit_measure in series.csv; another unit needs a "
            "series of its own",
        )


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write every row, under the code of its series; count rows in another unit."""
    series = load_series(source.id)
    rows: list[Row] = []
    others: list[tuple[str, str, int]] = []
    for one in files:
        wired = list(_wired(one.pages, source, series[one.resource]))
        kept = [row for row in wired if row is not None]
        rows += number_rows(one, kept)
        if len(kept) < len(wired):
            others.append((one.snapshot, OTHER_UNIT, len(wired) - len(kept)))
    write_raw_rows(con, source, rows)
    for counted in others:
        con.execute("insert into raw_row_counted values ($1, $2, $3)", list(counted))


def _wired(pages: Sequence[Path], source: Source, info: SeriesInfo) -> Iterator[Row | None]:
    """Return the rows of a series; None for one in another unit."""
    fields: dict[str, str] = source.options["fields"]
    unit = info.more.get("unit_measure", "")
    for path in pages:
        for row in orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))["value"]:
            if unit and row["UNIT_MEASURE"] != unit:
                yield None
                continue
            said = {column: row[name] for name, column in fields.items()}
            yield {column: None if value is None else str(value) for column, value in said.items()} | {
                "series": info.code,
                "dims": list(_dims(row, source).items()),
            }


def _dims(row: Row, source: Source) -> dict[str, str]:
    """Return the dimensions of a row: declared or not, every field with a value that is not a known field."""
    known = {*source.options["fields"], *source.options["ignored"]}
    return {name: str(row[name]) for name in sorted(row.keys() - known) if row[name] is not None}
