"""Inspects a workbook before it is read: content besides cells, unpacked size, and whether its sheets can be
read without losing a row.

Refused: macros, embedded objects, links to other files, encryption, zip bombs, names that point outside the
archive, XML with entities, merged cells, and sheets whose rows are out of order (the reading library would
skip some).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import NoReturn
from xml.parsers import expat

from openpyxl.utils.cell import column_index_from_string

from schemas.definitions.contribution_templates import MOST_COLUMNS, MOST_PARTS, MOST_ROWS, MOST_UNPACKED
from sources.contributions.cells import Refused

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # an old .xls, or a workbook with a password
BLANK_ROWS = 1_000  # limit of formatted empty rows below the last row; a sheet with a million is refused
FORBIDDEN = (
    (re.compile(r"vbaproject|macrosheets/|\.xlm$", re.I), "macros"),
    (re.compile(r"externallinks/", re.I), "links to other workbooks"),
    (re.compile(r"embeddings/|activex/|ctrlprops/|customui", re.I), "embedded objects or controls"),
    (
        re.compile(r"connections\.xml$|querytables/|model/|webextensions/|custommxl", re.I),
        "connections to other data",
    ),
)
PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
MEND = "open it in the spreadsheet program, copy the values into an empty template, and send that"


def refuse(what: str, where: str, allowed: str = "", next_step: str = MEND) -> NoReturn:
    raise Refused(what, where=where, allowed=allowed, next_step=next_step)


def inspect(data: bytes, name: str) -> None:
    """Raise Refused, naming the invalid part, unless the workbook is plain."""
    if data.startswith(OLE):
        refuse("is an old .xls or has a password", name, ".xlsx without a password", "save it as .xlsx")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _names(archive, name)
            for part in archive.infolist():
                body = archive.read(part) if not part.is_dir() else b""
                if part.filename.lower().endswith((".xml", ".rels")):
                    _xml(body, f"{name}, {part.filename}")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        refuse(f"is no whole workbook: {error}", name, ".xlsx", "save it again as .xlsx")


def _names(archive: zipfile.ZipFile, name: str) -> None:
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        refuse(f"holds {len(parts):,} files", name, f"at most {MOST_PARTS:,}")
    names = [part.filename for part in parts]
    if len({part.lower() for part in names}) != len(names):
        refuse("holds two files of one name", name)
    for part in parts:
        steps = part.filename.split("/")
        if ".." in steps or steps[0] == "" or "\\" in part.orig_filename or ":" in part.filename:
            refuse(f"holds a file whose name leads out of it: {part.filename[:80]!r}", name)
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            refuse("is packed in a way that no spreadsheet program uses", name)
        if part.flag_bits & 0x1:
            refuse("is encrypted", name, "a workbook without a password", "save it without a password")
        for pattern, what in FORBIDDEN:
            if pattern.search(part.filename):
                refuse(f"holds {what}: {part.filename[:80]}", name, "cells and nothing else")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED:
        most = f"at most {MOST_UNPACKED:,}: {MOST_ROWS:,} full rows unpack to a third of it"
        refuse(f"unpacks to {unpacked:,} bytes", name, most)
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        refuse("is a zip archive, but no workbook", name, ".xlsx", "save it again as .xlsx")


class _Scan:
    """Findings about one XML part, collected in one pass."""

    def __init__(self, where: str) -> None:
        self.where, self.root = where, ""
        self.row, self.column, self.inside = 0, 0, False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition("}")[2]
        self.root = self.root or tag
        if tag == "Relationship":
            self._relationship(attributes)
        elif tag in ("Override", "Default") and "macroenabled" in attributes.get("ContentType", "").lower():
            refuse("is a workbook with macros", self.where, ".xlsx")
        elif self.root == "worksheet":
            self._sheet(tag, attributes)

    def end(self, name: str) -> None:
        if name.rpartition("}")[2] == "sheetData":
            self.inside = False

    def doctype(self, *_: object) -> None:
        refuse("holds XML with a document type, which can hold entities", self.where)

    def _relationship(self, attributes: dict[str, str]) -> None:
        """Check a link: one in a cell is text that a user may click; any other external target is opened
        automatically.
        """
        kind = attributes.get("Type", "").rpartition("/")[2]
        if attributes.get("TargetMode") == "External" and kind != "hyperlink":
            refuse(f"links to another file ({kind}): {attributes.get('Target', '')[:80]}", self.where)
        if kind == "vbaProject":
            refuse("is a workbook with macros", self.where, ".xlsx")

    def _sheet(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheetData":
            self.inside, self.row = True, 0
        elif tag == "mergeCell":
            refuse(
                f"has merged cells: {attributes.get('ref', '')}",
                self.where,
                "one value a cell",
                "unmerge them",
            )
        elif self.inside and tag == "row":
            self._next_row(attributes.get("r"))
        elif self.inside and tag == "c":
            self._next_cell(attributes.get("r"))

    def _next_row(self, number: str | None) -> None:
        row = self.row + 1 if number is None else int(number)
        if row <= self.row:
            refuse(f"row {row} comes after row {self.row}", self.where)
        if row > 1 + MOST_ROWS + BLANK_ROWS:
            refuse(
                f"has a row {row:,}",
                self.where,
                f"at most {MOST_ROWS:,} rows",
                "divide it into several files",
            )
        self.row, self.column = row, 0

    def _next_cell(self, place: str | None) -> None:
        match = PLACE.fullmatch(place or "")
        if place and match is None:
            refuse(f"has a cell {place[:20]!r}", self.where, "A1 and so on")
        column = column_index_from_string(match[1]) if match else self.column + 1
        row = int(match[2]) if match else self.row
        if row != self.row or column <= self.column:
            refuse(f"cell {place} is out of order", self.where)
        if column > MOST_COLUMNS:
            refuse(f"has a cell {place}", self.where, f"at most {MOST_COLUMNS} columns")
        self.column = column


def _xml(body: bytes, where: str) -> None:
    if b"\0" in body:
        refuse("holds NUL bytes, or is not in UTF-8", where)
    scan = _Scan(where)
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler, parser.EndElementHandler = scan.start, scan.end
    parser.StartDoctypeDeclHandler = scan.doctype
    try:
        parser.Parse(body, True)
    except (
        expat.ExpatError,
        LookupError,
        ValueError,
    ) as error:  # an unknown encoding, a row without a number
        refuse(f"is not whole XML: {error}", where)
