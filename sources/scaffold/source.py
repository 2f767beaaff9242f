"""`compact new source`: scaffolds the folder of a new source from one response of its agency.

Facts in the response are filled in; open decisions become fields with a question in a comment, which `compact
check` reports. The trimmed response becomes the specimen of the contract test.
"""

from __future__ import annotations

import csv
import hashlib
import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import get_args
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from schemas.definitions.source import Cadence, Limits, Rate, Source
from schemas.errors import CompactError
from sources.drift.check import record_contract
from sources.http.session import Session
from sources.model import Page
from sources.registry.readers import READERS
from sources.registry.sources import SERIES_COLUMNS, is_unit
from sources.scaffold.file_layout import read_layout
from sources.scaffold.specimen import SUFFIX, Specimen
from sources.scaffold.table_inference import (
    Table,
    areas_text,
    check_columns,
    missing_text,
    options_text,
    read_table,
    series_lines,
)
from sources.scaffold.trim import trim
from sources.scaffold.yaml_writer import EDITOR, MARK, question, scalar
from sources.settings import CHECKOUT, url_override

MEGABYTE = 1024 * 1024
RATE = Rate(
    requests_per_second=1, reason="no limit was looked up; once a second is the pace of a careful reader"
)


@dataclass(frozen=True)
class SourceRequest:
    """The known facts of the source. fields: field of the raw row to its column; values: value columns,
    each of which is a series; rows: number of rows in the specimen; file: a local file to read instead of
    sending a request, so that the URL may still be unknown.
    """

    id: str
    reader: str
    url: str
    title: str
    agency: str
    licence: str
    licence_url: str = ""
    homepage: str = ""
    unit: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    rows: int = 20
    file: Path | None = None

    @property
    def name(self) -> str:
        """Return the name of the file, from its URL or path."""
        return unquote(urlsplit(self.url).path).rpartition("/")[2] or (self.file.name if self.file else "")


@dataclass(frozen=True)
class Made:
    """A written file and its content."""

    file: str
    what: str


def scaffold(request: SourceRequest, *, root: Path = CHECKOUT, today: date | None = None) -> list[Made]:
    """Send one request, and write sources/agencies/<id> and tests/specimens/<id> below root. Existing
    files are never overwritten.
    """
    _check(request, root)
    override = url_override(request.id)
    page = _ask(request, override)
    table = None
    if request.reader == "delimited" and not page.body.startswith((b"PK", b"\x1f\x8b")):
        table = read_table(read_layout(page))
        check_columns(table, [*request.fields.values(), *request.values])
    specimen, kept, of = trim(page, request.rows, table.layout if table else None)
    folder, beside = root / "sources" / "agencies" / request.id, root / "tests" / "specimens" / request.id
    folder.mkdir()
    beside.mkdir(parents=True)
    day = (today or date.today()).isoformat()
    definition = _definition(request, page, table, day, override)
    (folder / "source.yaml").write_text(definition, encoding="utf-8")
    series = _series(folder / "series.csv", request, table)
    name = re.sub(r"[^a-z0-9]+", "_", request.name.lower())
    stem, _, suffix = name.rpartition("_")
    file = f"{stem or 'answer'}.{suffix if stem else 'txt'}"
    (beside / file).write_bytes(specimen)
    there = [code for code in series if code.encode(table.layout.encoding if table else "utf-8") in specimen]
    there = there or series
    description = Specimen(
        series=there or ["?"],
        origin=("a file at hand" if request.file else "recorded")
        + (f"; trimmed to {kept} of {of} rows" if of else "; trimmed"),
        pages=[file],
        url=page.url if override or request.file else request.url,
        date=day,
        sha256=hashlib.sha256(page.body).hexdigest(),
        contract=True,
    )
    about = beside / f"{stem or 'answer'}{SUFFIX}"
    about.write_text(description.model_dump_json(indent=1, exclude_defaults=True) + "\n", encoding="utf-8")
    record_contract(
        request.id, there[0] if there else "", [page], f"an answer of {day}", root / "sources" / "agencies"
    )
    return [
        Made(str(path.relative_to(root)), what)
        for path, what in (
            (folder / "source.yaml", f"{definition.count(MARK)} questions to answer"),
            (
                folder / "series.csv",
                f"{len(series)} series" + ("" if request.unit else ", without a unit yet"),
            ),
            (folder / "contract.json", "the structure of the answer"),
            (beside / file, f"the specimen: {description.origin}"),
            (about, "where it came from"),
        )
    ]


def _check(request: SourceRequest, root: Path) -> None:
    """Check the request before anything is sent."""
    readers = sorted(READERS)
    taken = [
        f
        for f in (root / "sources" / "agencies" / request.id, root / "tests" / "specimens" / request.id)
        if f.exists()
    ]
    for wrong, what, where, allowed in (
        (not re.fullmatch(r"[a-z][a-z0-9_]*", request.id), f"{request.id!r} cannot be an id", "ID",
         "lower-case letters, digits and _"),
        (bool(taken), f"{request.id} is there already", str(taken[0] if taken else ""), "a new id"),
        (request.reader not in readers, f"there is no reader {request.reader!r}", "--reader",
         ", ".join(readers)),
        (not request.file and not request.url, "there is neither an address nor a file", "--url",
         "one of --url and --file"),
        (bool(request.url) and not (request.url.startswith("https://") and urlsplit(request.url).hostname),
         f"{request.url!r} cannot be asked", "--url", "an address that begins with https://"),
        (bool(request.unit) and not is_unit(request.unit), f"unknown unit {request.unit!r}", "--unit",
         "a code of schemas/codelists/units.yaml"),
    ):  # fmt: skip
        if wrong:
            raise CompactError(what, where=where, allowed=allowed)


def _ask(request: SourceRequest, override: str | None) -> Page:
    """Return the local file, or the response of one bounded request through the usual session, to this
    host only.
    """
    if request.file:
        try:
            return Page(request.url or request.file.name, request.file.read_bytes())
        except OSError as error:
            raise CompactError(
                f"the file cannot be read: {error.strerror}", where=str(request.file)
            ) from None
    base, path, params = _parts(request.url)
    host = str(urlsplit(request.url).hostname)
    provisional = Source.model_construct(
        id=request.id,
        agency=request.agency,
        base_url=base,
        hosts=[host],
        rate=RATE,
        limits=Limits(),
        validators=False,
    )
    session = Session(provisional, base_url=override)
    try:
        return session.get(path, params or None)
    finally:
        session.close()


def _parts(url: str) -> tuple[str, str, dict[str, str]]:
    """Return base_url, relative path and parameters of a URL."""
    parts = urlsplit(url)
    folder, _, name = parts.path.rpartition("/")
    return f"https://{parts.netloc}{folder}", f"/{name}", dict(parse_qsl(parts.query))


def _series(path: Path, request: SourceRequest, table: Table | None) -> list[str]:
    """Write series.csv and return its codes. If none is known, write one line that `compact check`
    reports.
    """
    lines = (
        series_lines(table, request.fields.get("series", ""), request.values, request.unit) if table else []
    )
    columns = list(lines[0]) if lines else list(SERIES_COLUMNS)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines or [dict.fromkeys(columns, "")])
    return [line["code"] for line in lines]


def _definition(
    request: SourceRequest, page: Page, table: Table | None, day: str, override: str | None
) -> str:
    """Return the text of source.yaml."""
    size = max(MEGABYTE, 1 << (8 * len(page.body)).bit_length())
    homepage = scalar(request.homepage) if request.homepage else ""
    lines = [
        EDITOR,
        f"id: {request.id}",
        f"title: {scalar(request.title)}",
        f"agency: {scalar(request.agency)}",
        f"homepage: {homepage}"
        if homepage
        else question("homepage:", "on which page does the agency present these data?"),
        question("description:", "what is measured, of whom, by whom? Two or three lines"),
        "licence:",
        f"  name: {scalar(request.licence)}",
        *([f"  url: {scalar(request.licence_url)}"] if request.licence_url else []),
        question("  commercial_use:", "do the terms allow commercial use? true or false; not said: false"),
        question("  redistribution:", "do they allow passing the data on? true or false; not said: false"),
        question("citation:", "how does the agency want to be named?"),
        question("cadence:", f"how often does it publish? {', '.join(get_args(Cadence))}"),
        _verified(request, day, override),
        f"reader: {request.reader}",
        question("ask_for:", "all, if this is one small table; used, if indicators name what to ask for"),
        *_address(request),
        f"rate:\n  requests_per_second: {RATE.requests_per_second:g}\n  reason: {RATE.reason}",
        f"limits:\n  response_bytes: {size:<15} # the answer of {day} had {len(page.body)} bytes",
        _options(request, table),
        areas_text(table, request.fields.get("area", ""))
        if table
        else "areas:\n" + question("  scheme:", "of which code list are the areas?"),
        *([text.rstrip()] if table and (text := missing_text(table, _value_columns(request))) else []),
        "acceptance:",
        *_acceptance(),
    ]
    return "\n".join(lines) + "\n"


def _address(request: SourceRequest) -> list[str]:
    if request.url:
        return [f"base_url: {scalar(_parts(request.url)[0])}", f"hosts: [{urlsplit(request.url).hostname}]"]
    asked = "in which folder of which address does the agency put the file? https://…"
    return [question("base_url:", asked), question("hosts:", "the host of that address, as [HOST]")]


def _verified(request: SourceRequest, day: str, override: str | None) -> str:
    if request.file:
        return (
            "contract_verified: false\ncontract_note: >-\n"
            f"  The layout was read on {day} from the file {request.file.name}, not from an answer."
        )
    if override:
        name = f"COMPACT_URL_{request.id.upper()}"
        return (
            "contract_verified: false\ncontract_note: >-\n"
            f"  The layout was read on {day} from another address than the agency's ({name})."
        )
    return (
        f"contract_verified: true\nverified_against: {scalar(f'{request.url}, which answered so on {day}')}"
    )


def _value_columns(request: SourceRequest) -> Sequence[str]:
    return request.values or [column for name, column in request.fields.items() if name == "value"]


def _options(request: SourceRequest, table: Table | None) -> str:
    if table:
        return options_text(table, request.fields, request.values, request.url or f"/{quote(request.name)}")
    said = importlib.import_module(READERS[request.reader]).__doc__ or ""
    comment = "\n".join(f"# {line}".rstrip() for line in said.strip().splitlines())
    return f"{comment}\n{question('options:', 'what does the reader need? See above; {} for nothing')}"


def _acceptance() -> list[str]:
    """Leave acceptance open: only an operator knows how such data change."""
    form = "as {limit: NUMBER, reason: WHY}"
    return [
        question("  rows_lost_share:", f"which share of the rows may be gone in a new release? {form}"),
        question("  areas_lost:", f"how many areas? {form}"),
        question("  median_ratio:", f"by which factor may the median of a series move, either way? {form}"),
        question("  years_back:", f"by how many years may the latest year go back? {form}"),
    ]
