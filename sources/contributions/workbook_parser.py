"""Reads a contributed workbook: the sheet `data`, and the sheet `file` with values for all rows.

It uses openpyxl, since python-calamine returns a formula as its last computed value, an error as an empty
cell and a percentage as a bare number, and allocates every cell up to the last one.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from xml.etree import ElementTree

import openpyxl

from schemas.definitions.contribution_templates import MOST_ROWS
from schemas.errors import CompactError
from sources.cell_formats import CellFormats, cell_formats, ranges, sheet_parts
from sources.contributions.cells import Cell, Received, Row, text_cell
from sources.contributions.workbook_safety import inspect, refuse

DATA, SHARED = "data", "file"
OTHERS = ("instructions", "columns", "codes")  # sheets of the template that are not read
# Excel's escape for control characters. Other texts of this form stay unchanged.
ESCAPED = re.compile(
    r"_x(000[0-9A-Fa-f]|001[0-9A-Fa-f]|007F|D[89A-Fa-f][0-9A-Fa-f]{2}|FFF[EF])_", re.IGNORECASE
)


def read_workbook(data: bytes, name: str) -> Received:
    """Return the rows of the sheet `data`; raise Refused unless the workbook has plain cells only."""
    inspect(data, name)
    formats = _formats(data, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which are not read
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
            try:
                _sheets(book, name)
                rows = list(_rows(book[DATA], formats))
                shared = list(_rows(book[SHARED], CellFormats())) if SHARED in book.sheetnames else []
            finally:
                book.close()
    except CompactError:
        raise
    except Exception as error:  # noqa: BLE001 - the library raises what its code happens to meet in a damaged part
        refuse(f"cannot be read as a workbook: {error}", name, ".xlsx", "save it again as .xlsx")
    if not rows:
        refuse("the sheet `data` is empty", name, "the header of a template, and a row or more")
    number, header = rows[0]
    if number != 1:
        refuse("the sheet `data` has no header in row 1", name, "the column names of a template in row 1")
    if formula := next((cell for cell in header if cell.fault), None):
        refuse(f"the header {formula.fault}", name, "the column names of a template")
    width = max((i for i, cell in enumerate(header, 1) if cell.text), default=0)
    parsed = tuple(_row(number, cells, width) for number, cells in rows[1:])
    if len(parsed) > MOST_ROWS:
        refuse(f"has {len(parsed):,} rows", name, f"at most {MOST_ROWS:,}", "divide it into several files")
    return Received(
        tuple(cell.text for cell in header[:width]), parsed, dict(_shared(shared, name)), _hidden(formats)
    )


def _formats(data: bytes, name: str) -> CellFormats:
    """Return the cell formats of the sheet `data`; none if they are unreadable, which reading the sheet
    reports.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    try:
        part = sheet_parts(parts).get(DATA, "")
        return cell_formats(parts, part) if part in parts else CellFormats()
    except (KeyError, ValueError, ElementTree.ParseError) as error:
        refuse(f"cannot be read as a workbook: {error}", name, ".xlsx", "save it again as .xlsx")


def _hidden(formats: CellFormats) -> tuple[str, ...]:
    hidden = (("rows", formats.hidden_rows), ("columns", formats.hidden_columns))
    return tuple(
        f"{what} {ranges(numbers, what == 'columns')} are hidden in the sheet, and were read"
        for what, numbers in hidden
        if numbers
    )


def _sheets(book: Any, name: str) -> None:
    if DATA not in book.sheetnames:
        refuse(
            "has no sheet `data`", name, "the sheets of the template", "copy the rows into an empty template"
        )
    unread = sorted(set(book.sheetnames) - {DATA, SHARED, *OTHERS})
    if unread:
        sheets = ", ".join([DATA, SHARED, *OTHERS])
        refuse(f"has sheets that would not be read: {', '.join(unread)}", name, sheets, "remove them")


def _rows(sheet: Any, formats: CellFormats) -> Iterator[tuple[int, list[Cell]]]:
    """Return the rows that are not blank, with their number. The sheet's declared size is not trusted."""
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(), 1):
        row_cells = [
            replace(_cell(cell), raised=formats.raised.get((number - 1, place), ""))
            for place, cell in enumerate(cells)
        ]
        if any(cell.text or cell.fault for cell in row_cells):
            yield number, row_cells


def _row(number: int, cells: list[Cell], width: int) -> Row:
    filled = tuple(cells[:width]) + (Cell(),) * (width - len(cells))
    return Row(number, filled, tuple(cell for cell in cells[width:] if cell.text or cell.fault))


def _shared(rows: list[tuple[int, list[Cell]]], name: str) -> Iterator[tuple[str, Cell]]:
    """Return names from the first column with values from the second; the first row is a header, the third
    column explains.
    """
    seen: set[str] = set()
    for number, cells in rows:
        field, value = cells[0].text, cells[1] if len(cells) > 1 else Cell()
        if number == 1 or not (value.text or value.fault):
            continue
        if not field or field in seen:
            refuse(f"the sheet `file` has {field or 'no name'} in row {number}", name, "each name once")
        seen.add(field)
        yield field, value


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return Cell()
    if cell.data_type == "f":
        text = value if isinstance(value, str) else str(getattr(value, "text", None) or "=")
        return text_cell(text, fault="is a formula; paste its value")
    if cell.data_type == "e":
        return text_cell(str(value), fault=f"is an error of the spreadsheet, {value}")
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or ""))
    if isinstance(value, datetime | date):
        return _date(value)
    if isinstance(value, str):
        return text_cell(ESCAPED.sub(lambda match: chr(int(match[1], 16)), value))
    kind = "a time of day" if isinstance(value, time) else "a duration"
    return Cell(str(value), fault=f"is {kind} to the spreadsheet; format the cell as text and write it again")


def _number(value: float, shown_as: str) -> Cell:
    text = (
        str(int(value))
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15
        else repr(value)
    )
    if "%" in shown_as:
        return Cell(text, "number", f"holds {text} and shows it as a percentage; format the cell as a number")
    return Cell(text, "number")


def _date(value: datetime | date) -> Cell:
    if isinstance(value, datetime) and value.time() != time():
        return Cell(value.isoformat(sep=" "), "date", "is a date with a time of day; write the date alone")
    return Cell(value.strftime("%Y-%m-%d"), "date")
