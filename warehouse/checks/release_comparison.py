"""Checks of an indicator against the previous release and itself: reduced coverage, and values off by a power
of a thousand.

Both use totals only. If the formula changed since the previous release, the comparison is skipped and the
result says so.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import duckdb

from indicators.fingerprint import numbers_fingerprint
from schemas.columns.observation import TOTAL
from schemas.definitions.indicator import Indicator
from schemas.display import counted
from warehouse.checks.result import EXAMPLES, CheckResult, Rows, Severity, examples
from warehouse.engine.duckdb_engine import engine, literal, parquet

LOST = 0.1  # share of the areas, or of the values, that may disappear by default
# Thousands mistaken for units or millions, in either direction; a tenth of tolerance allows for a real
# change.
SCALES = (1e3, 1e6)
LEEWAY = 1.1
FAR = 3  # years; over a longer gap a small value may really grow a thousandfold


def previous_checks(
    con: duckdb.DuckDBPyConnection, indicator: Indicator, previous: Path | None, expected: bool
) -> list[CheckResult]:
    """Return coverage and magnitude of the view v. expected: the preferred series is available; without it
    reduced coverage is reported, not refused.
    """
    why_not = _load(con, indicator, previous)
    return [_coverage(con, indicator, why_not, expected), _magnitude(con, indicator, why_not)]


def compared_with(indicator: Indicator, previous: Path | None) -> str:
    """Return the fingerprint of the previous release's values, on which these checks depend, or why they
    cannot be compared.
    """
    if (why_not := _incomparable(indicator, previous)) or previous is None:
        return why_not
    return (_recorded(previous) or {})[indicator.id][1]


def _load(con: duckdb.DuckDBPyConnection, indicator: Indicator, previous: Path | None) -> str:
    """Load the totals of the previous release as the view `before`. Returns why they cannot be compared,
    if so.
    """
    con.execute("create or replace temp table before as select * from v where false")
    why_not = _incomparable(indicator, previous)
    if previous is not None and not why_not:
        con.execute(
            f"insert into before by name select * from {parquet(previous / 'indicator.parquet')} "
            f"where indicator = {literal(indicator.id)} and {TOTAL}"
        )
    return why_not


def _incomparable(indicator: Indicator, previous: Path | None) -> str:
    if previous is None:
        return "there is no release to compare with"
    recorded = _recorded(previous)
    if recorded is None:
        return f"release {previous.name} does not record its definitions"
    if indicator.id not in recorded:
        return f"release {previous.name} does not have it"
    if recorded[indicator.id][0] != numbers_fingerprint(indicator):
        return f"its definition computes otherwise than in release {previous.name}"
    return ""


@cache
def _recorded(release: Path) -> dict[str, tuple[str, str]] | None:
    """Return for each indicator of a release the fingerprints of its computation and of its values."""
    with engine() as con:
        meta = parquet(release / "indicator_meta.parquet")
        columns = {row[0] for row in con.execute(f"describe select * from {meta}").fetchall()}
        if not {"depends_on", "fingerprint"} <= columns:
            return None
        rows = con.execute(f"select indicator, depends_on, fingerprint from {meta}").fetchall()
    return {
        str(name): (json.loads(text).get("parts", {}).get("definition", ""), str(values))
        for name, text, values in rows
    }


def _coverage(
    con: duckdb.DuckDBPyConnection, indicator: Indicator, why_not: str, expected: bool
) -> CheckResult:
    """Count areas that lost all values, and values that disappeared, as shares of the previous release."""
    rule = indicator.expect.areas_lost
    severity: Severity = rule.severity if rule and expected else "warn"
    if why_not:
        return CheckResult("coverage", severity, True, f"the coverage of {indicator.id}: {why_not}")
    share, reason = (rule.share, f" ({rule.reason})") if rule else (LOST, "")
    areas = con.execute(
        "select distinct ref_area from before where ref_area not in (select ref_area from v) order by 1"
    ).fetchall()
    row = con.execute(f"""
        select count(*), count(distinct ref_area),
            count(*) filter (where now.value is null)
        from before
        left join (select ref_area, time_period, value from v where {TOTAL}) as now
            using (ref_area, time_period)""").fetchone()
    cells, known, gone = (int(number) for number in row or (0, 0, 0))
    parts = {"areas": len(areas) / known if known else 0.0, "values": gone / cells if cells else 0.0}
    passed = max(parts.values()) <= share
    message = (
        f"{indicator.id} has lost {len(areas)} of {known} areas and {gone} of {cells:,} values"
        f"{'' if passed else f', more than {share:.0%}{reason}'}"
    )
    if areas and not passed:
        message += f": {examples(areas[:EXAMPLES], len(areas))}"
    return CheckResult("coverage", severity, passed, message, {"areas_lost": len(areas), "values_lost": gone})


def _magnitude(con: duckdb.DuckDBPyConnection, indicator: Indicator, why_not: str) -> CheckResult:
    """Compare all values with the previous release (an error: a unit changed unnoticed), else each value
    with the year before it (a warning).
    """
    row = con.execute("""
        select median(v.value / before.value)
        from before
        join v using (ref_area, time_period, sex, age, urbanisation, quantile, other_dims)
        where before.value <> 0 and v.value / before.value > 0""").fetchone()
    factor = float(row[0]) if row and row[0] is not None else 1.0
    derived = any(item.indicator for items in indicator.named_inputs().values() for item in items)
    if why_not == "" and _is_scale(factor):
        what = f"{factor:,.0f} times" if factor > 1 else f"1/{1 / factor:,.0f} of"
        message = f"the values of {indicator.id} are {what} those of the release before: a unit has changed"
        severity: Severity = "warn" if derived else "error"
        return CheckResult("magnitude", severity, False, message, {"factor": factor})
    leaps = _leaps(con)
    message = (
        f"no value of {indicator.id} is a thousand times the one before it"
        if not leaps
        else f"{counted(len(leaps), 'value')} of {indicator.id} at about a thousand or a million times the "
        f"one before, or the reverse: {examples(leaps[:EXAMPLES], len(leaps))}"
    )
    return CheckResult("magnitude", "warn", not leaps, message, {"factor": factor, "leaps": len(leaps)})


def _is_scale(factor: float) -> bool:
    return any(scale / LEEWAY <= max(factor, 1 / factor) <= scale * LEEWAY for scale in SCALES if factor > 0)


def _leaps(con: duckdb.DuckDBPyConnection) -> Rows:
    """Return values that differ from the previous one by a power of a thousand, within a tenth."""
    near = " or ".join(
        f"greatest(r, 1 / r) between {scale / LEEWAY!r} and {scale * LEEWAY!r}" for scale in SCALES
    )
    return con.execute(f"""
        with step as (
            select ref_area, time_period, value, lag(value) over series as value_before,
                lag(time_period) over series as year_before
            from v
            where {TOTAL}
            window series as (partition by ref_area order by time_period)),
        ratio as (
            select *, value / value_before as r
            from step
            where value_before <> 0 and value <> 0 and time_period - year_before <= {FAR})
        select ref_area, year_before || '-' || time_period, value_before, '->', value
        from ratio
        where r > 0 and ({near})
        order by ref_area, time_period""").fetchall()
