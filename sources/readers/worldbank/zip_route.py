"""The bulk zip of a World Bank database: years as columns, one line per area and series.

options in source.yaml: `archive` (see ../common/archive.py), `data` and `footnotes`, patterns of the members
that hold the values and the footnotes. Quirks of the file of 2023-05-19: a byte order mark, CRLF,
every field quoted, and a comma at the end of each line, which makes a last column without a name.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from schemas.definitions.source import Source
from sources.http.content import expect_header, parse_text
from sources.model import Page, SnapshotFiles
from sources.readers.common.archive import ArchiveRules, members
from sources.readers.common.paging import RUN_AGAIN, refuse

if TYPE_CHECKING:
    import duckdb

COLUMNS = ("Country Name", "Country Code", "Indicator Name", "Indicator Code")
NOTE_COLUMNS = ("CountryCode", "SeriesCode", "Year", "DESCRIPTION")
AREA, SERIES = "c1", "c3"
NUMBER = r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True)
class Opened:
    """The parsed and validated zip: all cells as text in columns c0, c1, ..., the years, and the
    footnotes.
    """

    table: pa.Table
    years: tuple[str, ...]
    notes: pa.Table | None
    bodies: tuple[bytes, ...]


def open_zip(page: Page, source: Source) -> Opened:
    """Open the data members, or raise InvalidResponse if one has an unknown layout."""
    rules = ArchiveRules.model_validate(source.options["archive"])
    by_name = dict(members(page, rules))
    data = [name for name in by_name if re.fullmatch(str(source.options["data"]), name)]
    notes = [name for name in by_name if re.fullmatch(str(source.options["footnotes"]), name)]
    if len(data) != 1 or len(notes) > 1:
        raise refuse(
            f"the zip has {len(data)} members of values and {len(notes)} of footnotes",
            [page],
            allowed=f"one {source.options['data']}, at most one {source.options['footnotes']}",
        )
    table, header = _table(by_name[data[0]], data[0], page)
    years = _years(header, data[0], page)
    _check(table, years, data[0], page)
    listed = None
    if notes:
        listed, header = _table(by_name[notes[0]], notes[0], page)
        _expect(header, NOTE_COLUMNS, notes[0], page)
    return Opened(table, years, listed, tuple(by_name[name] for name in sorted([*data, *notes])))


def content(opened: Opened) -> str:
    """Return the sha256 of the content: a zip repacked with the same data is equal."""
    return hashlib.sha256(b"".join(hashlib.sha256(body).digest() for body in opened.bodies)).hexdigest()


def with_values(opened: Opened) -> list[str]:
    """Return the series that have any value."""
    filled = pa.array([False] * opened.table.num_rows)
    for place in range(len(opened.years)):
        filled = pc.or_(filled, pc.not_equal(opened.table.column(len(COLUMNS) + place), ""))
    return sorted(pc.unique(opened.table.filter(filled).column(SERIES)).to_pylist())


def zip_rows(con: duckdb.DuckDBPyConnection, one: SnapshotFiles, page: Page, source: Source) -> None:
    """Add the cells with a value to `raw_row`, and count the others."""
    opened = open_zip(page, source)
    lines = pa.array(range(opened.table.num_rows), pa.int64())
    empty = pa.table({name: pa.array([], pa.string()) for name in ("c0", "c1", "c2", "c3")})
    con.register("grid_lines", opened.table.append_column("line", lines))
    con.register("grid_notes", opened.notes if opened.notes is not None else empty)
    cells = ", ".join(f"c{len(COLUMNS) + place}" for place in range(len(opened.years)))
    parameters = {"snapshot": one.snapshot, "years": list(opened.years)}
    con.execute(_ROWS.format(cells=cells), parameters)
    con.execute(
        "insert into raw_row_counted select $snapshot, 'empty_cell', $cells - count(*) from raw_row "
        "where snapshot = $snapshot having count(*) < $cells",
        {"snapshot": one.snapshot, "cells": opened.table.num_rows * len(opened.years)},
    )
    con.unregister("grid_lines")
    con.unregister("grid_notes")


def _table(body: bytes, name: str, page: Page) -> tuple[pa.Table, list[str]]:
    """Return all lines of a member as text, in columns c0, c1, ..., and its header.

    The last column, made by the comma at the end of the lines, must be empty and is dropped.
    """
    text = parse_text(Page(f"{page.url}#{name}", body))
    header = expect_header(text, page, of=name)
    if not text.endswith("\n") or text.count('"') % 2:
        raise refuse(
            f"{name} ends in the middle of a line: {text[-60:]!r}",
            [page],
            allowed="a newline at the end",
            next_step=RUN_AGAIN,
        )
    names = [f"c{place}" for place in range(len(header))]
    try:
        table = pa.csv.read_csv(
            io.BytesIO(text.encode()),
            read_options=pa.csv.ReadOptions(column_names=names, skip_rows=1),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid as error:
        raise refuse(
            f"{name} is not the CSV that its header announces: {str(error)[:200]}",
            [page],
            allowed=f"{len(header)} columns in every line",
            next_step=RUN_AGAIN,
        ) from None
    if not table.num_rows:
        raise refuse(f"{name} has a header and no rows", [page], allowed="at least one row")
    if header[-1] == "":
        if filled := pc.sum(pc.not_equal(table.column(names[-1]), "")).as_py():
            raise refuse(
                f"{filled} lines of {name} have more than the header", [page], allowed="no further field"
            )
        table, header = table.drop_columns([names[-1]]), header[:-1]
    return table, header


def _expect(header: Sequence[str], columns: Sequence[str], name: str, page: Page) -> None:
    if tuple(header[: len(columns)]) != tuple(columns):
        raise refuse(
            f"{name} begins with {', '.join(header[: len(columns)])}",
            [page],
            allowed=", ".join(columns),
            next_step="if the agency has changed its file, the reader must learn the new columns",
        )


def _years(header: Sequence[str], name: str, page: Page) -> tuple[str, ...]:
    """Return the years of the columns, which must be consecutive, so that none is lost or duplicated."""
    _expect(header, COLUMNS, name, page)
    years = tuple(header[len(COLUMNS) :])
    first = int(years[0]) if years and re.fullmatch(r"[0-9]{4}", years[0]) else 0
    if not first or years != tuple(str(first + place) for place in range(len(years))):
        raise refuse(
            f"the years of {name} are {', '.join(years)}", [page], allowed="one year after the other"
        )
    return years


def _check(table: pa.Table, years: Sequence[str], name: str, page: Page) -> None:
    """Check the whole grid: every series for every area, each once, and numbers or nothing in the cells."""
    areas, series = (pc.count_distinct(table.column(column)).as_py() for column in (AREA, SERIES))
    pairs = table.group_by([AREA, SERIES]).aggregate([]).num_rows
    if not table.num_rows == pairs == areas * series:
        raise refuse(
            f"{name} has {table.num_rows} lines of {pairs} pairs of {areas} areas and {series} series",
            [page],
            allowed=f"each of the {areas * series} pairs once",
            next_step=RUN_AGAIN,
        )
    for place, year in enumerate(years, len(COLUMNS)):
        cells = table.column(place)
        wrong = pc.invert(pc.or_(pc.equal(cells, ""), pc.match_substring_regex(cells, NUMBER)))
        if pc.any(wrong).as_py():
            raise refuse(
                f"{name} has {cells.filter(wrong)[0].as_py()!r} in {year}",
                [page],
                allowed="a number, or nothing",
            )


# A line has all years of a series and area; its cells are numbered through the file, including empty ones.
_ROWS = """
insert into raw_row by name
with notes as (
    select c0 as area, c1 as series, c2 as period, string_agg(c3, ' | ' order by c3) as footnote
    from grid_notes
    group by all
),
cells as (
    select
        line * len($years) + unnest(range(len($years))) as row,
        c0 as area_name,
        c1 as area,
        c3 as series,
        unnest($years::varchar[]) as time_period,
        unnest([{cells}]) as value
    from grid_lines
)
select
    $snapshot as snapshot,
    cells.*,
    map([]::varchar[], []::varchar[]) as dims,
    notes.footnote
from cells
left join notes
    on cells.area = notes.area
    and cells.series = notes.series
    and 'YR' || cells.time_period = notes.period
where cells.value <> ''
"""
