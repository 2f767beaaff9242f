"""The lines of a delimited file as rows of `raw_row`: which column becomes which field is declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from schemas.definitions.source import Source
from sources.model import SnapshotFiles
from sources.readers.delimited.options import Options, ValueColumn
from sources.registry.sources import load_series

if TYPE_CHECKING:
    import duckdb

LINE = "(line)"  # no header can be called so: our names of columns come from source.yaml


def add_rows(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    options: Options,
    one: SnapshotFiles,
    table: pa.Table,
    values: Sequence[ValueColumn],
    first_line: int,
) -> None:
    """Add the lines of one file to `raw_row`, and those that are left out to `raw_row_counted`."""
    lines = pa.array(range(first_line, first_line + table.num_rows), pa.int64())
    con.register("delimited_file", table.append_column(LINE, lines))
    reason, given = _left_out(source, options, one.resource)
    con.execute(
        f"create or replace temp table delimited_lines as select *, {reason} as left_out from delimited_file",
        given,
    )
    con.unregister("delimited_file")
    con.execute(
        "insert into raw_row_counted select $snapshot, left_out, count(*) * $values from delimited_lines "
        "where left_out is not null group by left_out order by left_out",
        {"snapshot": one.snapshot, "values": len(values)},
    )
    there = set(table.column_names)
    for place, value in enumerate(values):
        con.execute(
            _rows(options, value, there),
            {"snapshot": one.snapshot, "values": len(values), "place": place}
            | ({"blank": options.blank} if options.blank else {})
            | ({"words": [*options.words], "numbers": [*options.words.values()]} if options.words else {})
            | ({"series": value.series} if value.series is not None else {})
            | ({"time_period": value.time_period} if value.time_period is not None else {}),
        )
    con.execute("drop table delimited_lines")


def _left_out(source: Source, options: Options, resource: str) -> tuple[str, dict[str, object]]:
    """The reason why a line is left out, as an SQL expression with its parameters."""
    cases: list[str] = []
    given: dict[str, object] = {}
    for number, rule in enumerate(rule for rule in options.leave_out if rule.applies_to(resource)):
        test = f"regexp_full_match({_name(rule.column)}, $pattern{number})"
        cases.append(f"when {'not ' if rule.matches is None else ''}{test} then $reason{number}")
        given |= {
            f"pattern{number}": rule.unless if rule.matches is None else rule.matches,
            f"reason{number}": rule.reason,
        }
    if options.other_series:
        cases.append(
            f"when not list_contains($declared, {_name(options.fields['series'])}) then $other_series"
        )
        given |= {"declared": list(load_series(source.id)), "other_series": options.other_series}
    return (f"case {' '.join(cases)} end" if cases else "null::varchar"), given


def _rows(options: Options, value: ValueColumn, there: set[str]) -> str:
    """The statement that adds the rows of one value column. A column that may be missing gives null."""
    fields: dict[str, str] = {
        field: _name(column) for field, column in options.fields.items() if column in there
    }
    fields["value"] = _name(value.column)
    if options.blank:
        fields["value"] = f"if(list_contains($blank, {fields['value']}), null, {fields['value']})"
    if options.words:  # a text that is not among them stays itself, and staging refuses it
        word = f"trim({_name(value.column)})"
        fields["value"] = f"coalesce($numbers[list_position($words, {word})], {fields['value']})"
        fields["footnote"] = f"if(list_contains($words, {word}), {word}, null)"
    if value.series is not None:
        fields["series"] = "$series"
    if value.time_period is not None:
        fields["time_period"] = "$time_period"
    dims = ", ".join(
        f"{{'key': {_text(name)}, 'value': {_name(column)}}}"
        for name, column in options.dims.items()
        if column in there
    )
    if dims:
        fields["dims"] = f"map_from_entries(list_filter([{dims}], lambda word: word.value <> ''))"
    listed = ",\n    ".join(f"{expression} as {field}" for field, expression in fields.items())
    return f"""
insert into raw_row by name
select
    $snapshot as snapshot,
    {_name(LINE)} * $values + $place as row,
    {listed}
from delimited_lines
where left_out is null"""


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
