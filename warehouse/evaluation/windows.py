"""The SQL of formulas that read other years or the countries of a group: their windows and lineage.

A window covers exact years of one series (area and dimensions): a year without a value is missing, and no gap
is bridged. It never crosses a declared break. The result names the sources and snapshots of every cell that
it read, and has the worst of their statuses.

The functions themselves are in indicators/formula/window_functions.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from indicators.formula.parser import WindowFrame
from indicators.formula.window_functions import GROUP, SIZE
from schemas.codelists.areas import membership_rows
from schemas.columns.observation import VALUE_DIMENSIONS
from schemas.definitions.indicator import Indicator
from warehouse.engine.duckdb_engine import literal


def members(frames: Sequence[WindowFrame]) -> list[str]:
    """Return for each grouping in a formula its countries by year, with the size of their group."""
    return [
        f"""{_table(frame)} as (
select "group" as "{GROUP.format(frame.by)}", ref_area, time_period,
    count(*) over (partition by "group", time_period) as "{SIZE.format(frame.by)}"
from (select distinct time_period from joined)
join (values {", ".join(_memberships(frame.by))}) as m("group", ref_area, valid_from, valid_to)
    on time_period between valid_from and valid_to
)"""
        for frame in frames
        if frame.kind == "group"
    ]


def joins(frames: Sequence[WindowFrame]) -> str:
    """Return the joins that add its group to each row."""
    tables = [_table(frame) for frame in frames if frame.kind == "group"]
    return "".join(f"\nleft join {table} using (ref_area, time_period)" for table in tables)


def extra_columns(frames: Sequence[WindowFrame]) -> list[str]:
    """Return the columns of those joins: helpers, not part of an indicator."""
    return [
        f'"{name.format(frame.by)}"' for frame in frames if frame.kind == "group" for name in (GROUP, SIZE)
    ]


def windows(frames: Sequence[WindowFrame], indicator: Indicator) -> str:
    """Return the windows by the names that the formula uses."""
    clauses = {frame.window: _window(frame, indicator) for frame in frames}
    return "\nwindow " + ",\n    ".join(f"{name} as ({sql})" for name, sql in sorted(clauses.items()))


def lineage(column: str, frames: Sequence[WindowFrame]) -> str:
    """Return source, series or snapshot of the cell and of every cell read, each once."""
    looked = [f"coalesce(list(distinct {column}){frame.only} over {frame.window}, [])" for frame in frames]
    codes = f"array_to_string(flatten([[{column}], {', '.join(looked)}]), ';')"
    return f"array_to_string(list_sort(list_distinct(string_split({codes}, ';'))), ';')"


def worst_status(order: str, frames: Sequence[WindowFrame]) -> str:
    """Return the worst status of the cell and of every cell read; order: an SQL list, best first."""
    rank = f"list_position({order}, obs_status)"
    looked = ", ".join(f"max({rank}){frame.only} over {frame.window}" for frame in frames)
    return f"{order}[greatest({rank}, {looked})]"


def memberships_fingerprint(frames: Sequence[WindowFrame]) -> str:
    """Return the sha256 of the memberships that the values depend on; empty if they depend on none."""
    named = [_memberships(frame.by) for frame in frames if frame.kind == "group"]
    return sha256(json.dumps(named).encode()).hexdigest() if named else ""


def _window(frame: WindowFrame, indicator: Indicator) -> str:
    series = ", ".join(["ref_area", *VALUE_DIMENSIONS, *_stretch(indicator)])
    if frame.kind == "back":
        exactly = f"range between {frame.by} preceding and {frame.by} preceding"
        return f"partition by {series} order by time_period {exactly}"
    if frame.kind == "base":
        return f"partition by {series}"
    return f'partition by "{GROUP.format(frame.by)}", time_period, {", ".join(VALUE_DIMENSIONS)}'


def _stretch(indicator: Indicator) -> list[str]:
    """Count the declared breaks up to a year: years with the same number are comparable."""
    passed = [
        f"case when time_period >= {one.time_period}"
        + ("" if one.ref_area == "all" else f" and ref_area = {literal(one.ref_area)}")
        + " then 1 else 0 end"
        for one in indicator.breaks
    ]
    return [" + ".join(passed)] if passed else []


def _table(frame: WindowFrame) -> str:
    return f'"{frame.window}"'


def _memberships(grouping: str) -> list[str]:
    return [
        f"({literal(row['group'])}, {literal(row['ref_area'])}, {row['valid_from'] or 0}, "
        f"{row['valid_to'] or 9999})"
        for row in membership_rows()
        if row["grouping"] == grouping
    ]
