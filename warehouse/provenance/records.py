"""Recognises the record of a number in stored bytes: it contains area, year and value.

It reads bytes, not agencies' formats: a record is a line of a table or an object of JSON that contains all
three. locate.py decides which pages to search, and for how many targets at a time. No computation depends on
this module.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

NUMBER = re.compile(rb"(?<![\w.])[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w])")
WINDOW = 16_384  # bytes around a hit within which its record must be
LEVELS = 3  # of nested JSON objects that a record may have around its area
SHOWN = 600  # characters of a record that are shown
MANY = 200  # matching records that are compared with each other
LONGEST = 256 * 1024 * 1024  # of a member of an archive


@dataclass(frozen=True)
class Target:
    """A record to find.

    names: how the agency may write the area; values: the number sent, and its bounds.
    """

    names: tuple[str, ...]
    year: int
    values: tuple[float, ...]
    series: str


@dataclass(frozen=True)
class Match:
    """A record that matches a target: its position and bytes."""

    page: int
    member: str | None
    offset: int
    record: bytes

    def around(self, other: Match) -> bool:
        """Return whether it encloses another: a list of records is not a record."""
        return (
            (self.page, self.member) == (other.page, other.member)
            and len(self.record) > len(other.record)
            and self.offset <= other.offset
            and other.offset + len(other.record) <= self.offset + len(self.record)
        )


def place(matches: Sequence[Match], pages: Sequence[dict[str, Any]], target: Target) -> dict[str, Any]:
    """Return the most certain of the matching records, and the number of equally certain ones; or why none is
    shown.

    Returns:
        page (1 is the first), its sha256 and address, offset and length in bytes, the text, and the number of
        records that match as well.
    """
    if not matches:
        why = (
            "no single line or object of the pages holds area, year and value together"
            if pages
            else "the manifest of this store does not know the snapshot"
        )
        return {"found": False, "why": why, "pages": len(pages)}
    inner = [one for one in matches if not any(one.around(other) for other in matches[:MANY])]
    weights = [_weight(one.record, target) for one in inner]
    best = inner[weights.index(max(weights))]
    page = pages[best.page - 1]
    text = best.record.decode("utf-8", "replace")
    return {
        "found": True,
        "page": best.page,
        "pages": len(pages),
        "object": page["sha256"],
        "url": page["url"],
        "member": best.member,
        "offset": best.offset,
        "length": len(best.record),
        "record": text if len(text) <= SHOWN else text[:SHOWN] + " …",
        "fitting": weights.count(max(weights)),
    }


def _weight(record: bytes, target: Target) -> tuple[bool, int]:
    """Return how certainly a match is the record: it names the series, and the area in several ways."""
    names = sum(name.encode() in record and bool(_word(name).search(record)) for name in target.names)
    return target.series.encode() in record, names


@cache
def _word(*names: str) -> re.Pattern[bytes]:
    """Return a pattern for any of these as whole words."""
    either = b"|".join(re.escape(name.encode()) for name in names)
    return re.compile(rb"(?<![A-Za-z0-9])(?:" + either + rb")(?![A-Za-z0-9])")


def parts(body: bytes) -> Iterator[tuple[str | None, bytes]]:
    """Yield the page itself, or the tables in an archive. A workbook is an archive without plain-text
    cells.
    """
    if not body.startswith(b"PK\x03\x04"):
        yield None, body
        return
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for info in archive.infolist():
            if info.filename.lower().endswith((".csv", ".json", ".txt")) and info.file_size <= LONGEST:
                yield info.filename, archive.read(info)


def is_json(body: bytes) -> bool:
    return body[:64].lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")


def numbers_of(text: bytes) -> set[float]:
    return {float(number) for number in NUMBER.findall(text)}


def records(
    body: bytes,
    target: Target,
    first: int = 0,
    last: int | None = None,
    seen: set[int] | None = None,
    cached_numbers: dict[tuple[int, int], set[float]] | None = None,
) -> Iterator[tuple[int, bytes]]:
    """Yield each matching record, once.

    Args:
        body: a page, or a table of an archive.
        target: the record to find.
        first: offset where the search for the area's name starts.
        last: offset where it ends; by default the end of the body.
        seen: start offsets of records already returned.
        cached_numbers: the numbers between two offsets of this body read so far.
    """
    names = _word(*target.names)
    of_json = is_json(body)
    header = set() if of_json else numbers_of(body[: body.find(b"\n") + 1])
    seen = set() if seen is None else seen
    cached_numbers = {} if cached_numbers is None else cached_numbers
    for hit in names.finditer(body, first, len(body) if last is None else last):
        around = _objects(body, hit.start()) if of_json else lines_around(body, hit.start())
        for start, end in around:
            if start in seen:
                break
            if (numbers := cached_numbers.get((start, end))) is None:
                numbers = cached_numbers[start, end] = numbers_of(body[start:end])
            if target.year in numbers or (target.year in header and not of_json):
                if any(_same(number, value) for number in numbers for value in target.values):
                    seen.add(start)
                    yield start, body[start:end].strip()
                break


def _same(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= 1e-12 * max(abs(a), abs(b))


def lines_around(body: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Return the line; if a quoted cell spans lines, all lines until the quotes close."""
    start = body.rfind(b"\n", 0, at) + 1
    end = start
    for _ in range(20):
        stop = body.find(b"\n", end)
        end = len(body) if stop < 0 else stop + 1
        if body.count(b'"', start, end) % 2 == 0 or end == len(body):
            break
    yield start, end


def _objects(body: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Return the JSON objects around an offset, the innermost first."""
    start = at
    for _ in range(LEVELS):
        start = _open(body, start)
        if start < 0 or at - start > WINDOW:
            return
        end = _close(body, start)
        if end < 0:
            return
        yield start, end


def _open(body: bytes, at: int) -> int:
    """Return the offset of the brace that opens the object around an offset; -1 if none is in the window."""
    depth, floor = 0, max(0, at - WINDOW)
    while True:
        opening, closing = body.rfind(b"{", floor, at), body.rfind(b"}", floor, at)
        if opening < 0:
            return -1
        if opening > closing:
            if depth == 0:
                return opening
            depth, at = depth - 1, opening
        else:
            depth, at = depth + 1, closing


def _close(body: bytes, start: int) -> int:
    """Return the end of the object that opens here; -1 if it exceeds the size limit of a record. Braces
    inside strings are rare enough to ignore.
    """
    depth, at, ceiling = 0, start, min(len(body), start + WINDOW)
    while True:
        opening, closing = body.find(b"{", at, ceiling), body.find(b"}", at, ceiling)
        if closing < 0:
            return -1
        if 0 <= opening < closing:
            depth, at = depth + 1, opening + 1
        else:
            depth, at = depth - 1, closing + 1
            if depth == 0:
                return at
