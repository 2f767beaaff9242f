"""Paged JSON responses: fetches page after page and checks them against the agency's declared totals.

The reader interprets the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import orjson

from sources.http.content import KEEP_STORED
from sources.model import InvalidResponse, NoSuchSeries, Page

Row = dict[str, Any]
RUN_AGAIN = "run again: an agency that is in the middle of an update answers like this; " + KEEP_STORED


@dataclass(frozen=True)
class Sheet:
    """One page, read: its number, its declared totals, its rows and a digest of each."""

    page: Page
    number: int
    pages: int
    rows_declared: int
    rows: list[Row]
    digests: list[bytes]


def sheet(page: Page, number: int, pages: int, rows_declared: int, rows: list[Row]) -> Sheet:
    """Return a Sheet; the digests ignore the order of keys."""
    digests = [hashlib.blake2b(canonical(row), digest_size=16).digest() for row in rows]
    return Sheet(page, number, pages, rows_declared, rows, digests)


def refuse(
    what: str,
    pages: Sequence[Page],
    *,
    where: str = "",
    allowed: str = "",
    next_step: str = KEEP_STORED,
    kind: type[InvalidResponse] = InvalidResponse,
) -> InvalidResponse:
    """Create an InvalidResponse that carries the pages so far, so that their bytes are kept."""
    return kind(
        what,
        where=where or (pages[-1].url if pages else ""),
        allowed=allowed,
        next_step=next_step,
        pages=pages,
    )


def follow(
    ask: Callable[[int], Page],
    read: Callable[[Page], Sheet],
    size: int,
    name: str,
    copies: Callable[[Row], int] = lambda _: 1,
) -> list[Sheet]:
    """Fetch all pages of a resource, in order from 1, or raise InvalidResponse. size: requested rows per
    page. copies: how often a row may occur in the response, where the agency repeats rows on purpose.
    """
    sheets: list[Sheet] = []
    seen: dict[bytes, int] = {}
    while not sheets or len(sheets) < sheets[0].pages:
        page = ask(len(sheets) + 1)
        pages = [s.page for s in sheets] + [page]
        try:
            sheets.append(read(page))
        except InvalidResponse as error:  # the previous pages belong to the evidence
            raise refuse(
                error.what,
                pages,
                where=error.where,
                allowed=error.allowed,
                next_step=error.next_step,
                kind=type(error),
            ) from None
        _check_totals(sheets, size, name)
        _check_repeats(sheets, seen, name, copies)
        seen |= dict.fromkeys(sheets[-1].digests, sheets[-1].number)
    return sheets


def _check_repeats(
    sheets: Sequence[Sheet], seen: dict[bytes, int], name: str, copies: Callable[[Row], int]
) -> None:
    """Check that no row of the newest page occurred earlier: otherwise a page came twice, or rows moved
    between pages.
    """
    newest = sheets[-1]
    repeats = [(i, seen[d]) for i, d in enumerate(newest.digests) if d in seen]
    again = [(i, page) for i, page in repeats if copies(newest.rows[i]) < 2]
    whole = len(repeats) == len(newest.rows)
    if again or (whole and len(set(newest.digests)) > 1):  # a single row may be the last of its copies
        again = again or repeats
        what = "repeats the rows" if whole else f"repeats {len(again)} of the rows"
        raise refuse(
            f"page {newest.number} of {name} {what} of page {again[0][1]}",
            [s.page for s in sheets],
            allowed="each row once",
            next_step=RUN_AGAIN,
        )


def _check_totals(sheets: Sequence[Sheet], size: int, name: str) -> None:
    """Check the newest page against its own declaration, and against the first page."""
    first, sheet, number = sheets[0], sheets[-1], len(sheets)
    pages = [s.page for s in sheets]
    if sheet.number != number:
        raise refuse(
            f"page {number} of {name} was asked and page {sheet.number} came", pages, next_step=RUN_AGAIN
        )
    if (sheet.pages, sheet.rows_declared) != (first.pages, first.rows_declared):
        raise refuse(
            f"the totals of {name} changed between page 1 and page {number}: "
            f"{first.rows_declared} rows on {first.pages} pages, then "
            f"{sheet.rows_declared} rows on {sheet.pages} pages",
            pages,
            allowed="the same totals on every page",
            next_step=RUN_AGAIN,
        )
    if sheet.rows_declared == 0 and not sheet.rows:
        raise refuse(
            f"the answer for {name} has no rows: the agency has no such series now, or its answer is empty",
            pages,
            allowed="at least one row",
            next_step="look the series up in the agency's list; if it was renamed or withdrawn, change "
            "series.csv, else run again",
            kind=NoSuchSeries,
        )
    if sheet.pages != ceil(sheet.rows_declared / size):
        raise refuse(
            f"{name} declares {sheet.rows_declared} rows on {sheet.pages} pages of {size}, which does not "
            "add up",
            pages,
            allowed=f"{ceil(sheet.rows_declared / size)} pages",
            next_step="if the agency has lowered the rows that a page may have, lower options in source.yaml",
        )
    expected = min(size, sheet.rows_declared - (number - 1) * size)
    if len(sheet.rows) != expected:
        raise refuse(
            f"page {number} of {name} has {len(sheet.rows)} rows, and {expected} were declared",
            pages,
            allowed=f"{sheet.rows_declared} rows on {sheet.pages} pages",
            next_step=RUN_AGAIN,
        )


def check_rows(rows: Sequence[object], fields: frozenset[str], page: Page, name: str) -> None:
    """Check that every row is an object with these fields; this detects renamed fields."""
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise refuse(f"row {number} of {name} is {type(row).__name__}, not an object", [page])
        if not fields <= row.keys():
            raise refuse(
                f"row {number} of {name} lacks {', '.join(sorted(fields - row.keys()))}",
                [page],
                allowed=f"rows with {', '.join(sorted(fields))}",
                next_step="if the agency has renamed its fields, the reader must learn the new names",
            )


def check_series(answered: Iterable[str], asked: str, pages: Sequence[Page]) -> None:
    """Check that all rows are of the requested series; this detects a renamed series."""
    others = sorted({str(code) for code in answered} - {asked})
    if others:
        raise refuse(
            f"{asked} was asked, and rows of {', '.join(others[:5])} came",
            pages,
            allowed=asked,
            next_step=f"if the agency has renamed {asked}, write the new code in series.csv and the "
            "indicators",
        )


def check_unique(keys: Iterable[tuple[object, ...]], total: int, names: str, pages: Sequence[Page]) -> None:
    """Check that no key appears twice among `total` rows."""
    seen = set()
    for key in keys:
        if any(isinstance(part, list | dict) for part in key):
            raise refuse(
                f"{names} is {str(key)[:80]} in a row", pages, allowed="text or a number", next_step=RUN_AGAIN
            )
        if key in seen:
            raise refuse(
                f"{names} {', '.join(map(str, key))} appears twice among the {total} rows",
                pages,
                allowed=f"each {names} once",
                next_step=RUN_AGAIN,
            )
        seen.add(key)


def whole(value: object, name: str, page: Page) -> int:
    """Parse a count that the agency writes as a number or as text."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise refuse(f"{name} is {value!r}", [page], allowed="a whole number")


def canonical(value: object) -> bytes:
    """Serialize JSON with sorted keys: equal for two responses that differ only in key order."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def content_of(sheets: Sequence[Sheet], counts: Callable[[Row], bool] = lambda _: True) -> str:
    """Return the sha256 over the rows of all pages, without the envelopes: their dates and page sizes are
    not data.

    counts: whether a row is part of the content. A cell without a value is not, where the agency can be asked
    with and without them.
    """
    digests = (
        digest for one in sheets for row, digest in zip(one.rows, one.digests, strict=True) if counts(row)
    )
    return hashlib.sha256(b"".join(digests)).hexdigest()
