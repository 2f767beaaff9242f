"""The workbook returned to a contributor: the rejected rows, with the reason next to each invalid cell.

Every cell is written as text, and none is evaluated as a formula. The contributor may fix and resend the
workbook: the importer ignores the added columns by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO

import xlsxwriter

from schemas.definitions.contribution_templates import Template
from sources.contributions.cells import neutral
from sources.contributions.validation import Judged

ROW, REASON, BEYOND = "row in your file", "reason", "fields beyond the header"
FITS = 32_000  # characters; a cell of XLSX holds 32,767
BESIDE = f": {REASON}"
SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def added(name: str) -> bool:
    """Return whether a column was added here."""
    return name in (ROW, REASON, BEYOND) or name.endswith(BESIDE)


def write_returned(out: BinaryIO, template: Template, rejected: Sequence[Judged], at: datetime) -> None:
    """Write all rejected rows."""
    names = _columns(template, rejected)
    with xlsxwriter.Workbook(out, SAFE) as book:
        book.set_properties({"title": f"Rejected rows: {template.title}", "created": at.replace(tzinfo=None)})
        head, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        wrong = book.add_format({"num_format": "@", "bg_color": "#FFC7CE"})
        sheet = book.add_worksheet("data")
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(names):
            sheet.set_column(column, column, 50 if added(name) and name != ROW else 18)
            sheet.write_string(0, column, name, head)
        for line, one in enumerate(rejected, 1):
            cells, faulty = _line(one), {fault.column for fault in one.faults}
            for column, name in enumerate(names):
                put(sheet, line, column, cells.get(name, ""), wrong if name in faulty else text)


def put(sheet: Any, row: int, column: int, text: str, style: Any = None) -> None:
    """Write a text as text, and verify that it was written."""
    shown = neutral(text)
    if len(shown) > FITS:
        shown = f"{shown[:FITS]}… (cut here; the file as sent is kept whole)"
    if sheet.write_string(row, column, shown, style) != 0:
        raise AssertionError(f"cell {row}, {column} was not written")


def _columns(template: Template, rejected: Sequence[Judged]) -> list[str]:
    """Return the template's columns, each followed by its reasons if any row has one."""
    faulty = {fault.column for one in rejected for fault in one.faults}
    names = [ROW]
    for name in template.names:
        names += [name, f"{name}{BESIDE}"] if name in faulty else [name]
    if any(one.row.beyond for one in rejected):
        names.append(BEYOND)
    return [*names, REASON]


def _line(one: Judged) -> dict[str, str]:
    cells = {name: cell.text for name, cell in one.cells.items()}
    for fault in one.faults:
        beside = f"{fault.column}{BESIDE}" if fault.column else ""
        cells |= {beside: fault.says} if beside else {}
    cells[ROW] = str(one.row.number)
    cells[BEYOND] = " · ".join(cell.text for cell in one.row.beyond)
    cells[REASON] = "; ".join(f"{fault.column} {fault.says}".strip() for fault in one.faults)
    return cells
