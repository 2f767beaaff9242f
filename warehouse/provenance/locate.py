"""Locates numbers of one snapshot in its bytes, reading each page once for all of them.

The matching rules are in records.py; this module selects the parts of a page to search: the JSON objects or
lines that contain the year of a target and the first word of its area's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from warehouse.provenance.records import (
    LEVELS,
    WINDOW,
    Match,
    Target,
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


def locate(objects: Path, pages: Sequence[dict[str, Any]], targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return the record of each target, in order, as `records.place` describes it.

    Args:
        objects: the folder of stored pages.
        pages: sha256 and url of each page of the snapshot. If one is missing, no target is located.
        targets: the records to find.
    """
    matches: list[list[Match]] = [[] for _ in targets]
    index = _Index(targets)
    for number, page in enumerate(pages, 1):
        path = objects / page["sha256"][:2] / page["sha256"]
        if not path.is_file():
            why = f"page {page['sha256'][:12]} is not in this store"
            return [{"found": False, "why": why} for _ in targets]
        for member, body in parts(path.read_bytes()):
            cached_numbers: dict[tuple[int, int], set[float]] = {}
            for n, spans in index.candidates(body).items():
                seen: set[int] = set()
                for start, end in spans:
                    places = records(body, targets[n], start, end, seen, cached_numbers)
                    matches[n] += [Match(number, member, *record) for record in places]
    return [place(places, pages, target) for places, target in zip(matches, targets, strict=True)]


class _Index:
    """Targets by the first word of a name, by year and by number."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.years = [one.year for one in targets]
        self.values = [_keys(one.values) for one in targets]
        self.named: dict[bytes, set[int]] = {}
        for n, one in enumerate(targets):
            for name in one.names:
                if token := TOKEN.search(name.encode()):
                    self.named.setdefault(token[0], set()).add(n)
        self.year = re.compile("|".join(map(str, sorted(set(self.years)))).encode())

    def candidates(self, body: bytes) -> dict[int, list[tuple[int, int]]]:
        """Return for each target the spans of bytes that may contain it."""
        json_body = is_json(body)
        header = set() if json_body else numbers_of(body[: body.find(b"\n") + 1])
        always = {year for year in self.years if year in header}
        spans: dict[int, list[tuple[int, int]]] = {}
        for start, end, reach in _objects(body, 0, len(body)) if json_body else _lines(body):
            text = body[start:reach]
            present = always.union(map(int, self.year.findall(text)))
            if not present or not (words := self.named.keys() & TOKEN.findall(text)):
                continue
            candidates = {n for word in words for n in self.named[word] if self.years[n] in present}
            numbers = _keys(numbers_of(text)) if candidates else set()
            for n in candidates:
                if not numbers.isdisjoint(self.values[n]):
                    spans.setdefault(n, []).append((start, end))
        return spans


def _keys(numbers: Iterable[float]) -> set[float]:
    """Return keys for numbers by eleven digits: equal numbers have one in common."""
    return {key for number in numbers for key in (number, float(f"{number:.10e}"))}


def _objects(body: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Return the outermost JSON objects within the size limit of a record: start, end, and end again."""
    at = start
    while hit := OBJECT.search(body, at, end):
        if hit.end() - hit.start() <= WINDOW:
            yield hit.start(), hit.end(), hit.end()
        else:
            yield from _objects(body, hit.start() + 1, hit.end() - 1)
        at = hit.end()


def _lines(body: bytes) -> Iterator[tuple[int, int, int]]:
    """Return lines: start, end, and the end of the record that starts there, if a quoted cell spans lines."""
    start = 0
    while start < len(body):
        stop = body.find(b"\n", start)
        end = len(body) if stop < 0 else stop + 1
        yield start, end, next(lines_around(body, start))[1]
        start = end
