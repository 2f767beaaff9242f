"""Writes the workbook: one file for spreadsheet users, from a release folder only.

It writes each sheet so that it opens cleanly everywhere and no text becomes a formula. workbook_sheets.yaml
declares the sheets and their columns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter

from reports.shared.figures import Figures
from reports.shared.localisation import Words
from reports.shared.release_reader import Release
from reports.workbook.codes import code_words
from reports.workbook.cover import (
    CLASSES,
    COVER,
    finding,
    total_chart,
    verdict_chart,
    verdict_rows,
    verdict_sheet,
)
from reports.workbook.sheets import READ_ME, Column, Sheet, about, sheets_of
from schemas.errors import CompactError

NAME = "compact-tracker.xlsx"
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}
# options under which a spreadsheet evaluates typed text as a formula
RISKY = ("=", "+", "-", "@", "\t", "\r")
LONGEST = 32_767  # maximum characters of a cell
MOST_ROWS = 1_048_576
A4 = 9  # the number of the paper in the format
WIDEST_ON_ONE_PAGE = 260  # characters that can still be read across a sheet of A4
LINE, TALLEST = 15, 409  # points: a line of a row, and the highest row that the format allows
GUIDE = (24, 26, 100)  # widths of the columns of the guide
NARROWED = 60  # per cent of the size at which wider sheets print


@dataclass
class WorkbookSummary:
    """The written workbook. rows: by sheet; bytes: of the file; seconds: of this build."""

    path: Path
    rows: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    seconds: float = 0.0


def build(release: Path, out: Path) -> WorkbookSummary:
    """Write the workbook of a release folder to the file `out`; the same release gives the same bytes.

    Raises CompactError if the folder is not a release, or a text or table is too long for a spreadsheet.
    """
    start = time.perf_counter()
    read = Release(release)
    summary = WorkbookSummary(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(str(out), OPTIONS)
    made = datetime.fromisoformat(read.card["created"].replace("Z", "+00:00")).replace(tzinfo=None)
    book.set_properties(
        {
            "title": f"Compact Tracker, release {read.card['id']}",
            "subject": "How far every country is from the targets of the UN Global Digital Compact",
            "author": "Compact Tracker",
            "keywords": "Global Digital Compact, SDG, indicators",
            "comments": "Figures stay under the terms of their sources; see the sheet of sources.",
            "created": made,
        }
    )
    figures, words = Figures(read), Words("en")
    writer = Writer(book, code_words(read, words))
    sheets = sheets_of(read)
    verdicts, counted = verdict_sheet(words), verdict_rows(figures)
    everything = figures.standing(list(read.indicators))
    writer.cover(
        read, finding(words, everything), [(words.t(f"category.{c}"), everything.counts[c]) for c in CLASSES]
    )
    writer.read_me(about(read), [verdicts, *sheets])
    summary.rows[verdicts.name] = writer.table(verdicts, counted)
    if counted:
        page = book.get_worksheet_by_name(verdicts.name)
        page.insert_chart(len(counted) + 3, 0, verdict_chart(book, verdicts, len(counted)))
        page.fit_to_pages(1, 1)  # the chart in one piece
        page.set_portrait()
    for sheet in sheets:
        rows = read.rows(sheet.sql, *sheet.needs)
        summary.rows[sheet.name] = writer.table(sheet, rows if sheet.shape is None else sheet.shape(rows))
    book.close()
    summary.bytes = out.stat().st_size
    summary.seconds = time.perf_counter() - start
    return summary


class Writer:
    """Writes sheets with the formats of one workbook."""

    def __init__(self, book: xlsxwriter.Workbook, codes: Mapping[str, Callable[[str], str]]) -> None:
        self.book, self.codes = book, codes
        top = {"valign": "top"}
        self.plain = book.add_format(top)
        self.quoted = book.add_format(top | {"quote_prefix": True})
        self.wrapped = book.add_format(top | {"text_wrap": True})
        self.wrapped_quoted = book.add_format(top | {"text_wrap": True, "quote_prefix": True})
        self.head = book.add_format(
            {
                "bold": True,
                "text_wrap": True,
                "valign": "bottom",
                "bg_color": "#0b3c5d",
                "font_color": "#ffffff",
            }
        )
        self.title = book.add_format({"bold": True, "font_size": 16, "font_color": "#0b3c5d"})
        self.said = book.add_format({"font_size": 13, "text_wrap": True, "valign": "top"})
        self.strong = book.add_format({"bold": True, "valign": "top"})
        self.numbers = {
            "whole": book.add_format(top | {"num_format": "#,##0"}),
            "two": book.add_format(top | {"num_format": "#,##0.00"}),
            "four": book.add_format(top | {"num_format": "0.0000"}),
            "year": book.add_format(top | {"num_format": "0"}),
            "share": book.add_format(top | {"num_format": "0%"}),
        }

    def cover(self, release: Release, said: str, counts: Sequence[tuple[str, int]]) -> None:
        """Write the first sheet: description, finding, and a chart of all verdicts."""
        page = self.book.add_worksheet(COVER)
        page.hide_gridlines(2)
        page.set_column(0, 0, 34)
        page.set_column(1, 1, 14)
        page.set_column(2, 8, 11)
        page.set_row(0, 34)
        self.text(page, 0, 0, "Compact Tracker", self.title)
        self.text(page, 1, 0, "How far every country is from the targets of the UN Global Digital Compact")
        self.text(page, 2, 0, f"Release {release.card['id']}, made {release.card['created'][:10]}")
        page.set_row(4, 64)
        page.merge_range(4, 0, 4, 8, said, self.said)
        for column, name in enumerate(("Verdict", "Pairs")):
            self.text(page, 6, column, name, self.head)
        for at, (name, n) in enumerate(counts, 7):
            self.text(page, at, 0, name)
            page.write_number(at, 1, n, self.numbers["whole"])
        self.text(page, 16, 0, "One pair is a UN Member State and a numeric target.")
        if any(n for _, n in counts):
            page.insert_chart(6, 3, total_chart(self.book, 7))
        self.text(page, 23, 0, "Sheets: read me explains each column; verdicts has the chart of all targets.")
        page.set_landscape()
        page.fit_to_pages(1, 1)

    def read_me(self, lines: Sequence[tuple[str, str]], sheets: Iterable[Sheet]) -> None:
        """Write the guide: a description of the workbook, and of each column of each sheet."""
        page = self.book.add_worksheet(READ_ME)
        page.hide_gridlines(2)
        for number, width in enumerate(GUIDE):
            page.set_column(number, number, width)
        page.set_landscape()
        page.set_paper(A4)
        page.fit_to_pages(1, 0)
        self.text(page, 0, 0, "Compact Tracker", self.title)
        row = 2
        for name, said in lines:
            self.text(page, row, 0, name, self.strong)
            page.merge_range(row, 1, row, 2, "", self.wrapped)
            self.text(page, row, 1, said, self.wrapped)
            page.set_row(row, _lines(said, GUIDE[1] + GUIDE[2]) * LINE)
            row += 1
        row += 1
        for number, name in enumerate(("Sheet", "Column", "Meaning")):
            self.text(page, row, number, name, self.head)
        for sheet in sheets:
            row += 1
            self.text(page, row, 0, sheet.name, self.strong)
            self.text(page, row, 2, sheet.about, self.wrapped)
            page.set_row(row, _lines(sheet.about, GUIDE[2]) * LINE)
            for column in sheet.columns:
                row += 1
                self.text(page, row, 1, column.title)
                self.text(page, row, 2, column.meaning, self.wrapped)
                page.set_row(row, _lines(column.meaning, GUIDE[2]) * LINE)

    def table(self, sheet: Sheet, rows: Sequence[Sequence[Any]]) -> int:
        """Write a sheet with frozen header and filter. Returns the number of its rows."""
        if len(rows) >= MOST_ROWS:
            raise CompactError(
                f"sheet {sheet.name} would have {len(rows):,} rows",
                allowed=f"fewer than {MOST_ROWS:,}",
                next_step="use the parquet files",
            )
        page = self.book.add_worksheet(sheet.name)
        page.freeze_panes(1, sheet.frozen)
        page.set_row(0, 32)
        self.for_paper(page, sum(column.width for column in sheet.columns), sheet.frozen)
        wrapped = [(n, column.width) for n, column in enumerate(sheet.columns) if column.how == "wrap"]
        for number, column in enumerate(sheet.columns):
            page.set_column(number, number, column.width)
            self.text(page, 0, number, column.title, self.head)
        if not rows:
            self.text(page, 1, 0, "This release has no such rows.")
            return 0
        page.autofilter(0, 0, len(rows), len(sheet.columns) - 1)
        for at, values in enumerate(rows, 1):
            if (lines := max((_lines(values[n], width) for n, width in wrapped), default=1)) > 1:
                page.set_row(at, min(lines * LINE, TALLEST))
            for number, (column, value) in enumerate(zip(sheet.columns, values, strict=True)):
                if value is not None:
                    self.cell(page, at, number, column, value)
        return len(rows)

    def for_paper(self, page: Any, width: float, frozen: int = 0) -> None:
        """Set how a sheet prints: heads on every page, as wide as the paper, or else its names on every page.

        width: of all columns, in characters.
        """
        page.set_landscape()
        page.set_paper(A4)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.set_footer("&L&A&R&P / &N")
        if width <= WIDEST_ON_ONE_PAGE:
            page.fit_to_pages(1, 0)
        elif frozen:
            page.set_print_scale(NARROWED)
            page.repeat_columns(0, frozen - 1)
        page.repeat_rows(0)

    def cell(self, page: Any, row: int, number: int, column: Column, value: Any) -> None:
        """Write one value; None never occurs here, so a missing value is an empty cell and not a zero."""
        if isinstance(value, bool):
            page.write_string(row, number, "yes" if value else "no", self.plain)
        elif isinstance(value, int | float):
            page.write_number(row, number, value, self.numbers[column.how or _digits(value)])
        elif isinstance(value, date):
            page.write_string(row, number, value.isoformat()[:10], self.plain)
        else:
            if column.how in self.codes:
                value = self.codes[column.how](value)
            self.text(page, row, number, str(value), self.wrapped if column.how == "wrap" else None)

    def text(self, page: Any, row: int, number: int, text: str, format_: Any = None) -> None:
        """Write text as text, regardless of its prefix. Raises CompactError if a cell cannot hold it."""
        if len(text) > LONGEST:
            raise CompactError(
                f"a text of {len(text):,} characters does not fit into a cell: {text[:60]}…",
                allowed=f"{LONGEST:,} characters",
                next_step="shorten it in the definition that it comes from",
            )
        if text.startswith(RISKY):
            format_ = self.wrapped_quoted if format_ is self.wrapped else self.quoted
        page.write_string(row, number, text, format_ or self.plain)


def _lines(value: Any, width: float) -> int:
    """Return the lines of a wrapped cell, with a little room: letters differ in width."""
    return 1 if value is None else ceil(len(str(value)) / (width * 0.9))


def _digits(value: float) -> str:
    """Return the number format that shows about four digits; the cell holds the exact value."""
    size = abs(value)
    return "whole" if size >= 1000 or value == int(value) else "two" if size >= 0.1 else "four"
