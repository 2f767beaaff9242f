"""Checks of an indicator's values: those of `expect`, its keys, and the reconciliation of the ledger.

Comparisons with the previous release are in release_comparison.py; contracts of tables are in
schemas/tables/validation.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import duckdb

from schemas.definitions.indicator import Indicator, Input
from schemas.display import counted
from schemas.tables.registry import INDICATOR
from warehouse.checks.first_arrival import first_arrival
from warehouse.checks.release_comparison import previous_checks
from warehouse.checks.result import EXAMPLES, CheckResult, Severity, examples, values_that
from warehouse.engine.duckdb_engine import engine, model_sql, parquet
from warehouse.evaluation.source_overlap import load_overlaps

__all__ = ["CheckResult", "Severity", "expected", "indicator_checks", "ledger_check", "staged_series"]


def indicator_checks(
    indicator: Indicator,
    path: Path,
    present: Collection[tuple[str, str]] = (),
    catalogue: Mapping[str, Indicator] | None = None,
    previous: Path | None = None,
) -> list[CheckResult]:
    """Return every check of one evaluated indicator; previous: the release to compare with.

    present: source and series of all staged rows. Without its preferred series an indicator may have few
    values or none: a first run has only the embedded source, which is reported, not refused.
    """
    known = catalogue or {}
    some = expected(indicator, present, known) and indicator.expect.areas_min > 0
    with engine() as con:
        con.execute(f"create temp table v as select * from {parquet(path)}")
        results = [
            _not_empty(con, indicator, some),
            _unique(con, indicator),
            _range(con, indicator),
            *_plausible(con, indicator),
            _areas(con, indicator, expected(indicator, present, known, preferred=True)),
            *_areas_expected(con, indicator),
            *_yearly_change(con, indicator),
            *_disagreement(con, indicator, path),
            *first_arrival(con, indicator, path, previous),
            *previous_checks(con, indicator, previous, expected(indicator, present, known, preferred=True)),
        ]
    return [replace(result, subject=indicator.id) for result in results]


@cache
def staged_series(observations: tuple[Path, ...]) -> frozenset[tuple[str, str]]:
    """Return source and series of every row of staged tables, which never change."""
    if not observations:
        return frozenset()
    with engine() as con:
        tables = " union all ".join(f"select source, series from {parquet(path)}" for path in observations)
        return frozenset(con.execute(f"select distinct source, series from ({tables})").fetchall())


def expected(
    indicator: Indicator,
    present: Collection[tuple[str, str]],
    catalogue: Mapping[str, Indicator],
    *,
    preferred: bool = False,
) -> bool:
    """Return whether every named input has an available series. preferred: ignore the last resort, the last
    of several in a list.

    An input that is an indicator is resolved to its own inputs.
    """

    def there(item: Input) -> bool:
        if item.optional:  # the agency may not have the series
            return False
        if item.source and item.series:
            return (item.source, item.series) in present
        inner = catalogue.get(item.indicator or "")
        return inner is not None and expected(inner, present, catalogue, preferred=preferred)

    def required(items: list[Input]) -> list[Input]:
        return items[:-1] if preferred and len(items) > 1 else items

    return all(any(map(there, required(items))) for items in indicator.named_inputs().values())


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    return con.execute(sql).fetchall()


def _not_empty(con: duckdb.DuckDBPyConnection, indicator: Indicator, needed: bool) -> CheckResult:
    rows = int(str(_rows(con, "select count(*) from v")[0][0]))
    message = (
        f"{indicator.id} has {counted(rows, 'value')}"
        if rows
        else (
            f"{indicator.id} has no value"
            + ("" if needed else ", and need not have one: its sources are not all there")
        )
    )
    return CheckResult("not_empty", "error" if needed else "warn", rows > 0, message, {"rows": rows})


def _unique(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> CheckResult:
    key = ", ".join(INDICATOR.key)
    repeated = _rows(con, f"select {key}, count(*) from v group by {key} having count(*) > 1 order by all")
    message = (
        f"every key of {indicator.id} appears once"
        if not repeated
        else (
            f"{len(repeated)} keys of {indicator.id} stand more than once: "
            + examples(repeated[:EXAMPLES], len(repeated))
        )
    )
    return CheckResult("unique_key", "error", not repeated, message, {"keys": len(repeated)})


def _outside(con: duckdb.DuckDBPyConnection, low: float, high: float) -> list[tuple[object, ...]]:
    """Return area, year, value and snapshots of each value outside a range, the largest first."""
    return _rows(
        con,
        f"""
        select ref_area, time_period, value, source, snapshot
        from v
        where not value between {low!r}::double and {high!r}::double
        order by abs(value) desc, ref_area, time_period""",
    )


def _range(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> CheckResult:
    low, high = indicator.expect.range
    outside = _outside(con, low, high)
    message = f"all values of {indicator.id} lie from {low:g} to {high:g}"
    if outside:
        some = examples([row[:-1] for row in outside[:EXAMPLES]], len(outside))
        message = f"{values_that(outside, indicator.id, 'lie')} outside {low:g} to {high:g}: {some}"
    numbers = {"outside": len(outside), "low": low, "high": high}
    snapshots = frozenset(name for row in outside for name in str(row[-1]).split(";"))
    return CheckResult("range", "error", not outside, message, numbers, snapshots=snapshots)


def _plausible(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> Iterator[CheckResult]:
    """Report values outside the declared plausible range, which are published without an assessment."""
    if indicator.expect.plausible is None:
        return
    low, high = indicator.expect.plausible.range
    outside = _outside(con, low, high)
    message = f"all values of {indicator.id} lie in the plausible range, {low:g} to {high:g}"
    if outside:
        message = (
            f"{values_that(outside, indicator.id, 'lie')} outside the plausible range, {low:g} to {high:g}; "
            "published, but used in no verdict, projection, score or group value: "
            + examples([row[:-1] for row in outside[:EXAMPLES]], len(outside))
        )
    yield CheckResult("plausible", "warn", not outside, message, {"values": len(outside)})


def _areas(con: duckdb.DuckDBPyConnection, indicator: Indicator, preferred: bool) -> CheckResult:
    least = indicator.expect.areas_min
    areas = int(str(_rows(con, "select count(distinct ref_area) from v where ref_area not like '%:%'")[0][0]))
    message = f"{indicator.id} has values for {areas} areas, at least {least} are expected"
    if areas < least and not preferred:
        message += "; its preferred sources are not all there"
    return CheckResult(
        "areas_min",
        "error" if preferred else "warn",
        areas >= least,
        message,
        {"areas": areas, "least": least},
    )


def _areas_expected(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> list[CheckResult]:
    """Warn if there are fewer areas than a definition expects; the release is made and reports it."""
    least = indicator.expect.areas_expected
    if least is None:
        return []
    areas = int(str(_rows(con, "select count(distinct ref_area) from v where ref_area not like '%:%'")[0][0]))
    message = f"{indicator.id} has values for {areas} areas; {least} are usual"
    return [CheckResult("areas_expected", "warn", areas >= least, message, {"areas": areas, "least": least})]


def _yearly_change(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> list[CheckResult]:
    """Check the change per year between consecutive values, except across a declared break."""
    rule = indicator.expect.yearly_change
    if rule is None:
        return []
    breaks = "".join(
        f"\n            and not ({'true' if b.ref_area == 'all' else f'ref_area = {b.ref_area!r}'}"
        f" and time_period >= {b.time_period} and year_before < {b.time_period})"
        for b in indicator.breaks
    )
    leaps = _rows(
        con,
        f"""
        with step as (
            select ref_area, time_period, value, lag(value) over series as value_before,
                lag(time_period) over series as year_before
            from v
            window series as (
                partition by ref_area, sex, age, urbanisation, quantile, other_dims
                order by time_period))
        select ref_area, year_before || '-' || time_period, value_before, '->', value
        from step
        where abs(value - value_before) / (time_period - year_before) > {rule.max!r}::double{breaks}
        order by abs(value - value_before) / (time_period - year_before) desc, ref_area, time_period""",
    )
    message = (
        f"no value of {indicator.id} changes by more than {rule.max:g} a year"
        if not leaps
        else (
            f"{values_that(leaps, indicator.id, 'change')} by more than {rule.max:g} a year ({rule.reason}): "
            + examples(leaps[:EXAMPLES], len(leaps))
        )
    )
    return [
        CheckResult("yearly_change", "warn", not leaps, message, {"changes": len(leaps), "most": rule.max})
    ]


def _disagreement(con: duckdb.DuckDBPyConnection, indicator: Indicator, path: Path) -> list[CheckResult]:
    """Return cells where two sources differ by more than the declared tolerance."""
    rule = indicator.disagreement
    if rule is None:
        return []
    load_overlaps(con, {indicator.id: path}, [indicator])
    compared = int(str(_rows(con, "select count(*) from overlap")[0][0]))
    pairs = _rows(
        con,
        f"""
        select ref_area, time_period, source_a, round(value_a, 2), source_b, round(value_b, 2)
        from ({model_sql("disagreement")})
        order by abs(difference) - tolerance desc, ref_area, time_period, source_a, source_b""",
    )
    limits = [f"{rule.relative:.3g} of the larger value"] if rule.relative is not None else []
    limits += [f"{rule.absolute:g} {indicator.unit}"] if rule.absolute is not None else []
    beyond = f"by more than {' and '.join(limits)}"
    message = (
        f"in no cell of {indicator.id} do two sources differ {beyond}; {compared:,} pairs compared"
        if not pairs
        else (
            f"in {len(pairs)} of {compared:,} pairs of {indicator.id} the sources differ {beyond} "
            f"({rule.reason}): " + examples(pairs[:EXAMPLES], len(pairs))
        )
    )
    numbers: dict[str, float] = {"disagreements": len(pairs), "compared": compared}
    return [CheckResult("disagreement", "warn", not pairs, message, numbers)]


def ledger_check(ledger: Path, observation: Path | None = None) -> CheckResult:
    """Check that rows_in = rows_out + rows_rejected, that the reasons add up to the rejected rows, and
    that the observations match the ledger."""
    with engine() as con:
        rows = con.execute(
            f"select source, snapshot, rows_in, rows_out, rows_rejected, reasons from {parquet(ledger)} "
            "order by all"
        ).fetchall()
        kept = dict(
            con.execute(f"select snapshot, count(*) from {parquet(observation)} group by all").fetchall()
            if observation
            else []
        )
    wrong = []
    for source, snapshot, rows_in, rows_out, rejected, reasons in rows:
        if rows_in != rows_out + rejected or sum(json.loads(reasons).values()) != rejected:
            wrong.append(
                f"{source} {snapshot[:12]}: {rows_in} in, {rows_out} out, {rejected} rejected, {reasons}"
            )
    if observation:
        out: dict[str, int] = {}
        for _, snapshot, _, rows_out, _, _ in rows:
            out[snapshot] = out.get(snapshot, 0) + rows_out
        wrong += [
            f"{snapshot[:12]}: the ledger has {out.get(snapshot, 0)} rows out, "
            f"observation has {kept.get(snapshot, 0)}"
            for snapshot in sorted(out.keys() | kept.keys())
            if out.get(snapshot, 0) != kept.get(snapshot, 0)
        ]
    total = {
        name: sum(row[i] for row in rows)
        for i, name in ((2, "rows_in"), (3, "rows_out"), (4, "rows_rejected"))
    }
    message = (
        f"{counted(len(rows), 'snapshot')}: {total['rows_in']:,} rows in = {total['rows_out']:,} out + "
        f"{total['rows_rejected']:,} rejected"
        if not wrong
        else (f"the ledger does not add up in {counted(len(wrong), 'place')}: " + "; ".join(wrong[:EXAMPLES]))
    )
    return CheckResult("ledger", "error", not wrong, message, {**total, "wrong": len(wrong)})
