"""Reads an Excel workbook: one sheet, in one of three layouts that source.yaml declares under options.

  path      the address after base_url
  sheet     the very name of the sheet
  layout    years    one line a record, the years as columns after the declared ones
            long     one line a value
            stacked  tables below one another: a title alone in the first column, the years, the records
  header    (years, long) the declared column names; the row that has them is looked for
  series    (years, long) the columns whose cells, joined by " | ", are the code of the series
  fields    (years, long) what a column is to us: area, area_name, unit, status, value, time_period, footnote
  workbook  limits, see _workbook.py

In `stacked` the title is the code of the series and the first column is the area. A year may carry a mark,
as in 2025*, which is handed over as status. Lines of text outside the records are listed as refused
(note_row); a number there, a column without a name or a second line for one key is no answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from schemas.definitions.base import Model
from schemas.definitions.source import Source
from sources.model import NoSuchSeries, Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import canonical, check_unique, refuse
from sources.readers.common.python_rows import Row, number_rows, write_raw_rows
from sources.readers.workbook.parser import Cells, WorkbookRules, sheet_cells

if TYPE_CHECKING:
    import duckdb

    from sources.http.session import Session

RESOURCE = "workbook"
JOIN = " | "
YEAR = re.compile(r"((?:19|20)[0-9]{2})\s?(\*?)")
NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*%?")
Name = Literal["area", "area_name", "unit", "status", "value", "time_period", "footnote"]


class Options(Model):
    """options of source.yaml for this reader."""

    path: str = Field(pattern="^/")
    sheet: str
    layout: Literal["years", "long", "stacked"]
    header: list[str] = Field(default=[])
    series: list[str] = Field(default=[])
    fields: dict[Name, str] = Field(default={})
    workbook: WorkbookRules = WorkbookRules()


@dataclass
class _Read:
    """The records as rows of `raw_row`, with the notes among them, and the keys of the records."""

    page: Page
    rows: list[Row] = field(default_factory=list)
    keys: list[tuple[str, ...]] = field(default_factory=list)

    def note(self, place: int, row: Sequence[str]) -> None:
        """A line that is no record."""
        said = JOIN.join(filter(None, row))
        if any(NUMBER.fullmatch(cell) and not YEAR.fullmatch(cell) for cell in row[1:]):
            raise refuse(
                f"line {place + 1} has numbers and is no record: {said[:200]!r}",
                [self.page],
                allowed="numbers only where a record and a year meet",
                next_step="look at the sheet: its layout has changed, and source.yaml must follow",
            )
        self.rows.append({"value": said, "reason": "note_row", "detail": f"line {place + 1} is no record"})


def plan(source: Source, series: Sequence[str]) -> list[Resource]:  # noqa: ARG001 - as every reader
    """The workbook is one resource: its series come together."""
    return [Resource(RESOURCE, tuple(sorted(series)))] if series else []


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Ask for the file, and prove that it is a workbook that may be read, with every series asked for."""
    options = Options.model_validate(source.options)
    page = session.get(options.path)
    read = _read(page, options)
    check_unique(read.keys, len(read.keys), "area, series and year", [page])
    if not read.keys:
        raise refuse(f"sheet {options.sheet!r} has no record", [page], allowed="at least one")
    if lost := sorted(set(resource.series) - {key[1] for key in read.keys}):
        raise refuse(
            f"sheet {options.sheet!r} has no series {', '.join(lost)}",
            [page],
            allowed=", ".join(sorted({key[1] for key in read.keys})[:20]),
            next_step="if a series has another name now, write it in series.csv and the indicators",
            kind=NoSuchSeries,
        )
    content = hashlib.sha256(canonical(read.rows)).hexdigest()
    return SourceResponse(resource, (page,), 1, len(read.rows), content)


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Every cell of every record, empty ones too, and the notes as refused."""
    options = Options.model_validate(source.options)

    def rows() -> Iterator[Row]:
        for one in files:
            url = one.urls[0] if one.urls else str(one.pages[0])
            yield from number_rows(one, _read(Page(url, one.pages[0].read_bytes()), options).rows)

    write_raw_rows(con, source, rows())


def _read(page: Page, options: Options) -> _Read:
    cells = sheet_cells(page, options.sheet, options.workbook)
    read = _Read(page)
    if options.layout == "stacked":
        _stacked(read, cells)
    else:
        _table(read, cells, options)
    return read


# --- one table: declared columns, then years ---
def _table(read: _Read, cells: Cells, options: Options) -> None:
    top = _header(read, cells, options)
    names = cells[top]
    years = _years(read, names, len(options.header)) if options.layout == "years" else {}
    extra = [name for place, name in enumerate(names) if place >= len(options.header) and place not in years]
    if any(extra):
        raise refuse(
            f"the sheet has columns that are not declared: {', '.join(filter(None, extra))}",
            [read.page],
            allowed=", ".join(options.header) + (" and years" if years else ""),
            next_step="declare them in options.header, if they are known",
        )
    for place, row in enumerate(cells):
        if place < top and any(row):
            read.note(place, row)
        elif place > top and any(row):
            _record(read, place, row, options, years)


def _header(read: _Read, cells: Cells, options: Options) -> int:
    """The place of the one row that begins with the declared names."""
    wanted = options.header
    found = [place for place, row in enumerate(cells) if wanted and row[: len(wanted)] == wanted]
    if len(found) != 1:
        first = next((row for row in cells if any(row)), [])
        raise refuse(
            f"{len(found) or 'no'} rows have the declared column names; the first row that is not empty has "
            f"{', '.join(first)[:200]!r}",
            [read.page],
            allowed=", ".join(wanted),
            next_step="if the agency has renamed its columns, mend options.header in source.yaml",
        )
    return found[0]


def _years(read: _Read, names: Sequence[str], start: int) -> dict[int, tuple[str, str]]:
    """Column to year and mark. A year that stands twice has a meaning that we do not know."""
    years: dict[int, tuple[str, str]] = {}
    for place in range(start, len(names)):
        if found := YEAR.fullmatch(names[place]):
            if found[1] in {year for year, _ in years.values()}:
                raise refuse(
                    f"the year {found[1]} is the name of two columns",
                    [read.page],
                    allowed="each year once a table",
                    next_step="look at the sheet: two blocks side by side need a layout of their own",
                )
            years[place] = (found[1], found[2])
    return years


def _record(
    read: _Read, place: int, row: Sequence[str], options: Options, years: dict[int, tuple[str, str]]
) -> None:
    """The values of one line."""
    cell = dict(zip(options.header, row, strict=False))
    beyond = [text for at, text in enumerate(row) if at >= len(options.header) and at not in years and text]
    parts = [cell[name] for name in options.series]
    if not all(parts) or not cell[options.fields["area"]]:
        read.note(place, row)
        return
    if beyond:
        raise refuse(f"line {place + 1} has {beyond[0]!r} in a column without a name", [read.page])
    base: Row = {name: cell[column] or None for name, column in options.fields.items()}
    base["series"] = JOIN.join(parts)
    key = (str(base["area"]), base["series"])
    if options.layout == "long":
        read.rows.append(base)
        read.keys.append((*key, str(base["time_period"])))
    for at, (year, mark) in years.items():
        read.rows.append(base | {"time_period": year, "value": row[at]} | ({"status": mark} if mark else {}))
        read.keys.append((*key, year))


# --- tables below one another ---
def _stacked(read: _Read, cells: Cells) -> None:
    title, years = "", dict[int, tuple[str, str]]()
    for place, row in enumerate(cells):
        filled = [text for text in row[1:] if text]
        if filled and all(YEAR.fullmatch(text) for text in filled):
            above = cells[place - 1] if place else []
            if not above or not above[0] or any(above[1:]):
                raise refuse(
                    f"line {place + 1} has years, and no title stands alone in the line above it",
                    [read.page],
                    allowed="a title, the row of years, the records",
                )
            if read.rows and read.rows[-1].get("reason") and read.rows[-1]["value"] == above[0]:
                read.rows.pop()  # it was taken for a note until now
            title, years = above[0], _years(read, row, 1)
        elif title and row[0] and filled:
            for at, text in enumerate(row[1:], 1):
                if text and at not in years:
                    raise refuse(f"line {place + 1} has {text!r} in a column without a year", [read.page])
            for at, (year, mark) in years.items():
                read.rows.append(
                    {"series": title, "area": row[0], "area_name": row[0], "time_period": year}
                    | {"value": row[at], "status": mark or None}
                )
                read.keys.append((row[0], title, year))
        elif any(row):
            title, years = "", {}
            read.note(place, row)
        else:
            title, years = "", {}
