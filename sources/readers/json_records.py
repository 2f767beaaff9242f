"""Reader of JSON with one list of flat records (UNESCO Institute for Statistics): one request per series.

options in source.yaml:
  path, ask      where to ask, and the parameter that names the series
  parameters     sent with every question
  records        the field of the answer that holds the list
  hints          the field in which the agency says what it did not understand; `unknown` is the code there
                 of a series that it does not have
  fields         the fields of a record to the columns of stage; all of them must be there, and no others
  absent         the field whose word says why there is no value (it becomes the value, for `missing`)
  outside        see common/python_rows.py
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from schemas.definitions.source import Source
from sources.http.session import Session, parse_json
from sources.model import NoSuchSeries, Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import canonical, check_rows, check_series, check_unique, refuse
from sources.readers.common.python_rows import Row, number_rows, number_text, write_raw_rows

if TYPE_CHECKING:
    import duckdb


def plan(source: Source, series: Sequence[str]) -> list[Resource]:  # noqa: ARG001 - as every reader
    """Return a resource for each series."""
    return [Resource(code, (code,)) for code in series]


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch one series: records with the agreed fields, of the requested series, each area and year once."""
    options, code = source.options, resource.key
    page = session.get(options["path"], {options["ask"]: code, **options.get("parameters", {})})
    rows = _records(page, source, code)
    names = {column: field for field, column in options["fields"].items()}
    check_series((str(row[names["series"]]) for row in rows), code, [page])
    for number, row in enumerate(rows):
        wrong = [
            name
            for name, value in row.items()
            if type(value)
            not in ((int, float, type(None)) if name == names["value"] else (str, int, type(None)))
        ]
        if wrong:
            raise refuse(
                f"{wrong[0]} of record {number} of {code} is {row[wrong[0]]!r:.80}",
                [page],
                allowed="a number or null for the value, else text, a whole number or null",
            )
    key = (names["area"], names["time_period"])
    check_unique((tuple(row[n] for n in key) for row in rows), len(rows), " and ".join(key), [page])
    content = hashlib.sha256(b"\n".join(sorted(map(canonical, rows)))).hexdigest()
    return SourceResponse(resource, (page,), 1, len(rows), content)


def _records(page: Page, source: Source, code: str) -> list[dict[str, Any]]:
    """Return the records of a page; distinguish hints and emptiness from other faults."""
    options, answer = source.options, parse_json(page)
    name, hints = options["records"], options["hints"]
    if not (
        isinstance(answer, dict)
        and isinstance(answer.get(name), list)
        and isinstance(answer.get(hints), list)
    ):
        raise refuse(
            f"the answer for {code} has no lists {name} and {hints}: {str(answer)[:200]}",
            [page],
            allowed=f"an object with {name} and {hints}",
        )
    said = [hint if isinstance(hint, dict) else {"message": str(hint)} for hint in answer[hints]]
    # a hint that the series is unknown must name this series: otherwise it is another kind of fault
    unknown = [h for h in said if h.get("code") == options["unknown"] and code in str(h.get("message"))]
    if unknown or not (said or answer[name]):
        raise refuse(
            f"the agency has nothing for {code}"
            + "".join(f"; it says: {hint.get('message', '')!s:.160}" for hint in said),
            [page],
            allowed="at least one record",
            next_step="look the code up in the agency's list; if it was renamed or withdrawn, change "
            "series.csv",
            kind=NoSuchSeries,
        )
    if said:
        raise refuse(
            f"the agency did not understand the question for {code}: {said[0].get('message', '')!s:.160}",
            [page],
            allowed="no hints",
            next_step="fix options.parameters in source.yaml",
        )
    fields = frozenset([*options["fields"], *filter(None, [options.get("absent")])])
    check_rows(answer[name], fields, page, code)
    extra = sorted({field for row in answer[name] for field in row} - fields)
    if extra:
        raise refuse(
            f"the records of {code} also have {', '.join(extra)}",
            [page],
            allowed=", ".join(sorted(fields)),
            next_step="if it tells rows apart or qualifies them, declare it in options.fields",
        )
    rows: list[dict[str, Any]] = answer[name]
    return rows


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write every record of the snapshots."""
    write_raw_rows(con, source, (row for one in files for row in number_rows(one, _rows(source, one))))


def _rows(source: Source, one: SnapshotFiles) -> Iterator[Row]:
    fields, absent = source.options["fields"], source.options.get("absent", "")
    for record in _records(Page(str(one.pages[0]), one.pages[0].read_bytes()), source, one.resource):
        row: Row = {
            column: None if record[field] is None else str(record[field]) for field, column in fields.items()
        }
        value = next(record[field] for field, column in fields.items() if column == "value")
        word = str(record[absent]) if absent and record[absent] is not None else ""
        # with a value, the text is a remark; without one, it is the reason
        row["value"] = word if value is None else number_text(value)
        if value is not None and word:
            row["footnote"] = f"{absent}: {word}"
        yield row
