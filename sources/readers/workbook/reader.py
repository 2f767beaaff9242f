"""Reads an Excel workbook in one of three layouts that source.yaml declares under options.

  path      the address after base_url
  layout    years    one line a record, the years as columns after the declared ones
            long     one line a value
            blocks   tables below one another, with blocks of years side by side (blocks.py)
  sheet     (years, long) the name of the sheet; without it, the sheet that has the header
  header    (years, long) the declared column names; the row that has them is looked for
  series    (years, long) the columns whose cells, joined by " | ", are the code of the series
  fields    (years, long) what a column is to us: area, area_name, unit, status, value, time_period, footnote
  older     (years, long) earlier editions: their own header, series, fields, and a path, which is asked where
            the agency has no file (404) at the newer ones. The layout is that whose header is found
  paths     (blocks) addresses of earlier editions, newest first, asked where `path` has no file
  sheets    (blocks) sheet to what its blocks are of: `series`, or a dimension
  multipliers  (blocks) label of a block to its power of ten
  blank     texts of an empty cell, such as NA
  statuses  years of a series that have a status by the agency's notes (StatusRule in records.py)
  workbook  limits, and how percentages and hidden cells are taken, see parser.py

A year may carry a mark, as in 2025*, which is handed over as status. Lines of text outside the records are
listed as refused (note_row), hidden rows and columns too (hidden_cells), and values with raised or lowered
text are refused (raised_text). A number outside a record, a column without a name or a second line for one
key is no valid response.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from schemas.definitions.base import Model
from schemas.definitions.source import Source
from sources.model import InvalidResponse, NoSuchSeries, Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import canonical, check_unique, refuse
from sources.readers.common.python_rows import Row, number_rows, write_raw_rows
from sources.readers.workbook.blocks import read_blocks
from sources.readers.workbook.parser import Sheet, Workbook, WorkbookRules
from sources.readers.workbook.records import JOIN, YEAR, Records, StatusRule

if TYPE_CHECKING:
    import duckdb

    from sources.http.session import Session

RESOURCE = "workbook"
Name = Literal["area", "area_name", "unit", "status", "value", "time_period", "footnote"]


class Edition(Model):
    """Layout of the table in one edition."""

    path: str = Field(default="", pattern="^(/.*)?$")
    sheet: str = ""
    header: list[str] = Field(default=[])
    series: list[str] = Field(default=[])
    fields: dict[Name, str] = Field(default={})


class Options(Edition):
    """Options of source.yaml for this reader."""

    path: str = Field(pattern="^/")
    layout: Literal["years", "long", "blocks"]
    older: list[Edition] = Field(default=[])
    paths: list[str] = Field(default=[])
    sheets: dict[str, str] = Field(default={})
    multipliers: dict[str, int] = Field(default={})
    blank: list[str] = Field(default=[])
    statuses: list[StatusRule] = Field(default=[])
    workbook: WorkbookRules = WorkbookRules()

    @property
    def addresses(self) -> list[str]:
        """Return the possible URLs of an edition, newest first."""
        return [self.path, *self.paths, *(edition.path for edition in self.older if edition.path)]


def plan(source: Source, series: Sequence[str]) -> list[Resource]:  # noqa: ARG001 - as every reader
    """Return the workbook as one resource: its series come together."""
    return [Resource(RESOURCE, tuple(sorted(series)))] if series else []


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch the newest available edition and check that it is a valid workbook with some of the requested
    series.

    Staging checks that all required series exist: older editions lack some.
    """
    options = Options.model_validate(source.options)
    page = _newest(options, session)
    records = _read(page, options)
    check_unique(records.keys, len(records.keys), "area, series and year", [page])
    if not records.keys:
        raise refuse("the workbook has no record", [page], allowed="at least one")
    there = {key[1] for key in records.keys}
    if not there & set(resource.series):
        raise refuse(
            f"the workbook has no series {', '.join(resource.series[:10])}",
            [page],
            allowed=", ".join(sorted(there)[:20]),
            next_step="if a series has another name now, write it in series.csv and the indicators",
            kind=NoSuchSeries,
        )
    content = hashlib.sha256(canonical(records.rows)).hexdigest()
    return SourceResponse(resource, (page,), 1, len(records.rows), content)


def _newest(options: Options, session: Session) -> Page:
    """Return the first URL that has a file. A missing one is no fault while an older one exists."""
    missing: InvalidResponse | None = None
    for path in options.addresses:
        try:
            return session.get(path)
        except InvalidResponse as error:
            if error.status != 404:
                raise
            missing = missing or error
    raise missing or ValueError("no address")


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write every cell of every record, including empty ones, and the notes as refused."""
    options = Options.model_validate(source.options)

    def rows() -> Iterator[Row]:
        for one in files:
            url = one.urls[0] if one.urls else str(one.pages[0])
            yield from number_rows(one, _read(Page(url, one.pages[0].read_bytes()), options).rows)

    write_raw_rows(con, source, rows())


def _read(page: Page, options: Options) -> Records:
    records = Records(page, options.workbook, options.blank, options.statuses)
    workbook = Workbook(page, options.workbook)
    if options.layout == "blocks":
        for name, block in options.sheets.items():
            sheet = workbook.sheet(name)
            records.hidden(sheet)
            read_blocks(records, sheet, block, options.multipliers)
    else:
        sheet, edition, top = _found(workbook, options, page)
        records.hidden(sheet)
        _table(records, sheet, edition, top, options.layout)
    return records


# --- one table: declared columns, then years ---
def _found(workbook: Workbook, options: Options, page: Page) -> tuple[Sheet, Edition, int]:
    """Find the sheet with the declared header of an edition, the newest first: the header identifies a
    table, not the name.
    """
    first: list[str] = []
    sheets: dict[str, Sheet] = {}
    for edition in [options, *options.older]:
        named = [name for name in workbook.names if name == edition.sheet]
        for name in named or workbook.names:
            sheet = sheets.setdefault(name, workbook.sheet(name))
            first = first or next((row for row in sheet.cells if any(row)), [])
            header = edition.header
            header_rows = [
                at for at, row in enumerate(sheet.cells) if header and row[: len(header)] == header
            ]
            if len(header_rows) > 1:
                raise refuse(
                    f"{len(header_rows)} rows of sheet {name!r} have the declared column names",
                    [page],
                    allowed="one",
                )
            if header_rows:
                return sheet, edition, header_rows[0]
    raise refuse(
        "no rows have the declared column names; the first row that is not empty has "
        f"{', '.join(first)[:200]!r}",
        [page],
        allowed=", ".join(options.header),
        next_step="if the agency has renamed its columns, fix options.header in source.yaml",
    )


def _table(records: Records, sheet: Sheet, edition: Edition, top: int, layout: str) -> None:
    names = sheet.cells[top]
    width = len(edition.header)
    years = _years(records, names, width) if layout == "years" else {}
    extra = [name for place, name in enumerate(names) if place >= width and place not in years]
    if any(extra):
        raise refuse(
            f"the sheet has columns that are not declared: {', '.join(filter(None, extra))}",
            [records.page],
            allowed=", ".join(edition.header) + (" and years" if years else ""),
            next_step="declare them in options.header, if they are known",
        )
    for place, row in enumerate(sheet.cells):
        if place < top and any(row):
            records.note(sheet, place)
        elif place > top and any(row):
            _record(records, sheet, place, edition, years)


def _years(records: Records, names: Sequence[str], start: int) -> dict[int, tuple[str, str]]:
    """Return column to year and mark. A year that appears twice has an unknown meaning."""
    years: dict[int, tuple[str, str]] = {}
    for place in range(start, len(names)):
        if match := YEAR.fullmatch(names[place]):
            if match[1] in {year for year, _ in years.values()}:
                raise refuse(
                    f"the year {match[1]} is the name of two columns",
                    [records.page],
                    allowed="each year once a table",
                    next_step="look at the sheet: blocks side by side need the layout `blocks`",
                )
            years[place] = (match[1], match[2])
    return years


def _record(
    records: Records, sheet: Sheet, place: int, edition: Edition, years: dict[int, tuple[str, str]]
) -> None:
    """Return the values of one line."""
    row, width = sheet.cells[place], len(edition.header)
    cell = dict(zip(edition.header, row, strict=False))
    beyond = [text for at, text in enumerate(row) if at >= width and at not in years and text]
    parts = [cell[name] for name in edition.series]
    if not all(parts) or not cell[edition.fields["area"]]:
        records.note(sheet, place)
        return
    if beyond:
        raise refuse(f"line {place + 1} has {beyond[0]!r} in a column without a name", [records.page])
    base: Row = {name: cell[column] or None for name, column in edition.fields.items()}
    base["series"] = JOIN.join(parts)
    key = (str(base["area"]), base["series"])
    if not years:
        value = edition.header.index(edition.fields["value"])
        records.add(sheet, (place, value), base, (*key, str(base["time_period"])))
    for at, (year, mark) in years.items():
        timed = base | {"time_period": year} | ({"status": mark} if mark else {})
        records.add(sheet, (place, at), timed, (*key, year))
