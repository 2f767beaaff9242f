"""Reader of ITU DataHub v2, by either route: a series as JSON, or a family of series as CSV.

series.csv has for each series its `code_id`, its `route` (json or csv), the `family` of one CSV download, and
its `disaggregation`, the label of its breakdown. options in source.yaml: `disaggregations`, a map from the
label of a breakdown to its dimension, and `flags`, the rules from the agency's texts to statuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.session import Session
from sources.model import Resource, SnapshotFiles, SourceResponse
from sources.readers.common.raw_table import batches, make_wire
from sources.readers.itu.csv_route import fetch_csv, wire_csv
from sources.readers.itu.json_route import fetch_json, wire_json
from sources.registry.sources import SeriesInfo, load_series

if TYPE_CHECKING:
    import duckdb

TEXTS = {"dataSource": "source", "dataNote": "note"}  # columns that a flag rule may match


def plan(source: Source, series: Sequence[str]) -> list[Resource]:
    """Return a resource for each series by JSON, and one for each family by CSV, with all its series."""
    known = load_series(source.id)
    resources: dict[str, Resource] = {}
    for code in series:
        info = known.get(code)
        if info is None:
            raise CompactError(
                f"{source.id} has no series {code}",
                where=f"sources/agencies/{source.id}/series.csv",
                allowed=", ".join(known),
                next_step="add the series, with its code_id, to series.csv",
            )
        key = info.more["family"] if info.more["route"] == "csv" else code
        carried = tuple(_family(known, key)) if info.more["route"] == "csv" else (code,)
        resources.setdefault(key, Resource(key, carried))
    return list(resources.values())


def _family(known: Mapping[str, SeriesInfo], family: str) -> dict[str, str]:
    """Return code to codeID of all series that are downloaded together."""
    return {
        code: info.more["code_id"]
        for code, info in known.items()
        if info.more["route"] == "csv" and info.more["family"] == family
    }


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:
    """Fetch one series, or one family of series."""
    known = load_series(source.id)
    if resource.key in known and known[resource.key].more["route"] == "json":
        return fetch_json(resource, known[resource.key].more["code_id"], session)
    return fetch_csv(resource, _family(known, resource.key), session)


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write every row of the snapshots, with the dimension of a breakdown and the status from the agency's
    texts.
    """
    make_wire(con)
    groups: dict[str, str] = source.options["disaggregations"]
    labels = [(code, info.more["disaggregation"]) for code, info in load_series(source.id).items()]
    con.execute("create or replace temp table labels (series varchar, label varchar)")
    con.executemany("insert into labels values ($1, $2)", labels)
    con.execute("create or replace temp table label_groups (label varchar, dimension varchar)")
    con.executemany("insert into label_groups values ($1, $2)", list(groups.items()))
    con.execute(_ROWS_READ)
    for group in batches(files):
        tables = [(one, path) for one in group for path in one.pages if not _is_json(path)]
        wire_csv(con, tables)
        if listed := [one for one in group if _is_json(one.pages[0])]:
            wire_json(con, listed)
    con.execute(*_wire(source.options["flags"]))
    for name in ("labels", "label_groups", "rows_read"):
        con.execute(f"drop table {name}")


def _is_json(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")


_ROWS_READ = """
create or replace temp table rows_read (
    snapshot varchar, row bigint, series varchar, area varchar, area_name varchar, time_period varchar,
    value varchar, unit varchar, label_group varchar, label varchar, second_label varchar, note varchar,
    source varchar)
"""


def _wire(flags: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, str]]:
    """Return the last statement and its parameters: the patterns of the flags are parameters, never SQL."""
    parameters: dict[str, str] = {}
    lines = []
    for number, flag in enumerate(flags):
        text = f"coalesce(rows_read.{TEXTS[flag['field']]}, '')"
        parameters |= {f"status{number}": flag["status"], f"pattern{number}": flag["pattern"]}
        test = f"regexp_matches({text}, $pattern{number})"
        if "except" in flag:
            parameters[f"except{number}"] = flag["except"]
            test += f" and not regexp_matches({text}, $except{number})"
        lines.append(f"        when {test} then $status{number}")
    status = "case\n" + "\n".join(lines) + "\n    end" if lines else "null::varchar"
    return (
        f"""
insert into raw_row by name
select
    snapshot,
    row,
    series,
    area,
    area_name,
    time_period,
    value,
    -- the dimension is the group that the agency names, else the one that source.yaml knows for the label; a
    -- label that neither knows keeps the name of its column, which stage refuses
    map_from_entries(list_filter([
        {{
            'key': coalesce(nullif(label_group, ''), known.dimension, 'Disaggregation1'),
            'value': rows_read.label
        }},
        {{'key': coalesce(known_second.dimension, 'Disaggregation2'), 'value': second_label}}
    ], lambda word: word.value <> '')) as dims,
    nullif(unit, '') as unit,
    {status} as status,
    nullif(source, '') as source_detail,
    nullif(note, '') as footnote
from rows_read
left join label_groups as known
    on rows_read.label = known.label
left join label_groups as known_second
    on rows_read.second_label = known_second.label
""",
        parameters,
    )
