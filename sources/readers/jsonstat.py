"""Reader of JSON-stat 2.0 from a statistics API (Eurostat): one request per series, one data set per
response.

series.csv has for each series its `dataset` and its `filters`, `dimension=code` joined by `|`; these
dimensions belong to the series. options in source.yaml: `path` before the data set, `parameters` sent with
every question, `area` and `time`, the ids of these dimensions, `unit`, the dimension that says the unit, and
`outside`, see common/python_rows.py.

`value` is an object with the place of each cell in the grid of all dimensions, in row-major order; a cell
that is missing there has no value, and `status` may give the reason. Quirks: a response with status 200 may
be a `warning` (413: retry later) instead of data; a wrong data set is status 404 with an `error` of id 100. A
status is a letter, several letters (`be`), or a colon for no value with or without letters; several become
one by the source's status_precedence, and stand in `nature` as they came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import orjson

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.session import Session, parse_json
from sources.model import InvalidResponse, NoSuchSeries, Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import RUN_AGAIN, canonical, refuse
from sources.readers.common.python_rows import Row, number_rows, number_text, write_raw_rows
from sources.registry.sources import SeriesInfo, load_series

if TYPE_CHECKING:
    import duckdb

LARGEST = 50_000  # cells; a series by area and year has far fewer


@dataclass(frozen=True)
class Cube:
    """A data set: the codes of each dimension in order, and the cells with a value or a status."""

    codes: dict[str, list[str]]
    labels: dict[str, dict[str, str]]
    values: dict[int, Any]
    statuses: dict[int, str]
    updated: str

    @property
    def size(self) -> int:
        return prod(len(codes) for codes in self.codes.values())

    def key(self, place: int) -> dict[str, str]:
        """Return the codes of the cell at a place in row-major order."""
        code_of = {}
        for name, codes in reversed(self.codes.items()):
            place, index = divmod(place, len(codes))
            code_of[name] = codes[index]
        return code_of


def plan(source: Source, series: Sequence[str]) -> list[Resource]:
    """Return a resource for each series."""
    for code in series:
        _declared(source, code)
    return [Resource(code, (code,)) for code in series]


def _declared(source: Source, code: str) -> tuple[SeriesInfo, dict[str, str]]:
    known = load_series(source.id)
    if code not in known:
        raise CompactError(
            f"{source.id} has no series {code}",
            where=f"sources/agencies/{source.id}/series.csv",
            allowed=", ".join(known),
            next_step="add the series, with its dataset and filters, to series.csv",
        )
    info = known[code]
    return info, dict(part.split("=", 1) for part in info.more["filters"].split("|"))


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch one series and check that the parts of its cube are consistent and only the requested codes
    occur.
    """
    info, filters = _declared(source, resource.key)
    params = {**source.options["parameters"], **filters}
    try:
        page = session.get(f"{source.options['path']}/{info.more['dataset']}", params)
    except InvalidResponse as error:
        raise _said(error, info) from None
    cube = read_cube(page, info.code)
    for name, code in filters.items():
        if cube.codes.get(name) != [code]:
            raise refuse(
                f"{info.code}: {name}={code} was asked, and {', '.join(cube.codes.get(name, []))[:80]} came",
                [page],
                allowed=code,
                next_step="run again; if the code was renamed, write the new one in series.csv",
            )
    rest = set(cube.codes) - set(filters) - {source.options["area"], source.options["time"]}
    if rest:
        raise refuse(
            f"{info.code} also has the dimensions {', '.join(sorted(rest))}",
            [page],
            allowed=", ".join([*filters, source.options["area"], source.options["time"]]),
            next_step="fix them in `filters` of series.csv",
        )
    if not cube.values:
        raise refuse(
            f"the answer for {info.code} has no values: the agency has no such series now",
            [page],
            allowed="at least one value",
            next_step="look the data set up in the agency's data browser, else run again",
            kind=NoSuchSeries,
        )
    cells = sorted(canonical(row) for row in _cells(source, cube))
    return SourceResponse(
        resource, (page,), 1, len(cells), hashlib.sha256(b"\n".join(cells)).hexdigest(), cube.updated
    )


def _said(error: InvalidResponse, info: SeriesInfo) -> InvalidResponse:
    """Raise NoSuchSeries if the agency reports it (id 100: no such data set, or no data for these codes)."""
    for page in error.pages:
        try:
            answer = orjson.loads(page.body)
        except orjson.JSONDecodeError:
            continue
        faults = answer.get("error") if isinstance(answer, dict) else None
        if isinstance(faults, list) and any(isinstance(f, dict) and f.get("id") == 100 for f in faults):
            return refuse(
                f"the agency has no data set {info.more['dataset']}, or none with the codes of {info.code}",
                error.pages,
                allowed="a data set of the agency's list",
                next_step="look it up in the agency's data browser; if it was renamed or withdrawn, change "
                "series.csv",
                kind=NoSuchSeries,
            )
    return error


def read_cube(page: Page, code: str) -> Cube:
    """Parse the data set of a page. Raises InvalidResponse if its parts are inconsistent."""
    answer = parse_json(page)
    if isinstance(answer, dict) and "warning" in answer:
        raise refuse(
            f"the agency will not answer for {code} at once: {str(answer['warning'])[:200]}",
            [page],
            allowed="a data set",
            next_step="run again later; if it stays so, narrow the question by more filters in series.csv",
        )
    if not (isinstance(answer, dict) and answer.get("class") == "dataset"):
        raise refuse(f"the answer for {code} is no data set of JSON-stat", [page], allowed="class dataset")
    try:
        codes = {name: _codes(answer["dimension"][name]["category"]["index"]) for name in answer["id"]}
        labels = {name: _labels(answer["dimension"][name]["category"]) for name in codes}
        sizes, updated = answer["size"], str(answer["updated"])
        values = {int(place): value for place, value in answer["value"].items()}
        statuses = {int(place): str(flag) for place, flag in answer.get("status", {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refuse(
            f"the data set of {code} is not as JSON-stat 2.0 has it: {error!r:.120}",
            [page],
            allowed="id, size, dimension, updated, and value as an object",
        ) from None
    cube = Cube(codes, labels, values, statuses, updated)
    if [len(c) for c in codes.values()] != sizes or not 0 < cube.size <= LARGEST:
        raise refuse(
            f"the data set of {code} says that its sizes are {sizes}, and it lists "
            f"{[len(c) for c in codes.values()]} codes",
            [page],
            allowed=f"the same numbers, and at most {LARGEST} cells together",
            next_step=RUN_AGAIN,
        )
    wrong = [p for p in (*values, *statuses) if not 0 <= p < cube.size]
    words = [v for v in values.values() if not (v is None or type(v) in (int, float))]
    if wrong or words:
        raise refuse(
            f"the data set of {code} has a value at place {wrong[0]} of {cube.size}"
            if wrong
            else f"the data set of {code} has the value {words[0]!r}",
            [page],
            allowed="numbers, at places of the grid",
            next_step=RUN_AGAIN,
        )
    return cube


def _codes(index: dict[str, int]) -> list[str]:
    """Return the codes in their order; the places must be 0, 1, 2, ..."""
    ordered = sorted(index, key=lambda code: index[code])
    if [index[code] for code in ordered] != list(range(len(ordered))):
        raise ValueError(f"places {sorted(index.values())[:5]}")
    return ordered


def _labels(category: dict[str, Any]) -> dict[str, str]:
    """Return the labels of the codes, which are optional in the standard."""
    labels = dict(category.get("label", {}))
    if wrong := [label for label in labels.values() if not isinstance(label, str)]:
        raise TypeError(f"a label {wrong[0]!r}")
    return labels


def _cells(source: Source, cube: Cube) -> Iterator[Row]:
    """Yield the cells with a value or a status, in order of their place."""
    area = source.options["area"]
    for place in sorted({*cube.values, *cube.statuses}):
        key = cube.key(place)
        flags = cube.statuses.get(place, "").replace(":", "").strip()  # a colon means: no value
        yield {
            "area": key[area],
            "area_name": cube.labels[area].get(key[area]),
            "time_period": key[source.options["time"]],
            "value": number_text(cube.values.get(place)),
            "unit": key.get(source.options["unit"]),
            "status": flags or None,
            "nature": flags if len(flags) > 1 else None,
        }


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write the cells with a value or a status to `raw_row`; count the empty ones of the grid in
    `raw_row_counted`.
    """
    rows, counted = list[Row](), []
    for one in files:
        cube = read_cube(Page(str(one.pages[0]), one.pages[0].read_bytes()), one.resource)
        cells = list(number_rows(one, _cells(source, cube)))
        rows += [{"series": one.resource} | cell for cell in cells]
        if empty := cube.size - len(cells):
            counted.append((one.snapshot, "empty_cell", empty))
    write_raw_rows(con, source, rows)
    if counted:
        con.executemany("insert into raw_row_counted values (?, ?, ?)", counted)
