"""Explains why an indicator has no value although observations exist: missing inputs, with numbers.

The rules are in sql.py and windows.py; this module applies them to one indicator, for `compact preview`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from indicators.formula.parser import formula_sql, parse_formula
from indicators.formula.window_functions import GROUP, SIZE, WindowFrame, group_shares
from schemas.codelists.areas import area_name
from schemas.definitions.indicator import Indicator
from schemas.display import counted
from warehouse.evaluation.sql import cells_sql


def why_none(
    con: duckdb.DuckDBPyConnection,
    indicator: Indicator,
    staged: Mapping[str, Path],
    evaluated: Mapping[str, Path],
    stored: Mapping[str, int],
) -> list[str]:
    """Return sentences that explain why an indicator has no value; empty if no rule explains it.

    Args:
        con: a database that may read the files.
        indicator: its definition.
        staged: a source to its observations.
        evaluated: an indicator to its values.
        stored: number of stored rows of each input, by its name.
    """
    absent = [name for name, rows in stored.items() if not rows]
    if absent:
        return [f"nothing is stored of input {name}" for name in absent]
    cells = cells_sql(indicator, staged, evaluated)
    names = list(indicator.named_inputs())
    taken = {name: _years(con, cells, name) for name in names}
    empty = [name for name, (count, _, _) in taken.items() if not count]
    if empty:
        return [
            f"{counted(stored[name], 'row')} of input {name} stored, and none is the total that the "
            "definition asks for: pin a dimension with `where`, or name it in `gaps`"
            for name in empty
        ]
    if len(names) > 1 and not _count(con, f"{cells} select count(*) from joined where complete"):
        spans = "; ".join(
            f"{name}: {counted(count, 'value')}, {first} to {last}"
            for name, (count, first, last) in taken.items()
        )
        return [
            f"no area has all inputs in one year ({spans}): `recent(x, years)` takes the latest value of "
            "some years"
        ]
    shares = list(_shares(con, indicator, cells, names))
    whole = _count(con, f"{cells} select count(*) from joined where complete") if len(names) > 1 else 0
    if shares or not whole:
        return shares
    return [
        f"the formula gives no number in {counted(whole, 'cell')} with all inputs, as in a division by zero"
    ]


def _shares(
    con: duckdb.DuckDBPyConnection, indicator: Indicator, cells: str, names: list[str]
) -> Iterator[str]:
    """Describe the group closest to the required share of areas with a value."""
    if indicator.formula.strip() in names:
        return
    for value, grouping, least in group_shares(parse_formula(indicator.formula)):
        sql = formula_sql(value, names)
        table = WindowFrame("group", grouping).window
        size = f'"{SIZE.format(grouping)}"'
        best = con.execute(
            f"""{cells}
            select "{GROUP.format(grouping)}", time_period, count({sql}), any_value({size})
            from joined
            join "{table}" using (ref_area, time_period)
            where sex = '_T' and age = '_T' and urbanisation = '_T'
            group by all
            order by count({sql}) / any_value({size}) desc, time_period desc
            limit 1"""
        ).fetchone()
        if best is not None and best[2] < least * best[3]:
            group, year, there, size_of = best
            asked = -int(-least * size_of // 1)
            yield (
                f"{there} of {size_of} areas have a value ({area_name(group)}, {year}, the best year); "
                f"`least: {least:g}` asks for {asked}"
            )


def _years(con: duckdb.DuckDBPyConnection, cells: str, name: str) -> tuple[int, int | None, int | None]:
    """Describe the values of an input, with the first and the last year."""
    row = con.execute(f'{cells} select count(*), min(time_period), max(time_period) from "{name}"').fetchone()
    return row or (0, None, None)


def _count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int((con.execute(sql).fetchone() or (0,))[0])
