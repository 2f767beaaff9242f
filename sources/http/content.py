"""Validates a page before a reader parses it: JSON or UTF-8 text, and not a web page with status 200.

Interpreting the content is left to the reader.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from typing import Any

import orjson

from sources.http.file_kind import kind_of, likely_encoding
from sources.model import InvalidResponse, Page

EXCERPT = 300
KEEP_STORED = (
    "look at the kept bytes; the last accepted snapshot stays in use until the agency answers well again"
)
_MARKUP = re.compile(rb"\s*<\s*(?:!doctype|html|head|body|script|\?xml|!--)", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


def parse_json(page: Page) -> Any:
    """Parse the page as strict JSON: no NaN, no invalid UTF-8, one value. Otherwise raise InvalidResponse."""
    text = _usable(page, "JSON")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise bad(
            page,
            f"is not JSON: {error.msg} at character {error.pos} of {len(text)}{_nearby(text, error.pos)}",
            allowed="one JSON value in UTF-8",
        ) from None


def parse_text(page: Page) -> str:
    """Decode the page as strict UTF-8 without a byte order mark. Otherwise raise InvalidResponse."""
    return _usable(page, "text")


def expect_header(text: str, page: Page, delimiter: str = ",", of: str = "the file") -> list[str]:
    """Return the fields of the first line of a table. Raises InvalidResponse if it is not CSV, or empty."""
    line = text.split("\n", 1)[0].rstrip("\r")
    try:
        header = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise bad(page, f"has no readable header in {of}: {error}: {line[:60]!r}") from None
    if not header:
        raise bad(page, f"begins with an empty line in {of}", allowed="a header")
    return header


def excerpt(body: bytes) -> str:
    """Return the start of a response, safe for a terminal: one line, no markup, no control characters."""
    text = body[: 64 * EXCERPT].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style)\b.*?(</\1\s*>|$)|<[^>]*>", " ", text)
    text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    text = " ".join(text.split())
    return text[: EXCERPT - 1] + "…" if len(text) > EXCERPT else text


def status_words(reason: str | None) -> str:
    """Return the reason phrase of a status line, safe to print: a server may send 60 kB of control
    characters.
    """
    return excerpt((reason or "").encode("utf-8", "replace"))[:60]


def bad(page: Page, what: str, *, allowed: str = "", next_step: str = KEEP_STORED) -> InvalidResponse:
    """Create an InvalidResponse that carries its page, so that the bytes are stored."""
    return InvalidResponse(
        f"the answer {what}", where=page.url, allowed=allowed, next_step=next_step, pages=(page,)
    )


def check_text(page: Page, start: bytes, encoding: str = "utf-8", expected: str = "text") -> None:
    """Raise InvalidResponse unless the first bytes of a body can be text in that encoding: not empty, no
    web page, no other kind of file.
    """
    start = start.removeprefix(b"\xef\xbb\xbf")
    if not start.strip(b"\x00 \t\r\n"):
        raise bad(page, f"is empty ({page.size} bytes)", allowed=expected)
    if _MARKUP.match(start):
        title = _TITLE.search(start[:65536])
        says = excerpt(title[1] if title else start)
        raise bad(
            page,
            f"is a web page or XML, not {expected}; it says: {says!r}",
            allowed=expected,
            next_step="open the address in a browser: a challenge or a maintenance notice goes away, then "
            "run again; if the address itself has changed, fix source.yaml",
        )
    kind = kind_of(start)
    if kind and not (kind.startswith("UTF-16") and encoding == "utf-16"):
        raise bad(
            page,
            f"is {kind}, not {expected}",
            allowed=f"{expected} in {encoding.upper()}",
            next_step="if the agency now publishes another kind of file, describe it in source.yaml "
            "(packed, archive, encoding or reader)",
        )


def _usable(page: Page, expected: str) -> str:
    body = page.body.removeprefix(b"\xef\xbb\xbf")
    check_text(page, body, expected=expected)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        place = error.start + page.size - len(body)
        likely = f"; it reads as {guess}" if (guess := likely_encoding(body)) else ""
        raise bad(
            page,
            f"is not UTF-8: byte {place} is 0x{body[error.start]:02x} ({error.reason}){likely}",
            allowed=f"{expected} in UTF-8",
        ) from None


def _nearby(text: str, place: int) -> str:
    if place >= len(text.rstrip()):
        return ", which is its end: the answer was cut off"
    return f", near {excerpt(text[max(0, place - 20) : place + 20].encode('utf-8', 'replace'))!r}"
