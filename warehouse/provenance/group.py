"""A group's value with its members, recomputed; and helpers for the queries of explanations.

trace.py traces a country's value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.provenance.sql import group_sql, members_sql

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
AGREES = 1e-9  # share of the larger: two computations of the same number may round differently


def group_value(con: duckdb.DuckDBPyConnection, meta: Row, group: str, year: int) -> Row | None:
    """Return a group's value with its members, recomputed if it is ours; None if the release has none.
    left_out: the members with a value outside the indicator's plausible range.

    Args:
        con: a connection to the tables of the release.
        meta: the indicator's row of indicator_meta.
        group: code of the group.
        year: the year of the value.
    """
    published = rows(
        con,
        'select * from aggregate where indicator = $indicator and "group" = $group and time_period = $year',
        indicator=meta["indicator"],
        group=group,
        year=year,
    )
    if not published:
        return None
    row = published[0]
    _, _, weight = row["method"].partition(" by ")
    members = rows(con, f"{members_sql(meta, group, year, weight or None)}\norder by v.ref_area")
    others = members_sql(meta, group, year, weight or None, left_out=True)
    answer = {name: value for name, value in row.items() if name not in ("indicator", "group", "time_period")}
    answer |= {
        "weight": weight or None,
        "members": members,
        "left_out": rows(con, f"{others}\norder by v.ref_area"),
        "computed_again": None,
        "agrees": None,
        "sql": None,
    }
    if row["value"] is None:
        return answer
    sql, recomputed = recompute_group(con, meta, row)
    return answer | {"computed_again": recomputed, "agrees": agrees(recomputed, row["value"]), "sql": sql}


def recompute_group(con: duckdb.DuckDBPyConnection, meta: Row, row: Row) -> tuple[str, float | None]:
    """Recompute a value of ours of a group from its members, and return the SQL and its result.

    Args:
        con: a connection to the tables of the release.
        meta: the indicator's row of indicator_meta.
        row: the row of the table aggregate, with a value.
    """
    method, _, weight = row["method"].partition(" by ")
    members = members_sql(meta, row["group"], row["time_period"], weight or None)
    sql = group_sql(method, row["weight_share"], members)
    recomputed: float | None = con.execute(sql).fetchall()[0][0]
    return sql, recomputed


def agrees(recomputed: float | None, value: float) -> bool:
    """Return whether the recomputed number equals the published one, up to rounding."""
    return recomputed is not None and abs(recomputed - value) <= AGREES * max(abs(recomputed), abs(value))


def rows(con: duckdb.DuckDBPyConnection, sql: str, **values: Any) -> list[Row]:
    """Return a query's rows as dictionaries."""
    result = con.execute(sql, values or None)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def first_row(con: duckdb.DuckDBPyConnection, sql: str, **values: Any) -> Row:
    """Return the first row."""
    return rows(con, sql, **values)[0]
