"""The check of a series that is new to an indicator: per cent or share of 1, scale, unit.

The previous release does not have it, so it is compared with the definition and with the other sources of the
indicator. evaluation/input_profile.py profiles the inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
from pydantic import Field

from indicators.validation import NOT_STATED
from schemas.definitions.base import Line, Model
from schemas.definitions.indicator import Indicator
from schemas.display import counted
from warehouse.checks.result import CheckResult
from warehouse.engine.duckdb_engine import parquet
from warehouse.evaluation.beside import beside
from warehouse.evaluation.input_profile import PROFILE
from warehouse.evaluation.source_overlap import OVERLAP

FILE = Path(__file__).with_name("first_arrival.yaml")
PER_CENT = "PT"
HINT = "give the input a `scale`, or say in expect.first_arrival why the values are right"


class ShareOfOne(Model):
    """Rule for values in per cent that look like shares of 1."""

    least_values: int = Field(ge=1, description="values below which nothing is said")
    reason: Line


class Hundredfold(Model):
    """Rule for a source with another scale than the others of the same indicator."""

    factor: float = Field(gt=1, description="ratio of the medians, either way")
    least_cells: int = Field(ge=1, description="cells in common, for their ratios to be used")
    least_areas: int = Field(ge=1, description="areas of either, for the medians of all values to be used")
    reason: Line


class Rules(Model):
    """The content of first_arrival.yaml."""

    share_of_one: ShareOfOne
    hundredfold: Hundredfold


@cache
def rules(path: Path = FILE) -> Rules:
    """Return the thresholds."""
    import yaml

    return Rules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def first_arrival(
    con: duckdb.DuckDBPyConnection, indicator: Indicator, path: Path, previous: Path | None
) -> list[CheckResult]:
    """Check an indicator with series that are not in the previous release.

    Args:
        con: The database.
        indicator: The definition.
        path: Its evaluated rows, with the profile of its inputs and the cells with two values next to them.
        previous: The previous release.

    Returns:
        One result, an error unless expect.first_arrival says otherwise, or none.
    """
    profile = beside(path, PROFILE)
    if not profile.exists():
        return []
    con.execute(f"create or replace temp table arrived as select * from {parquet(profile)}")
    known = series_of_release(previous) if previous else frozenset()
    new = [
        row
        for row in con.execute("select distinct source, series from arrived order by all").fetchall()
        if row not in known
    ]
    if not new:
        return []
    con.execute("create or replace temp table newcomer (source varchar, series varchar)")
    con.executemany("insert into newcomer values (?, ?)", new)
    results = [*_share_of_one(con), *_hundredfold(con, beside(path, OVERLAP)), *_unit(con, indicator)]
    rule = indicator.expect.first_arrival
    snapshots = {name for _, _, names in results for name in names.split(";")}
    message = f"{len(new)} series of {indicator.id} are new, and look as declared"
    if results:
        message = f"of the {len(new)} new series of {indicator.id}: " + "; ".join(
            f"{series} {what}" for series, what, _ in results
        )
        message += f" ({rule.reason})" if rule else f". Next: {HINT}"
    return [
        CheckResult(
            "first_arrival",
            rule.severity if rule else "error",
            not results,
            message,
            {"new": len(new), "odd": len(results)},
            snapshots=frozenset(snapshots),
        )
    ]


@cache
def series_of_release(release: Path) -> frozenset[tuple[str, str]]:
    """Return source and series of every observation of a release, which never changes."""
    table = release / "observation.parquet"
    if not table.exists():
        return frozenset()
    sql = f"select distinct source, series from {parquet(table)}"
    with duckdb.connect() as con:
        return frozenset(con.execute(sql).fetchall())


def _share_of_one(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str]]:
    rule = rules().share_of_one
    rows = con.execute(
        """
        select source || ':' || series, "values", lowest, highest, snapshot
        from arrived
        join newcomer using (source, series)
        where unit = $unit and "values" >= $least and lowest >= 0 and highest between 1e-9 and 1
        order by all""",
        {"unit": PER_CENT, "least": rule.least_values},
    ).fetchall()
    for series, values, lowest, highest, snapshot in rows:
        what = f"has {counted(values, 'value')} in per cent, all from {lowest:.3g} to {highest:.3g}"
        yield series, f"{what}: are they shares of 1?", snapshot


def _hundredfold(con: duckdb.DuckDBPyConnection, overlap: Path) -> Iterator[tuple[str, str, str]]:
    """Compare the new series with each other series of the same input."""
    rule = rules().hundredfold
    names = "input, source_a, series_a, source_b, series_b, value_a, value_b"
    nothing = f"(values ('', '', '', '', '', 0.0, 0.0)) as pair ({names})"
    pairs = parquet(overlap) if overlap.exists() else nothing
    rows = con.execute(
        f"""
        with common as (
            select input, source_a, series_a, source_b, series_b, median(value_a / value_b) as ratio,
                count(*) as cells
            from {pairs}
            where value_a > 0 and value_b > 0
            group by all
            having count(*) >= $cells
        ),
        medians as (
            select a.input, a.source as source_a, a.series as series_a, b.source as source_b,
                b.series as series_b, a.median / b.median as ratio
            from arrived as a
            join arrived as b on a.input = b.input and a.rank < b.rank
            where a.median > 0 and b.median > 0 and least(a.areas, b.areas) >= $areas
        ),
        compared as (
            select input, source_a, series_a, source_b, series_b, ratio, cells from common
            union all
            select *, 0 as cells
            from medians
            anti join common using (input, source_a, series_a, source_b, series_b)
        )
        select n.source || ':' || n.series, if(n.source = source_a and n.series = series_a,
            source_b || ':' || series_b, source_a || ':' || series_a) as other,
            if(n.source = source_a and n.series = series_a, ratio, 1 / ratio) as times, cells,
            (select string_agg(distinct snapshot, ';') from arrived
                where source = n.source and series = n.series) as snapshot
        from compared
        join newcomer as n on (n.source, n.series) in ((source_a, series_a), (source_b, series_b))
        where ratio >= $factor or ratio <= 1 / $factor
        order by all""",
        {"cells": rule.least_cells, "areas": rule.least_areas, "factor": rule.factor},
    ).fetchall()
    for series, other, times, cells, snapshot in rows:
        where = f"in {cells} cells of both" if cells else "between their medians"
        yield series, f"is {times:.3g} times {other} {where}", snapshot


def _unit(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> Iterator[tuple[str, str, str]]:
    """Check that the unit of a plain series without a scale is the declared one."""
    if indicator.formula.strip() != "value":
        return
    declared = {
        rank: item.unit or indicator.unit
        for rank, item in enumerate(indicator.named_inputs()["value"], 1)
        if item.scale == 1
    }
    rows = con.execute(
        """
        select rank, source || ':' || series, unit, snapshot
        from arrived
        join newcomer using (source, series)
        where unit <> $unknown
        order by all""",
        {"unknown": NOT_STATED},
    ).fetchall()
    for rank, series, unit, snapshot in rows:
        if unit != declared.get(rank, unit):
            yield series, f"came in {unit}, not in {declared[rank]}", snapshot
