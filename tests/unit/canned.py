"""A session with canned responses, and their path through a reader into the table `raw_row`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import duckdb

from schemas.definitions.source import Source
from sources.http.session import Session
from sources.model import Page, Resource, SnapshotFiles, SourceResponse
from sources.registry.sources import SOURCES, load_source, reader_of

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def fixture(name: str) -> bytes:
    """Hand-made payloads in the agencies' shape; the figures are invented."""
    return (FIXTURES / name).read_bytes()


class Canned:
    """Gives the bodies in order, and remembers what was asked."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies, self.asked = list(bodies), list[tuple[str, str, dict[str, Any]]]()

    def get(self, path: str, params: Mapping[str, Any] | None = None, **_: Any) -> Page:
        return self._next("GET", path, params)

    def post(self, path: str, data: Mapping[str, Any], **_: Any) -> Page:
        return self._next("POST", path, data)

    def post_json(self, path: str, value: Any) -> Page:
        return self._next("POST", path, value)

    def _next(self, method: str, path: str, given: Mapping[str, Any] | None) -> Page:
        self.asked.append((method, path, dict(given or {})))
        return Page(f"https://agency.test{path}#{len(self.asked)}", self.bodies[len(self.asked) - 1])


def source_with(source_id: str, **options: Any) -> Source:
    """The source as it is, with some options changed."""
    source = load_source(SOURCES / source_id / "source.yaml")
    return source.model_copy(update={"options": source.options | options})


def fetch(source: Source, series: str, session: Canned | Session) -> SourceResponse:
    resource = reader_of(source).plan(source, [series])[0]
    return reader_of(source).fetch(source, resource, cast(Session, session))


def keep(answers: Iterable[SourceResponse], folder: Path) -> list[SnapshotFiles]:
    """The pages of answers as files, as the store would keep them."""
    return [kept(answer.resource, [page.body for page in answer.pages], folder) for answer in answers]


def kept(resource: Resource, bodies: list[bytes], folder: Path) -> SnapshotFiles:
    paths = []
    for body in bodies:
        paths.append(folder / hashlib.sha256(body).hexdigest())
        paths[-1].write_bytes(body)
    return SnapshotFiles(hashlib.sha256(b"".join(bodies)).hexdigest(), resource.key, tuple(paths))


def wired(source: Source, files: list[SnapshotFiles]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The rows of `raw_row` in order, nulls left out, and the counts of `raw_row_counted` by reason."""
    with duckdb.connect() as con:
        reader_of(source).raw_rows(con, source, files)
        cursor = con.execute("select * from raw_row order by snapshot, row")
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        counted = con.execute(
            "select reason, sum(rows)::bigint from raw_row_counted group by reason"
        ).fetchall()
    return [{k: v for k, v in row.items() if v is not None} for row in rows], dict(counted)


def change(body: bytes, old: str, new: str, times: int = -1) -> bytes:
    """The body with a text replaced; a text that does not occur is a mistake in the test."""
    assert old.encode() in body, f"{old!r} does not occur"
    return body.replace(old.encode(), new.encode(), times)


Damage = Callable[[bytes], bytes]
