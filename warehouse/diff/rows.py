"""Compares two releases in SQL: matches rows of each published table by primary key, and lists their
differences.

document.py assembles the differences, notes.py puts them into sentences. Only DuckDB is imported, on use.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.columns.model import Table
from schemas.columns.observation import TOTAL
from schemas.tables.registry import TABLES
from warehouse.engine.read_only import connect

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]

# Two numbers that differ by less than this share of the larger are equal: the rounding of sums in another
# order. A double has 16 digits.
NOISE = 1e-12
# Tables without information of their own: revision is itself a comparison.
NOT_COMPARED = {"revision"}
# A snapshot's name changes with every fetch, even if the data do not; so do descriptions of code.
NOT_CONTENT = {"snapshot", "fingerprint"}


@contextmanager
def side_by_side(before: Path, after: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection with the views before_<table> and after_<table>, and the macro `same` for two
    numbers.
    """
    with connect(memory_limit="3GiB") as con:
        for side, folder in (("before", before), ("after", after)):
            for name in tables_of(folder):
                file = str(folder / f"{name}.parquet").replace("'", "''")
                con.execute(f"create temp view {side}_{name} as select * from read_parquet('{file}')")
        con.execute(
            f"create temp macro same(a, b) as coalesce(a = b or abs(a - b) <= {NOISE}::double "
            "* greatest(abs(a), abs(b)), a is null and b is null)"
        )
        yield con


def tables_of(folder: Path) -> list[str]:
    """Return the published tables of a release; an older one has fewer."""
    return [name for name in TABLES if (folder / f"{name}.parquet").is_file()]


def rows(con: duckdb.DuckDBPyConnection, sql: str, **values: Any) -> list[Row]:
    """Return a query's rows as dictionaries."""
    relation = con.execute(sql, values or None)
    names = [column[0] for column in relation.description or ()]
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def equal_files(before: Path, after: Path) -> frozenset[str]:
    """Return the tables whose files are byte for byte the same in two releases."""
    there = set(tables_of(before)) & set(tables_of(after))
    pairs = {name: [folder / f"{name}.parquet" for folder in (before, after)] for name in there}
    return frozenset(
        name
        for name, (old, new) in pairs.items()
        if os.path.samestat(old.stat(), new.stat()) or filecmp.cmp(old, new, shallow=False)
    )


def compare_tables(
    con: duckdb.DuckDBPyConnection, before: Path, after: Path, same: Collection[str] = frozenset()
) -> list[Row]:
    """Compare each table: rows before and after, rows added, removed and changed by primary key, and added or
    removed columns.

    A table that one release lacks is `new` or `gone`. same: tables whose files are equal, which are counted
    only.
    """
    old, new = tables_of(before), tables_of(after)
    differences = []
    for name, table in TABLES.items():
        if name in NOT_COMPARED or (name not in old and name not in new):
            continue
        if name in same:
            ((count,),) = con.execute(f"select count(*) from after_{name}").fetchall()
            differences.append(_table_row(name, "same", count, count))
        elif name in old and name in new:
            differences.append(_compare(con, table))
        else:
            side = "before" if name in old else "after"
            ((count,),) = con.execute(f"select count(*) from {side}_{name}").fetchall()
            came = side == "after"
            differences.append(
                _table_row(name, "new" if came else "gone", *((0, count) if came else (count, 0)))
                | {"added": count if came else 0, "removed": 0 if came else count}
            )
    return differences


def _compare(con: duckdb.DuckDBPyConnection, table: Table) -> Row:
    """Compare one table that both releases have. Only columns in both can differ."""
    old, new = (_columns(con, f"{side}_{table.name}") for side in ("before", "after"))
    keys = [name for name in table.key if name in old and name in new]
    content = [name for name in old if name in new and name not in keys and name not in NOT_CONTENT]
    differs = [
        f"not same(o.{_q(name)}, n.{_q(name)})"
        if old[name] == new[name] == "DOUBLE"
        else f"o.{_q(name)} is distinct from n.{_q(name)}"
        for name in content
    ]
    ((count_old, count_new, added, removed, changed),) = con.execute(f"""
        select count(o.o_here), count(n.n_here),
            count(*) filter (where o.o_here is null), count(*) filter (where n.n_here is null),
            count(*) filter (where o.o_here and n.n_here and ({" or ".join(differs) or "false"}))
        from (select *, true as o_here from before_{table.name}) as o
        full join (select *, true as n_here from after_{table.name}) as n on {_on(table, keys)}""").fetchall()
    columns = {
        "columns_added": [name for name in new if name not in old],
        "columns_removed": [name for name in old if name not in new],
    }
    state = "changed" if added or removed or changed or any(columns.values()) else "same"
    return (
        _table_row(table.name, state, count_old, count_new)
        | {"added": added, "removed": removed, "changed": changed}
        | columns
    )


def _table_row(name: str, state: str, before: int, after: int) -> Row:
    return {
        "table": name,
        "state": state,
        "rows_before": before,
        "rows_after": after,
        "added": 0,
        "removed": 0,
        "changed": 0,
        "columns_added": [],
        "columns_removed": [],
    }


def _columns(con: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    return {name: str(kind) for name, kind, *_ in con.execute(f"describe {view}").fetchall()}


def _on(table: Table, keys: list[str]) -> str:
    """Return the join on the key; null equals null in a nullable part of a key."""
    return " and ".join(
        f"o.{_q(name)} {'is not distinct from' if table.column(name).nullable else '='} n.{_q(name)}"
        for name in keys
    )


def _q(name: str) -> str:
    return f'"{name}"'


def load_changes(
    con: duckdb.DuckDBPyConnection, settled: Collection[str] = (), *, none: bool = False
) -> None:
    """Create the temporary tables that other queries read: change (every changed indicator value),
    named_area and meta. settled: snapshots that an operator accepted; their changes count as that
    decision. none: no value changed, as the files are equal, so that none is matched.
    """
    values = "(select * from {side}_indicator limit 0)" if none else "{side}_indicator"
    con.execute(
        "create temp table settled as select unnest($names::varchar[]) as name", {"names": [*settled]}
    )
    con.execute("""
        create temp table settled_series as
        select distinct source, series
        from after_indicator
        where exists (from settled where contains(after_indicator.snapshot, settled.name))""")
    keys = TABLES["indicator"].key
    joined = ", ".join(f"coalesce(o.{name}, n.{name}) as {name}" for name in keys)
    con.execute(f"""
        create temp table value_change as
        select {joined}, o.value as old_value, n.value as new_value, o.obs_status as old_status,
            n.obs_status as new_status, o.source as old_source, n.source as new_source,
            o.series as old_series, n.series as new_series,
            n.snapshot as new_snapshot,
            o.indicator is null as added, n.indicator is null as removed
        from {values.format(side="before")} as o
        full join {values.format(side="after")} as n on {_on(TABLES["indicator"], list(keys))}
        where o.indicator is null
            or n.indicator is null
            or not same(o.value, n.value)
            or o.obs_status <> n.obs_status
            or o.source <> n.source
            or o.series <> n.series""")
    con.execute(f"""
        create temp table change as
        select *,
            not added and not removed and not same(old_value, new_value) as revised,
            not added and not removed and old_status <> new_status and old_source = new_source
                and old_series = new_series as status_changed,
            not added and not removed and (old_source <> new_source or old_series <> new_series) as moved,
            (coalesce(new_source, old_source), coalesce(new_series, old_series)) in (
                select (source, series) from settled_series)
                and (removed or exists (from settled where contains(new_snapshot, settled.name))) as settled,
            new_value - old_value as absolute,
            if(old_value = 0, null, (new_value - old_value) / abs(old_value)) as relative,
            {TOTAL} as is_total,
            concat_ws(', ', if(sex = '_T', null, 'sex ' || sex), if(age = '_T', null, 'age ' || age),
                if(urbanisation = '_T', null, 'urbanisation ' || urbanisation),
                if(quantile = '_T', null, 'quantile ' || quantile),
                if(other_dims = '_T', null, other_dims)) as dimensions
        from value_change""")
    con.execute("drop table value_change")
    for name, table, columns in (
        ("named_area", "area", "ref_area, name, kind"),
        ("meta", "indicator_meta", "indicator, title, unit"),
    ):
        con.execute(f"""
            create temp table {name} as
            select {columns} from after_{table}
            union all
            select {columns} from before_{table} where {columns.partition(",")[0]} not in (
                select {columns.partition(",")[0]} from after_{table})""")
