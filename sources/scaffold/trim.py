"""Trims a response to a specimen: its first rows or records, valid in the same format."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from typing import Any

import orjson

from schemas.errors import CompactError
from sources.http.content import parse_text
from sources.model import Page
from sources.scaffold.file_layout import FileLayout

TOTALS = ("total", "totalElements", "totalCount", "count")  # fields with the number of records
PAGES = ("pages", "totalPages")
DATE = (1980, 1, 1, 0, 0, 0)  # of members: the same bytes each time
PART = 1024 * 1024  # part of a packed table that is read: its first rows are in there


def trim(page: Page, rows: int, layout: FileLayout | None = None) -> tuple[bytes, int, int]:
    """Return the response with its first rows only, their number, and the total (0: not counted).

    Args:
        page: The response.
        rows: Number of rows to keep.
        layout: Layout of a delimited file: the lines before its header are kept.
    """
    body = page.body
    if layout is not None:
        return _delimited(page, rows, layout)
    if body.startswith(b"PK"):
        return _archive(page, rows)
    if body.startswith(b"\x1f\x8b"):
        part = _table(zlib.decompressobj(wbits=31).decompress(body, PART), rows)[0]
        return gzip.compress(part, mtime=0), rows, 0
    text = parse_text(page)  # refuses web pages and other encodings
    if text.lstrip()[:1] in ("{", "["):
        return _json(orjson.loads(text), rows)
    return _table(body, rows)


def _delimited(page: Page, rows: int, layout: FileLayout) -> tuple[bytes, int, int]:
    """Trim a table that starts after some lines, in its encoding."""
    body, encoding = page.body, layout.encoding
    if encoding != "utf-16":  # with line ends longer than one byte
        lines = body.splitlines(keepends=True)
        kept, count, of = _table(b"".join(lines[layout.before :]), rows)
        return b"".join(lines[: layout.before]) + kept, count, of
    text = body.decode(encoding).splitlines(keepends=True)
    kept, count, of = _table("".join(text[layout.before :]).encode(), rows)
    return ("".join(text[: layout.before]) + kept.decode()).encode(encoding), count, of


def _table(body: bytes, rows: int) -> tuple[bytes, int, int]:
    """Return header and first records; a record with a quoted field may span several lines."""
    kept, records, quoted = list[bytes](), 0, False
    lines = body.splitlines(keepends=True)
    for line in lines:
        if records <= rows:
            kept.append(line)
        quoted ^= line.count(b'"') % 2 == 1
        records += not quoted
    return b"".join(kept), min(rows, records - 1), records - 1


def _json(value: Any, rows: int) -> tuple[bytes, int, int]:
    """Trim the longest list in the response, taken as its records, and correct their declared number."""
    records = _longest(value)
    if records is None:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n", 0, 0
    total = len(records)
    del records[rows:]
    _declare(value, len(records))
    return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n", len(records), total


def _longest(value: Any) -> list[Any] | None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    lists = [longest for one in inner if (longest := _longest(one)) is not None]
    own = [value] if isinstance(value, list) and value and isinstance(value[0], dict) else []
    # [header, rows] is a pair, not two records
    own = [] if own and any(isinstance(one, list) for one in value) else own
    return max([*own, *lists], key=len, default=None)


def _declare(value: Any, rows: int) -> None:
    """Update totals in the header of the response, an object at its top or first in its list."""
    header = value[0] if isinstance(value, list) and value else value
    if isinstance(header, dict):
        for names, number in ((TOTALS, rows), (PAGES, 1)):
            for name in names:
                if name in header:
                    header[name] = type(header[name])(number)


def _archive(page: Page, rows: int) -> tuple[bytes, int, int]:
    with zipfile.ZipFile(io.BytesIO(page.body)) as archive:
        if "xl/workbook.xml" in archive.namelist():
            raise CompactError(
                "a workbook is not trimmed by this command",
                where=page.url,
                next_step="trim it by hand, and write the specimen's description beside it",
            )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
            for member in archive.infolist():
                with archive.open(member) as file:
                    body = file.read(PART)
                made.writestr(zipfile.ZipInfo(member.filename, DATE), _table(body, rows)[0])
    return packed.getvalue(), rows, 0
