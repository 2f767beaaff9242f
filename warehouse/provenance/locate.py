"""Where in the stored bytes a number stands: the page, and in it the record that holds area, year and value.

It reads bytes, not agencies' formats: a record is a line of a table or an object of JSON in which all
three stand. Where that finds nothing (a workbook, a page a country), that is said. Nothing here is needed to
compute anything.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NUMBER = re.compile(rb"(?<![\w.])[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w])")
WINDOW = 16_384  # bytes around a hit in which its record must lie
LEVELS = 3  # of nested JSON objects that a record may have around its area
SHOWN = 600  # characters of a record that are shown
MANY = 200  # of records that fit: as many are compared with each other
LONGEST = 256 * 1024 * 1024  # of a member of an archive


@dataclass(frozen=True)
class Wanted:
    """What to look for. names: how the agency may write the area; values: the number sent, and its bounds."""

    names: tuple[str, ...]
    year: int
    values: tuple[float, ...]
    series: str


def pages_of(manifest: Path, snapshot: str, source: str) -> list[dict[str, Any]]:
    """The pages of a snapshot as the manifest has them: sha256, bytes and url, in order; empty if unknown."""
    if not manifest.is_file():
        return []
    with manifest.open("rb") as lines:
        for line in lines:
            if snapshot.encode() in line and b'"fetched"' in line and line.rstrip().endswith(b"}"):
                event = json.loads(line)
                if (
                    event["event"] == "fetched"
                    and event["snapshot"] == snapshot
                    and event["source"] == source
                ):
                    pages: list[dict[str, Any]] = event["pages"]
                    return pages
    return []


def locate(objects: Path, pages: Sequence[dict[str, Any]], wanted: Wanted) -> dict[str, Any]:
    """The record: page (1 is the first), its sha256 and address, offset and length in bytes, the text, and
    how many records fit as well as it; or why none is shown."""
    fitting: list[Fitting] = []
    for number, page in enumerate(pages, 1):
        path = objects / page["sha256"][:2] / page["sha256"]
        if not path.is_file():
            return {"found": False, "why": f"page {page['sha256'][:12]} is not in this store"}
        for member, body in parts(path.read_bytes()):
            fitting += [Fitting(number, member, *found) for found in records(body, wanted)]
    return place(fitting, pages, wanted)


@dataclass(frozen=True)
class Fitting:
    """A record that fits: where it stands, and its bytes."""

    page: int
    member: str | None
    offset: int
    record: bytes

    def around(self, other: Fitting) -> bool:
        """Whether it lies around another: a list of records is none."""
        return (
            (self.page, self.member) == (other.page, other.member)
            and len(self.record) > len(other.record)
            and self.offset <= other.offset
            and other.offset + len(other.record) <= self.offset + len(self.record)
        )


def place(fitting: Sequence[Fitting], pages: Sequence[dict[str, Any]], wanted: Wanted) -> dict[str, Any]:
    """The surest of the records that fit, and how many are as sure; or why none is shown."""
    if not fitting:
        why = (
            "no single line or object of the pages holds area, year and value together"
            if pages
            else "the manifest of this store does not know the snapshot"
        )
        return {"found": False, "why": why, "pages": len(pages)}
    inner = [one for one in fitting if not any(one.around(other) for other in fitting[:MANY])]
    weights = [_weight(one.record, wanted) for one in inner]
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


def _weight(record: bytes, wanted: Wanted) -> tuple[bool, int]:
    """How surely a record that fits is the one: it names the series, and the area in several ways."""
    named = sum(name.encode() in record and bool(_word(name).search(record)) for name in wanted.names)
    return wanted.series.encode() in record, named


@cache
def _word(*names: str) -> re.Pattern[bytes]:
    """A pattern of any of these, standing alone."""
    either = b"|".join(re.escape(name.encode()) for name in names)
    return re.compile(rb"(?<![A-Za-z0-9])(?:" + either + rb")(?![A-Za-z0-9])")


def parts(body: bytes) -> Iterator[tuple[str | None, bytes]]:
    """The page itself, or the tables in an archive. A workbook is an archive whose cells are not text."""
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
    return {float(found) for found in NUMBER.findall(text)}


def records(
    body: bytes,
    wanted: Wanted,
    first: int = 0,
    last: int | None = None,
    seen: set[int] | None = None,
    known: dict[tuple[int, int], set[float]] | None = None,
) -> Iterator[tuple[int, bytes]]:
    """Each record that fits, once: of the whole body, or where the area is named between two places of it.
    seen: where records began already; known: the numbers between two places of this body, when read."""
    names = _word(*wanted.names)
    of_json = is_json(body)
    header = set() if of_json else numbers_of(body[: body.find(b"\n") + 1])
    seen = set() if seen is None else seen
    known = {} if known is None else known
    for hit in names.finditer(body, first, len(body) if last is None else last):
        around = _objects(body, hit.start()) if of_json else lines_around(body, hit.start())
        for start, end in around:
            if start in seen:
                break
            if (numbers := known.get((start, end))) is None:
                numbers = known[start, end] = numbers_of(body[start:end])
            if wanted.year in numbers or (wanted.year in header and not of_json):
                if any(_same(number, value) for number in numbers for value in wanted.values):
                    seen.add(start)
                    yield start, body[start:end].strip()
                break


def _same(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= 1e-12 * max(abs(a), abs(b))


def lines_around(body: bytes, at: int) -> Iterator[tuple[int, int]]:
    """The line; where a quoted cell goes over its end, with the lines until the quotes close."""
    start = body.rfind(b"\n", 0, at) + 1
    end = start
    for _ in range(20):
        stop = body.find(b"\n", end)
        end = len(body) if stop < 0 else stop + 1
        if body.count(b'"', start, end) % 2 == 0 or end == len(body):
            break
    yield start, end


def _objects(body: bytes, at: int) -> Iterator[tuple[int, int]]:
    """The JSON objects around a place, the innermost first."""
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
    """The brace that opens the object around a place; -1 if there is none in reach."""
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
    """The end of the object that opens here; -1 if it is longer than a record is. Braces in texts are rare
    enough to be judged by whether what they enclose is JSON."""
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
