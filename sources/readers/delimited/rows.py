"""Converts the lines of a delimited file to rows of `raw_row`, by the declared mapping of columns to
fields.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from schemas.definitions.source import Source
from sources.model import SnapshotFiles
from sources.readers.delimited.options import Options, ValueColumn
from sources.readers.delimited.parser import Layout
from sources.registry.sources import load_series

if TYPE_CHECKING:
    import duckdb

PLACE = "(place)"
LINE = "(line)"  # no header can have this name: our names of columns come from source.yaml


def add_rows(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    options: Options,
    layout: Layout,
    one: SnapshotFiles,
    table: pa.Table,
    values: Sequence[ValueColumn],
    first_line: int,
) -> None:
    """Add the lines of a part of a file to `raw_row`, and excluded lines to `raw_row_counted`."""
    lines = pa.array(range(first_line, first_line + table.num_rows), pa.int64())
    kept, reasons = split(con, source, options, one.resource, table.append_column(LINE, lines))
    for reason, count in reasons.items():
        con.execute(
            "insert into raw_row_counted values ($1, $2, $3)", [one.snapshot, reason, count * len(values)]
        )
    if not kept.num_rows:
        return
    con.register("delimited_lines", kept)
    there = set(table.column_names)
    for place, value in enumerate(values):
        con.execute(
            _rows(options, layout, value, there),
            {"snapshot": one.snapshot, "values": len(values), "place": place}
            | ({"blank": options.blank} if options.blank else {})
            | ({"words": [*options.words], "numbers": [*options.words.values()]} if options.words else {})
            | ({"series": value.series} if value.series is not None else {})
            | ({"time_period": value.time_period} if value.time_period is not None else {}),
        )
    con.unregister("delimited_lines")


def split(
    con: duckdb.DuckDBPyConnection, source: Source, options: Options, resource: str, table: pa.Table
) -> tuple[pa.Table, dict[str, int]]:
    """Separate the lines that are used, and count the excluded ones by reason."""
    expression, parameters = _left_out(source, options, resource)
    if not parameters:
        return table, {}
    places = table.append_column(PLACE, pa.array(range(table.num_rows), pa.int64()))
    con.register("delimited_file", places)
    judged = con.sql(
        f"select {_name(PLACE)} as place, {expression} as reason from delimited_file", params=parameters
    ).to_arrow_table()
    con.unregister("delimited_file")
    counted = judged["reason"].drop_null().value_counts()
    used = judged.filter(pc.is_null(judged["reason"]))["place"].combine_chunks()
    reasons = {one["values"]: one["counts"] for one in counted.to_pylist()}
    return table.take(used.sort()), reasons


def _left_out(source: Source, options: Options, resource: str) -> tuple[str, dict[str, object]]:
    """Return the reason for excluding a line, as an SQL expression with its parameters."""
    cases: list[str] = []
    parameters: dict[str, object] = {}
    if options.other_series:  # first, because it excludes nearly all lines of a whole database
        cases.append(
            f"when not list_contains($declared, {_name(options.fields['series'])}) then $other_series"
        )
        parameters |= {"declared": list(load_series(source.id)), "other_series": options.other_series}
    for number, rule in enumerate(rule for rule in options.leave_out if rule.applies_to(resource)):
        test = f"regexp_full_match({_name(rule.column)}, $pattern{number})"
        cases.append(f"when {'not ' if rule.matches is None else ''}{test} then $reason{number}")
        parameters |= {
            f"pattern{number}": rule.unless if rule.matches is None else rule.matches,
            f"reason{number}": rule.reason,
        }
    return (f"case {' '.join(cases)} end" if cases else "null::varchar"), parameters


def _rows(options: Options, layout: Layout, value: ValueColumn, there: set[str]) -> str:
    """Return the statement that adds the rows of one value column. A missing column gives null."""
    fields: dict[str, str] = {
        field: _name(column) for field, column in options.fields.items() if column in there
    }
    fields["value"] = _number(_name(value.column), layout)
    if options.blank:
        fields["value"] = f"if(list_contains($blank, {fields['value']}), null, {fields['value']})"
    if options.words:  # a text that is not among them stays unchanged, and staging refuses it
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
from delimited_lines"""


def _number(column: str, layout: Layout) -> str:
    """Convert a value to a decimal point without thousands separators, as SQL.

    A text that is not written as declared stays unchanged, and stage refuses it: 1.234 is not 1234 if the
    thousands separator is a comma.
    """
    if layout.decimal == "." and not layout.thousands:
        return column
    decimal, thousands = re.escape(layout.decimal), re.escape(layout.thousands)
    grouped = f"[0-9]{{1,3}}({thousands}[0-9]{{3}})+|" if layout.thousands else ""
    form = _text(rf"\s*[-+<>]?\s*({grouped}[0-9]+)({decimal}[0-9]*)?\s*")
    plain = f"replace({column}, {_text(layout.thousands)}, '')" if layout.thousands else column
    if layout.decimal != ".":
        plain = f"replace({plain}, {_text(layout.decimal)}, '.')"
    # a point that is neither of the two separators has no meaning here
    other = f"concat('not a number as declared: ', {column})" if layout.decimal != "." else column
    return (
        f"case when regexp_full_match({column}, {form}) then {plain} when contains({column}, '.') and "
        f"regexp_matches({column}, '[0-9]') then {other} else {column} end"
    )


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
