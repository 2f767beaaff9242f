"""Reads a contributed CSV: UTF-8, a template's header, separated by comma, semicolon or tab."""

from __future__ import annotations

import codecs
import csv
import io
import re

from schemas.definitions.contribution_templates import MOST_ROWS
from sources.contributions.cells import SPACES, Received, Row, text_cell
from sources.contributions.workbook_safety import OLE, refuse

SEPARATORS = (",", ";", "\t")
SEPARATOR_LINE = re.compile(r"""["']?sep=([,;\t])["']?[,;\t]*\r?\n""", re.IGNORECASE)
OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}  # fmt: skip
UTF8 = "UTF-8; in Excel, `CSV UTF-8 (comma delimited)`"


def read_csv(data: bytes, name: str) -> Received:
    """Return every record that is not blank; raise Refused if the whole file is untrustworthy."""
    text, notes = _text(data, name)
    separator = _separator(text)
    if said := SEPARATOR_LINE.match(text):  # written by Excel, which does not display it
        separator, text = said[1], text[said.end() :]
        notes = (*notes, f"the line `sep={separator}` at its beginning was skipped")
    rows = _records(text, separator, name)
    if not rows or rows[0][0] != 1:
        refuse(
            "has no header in its first line",
            name,
            "the column names of a template",
            "begin with the template",
        )
    header = tuple(cell.strip() for cell in rows[0][1])
    if len(rows) - 1 > MOST_ROWS:
        refuse(f"has {len(rows) - 1:,} rows", name, f"at most {MOST_ROWS:,}", "divide it into several files")
    return Received(
        header, tuple(_row(number, record, len(header)) for number, record in rows[1:]), {}, notes
    )


def _row(number: int, record: list[str], width: int) -> Row:
    cells = tuple(text_cell(text) for text in record)
    padded = cells[:width] + (text_cell(""),) * (width - len(cells))
    return Row(number, padded, cells[width:], short=len(cells) < width)


def _text(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    if data.startswith((b"PK\x03\x04", OLE)):
        refuse(
            "is a workbook with the name of a CSV", name, ".xlsx for a workbook", "give it the suffix .xlsx"
        )
    for mark, encoding in OTHER_MARKS.items():
        if data.startswith(mark):
            refuse(f"is in {encoding}", name, UTF8, "save it in UTF-8")
    if (at := data.find(b"\0")) >= 0:
        refuse(f"holds a NUL byte in line {_line(data, at)}", name, UTF8, "save it again as text in UTF-8")
    notes = ("the byte order mark at its beginning was skipped",) if data.startswith(codecs.BOM_UTF8) else ()
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode("utf-8"), notes
    except UnicodeDecodeError as error:
        bad_byte = body[error.start : error.start + 1].hex()
        refuse(
            f"is not in UTF-8 throughout: line {_line(body, error.start)} holds the byte 0x{bad_byte}",
            name, UTF8, "save it in UTF-8, and look at that line: letters may be lost already",
        )  # fmt: skip


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def _separator(text: str) -> str:
    """Return the separator of the header, whose names contain none of the three."""
    first = text.partition("\n")[0]
    return max(SEPARATORS, key=first.count)


def _records(text: str, separator: str, name: str) -> list[tuple[int, list[str]]]:
    """Return the records that are not blank, each with its number."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records: list[tuple[int, list[str]]] = []
    try:
        for number, record in enumerate(reader, 1):
            if any(cell.strip(SPACES) for cell in record):
                records.append((number, record))
    except csv.Error as error:
        refuse(
            f"cannot be divided into fields at line {reader.line_num}: {error}",
            name,
            'text that holds a separator, a quote or a line break in "quotes", quotes doubled within',
            "look at that line, and at the quotes in the lines before it",
        )
    return records
