"""ITU DataHub, route `json`: /data/bycode/{codeID}, one series, every country and year in one list.

Quirks seen: the value is text inside a list (answer[0].value); keys come in random order; an unknown code
returns 200 with []; no total declares the number of rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sources.http.session import Session, parse_json
from sources.model import NoSuchSeries, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import canonical, check_rows, check_series, check_unique, refuse
from sources.readers.common.raw_table import make_pages

if TYPE_CHECKING:
    import duckdb

FIELDS = frozenset({"code", "codeID", "isoCode", "shortName", "dataYear", "answer", "dataNote", "dataSource"})


def fetch_json(resource: Resource, code_id: str, session: Session) -> SourceResponse:
    """Fetch one series and check each row: the agreed shape, the requested code, and a unique area and
    year.
    """
    code = resource.key
    page = session.get(f"/data/bycode/{code_id}")
    rows = parse_json(page)
    if not isinstance(rows, list):
        raise refuse(
            f"the answer for {code} is {type(rows).__name__}, not a list", [page], allowed="a list of rows"
        )
    if not rows:
        raise refuse(
            f"the answer for {code} (codeID {code_id}) has no rows: the agency knows no such code now, or "
            "its answer is empty",
            [page],
            allowed="at least one row",
            next_step="look the series up in /dictionaries/getcategories; if its codeID changed, write it in "
            "series.csv, else run again",
            kind=NoSuchSeries,
        )
    check_rows(rows, FIELDS, page, code)
    check_series((row["code"] for row in rows), code, [page])
    check_series((row["codeID"] for row in rows), code_id, [page])
    for number, row in enumerate(rows):
        answers = row["answer"]
        if not (
            isinstance(answers, list)
            and len(answers) == 1
            and isinstance(answers[0], dict)
            and "value" in answers[0]
        ):
            raise refuse(
                f"row {number} of {code} has {str(answers)[:80]} for an answer",
                [page],
                allowed="a list of one object with a value",
            )
    check_unique(
        ((row["isoCode"], row["dataYear"]) for row in rows), len(rows), "isoCode and dataYear", [page]
    )
    content = hashlib.sha256(b"\n".join(sorted(map(canonical, rows)))).hexdigest()
    return SourceResponse(resource, (page,), 1, len(rows), content)


def wire_json(con: duckdb.DuckDBPyConnection, group: Sequence[SnapshotFiles]) -> None:
    """Add the rows of responses to `rows_read`; the label of a breakdown comes from `labels`, made from
    series.csv.
    """
    con.execute(_ROWS, make_pages(con, group))


_ROWS = """
insert into rows_read by name
with read as (
    select filename, from_json(json, '[{
        "code": "VARCHAR", "isoCode": "VARCHAR", "shortName": "VARCHAR", "dataYear": "VARCHAR",
        "answer": [{"value": "VARCHAR"}], "dataNote": "VARCHAR", "dataSource": "VARCHAR"}]') as rows
    from read_json($paths, format = 'unstructured', records = false, columns = {'json': 'JSON'},
                   filename = true, maximum_object_size = $largest)
),
unnested as (
    select filename, unnest(rows) as cell, generate_subscripts(rows, 1) - 1 as row
    from read
)
select
    pages.snapshot,
    unnested.row,
    cell.code as series,
    cell.isoCode as area,
    cell.shortName as area_name,
    cell.dataYear as time_period,
    cell.answer[1].value as value,
    labels.label as label,
    cell.dataNote as note,
    cell.dataSource as source
from unnested
join pages
    on unnested.filename = pages.path
left join labels
    on cell.code = labels.series
"""
