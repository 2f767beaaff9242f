"""Reads Giga's list of schools and counts them by country.

The answer is an envelope {"success", "timestamp", "data": [school, ...]}; pages are fetched until one has no
school. All pages but the last have the same number of schools, and no school appears twice: this detects an
agency that ignores `page` or `size`, or changes the list meanwhile. options: path, size, most_pages, and
`connectivity`, a map from the values of that field to connected, not_connected or unknown.

`raw_row` has three rows per country; each school is one row of the ledger, counted as `school`. The year is
that of the last page's timestamp. The pages are stored with the snapshot, so that every count can be
recomputed.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from schemas.definitions.base import Model
from schemas.definitions.source import Source
from sources.http.content import parse_json
from sources.model import Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import RUN_AGAIN, canonical, check_rows, refuse
from sources.readers.common.python_rows import Row, number_rows, write_raw_rows

if TYPE_CHECKING:
    import duckdb

    from sources.http.session import Session

RESOURCE = "schools_profile"
FIELDS = frozenset(("giga_id_school", "country_iso3_code", "connectivity"))
COUNTED = "school"
YEAR = re.compile(r"((?:19|20)[0-9]{2})-[0-9]{2}-[0-9]{2}")
# Each series with the classes of `connectivity` that it counts.
SERIES = {
    "schools_total": ("connected", "not_connected", "unknown"),
    "schools_connectivity_known": ("connected", "not_connected"),
    "schools_connected": ("connected",),
}
Class = Literal["connected", "not_connected", "unknown"]


class Options(Model):
    """Options of source.yaml for this reader."""

    path: str = Field(pattern="^/")
    size: int = Field(ge=1, le=1000)
    most_pages: int = Field(ge=1)
    connectivity: dict[str, Class]


def plan(source: Source, series: Sequence[str]) -> list[Resource]:  # noqa: ARG001 - as every reader
    """Return the list of schools as one resource: every series is counted from it."""
    return [Resource(RESOURCE, tuple(sorted(series)))] if series else []


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch page after page until one is empty, and check that together they are one list."""
    options = Options.model_validate(source.options)
    pages: list[Page] = []
    ids: list[str] = []
    counts: Counter[tuple[str, str]] = Counter()
    first = last = 0
    while True:
        page = session.get(options.path, {"page": len(pages) + 1, "size": options.size})
        pages.append(page)
        year, schools = _schools(page)
        if not schools:
            break
        if len(pages) > 1 and last != first:
            raise refuse(
                f"page {len(pages) - 1} has {last} schools, the first one {first}, and page {len(pages)} "
                "still has some",
                pages[-2:],
                allowed="pages of one length, but for the last",
                next_step=RUN_AGAIN,
            )
        first, last = first or len(schools), len(schools)
        ids += [str(school["giga_id_school"]) for school in schools]
        counts.update(_classed(schools, options, page))
        if len(pages) >= options.most_pages:
            raise refuse(
                f"page {len(pages)} still has schools", [page], allowed=f"{options.most_pages} pages at most"
            )
    if not ids:
        raise refuse("the list of schools is empty", pages, allowed="at least one school")
    if (different := int(pc.count_distinct(pa.array(ids)).as_py())) != len(ids):
        raise refuse(
            f"{len(ids)} schools came, and only {different} different ones",
            pages[-2:],
            allowed="each school once",
            next_step=RUN_AGAIN,
        )
    content = hashlib.sha256(canonical([year, sorted([*key, n] for key, n in counts.items())])).hexdigest()
    return SourceResponse(resource, tuple(pages), len(pages), len(ids), content)


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write three counts per country, and each school to raw_row_counted."""
    options = Options.model_validate(source.options)
    schools: dict[str, int] = {}

    def rows() -> Iterator[Row]:
        for one in files:
            counts, year = _counts(one, options)
            schools[one.snapshot] = sum(counts.values())
            yield from number_rows(one, _count_rows(counts, year))

    write_raw_rows(con, source, rows())
    con.executemany(
        "insert into raw_row_counted values ($1, $2, $3)", [(name, COUNTED, n) for name, n in schools.items()]
    )


def _counts(one: SnapshotFiles, options: Options) -> tuple[Counter[tuple[str, str]], str]:
    """Count schools by country and class, a page at a time; return the year of the list too."""
    counts: Counter[tuple[str, str]] = Counter()
    year = ""
    for path in one.pages:
        page = Page(str(path), path.read_bytes())
        year, schools = _schools(page)
        counts.update(_classed(schools, options, page))
    return counts, year


def _count_rows(counts: Counter[tuple[str, str]], year: str) -> Iterator[Row]:
    for area in sorted({area for area, _ in counts}):
        for series, classes in SERIES.items():
            number = sum(counts[area, one] for one in classes)
            yield {"series": series, "area": area, "time_period": year, "value": str(number)}


def _schools(page: Page) -> tuple[str, list[dict[str, Any]]]:
    """Return the year of the envelope and its schools."""
    document = parse_json(page)
    if not isinstance(document, dict) or document.get("success") is not True or "data" not in document:
        said = (
            str(document.get("message", ""))[:200] if isinstance(document, dict) else type(document).__name__
        )
        raise refuse(
            f"the answer is no list of schools: {said!r}",
            [page],
            allowed='{"success": true, "timestamp": ..., "data": [...]}',
        )
    stamp = YEAR.match(str(document.get("timestamp")))
    if stamp is None:
        raise refuse(
            f"the timestamp is {document.get('timestamp')!r}",
            [page],
            allowed="a date such as 2026-11-23, with or without a time",
            next_step="no year is guessed: teach the reader how the agency writes it",
        )
    schools = document["data"]
    if not isinstance(schools, list):
        raise refuse(f"data is {type(schools).__name__}", [page], allowed="a list")
    check_rows(schools, FIELDS, page, "data")
    return stamp[1], schools


def _classed(schools: Sequence[dict[str, Any]], options: Options, page: Page) -> Iterator[tuple[str, str]]:
    """Return country and class of each school."""
    for school in schools:
        said = school["connectivity"]
        text = {None: "null", True: "true", False: "false"}.get(said, said) if _plain(said) else said
        if not isinstance(text, str) or text not in options.connectivity:
            raise refuse(
                f"school {school['giga_id_school']} has the connectivity {said!r}",
                [page],
                allowed=", ".join(map(repr, options.connectivity)),
                next_step="add the word to options.connectivity in source.yaml, if its meaning is known",
            )
        area = school["country_iso3_code"]
        yield area if isinstance(area, str) and area.strip() else "null", options.connectivity[text]


def _plain(value: object) -> bool:
    """Return whether it is one of JSON's literals; 1 and 0 would pass for two of them."""
    return value is None or isinstance(value, bool)
