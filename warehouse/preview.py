"""`compact preview`: computes a draft of an indicator from stored data, without changing anything.

Evaluation and checks are those of a run; this module summarises them. pipelines/cli/extend/indicators.py
prints the result.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from schemas.codelists.areas import area_name, area_rows, membership_rows
from schemas.columns.observation import TOTAL
from schemas.definitions.indicator import Indicator, Input
from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import INDICATOR
from warehouse.checks.indicator_checks import indicator_checks
from warehouse.engine.duckdb_engine import engine, literal, parquet, run_sql, write_table
from warehouse.evaluation.evaluate import evaluate
from warehouse.evaluation.no_value import why_none
from warehouse.query.sparkline import spark

Row = dict[str, Any]
REGIONS = "m49_region"
LARGEST = 5  # number of changes shown
YEARS = 25  # characters of a spark line
SINCE = 2015  # the baseline of the SDGs


def preview(
    indicator: Indicator,
    staged: Mapping[str, Path],
    release: Path | None,
    catalogue: Mapping[str, Indicator] | None = None,
) -> Row:
    """Return coverage, range, the largest changes, a line per region, the checks, and the difference from the
    release.

    staged: the observations by source. release: provides the values of the draft's input indicators.
    """
    with tempfile.TemporaryDirectory(prefix="compact-preview-") as name:
        folder = Path(name)
        others = sorted(
            {i.indicator for items in indicator.named_inputs().values() for i in items if i.indicator}
        )
        evaluated = {other: _from_release(other, release, folder) for other in others}
        out = folder / "draft.parquet"
        no_number = evaluate(indicator, staged, evaluated, out)
        with engine() as con:
            con.execute(f"create temp view draft as select * from {parquet(out)}")
            con.execute(f"create temp view total as select * from draft where {TOTAL}")
            inputs = _inputs(con, indicator, staged, evaluated)
            known = catalogue or {}
            stored: dict[str, int] = {}
            for row in inputs:
                stored[row["input"]] = stored.get(row["input"], 0) + row["rows"]
            coverage = _coverage(con)
            reasons = [] if coverage["values"] else why_none(con, indicator, staged, evaluated, stored)
            checks = indicator_checks(indicator, out, _present(indicator, inputs, known), known, release)
            return {
                "indicator": indicator.id,
                "unit": indicator.unit,
                "no_number": no_number,
                "why_none": reasons,
                **coverage,
                "inputs": inputs,
                "changes": _changes(con),
                "regions": _regions(con),
                "checks": [
                    {"check": c.name, "severity": c.severity, "passed": c.passed, "says": c.message}
                    for c in checks
                ],
                "against_release": _against(con, indicator.id, release),
            }


def _from_release(other: str, release: Path | None, folder: Path) -> Path:
    """Write the rows of an indicator in the release to a separate file; no rows without a release."""
    path = folder / f"{other}.parquet"
    if release is None:
        write_table(arrow_schema(INDICATOR).empty_table(), INDICATOR, path, check=False)
        return path
    with engine() as con:
        sql = f"select * from {parquet(release / 'indicator.parquet')} where indicator = {literal(other)}"
        write_table(run_sql(con, sql, INDICATOR), INDICATOR, path, check=False)
    return path


def _coverage(con: duckdb.DuckDBPyConnection) -> Row:
    row = _one(
        con,
        f"""
        with country as (select * from total where ref_area not like '%:%'),
        by_area as (
            select ref_area, count(*) filter (where time_period >= {SINCE}) as points
            from country
            group by ref_area)
        select (select count(*) from draft) as "values",
            (select count(*) from by_area) as countries,
            (select count(*) from by_area where points >= 1) as since_2015,
            (select count(*) from by_area where points >= 2) as two_or_more_since_2015,
            min(time_period) as first_year, max(time_period) as latest_year,
            min(value) as lowest, median(value) as median, max(value) as highest,
            arg_min(ref_area || ' ' || time_period, (value, ref_area, time_period)) as lowest_at,
            arg_max(ref_area || ' ' || time_period, (value, ref_area, time_period)) as highest_at
        from country""",
    )
    row["countries_known"] = sum(area["kind"] == "country" for area in area_rows())
    return row


def _inputs(
    con: duckdb.DuckDBPyConnection,
    indicator: Indicator,
    staged: Mapping[str, Path],
    evaluated: Mapping[str, Path],
) -> list[Row]:
    """Return each input with its number of rows; in a plain list also with the number of values used."""
    plain = not isinstance(indicator.inputs, dict)
    listed = []
    for name, items in indicator.named_inputs().items():
        for item in items:
            series = literal(item.series or "")
            if item.indicator:
                rows = _one(con, f"select count(*) as n from {parquet(evaluated[str(item.indicator)])}")["n"]
            elif item.source in staged:
                sql = f"select count(*) as n from {parquet(staged[str(item.source)])} where series = {series}"
                rows = _one(con, sql)["n"]
            else:
                rows = 0
            used = None
            if plain and not item.indicator:
                where = f"source = {literal(item.source or '')} and series = {series}"
                used = _one(con, f"select count(*) as n from draft where {where}")["n"]
            listed.append({"input": name, "from": _origin(item), "rows": rows, "values_given": used})
    return listed


def _present(
    indicator: Indicator, inputs: list[Row], catalogue: Mapping[str, Indicator]
) -> set[tuple[str, str]]:
    """Return the series with rows; for an indicator with rows in the release all its inputs."""
    full = {row["from"] for row in inputs if row["rows"]}
    present: set[tuple[str, str]] = set()
    for item in (item for items in indicator.named_inputs().values() for item in items):
        if item.indicator in catalogue and f"indicator {item.indicator}" in full:
            inner = catalogue[str(item.indicator)]
            below = [
                {"from": _origin(i), "rows": 1} for items in inner.named_inputs().values() for i in items
            ]
            present |= _present(inner, below, catalogue)
        elif _origin(item) in full:
            present.add((str(item.source), str(item.series)))
    return present


def _origin(item: Input) -> str:
    return f"indicator {item.indicator}" if item.indicator else f"{item.source}: {item.series}"


def _changes(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the largest changes per year between consecutive values, across any gap."""
    return _rows(
        con,
        f"""
        with step as (
            select ref_area, time_period, value, lag(value) over series as value_before,
                lag(time_period) over series as year_before
            from total
            where ref_area not like '%:%'
            window series as (partition by ref_area order by time_period))
        select ref_area, year_before, time_period, value_before, value,
            (value - value_before) / (time_period - year_before) as change_a_year
        from step
        where value_before is not null and value <> value_before
        order by abs(change_a_year) desc, ref_area, time_period
        limit {LARGEST}""",
    )


def _regions(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the median of the countries by region and year, and their number.

    A year with fewer than half of the countries of the best year is omitted: its median is of other
    countries.
    """
    latest = _one(con, "select max(time_period) as year from total where ref_area not like '%:%'")["year"]
    if latest is None:
        return []
    members = [row for row in membership_rows() if row["grouping"] == REGIONS]
    listed = []
    for group in sorted({row["group"] for row in members}):
        areas = ", ".join(literal(row["ref_area"]) for row in members if row["group"] == group)
        rows = _rows(
            con,
            f"""
            select time_period, median(value) as middle, count(*) as countries
            from total
            where ref_area in ({areas}) and time_period > {latest - YEARS}
            group by time_period
            qualify 2 * count(*) >= max(count(*)) over ()
            order by time_period""",
        )
        by_year = {row["time_period"]: row["middle"] for row in rows}
        years = range(latest - YEARS + 1, latest + 1)
        listed.append(
            {
                "region": area_name(group),
                "line": spark([by_year.get(year) for year in years]),
                "first_year": rows[0]["time_period"] if rows else None,
                "first": rows[0]["middle"] if rows else None,
                "latest_year": rows[-1]["time_period"] if rows else None,
                "latest": rows[-1]["middle"] if rows else None,
                "countries": rows[-1]["countries"] if rows else 0,
            }
        )
    return listed


def _against(con: duckdb.DuckDBPyConnection, indicator_id: str, release: Path | None) -> Row | None:
    """Compare the totals with those of the indicator of this id in the release; None if it has none."""
    if release is None:
        return None
    con.execute(f"""
        create or replace temp view published as select * from {parquet(release / "indicator.parquet")}
        where indicator = {literal(indicator_id)} and {TOTAL}""")
    row = _one(
        con,
        """
        select count(*) filter (where old.value = new.value) as same,
            count(*) filter (where old.value <> new.value) as changed,
            count(*) filter (where old.value is null) as new,
            count(*) filter (where new.value is null) as gone
        from published as old
        full join total as new using (ref_area, time_period)""",
    )
    there = _one(con, "select count(*) as n from published")["n"]
    return {"release": release.name, **row} if there else None


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    relation = con.execute(sql)
    names = [column[0] for column in relation.description or ()]
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> Row:
    return _rows(con, sql)[0]
