"""The bulk zip of a World Bank database: years as columns, one line per area and series.

options in source.yaml: `archive` (see ../common/archive.py), `data` and `footnotes`, patterns of the members
that hold the values and the footnotes. Members are read in blocks of some megabytes, so that the size of the
file does not matter. Quirks of the file of 2023-05-19: a byte order mark, CRLF, every field quoted, and a
comma at the end of each line, which makes a last column without a name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from schemas.definitions.source import Source
from sources.http.content import check_text, expect_header
from sources.model import Page, SnapshotFiles
from sources.readers.common.archive import ArchiveRules, Member, open_members
from sources.readers.common.csv_blocks import BOM, blocks, check_marks, records, utf8
from sources.readers.common.paging import RUN_AGAIN, refuse
from sources.registry.sources import load_series

if TYPE_CHECKING:
    import duckdb

COLUMNS = ("Country Name", "Country Code", "Indicator Name", "Indicator Code")
NOTE_COLUMNS = ("CountryCode", "SeriesCode", "Year", "DESCRIPTION")
AREA, SERIES = "c1", "c3"
NOTE_SERIES = "c1"
NUMBER = r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
UNLISTED = "unlisted_series"


@dataclass(frozen=True)
class Contents:
    """Result of a pass over the whole zip: the series that have any value, the number of cells, and a sha256
    of the data members, which a zip repacked with the same data has too.
    """

    series: tuple[str, ...]
    cells: int
    sha256: str


def inspect(page: Page, source: Source) -> Contents:
    """Check every line of the data members, or raise InvalidResponse if one has an unknown layout."""
    digests, keys, filled, years = [], [], set(), 0
    for name, member, holds_values in _members(page, source):
        for header, lines in _lines(member, name, page):
            if holds_values:
                years = len(_years(header, name, page))
                _check_cells(lines, header, name, page)
                keys.append(lines.select([AREA, SERIES]))
                filled.update(_with_values(lines))
            else:
                _expect(header, NOTE_COLUMNS, name, page)
        digests.append(bytes.fromhex(member.hexdigest()))
    pairs = pa.concat_tables(keys)
    _check_grid(pairs, page)
    return Contents(
        tuple(sorted(filled)), pairs.num_rows * years, hashlib.sha256(b"".join(digests)).hexdigest()
    )


def zip_rows(con: duckdb.DuckDBPyConnection, one: SnapshotFiles, page: Page, source: Source) -> None:
    """Add the cells with a value to `raw_row`; count empty ones, and those of series that are not listed."""
    listed = pa.array(load_series(source.id))
    con.register("grid_notes", _notes(page, source, listed))
    before, empty, unlisted = 0, 0, 0
    for name, member, holds_values in _members(page, source):
        for header, block in _lines(member, name, page) if holds_values else ():
            years = _years(header, name, page)
            numbers = pa.array(range(before, before + block.num_rows), pa.int64())
            lines = block.append_column("line", numbers).filter(pc.is_in(block.column(SERIES), listed))
            con.register("grid_lines", lines)
            cells = ", ".join(f"c{len(COLUMNS) + place}" for place in range(len(years)))
            parameters = {"snapshot": one.snapshot, "years": list(years)}
            kept = con.execute(_ROWS.format(cells=cells), parameters).fetchall()[0][0]
            con.unregister("grid_lines")
            before += block.num_rows
            empty += lines.num_rows * len(years) - kept
            unlisted += (block.num_rows - lines.num_rows) * len(years)
    con.unregister("grid_notes")
    counts = [(one.snapshot, "empty_cell", empty), (one.snapshot, UNLISTED, unlisted)]
    if counts := [count for count in counts if count[2]]:
        con.executemany("insert into raw_row_counted values ($1, $2, $3)", counts)


def _members(page: Page, source: Source) -> Iterator[tuple[str, Member, bool]]:
    """Yield name and content of each data member, and whether it holds the values; the other, the footnotes.

    Raises InvalidResponse unless there is one of values, and at most one of footnotes.
    """
    data, notes = str(source.options["data"]), str(source.options["footnotes"])
    counted = {data: 0, notes: 0}
    for name, member in open_members(page, ArchiveRules.model_validate(source.options["archive"])):
        pattern = data if re.fullmatch(data, name) else notes
        counted[pattern] += 1
        if max(counted.values()) > 1:
            break
        yield name, member, pattern == data
    if counted[data] != 1 or counted[notes] > 1:
        raise refuse(
            f"the zip has {counted[data]} members of values and {counted[notes]} of footnotes",
            [page],
            allowed=f"one {data}, at most one {notes}",
        )


def _notes(page: Page, source: Source, listed: pa.Array) -> pa.Table:
    """Return the footnotes of the listed series, in columns c0 to c3."""
    tables = [pa.table({name: pa.array([], pa.string()) for name in ("c0", "c1", "c2", "c3")})]
    for name, member, holds_values in _members(page, source):
        for _, lines in () if holds_values else _lines(member, name, page):
            tables.append(lines.filter(pc.is_in(lines.column(NOTE_SERIES), listed)))
    return pa.concat_tables(tables)


def _lines(member: Member, name: str, page: Page) -> Iterator[tuple[list[str], pa.Table]]:
    """Yield the header of a member and its lines, block by block, as text in columns c0, c1, ...

    The last column, made by the comma at the end of the lines, must be empty and is dropped.
    """
    header: list[str] = []
    block, rows = b"", 0
    for block in blocks(member):
        data = block
        if not header:
            data = block.removeprefix(BOM)
            check_text(page, data)
            first, _, data = data.partition(b"\n")
            header = expect_header(utf8(first, page), page, of=name)
        check_marks(utf8(data, page), page)
        if data.strip():
            lines = records(data, [f"c{place}" for place in range(len(header))], page)
            rows += lines.num_rows
            yield _without_last(header, lines, name, page)
    if not header:
        check_text(page, b"")
    if not block.endswith(b"\n"):
        raise refuse(
            f"{name} ends in the middle of a line: {block[-60:].decode('utf-8', 'replace')!r}",
            [page],
            allowed="a newline at the end",
            next_step=RUN_AGAIN,
        )
    if not rows:
        raise refuse(f"{name} has a header and no rows", [page], allowed="at least one row")


def _without_last(header: list[str], lines: pa.Table, name: str, page: Page) -> tuple[list[str], pa.Table]:
    """Return header and lines without the column that the comma at the end of the lines makes."""
    if header[-1]:
        return header, lines
    last = lines.column_names[-1]
    if filled := pc.sum(pc.not_equal(lines.column(last), "")).as_py():
        raise refuse(
            f"{filled} lines of {name} have more than the header", [page], allowed="no further field"
        )
    return header[:-1], lines.drop_columns([last])


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


def _check_cells(lines: pa.Table, header: Sequence[str], name: str, page: Page) -> None:
    """Check that every cell of a year holds a number or nothing."""
    for place in range(len(COLUMNS), len(header)):
        cells = lines.column(place)
        wrong = pc.invert(pc.or_(pc.equal(cells, ""), pc.match_substring_regex(cells, NUMBER)))
        if pc.any(wrong).as_py():
            raise refuse(
                f"{name} has {cells.filter(wrong)[0].as_py()!r} in {header[place]}",
                [page],
                allowed="a number, or nothing",
            )


def _with_values(lines: pa.Table) -> list[str]:
    """Return the series that have any value in these lines."""
    filled = pa.chunked_array([pa.repeat(False, lines.num_rows)])
    for place in range(len(COLUMNS), lines.num_columns):
        filled = pc.or_(filled, pc.not_equal(lines.column(place), ""))
    series: list[str] = pc.unique(lines.filter(filled).column(SERIES)).to_pylist()
    return series


def _check_grid(pairs: pa.Table, page: Page) -> None:
    """Check the whole grid: every series for every area, each once."""
    areas, series = (pc.count_distinct(pairs.column(column)).as_py() for column in (AREA, SERIES))
    distinct = pairs.group_by([AREA, SERIES]).aggregate([]).num_rows
    if not pairs.num_rows == distinct == areas * series:
        raise refuse(
            f"the zip has {pairs.num_rows} lines of {distinct} pairs of {areas} areas and {series} series",
            [page],
            allowed=f"each of the {areas * series} pairs once",
            next_step=RUN_AGAIN,
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
