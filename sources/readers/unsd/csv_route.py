"""The UNSD SDG API v1, route `csv`: POST Series/DataCSV, one file per series, with a third of the bytes of
the JSON.

The file declares no number of rows: a request for one row of Series/Data returns the expected total, and that
response is stored as the first page of the snapshot. Quirks seen: the file may end in NULs and blank lines
(ignored in parsing only); header unquoted, values quoted; 17 fixed columns, then the dimensions and
attributes of the series in brackets, in alphabetical order. A row of a series with several indicators comes
once for each: the repeats are counted as `repeated_for_indicator`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from schemas.definitions.source import Source
from sources.http.content import expect_header, parse_text
from sources.http.session import Session
from sources.model import NoSuchSeries, Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import RUN_AGAIN, check_series, refuse
from sources.readers.unsd.json_route import ask_page, copies, read_page

if TYPE_CHECKING:
    import duckdb

PATH = "/v1/sdg/Series/DataCSV"
FIXED = ("Goal", "Target", "Indicator", "SeriesCode", "SeriesDescription", "GeoAreaCode", "GeoAreaName",
         "TimePeriod", "Value", "Time_Detail", "TimeCoverage", "UpperBound", "LowerBound", "BasePeriod",
         "Source", "GeoInfoUrl", "FootNote")  # fmt: skip
PLACE = {name: place for place, name in enumerate(FIXED)}
OTHER_ROUTE = "take the other route, COMPACT_ROUTE_UNSD_SDG=data"


def fetch_csv(source: Source, resource: Resource, session: Session) -> SourceResponse:  # noqa: ARG001 - as fetch_json
    """Fetch the file of one series and check it against the total that Series/Data declares."""
    code = resource.key
    counted = ask_page(session, code, 1, 1)
    one = read_page(counted, code)
    if not one.rows:
        raise refuse(
            f"the agency has no rows for {code}",
            [counted],
            allowed="at least one row",
            next_step="look the series up in Series/List; if it was renamed or withdrawn, change series.csv, "
            "else run again",
            kind=NoSuchSeries,
        )
    page = session.post(PATH, {"seriesCodes": code}, headers={"Accept": "application/octet-stream"})
    _, table = parse(page, (counted,))
    check_series(pc.unique(table.column(PLACE["SeriesCode"])).to_pylist(), code, (counted, page))
    expected = one.rows_declared * copies(one.rows[0])
    if table.num_rows != expected:
        raise refuse(
            f"the file of {code} has {table.num_rows} rows, and Series/Data declares {one.rows_declared} for "
            f"{copies(one.rows[0])} indicators",
            (counted, page),
            allowed=f"{expected} rows",
            next_step=OTHER_ROUTE,
        )
    content = hashlib.sha256(page.body.rstrip(b"\x00\r\n")).hexdigest()
    return SourceResponse(resource, (counted, page), 2, table.num_rows, content)


def parse(page: Page, before: Sequence[Page] = ()) -> tuple[list[str], pa.Table]:
    """Return the names of the columns after the fixed ones, lower case and without brackets, and all
    columns as text, named c0, c1, ... Raises InvalidResponse if the layout is unknown, or the file ends
    within a line.
    """
    pages = (*before, page)
    text = parse_text(page).rstrip("\x00")
    header = expect_header(text, page)
    extra = _check_header(header, pages)
    if not text.endswith("\n") or text.count('"') % 2:
        raise refuse(
            f"the file ends in the middle of a line: {text[-60:]!r}",
            pages,
            allowed="a newline at the end",
            next_step=RUN_AGAIN,
        )
    names = [f"c{place}" for place in range(len(header))]
    try:
        table = pa.csv.read_csv(
            io.BytesIO(text.encode()),
            read_options=pa.csv.ReadOptions(column_names=names, skip_rows=1, use_threads=False),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid as error:
        raise refuse(
            f"the file is not the CSV that its header announces: {str(error)[:200]}",
            pages,
            allowed=f"{len(header)} columns in every line",
            next_step=RUN_AGAIN,
        ) from None
    if not table.num_rows:
        raise refuse(
            "the file has a header and no rows", pages, allowed="at least one row", next_step=OTHER_ROUTE
        )
    return extra, table


def _check_header(header: Sequence[str], pages: Sequence[Page]) -> list[str]:
    """Return the names in brackets, or raise InvalidResponse naming the first misplaced column."""
    step = (
        "if the agency has changed its file, the reader must learn the new columns; until then: "
        + OTHER_ROUTE
    )
    for place, name in enumerate(FIXED):
        if (actual := header[place] if place < len(header) else "nothing") != name:
            raise refuse(
                f"column {place + 1} of the file is {actual!r}, and {name} belongs there",
                pages,
                allowed=", ".join(FIXED),
                next_step=step,
            )
    names: list[str] = []
    for place, column in enumerate(header[len(FIXED) :], len(FIXED) + 1):
        name = column.removeprefix("[").removesuffix("]").strip().casefold()
        if column != f"[{column[1:-1]}]" or not name:
            raise refuse(
                f"column {place} of the file is {column!r}",
                pages,
                allowed="a dimension or attribute in brackets",
                next_step=step,
            )
        if names and name <= names[-1]:  # otherwise two swapped names would move values unseen
            raise refuse(
                f"column {place} of the file, {column}, is out of its alphabetical place",
                pages,
                allowed="dimensions and attributes in alphabetical order, each once",
                next_step=step,
            )
        names.append(name)
    return names


def wire_csv(
    con: duckdb.DuckDBPyConnection, attributes: Mapping[str, str], group: Sequence[tuple[SnapshotFiles, Path]]
) -> None:
    """Add the rows of files to `raw_row`, those with the same columns together. attributes: as for JSON."""
    layouts: dict[tuple[str, ...], list[pa.Table]] = {}
    for one, path in group:
        names, table = parse(Page(str(path), path.read_bytes()))
        several = pc.count_distinct(table.column(PLACE["Indicator"])).as_py() > 1
        table = table.append_column("snapshot", pa.repeat(one.snapshot, table.num_rows))
        table = table.append_column("row", pa.array(range(table.num_rows), pa.int64()))
        table = table.append_column("several", pa.repeat(several, table.num_rows))
        layouts.setdefault(tuple(names), []).append(table)
    for columns, tables in layouts.items():
        con.register("csv_rows", pa.concat_tables(tables))
        con.execute(_repeated(len(FIXED) + len(columns)))
        con.execute(*_select(attributes, columns))
        con.unregister("csv_rows")
    con.execute(_COUNTED)


def _select(attributes: Mapping[str, str], names: Sequence[str]) -> tuple[str, dict[str, list[str]]]:
    """Return the statement for one layout and its parameters: the agency's names are parameters, never
    SQL.
    """
    columns = {name: f"c{place}" for place, name in enumerate(names, len(FIXED))}
    expressions = {
        column: f"nullif(trim({columns[name]}), '')" for name, column in attributes.items() if name in columns
    }
    dims = [name for name in names if name not in attributes]
    values = ", ".join(f"trim({columns[name]})" for name in dims)
    words = {
        name: f"nullif(c{PLACE[column]}, '')"
        for name, column in {
            "lower": "LowerBound",
            "upper": "UpperBound",
            "source_detail": "Source",
            "footnote": "FootNote",
        }.items()
    }
    lines = ",\n    ".join(
        f"{expression} as {column}" for column, expression in (expressions | words).items()
    )
    return (
        f"""
insert into raw_row by name
select
    snapshot,
    row,
    c{PLACE["SeriesCode"]} as series,
    c{PLACE["GeoAreaCode"]} as area,
    c{PLACE["GeoAreaName"]} as area_name,
    c{PLACE["TimePeriod"]} as time_period,
    c{PLACE["Value"]} as value,
    map_from_entries(list_filter(
        list_transform($names, lambda name, place: {{'key': name, 'value': list_extract([{values}], place)}}),
        lambda word: word.value <> ''
    )) as dims,
    {lines}
from csv_rows
anti join repeated
    using (snapshot, row)
""",
        {"names": dims},
    )


def _repeated(columns: int) -> str:
    """Find the same row under a further indicator: it differs from the first in goal, target and indicator
    only.
    """
    same = ", ".join(f"c{place}" for place in range(PLACE["Indicator"] + 1, columns))
    return f"""
create temp table if not exists repeated (snapshot varchar, row bigint);
insert into repeated
select snapshot, row
from csv_rows
where several
qualify c{PLACE["Indicator"]} <> first_value(c{PLACE["Indicator"]}) over (
    partition by snapshot, {same}
    order by row
)
"""


_COUNTED = """
insert into raw_row_counted
select snapshot, 'repeated_for_indicator', count(*)
from repeated
group by snapshot
order by snapshot;
drop table repeated
"""
