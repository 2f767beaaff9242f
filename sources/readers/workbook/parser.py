"""Opens an Excel workbook (.xlsx) without trusting it: the cells of a sheet, as text.

A workbook is a zip of XML. Its members are unpacked here within declared limits and checked before any parser
sees them; the parser then gets a zip repacked from exactly those bytes, so that the file's own declared sizes
do not matter. Formatting that changes a value is read as well (sources/cell_formats.py). Macros, links to
other workbooks, XML with a DTD, cells with an Excel error and formulas without a stored result are refused:
the value of such a cell is unknown.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal
from xml.etree import ElementTree

from pydantic import Field
from python_calamine import CalamineError, CalamineWorkbook

from schemas.definitions.base import Model
from sources.cell_formats import CellFormats, cell_formats, cell_name, sheet_parts
from sources.http.content import parse_text
from sources.model import Page
from sources.readers.common.archive import ArchiveRules, members
from sources.readers.common.paging import RUN_AGAIN, refuse

MEBI = 1024 * 1024
OLD_EXCEL = b"\xd0\xcf\x11\xe0"  # .xls, and files with a password
MACROS = re.compile(r"(^|/)(vbaProject\.bin|vbaData\.xml|macrosheets/)|\.vba$", re.IGNORECASE)
LINKS = re.compile(r"(^|/)externalLinks/", re.IGNORECASE)
CELL = re.compile(rb"""<(?:\w+:)?(?:c|row)\s[^>]*?\br\s*=\s*["']([A-Z]{0,7})([0-9]{1,12})["']""")
ERROR_CELL = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\bt\s*=\s*["']e["']""")
NO_RESULT = re.compile(  # <f>...</f> or <f/>, with no <v> or an empty one after it
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^>]*)?/>)\s*"
    rb"(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</)"
)
LOOKED_AT = "open it in a spreadsheet program that runs nothing, and ask the agency for a plain workbook"

Cells = list[list[str]]


@dataclass(frozen=True)
class Sheet:
    """One sheet: its rows as text, and the formats of its cells."""

    name: str
    cells: Cells
    formats: CellFormats


class WorkbookRules(Model):
    """Limits of a workbook, as source.yaml declares them under options.workbook."""

    unpacked_bytes: int = Field(default=64 * MEBI, gt=0, description="most bytes of all parts together")
    ratio: float = Field(default=200, gt=1, description="most bytes unpacked for one byte packed")
    cells: int = Field(default=2_000_000, gt=0, description="most cells of the sheet: rows times columns")
    percent_scale: float = Field(
        default=0,
        ge=0,
        description="factor for numbers that are shown as percentages: 100 where 4.7 % is stored as 0.047; "
        "without it such numbers are refused",
    )
    hidden: Literal["report", "read"] = Field(
        default="report", description="read: hidden rows and columns are known, and are no longer reported"
    )


class Workbook:
    """A workbook that passed the checks: its sheets one by one."""

    def __init__(self, page: Page, rules: WorkbookRules) -> None:
        self._page, self._rules, self._parts = page, rules, _parts(page, rules)
        self._sheets = _sheets(self._parts, page)

    @property
    def names(self) -> list[str]:
        """Return the names of the sheets, in order."""
        return list(self._sheets)

    def sheet(self, name: str) -> Sheet:
        """Return the sheet as rows of text, from its first row and column on, or raise InvalidResponse.

        A number is written so that it parses to the same number; an empty cell is an empty text.
        """
        page, part = self._page, self._sheets.get(name, "")
        if part not in self._parts:
            raise refuse(
                f"the workbook has no sheet {name!r}",
                [page],
                allowed=", ".join(map(repr, self._sheets)) or "at least one sheet",
                next_step="if the sheet has another name now, fix options in source.yaml",
            )
        _judge_sheet(self._parts[part], name, page, self._rules)
        try:
            formats = cell_formats(self._parts, part)
            with CalamineWorkbook.from_filelike(io.BytesIO(_packed(self._parts))) as workbook:
                rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except (CalamineError, ElementTree.ParseError, ValueError) as error:
            raise refuse(
                f"the workbook cannot be read: {error}",
                [page],
                allowed="an .xlsx workbook",
                next_step=RUN_AGAIN,
            ) from None
        cells = [[_text(cell) for cell in row] for row in rows]
        self._scale(cells, formats, name)
        return Sheet(name, cells, formats)

    def _scale(self, cells: Cells, formats: CellFormats, name: str) -> None:
        """Scale numbers shown as percentages to their displayed value: the stored value is a hundredth of
        it.
        """
        if formats.percent and not self._rules.percent_scale:
            first = ", ".join(cell_name(place) for place in sorted(formats.percent)[:5])
            raise refuse(
                f"sheet {name!r} has {len(formats.percent)} numbers that are shown as percentages: {first}",
                [self._page],
                allowed="plain numbers, or a declared scale",
                next_step="look whether 4.7 % is stored as 0.047; then declare workbook.percent_scale: 100 "
                "(or 1) in source.yaml",
            )
        for row, column in formats.percent:
            if row < len(cells) and column < len(cells[row]):
                cells[row][column] = _times(cells[row][column], self._rules.percent_scale)


def _times(text: str, factor: float) -> str:
    """Multiply a number by a power of ten, without the noise of binary fractions."""
    try:
        return format((Decimal(text) * Decimal(repr(factor))).normalize(), "f")
    except InvalidOperation:
        return text


def _parts(page: Page, rules: WorkbookRules) -> dict[str, bytes]:
    """Return every part of the workbook, unpacked within the limits, if it is allowed."""
    if page.body.startswith(OLD_EXCEL):
        raise refuse(
            "the workbook is an old .xls, or is locked with a password",
            [page],
            allowed="an .xlsx workbook without a password",
        )
    if not page.body.startswith(b"PK"):
        parse_text(page)  # has a better message for a web page
        raise refuse("the answer is no workbook", [page], allowed="an .xlsx workbook", next_step=RUN_AGAIN)
    limits = ArchiveRules(members=".*", unpacked_bytes=rules.unpacked_bytes, ratio=rules.ratio)
    parts = dict(members(page, limits))
    types = parts.get("[Content_Types].xml", b"")
    for name in parts:
        if MACROS.search(name):
            raise refuse(f"the workbook has macros ({name})", [page], next_step=LOOKED_AT)
        if LINKS.search(name):
            raise refuse(f"the workbook has links to other workbooks ({name})", [page], next_step=LOOKED_AT)
    if b"macroEnabled" in types:
        raise refuse("the workbook says that it has macros", [page], next_step=LOOKED_AT)
    if "xl/workbook.xml" not in parts:
        raise refuse("the zip is no workbook", [page], allowed="an .xlsx workbook")
    for name, body in parts.items():
        if name.endswith((".xml", ".rels")) and (
            b"<!DOCTYPE" in body or b"<!ENTITY" in body or b"\x00" in body
        ):
            raise refuse(
                f"part {name} has a document type or entities, or is not UTF-8",
                [page],
                allowed="plain XML in UTF-8",
                next_step=LOOKED_AT,
            )
    return parts


def _sheets(parts: Mapping[str, bytes], page: Page) -> dict[str, str]:
    """Return the part of each sheet, by the sheet's name."""
    try:
        return sheet_parts(parts)
    except (ElementTree.ParseError, KeyError) as error:
        raise refuse(f"the workbook's list of sheets cannot be read: {error}", [page]) from None


def _judge_sheet(body: bytes, sheet: str, page: Page, rules: WorkbookRules) -> None:
    """Refuse a sheet that would expand to too many cells, and cells with an unknown value."""
    wide = tall = 1
    for letters, digits in CELL.findall(body):
        wide, tall = max(wide, _column(letters)), max(tall, int(digits))
    if wide * tall > rules.cells:
        raise refuse(
            f"sheet {sheet!r} spans {tall} rows and {wide} columns",
            [page],
            allowed=f"at most {rules.cells} cells (workbook.cells)",
        )
    if errors := len(ERROR_CELL.findall(body)):
        raise refuse(
            f"sheet {sheet!r} has {errors} cells with an Excel error such as #N/A",
            [page],
            allowed="numbers, texts and empty cells",
        )
    if unknown := len(NO_RESULT.findall(body)):
        raise refuse(
            f"sheet {sheet!r} has {unknown} formulas without a stored result",
            [page],
            allowed="values; formulas only with their results, as a spreadsheet program stores them",
        )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _packed(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return out.getvalue()


def _text(cell: int | float | str | bool | date | datetime | time | timedelta) -> str:
    """Format a cell as text: 12 for a whole number, regardless of its storage."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return repr(cell) if isinstance(cell, float) else str(cell)
