"""The structure of a response without its values: paths of a JSON value with their types, columns of a
table, sheets of a workbook; for an archive, those of its members.

check.py compares it with the contract of a source.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from html import unescape
from typing import Any

import orjson

from sources.http.content import check_text, parse_text
from sources.http.file_kind import text_encoding
from sources.model import InvalidResponse, Page

Structure = dict[str, str]  # path to type; for a column, its place

HEAD = 64 * 1024  # of a table: more than the length of a header
TITLE_LINES = 3  # allowed before a header
MEMBERS = 300  # of an archive that are inspected
DELIMITERS = (",", ";", "\t", "|")
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CODE = re.compile(r"^\d+$|/")  # a name that is data, not structure: a number or a URL
YEAR = re.compile(r"\b(?:19|20)\d\d\b|(?<=YR)(?:19|20)\d\d")


def infer_schema(pages: Sequence[Page], any_name: Collection[str] = ()) -> Structure:
    """Infer the common structure of all pages. any_name: paths of JSON objects whose names are data, such as
    the codes of areas; they count as one name, `*`. So do names that are numbers or URLs, anywhere.
    """
    kinds: dict[str, set[str]] = {}
    for page in pages:
        for path, kind in _page(page, frozenset(any_name)):
            kinds.setdefault(path, set()).add(kind)
    return {path: " or ".join(sorted(kinds[path] - {"null"} or {"null"})) for path in sorted(kinds)}


def differences(was: Mapping[str, str], now: Mapping[str, str], optional: Collection[str] = ()) -> list[str]:
    """Describe what was added, removed or changed its type. Paths hidden by an empty list or a null, and
    paths that match a pattern of `optional`, are not reported.
    """

    def judged(structure: Mapping[str, str]) -> dict[str, str]:
        return {path: kind for path, kind in structure.items() if not _matches(path, optional)}

    was, now = judged(was), judged(now)
    added = [path for path in now if path not in was and not _hidden(path, was)]
    removed = [path for path in was if path not in now and not _hidden(path, now)]
    moved = bool(added or removed)  # then the places of columns carry no further information
    changes = [f"{path} is gone (it was {was[path]})" for path in removed]
    changes += [f"{path} is new ({now[path]})" for path in added]
    for path in was:
        if path not in now or (moved and now[path].startswith("place ")):
            continue
        known = _kinds(was[path])  # nothing if only nulls were seen
        if known and (strange := _kinds(now[path]) - known):
            changes.append(f"{path} was {was[path]} and is {' or '.join(sorted(strange))}")
    return changes


def _matches(path: str, patterns: Collection[str]) -> bool:
    """Match a path: a star in a pattern matches any text; all other characters match themselves."""
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), path, re.DOTALL) for pattern in patterns
    )


def _kinds(text: str) -> set[str]:
    """Return the types without null, which carries no type."""
    return set(text.split(" or ")) - {"null"}


def _hidden(path: str, structure: Mapping[str, str]) -> bool:
    """Return whether an ancestor of the path is null there, or a list without elements."""
    while (path := _above(path)) and path not in structure:
        pass
    if not path:
        return False
    return structure[path] == "null" or (structure[path] == "list" and f"{path}[]" not in structure)


def _above(path: str) -> str:
    return path[:-2] if path.endswith("[]") else path.rpartition(".")[0]


def _page(page: Page, any_name: frozenset[str]) -> Iterator[tuple[str, str]]:
    if page.head(2) == b"PK":
        yield from _archive(page)
        return
    body = page.body
    if body.startswith(b"PAR1"):
        yield from _parquet(body)
    elif body.startswith(b"\x1f\x8b"):
        yield from _header(Page(page.url, zlib.decompressobj(wbits=31).decompress(body, HEAD)))
    elif body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        yield from _json(orjson.loads(body.removeprefix(b"\xef\xbb\xbf")), "$", any_name)
    else:
        yield from _header(page)


def _parquet(body: bytes) -> Iterator[tuple[str, str]]:
    import pyarrow.parquet as pq

    for column in pq.read_schema(io.BytesIO(body)):
        yield f"column {column.name!r}", str(column.type)


def _json(value: Any, path: str, any_name: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield path, "object"
        for name, inner in value.items():
            known = not (path in any_name or CODE.search(name))
            yield from _json(inner, f"{path}.{name.replace('.', ' ') if known else '*'}", any_name)
    elif isinstance(value, list):
        yield path, "list"
        for inner in value:
            yield from _json(inner, f"{path}[]", any_name)
    else:
        yield path, _kind(value)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    return "text" if isinstance(value, str) else "number"


def _header(page: Page, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Return the columns with their places. Years in names count as one: a table may grow by a year."""
    head = page.head(HEAD)
    whole = head if head.startswith(UTF16) else head.rpartition(b"\n")[0] or head
    line, delimiter = _first_of_columns(_text(Page(page.url, whole)))
    seen: set[str] = set()
    for place, column in enumerate(next(csv.reader([line.rstrip("\r")], delimiter=delimiter), []), 1):
        name = f"{prefix}column {YEAR.sub('YYYY', column)!r}"
        if name not in seen:
            yield name, f"place {place}"
        seen.add(name)


def _text(page: Page) -> str:
    """Decode the text of a table, which a ministry may publish in another encoding than UTF-8."""
    encoding = text_encoding(page.body)
    if encoding == "utf-8":
        return parse_text(page)
    check_text(page, page.body, encoding)
    return page.body[: len(page.body) // 2 * 2 if encoding == "utf-16" else None].decode(encoding)


def _first_of_columns(text: str) -> tuple[str, str]:
    """Find the header and its delimiter.

    The header is the first line, or the next after title lines (most of their fields are empty) or Excel's
    sep=.
    """
    lines = text.split("\n", TITLE_LINES + 1)[: TITLE_LINES + 1]
    for line in lines:
        delimiter = max(DELIMITERS, key=line.count)
        fields = line.rstrip("\r").split(delimiter)
        if not line.lower().startswith("sep=") and 2 * sum(map(bool, fields)) > len(fields):
            return line, delimiter
    return lines[0], max(DELIMITERS, key=lines[0].count)


def _archive(page: Page) -> Iterator[tuple[str, str]]:
    """Return the sheets of a workbook, or the columns of the tables in a zip, whatever their names."""
    try:
        with page.open() as body, zipfile.ZipFile(body) as archive:
            names = archive.namelist()
            if "xl/workbook.xml" in names:
                yield from _sheets(_start(archive, "xl/workbook.xml"))
                return
            for name in [n for n in names if n.lower().endswith((".csv", ".txt", ".tsv"))][:MEMBERS]:
                suffix = name.rpartition(".")[2].lower()
                yield from _header(Page(f"{page.url}#{name}", _start(archive, name)), f"*.{suffix}: ")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise InvalidResponse(f"the archive cannot be read: {error}", where=page.url, pages=(page,)) from None


def _start(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(HEAD)


def _sheets(workbook: bytes) -> Iterator[tuple[str, str]]:
    """Find the sheets by pattern: no XML of a workbook is parsed here, so no entity can expand."""
    for match in re.finditer(r'<(?:\w+:)?sheet\b[^>]*?\bname="([^"]*)"', workbook.decode("utf-8", "replace")):
        yield f"sheet {YEAR.sub('YYYY', unescape(match[1]))!r}", "sheet"
