"""Reader of the UN System Data Commons: POST /api/observations/series, one variable for a batch of countries.

series.csv has the agency's own ids of variables as codes. options in source.yaml: `places`, the maximum
number per request, and `prefix`, the prefix of a country's ISO code.

Quirks seen: any newline in the body of the request is rejected with 403, so it is one line; a place without
data has an empty `series`; unit and origin are in `facets`, once for many places. Values are numbers, without
UNSD's marks of censored values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from schemas.codelists.areas import area_rows
from schemas.definitions.source import Source
from sources.http.session import Session, parse_json
from sources.model import NoSuchSeries, Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import RUN_AGAIN, canonical, check_unique, refuse
from sources.readers.common.python_rows import Row, number_rows, number_text, write_raw_rows

if TYPE_CHECKING:
    import duckdb

Place = dict[str, Any]


def plan(source: Source, series: Sequence[str]) -> list[Resource]:  # noqa: ARG001 - as every reader
    """Return a resource for each variable."""
    return [Resource(code, (code,)) for code in series]


def places(source: Source) -> list[str]:
    """Return every country and territory of the code lists, as the agency writes them."""
    prefix = source.options["prefix"]
    return [f"{prefix}{row['ref_area']}" for row in area_rows() if row["kind"] == "country"]


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch one variable: a result for every requested place, each with as many values as it declares."""
    size, asked = source.options["places"], places(source)
    pages: list[Page] = []
    cells: list[bytes] = []
    for start in range(0, len(asked), size):
        some = asked[start : start + size]
        pages.append(
            session.post_json("/api/observations/series", {"variables": [resource.key], "entities": some})
        )
        by_code = read_places(pages[-1], resource.key, pages)
        if set(by_code) != set(some):
            odd = sorted(set(by_code) ^ set(some))
            raise refuse(
                f"{len(some)} places of {resource.key} were asked and {len(by_code)} came; the difference is "
                f"{', '.join(odd[:5])}",
                pages,
                allowed="each place that was asked, also those without data",
                next_step=RUN_AGAIN,
            )
        cells += [canonical(row) for place in by_code.items() for row in _values(*place)]
    if not cells:
        raise refuse(
            f"no country has a value of {resource.key}: the agency has no such variable now",
            pages,
            allowed="at least one value",
            next_step="look it up by /api/variable/info; if it was renamed, write the new id in series.csv",
            kind=NoSuchSeries,
        )
    content = hashlib.sha256(b"\n".join(sorted(cells))).hexdigest()
    return SourceResponse(resource, tuple(pages), len(pages), len(cells), content)


def read_places(page: Page, code: str, pages: Sequence[Page] = ()) -> dict[str, Place]:
    """Return the places of a page with their series and facet, or raise InvalidResponse."""
    answer, pages = parse_json(page), pages or [page]
    data, facets = (answer.get("data"), answer.get("facets")) if isinstance(answer, dict) else (None, None)
    value = data.get(code) if isinstance(data, dict) and len(data) == 1 else None
    if not isinstance(value, dict) or not isinstance(facets, dict):
        raise refuse(
            f"the answer for {code} has no data of it alone: {str(answer)[:200]}",
            pages,
            allowed="data of the variable that was asked, and facets",
        )
    return {name: _place(name, place, facets, code, pages) for name, place in value.items()}


def _place(name: str, place: Any, facets: dict[str, Any], code: str, pages: Sequence[Page]) -> Place:
    """Return a place with its facet, if its values match its declared number, first and last date."""
    series = place.get("series") if isinstance(place, dict) else None
    if not isinstance(series, list):
        raise refuse(f"{name} of {code} has no series", pages, allowed="a list, which may be empty")
    if not series:
        return {"series": [], "facet": {}}
    for one in series:
        if not (
            isinstance(one, dict)
            and isinstance(one.get("date"), str)
            and type(one.get("value")) in (int, float)
        ):
            raise refuse(
                f"{name} of {code} has {str(one)[:80]} among its values",
                pages,
                allowed="a date as text and a number",
            )
    dates = sorted(one["date"] for one in series)
    check_unique(((date,) for date in dates), len(dates), f"date of {name}", pages)
    declared = (place.get("obsCount"), place.get("earliestDate"), place.get("latestDate"))
    if declared != (len(series), dates[0], dates[-1]):
        raise refuse(
            f"{name} of {code} declares {declared} and has {len(series)} values, {dates[0]} to {dates[-1]}",
            pages,
            allowed="as many values as obsCount, from earliestDate to latestDate",
            next_step=RUN_AGAIN,
        )
    facet = facets.get(str(place.get("facet")))
    if (
        not isinstance(facet, dict)
        or facet.get("observationPeriod") not in ("P1Y", None)
        or not isinstance(facet.get("unit"), str | None)
    ):
        raise refuse(
            f"{name} of {code} has the facet {place.get('facet')!r}: {str(facet)[:120]}",
            pages,
            allowed="a facet that the answer describes, of yearly values, its unit a text",
        )
    return {"series": series, "facet": facet}


def _values(name: str, place: Place) -> Iterator[Row]:
    facet = place["facet"]
    for one in place["series"]:
        yield {
            "area": name,
            "time_period": one["date"],
            "value": number_text(one["value"]),
            "unit": facet.get("unit"),
            "source_detail": " ".join(
                str(facet[part]) for part in ("provenanceId", "provenanceUrl") if facet.get(part)
            )
            or None,
        }


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write every value of the snapshots."""
    write_raw_rows(con, source, (row for one in files for row in number_rows(one, _rows(source, one))))


def _rows(source: Source, one: SnapshotFiles) -> Iterator[Row]:
    prefix = source.options["prefix"]
    for path in one.pages:
        for name, place in read_places(Page(str(path), path.read_bytes()), one.resource).items():
            for row in _values(name, place):
                yield row | {"series": one.resource, "area": name.removeprefix(prefix)}
