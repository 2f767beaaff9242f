"""Where many numbers of one snapshot stand in its bytes, at the price of reading each page about once.

The rules are those of explain_record.py, which finds one number; here only where it is worth looking: the
JSON objects or lines that hold a wanted year and the first word of a wanted area's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from warehouse.provenance.locate import (
    LEVELS,
    WINDOW,
    Fitting,
    Wanted,
    is_json,
    lines_around,
    numbers_of,
    parts,
    place,
    records,
)

TOKEN = re.compile(rb"[A-Za-z0-9]+")
_INNER = rb"\{[^{}]*+\}"
for _ in range(LEVELS - 1):
    _INNER = rb"\{(?:[^{}]++|" + _INNER + rb")*+\}"
OBJECT = re.compile(rb"\{(?:[^{}]++|" + _INNER + rb")*+\}")  # with up to LEVELS of objects inside


def locate_many(
    objects: Path, pages: Sequence[dict[str, Any]], wanted: Sequence[Wanted]
) -> list[dict[str, Any]]:
    """What `locate` says of each, in their order. One page that is missing leaves all of them without."""
    found: list[list[Fitting]] = [[] for _ in wanted]
    sought = _Sought(wanted)
    for number, page in enumerate(pages, 1):
        path = objects / page["sha256"][:2] / page["sha256"]
        if not path.is_file():
            why = f"page {page['sha256'][:12]} is not in this store"
            return [{"found": False, "why": why} for _ in wanted]
        for member, body in parts(path.read_bytes()):
            known: dict[tuple[int, int], set[float]] = {}
            for n, spans in sought.in_body(body).items():
                seen: set[int] = set()
                for start, end in spans:
                    fits = records(body, wanted[n], start, end, seen, known)
                    found[n] += [Fitting(number, member, *one) for one in fits]
    return [place(fitting, pages, one) for fitting, one in zip(found, wanted, strict=True)]


class _Sought:
    """What is looked for, by the first word of a name, by year and by number."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self.years = [one.year for one in wanted]
        self.values = [_keys(one.values) for one in wanted]
        self.named: dict[bytes, set[int]] = {}
        for n, one in enumerate(wanted):
            for name in one.names:
                if token := TOKEN.search(name.encode()):
                    self.named.setdefault(token[0], set()).add(n)
        self.year = re.compile("|".join(map(str, sorted(set(self.years)))).encode())

    def in_body(self, body: bytes) -> dict[int, list[tuple[int, int]]]:
        """Number of a wanted value to the spans of bytes that may hold it."""
        json_body = is_json(body)
        header = set() if json_body else numbers_of(body[: body.find(b"\n") + 1])
        always = {year for year in self.years if year in header}
        found: dict[int, list[tuple[int, int]]] = {}
        for start, end, reach in _objects(body, 0, len(body)) if json_body else _lines(body):
            text = body[start:reach]
            present = always.union(map(int, self.year.findall(text)))
            if not present or not (words := self.named.keys() & TOKEN.findall(text)):
                continue
            candidates = {n for word in words for n in self.named[word] if self.years[n] in present}
            numbers = _keys(numbers_of(text)) if candidates else set()
            for n in candidates:
                if not numbers.isdisjoint(self.values[n]):
                    found.setdefault(n, []).append((start, end))
        return found


def _keys(numbers: Iterable[float]) -> set[float]:
    """Numbers, and what they are to eleven digits: two that count as the same have one in common."""
    return {key for number in numbers for key in (number, float(f"{number:.10e}"))}


def _objects(body: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The outermost JSON objects that are no longer than a record may be: start, end, and end again."""
    at = start
    while hit := OBJECT.search(body, at, end):
        if hit.end() - hit.start() <= WINDOW:
            yield hit.start(), hit.end(), hit.end()
        else:
            yield from _objects(body, hit.start() + 1, hit.end() - 1)
        at = hit.end()


def _lines(body: bytes) -> Iterator[tuple[int, int, int]]:
    """Lines: start, end, and where the record ends that begins there, if a quoted cell goes over the end."""
    start = 0
    while start < len(body):
        stop = body.find(b"\n", start)
        end = len(body) if stop < 0 else stop + 1
        yield start, end, next(lines_around(body, start))[1]
        start = end
