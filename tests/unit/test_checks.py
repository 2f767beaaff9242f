"""The checks of values, in words: what stops a release, what is only reported, and when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.definitions.indicator import Indicator
from schemas.tables.registry import INDICATOR, LEDGER
from tests.unit.make import SNAP, indicator, observation, stage, table, value, values
from warehouse.checks.indicator_checks import CheckResult, expected, indicator_checks, ledger_check
from warehouse.engine.duckdb_engine import write_table

FALLBACK = [{"source": "one", "series": "S"}, {"source": "two", "series": "T"}]


def there(*sources: str) -> set[tuple[str, str]]:
    """Every series that a test names, of these sources."""
    return {(source, series) for source in sources for series in ("S", "T", "X")}


def check(
    tmp_path: Path, rows: list[dict[str, Any]], present: tuple[str, ...] = ("one",), **definition: Any
) -> dict[str, CheckResult]:
    path = values(tmp_path / "use.parquet", rows)
    return {
        result.name: result for result in indicator_checks(indicator(**definition), path, there(*present))
    }


def test_good_values_pass(tmp_path: Path) -> None:
    results = check(
        tmp_path,
        [value("use", "KEN", 2020, 40.0)],
        expect={"range": [0, 100], "yearly_change": {"max": 5, "reason": "slow"}},
    )
    assert list(results) == [
        *("not_empty", "unique_key", "range", "areas_min", "yearly_change"),
        *("coverage", "magnitude"),
    ]
    assert all(result.passed for result in results.values())


def test_values_outside_the_plausible_range_are_counted(tmp_path: Path) -> None:
    expect = {"range": [0, 1000], "plausible": {"range": [0, 100], "reason": "more is an error"}}
    rows = [value("use", area, 2020, number) for area, number in (("KEN", 100.0), ("UGA", 352.0))]
    problems = check(tmp_path, rows, expect=expect)["plausible"]
    assert (problems.severity, problems.passed, problems.numbers) == ("warn", False, {"values": 1})
    assert "UGA" in problems.message
    assert "KEN" not in problems.message
    assert check(tmp_path, rows[:1], expect=expect)["plausible"].passed
    assert "plausible" not in check(tmp_path, rows, expect={"range": [0, 1000]})


def test_values_outside_the_range_are_named(tmp_path: Path) -> None:
    rows = [
        value("use", "KEN", 2020, 40000.0),
        value("use", "UGA", 2020, -1.0),
        value("use", "TZA", 2020, 100.0),
    ]
    result = check(tmp_path, rows)["range"]
    assert (result.passed, result.severity, result.numbers["outside"]) == (False, "error", 2)
    assert result.message == "2 values of use lie outside 0 to 100: KEN 2020 40000.0 one, UGA 2020 -1.0 one"


def test_many_examples_are_cut(tmp_path: Path) -> None:
    rows = [value("use", "KEN", year, 200.0) for year in range(1990, 2020)]
    assert check(tmp_path, rows)["range"].message.endswith("and 25 more")


@pytest.mark.parametrize(
    ("present", "severity"),
    [(("one",), "error"), (("one", "two"), "error"), (("two",), "warn"), ((), "warn")],
)
def test_few_areas_stop_a_release_only_if_a_preferred_source_is_there(
    tmp_path: Path, present: tuple[str, ...], severity: str
) -> None:
    result = check(
        tmp_path,
        [value("use", "KEN", 2020, 1.0), value("use", "M49:014", 2020, 1.0)],
        present,
        inputs=FALLBACK,
        expect={"range": [0, 100], "areas_min": 2},
    )["areas_min"]
    assert (result.passed, result.severity, result.numbers["areas"]) == (False, severity, 1)


@pytest.mark.parametrize(("present", "severity"), [(("two",), "error"), ((), "warn"), (("three",), "warn")])
def test_an_empty_indicator_stops_a_release_only_if_a_source_of_it_is_there(
    tmp_path: Path, present: tuple[str, ...], severity: str
) -> None:
    result = check(tmp_path, [], present, inputs=FALLBACK)["not_empty"]
    assert (result.passed, result.severity) == (False, severity)


def test_sources_are_followed_through_indicators_and_every_input_needs_one() -> None:
    base = indicator("base", inputs=FALLBACK)
    named = {"a": [{"indicator": "base"}], "b": [{"source": "three", "series": "X"}]}
    derived = indicator("derived", inputs=named, formula="a / b")
    known = {"base": base}

    def of(definition: Indicator, *present: str) -> tuple[bool, bool]:
        series = there(*present)
        return expected(definition, series, known), expected(definition, series, known, preferred=True)

    assert of(base, "one") == of(base, "one", "two") == (True, True)
    assert of(base, "two") == (True, False)
    assert of(base) == of(derived, "one") == of(derived, "three") == (False, False)
    assert of(derived, "one", "three") == (True, True)
    assert of(derived, "two", "three") == (True, False)
    optional = indicator(inputs=[{"source": "one", "series": "S", "optional": "Not in every vintage."}])
    assert of(optional, "one") == (False, False)


def test_a_series_that_was_never_fetched_is_not_expected() -> None:
    definition = indicator(inputs=FALLBACK)
    assert not expected(definition, {("one", "OTHER"), ("two", "OTHER")}, {})
    assert expected(definition, {("one", "S")}, {}, preferred=True)


def test_a_leap_is_reported_unless_it_crosses_a_declared_break(tmp_path: Path) -> None:
    rows = [
        value("use", "KEN", 2010, 10.0),
        value("use", "KEN", 2012, 31.0),
        value("use", "UGA", 2010, 10.0),
        value("use", "UGA", 2013, 39.0),
        value("use", "KEN", 2012, 90.0, sex="F"),
    ]
    expect = {"range": [0, 100], "yearly_change": {"max": 10, "reason": "slow"}}
    result = check(tmp_path, rows, expect=expect)["yearly_change"]
    assert (result.passed, result.severity) == (False, "warn")
    assert "KEN 2010-2012 10.0 -> 31.0" in result.message
    assert result.numbers["changes"] == 1
    broken = [{"time_period": 2011, "ref_area": "KEN", "reason": "New survey."}]
    assert check(tmp_path, rows, expect=expect, breaks=broken)["yearly_change"].passed
    elsewhere = [
        {"time_period": 2013, "reason": "x"},
        {"time_period": 2011, "ref_area": "UGA", "reason": "x"},
    ]
    assert not check(tmp_path, rows, expect=expect, breaks=elsewhere)["yearly_change"].passed


def test_a_key_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "twice.parquet"
    rows = [value("use", "KEN", 2020, 1.0), value("use", "KEN", 2020, 2.0)]
    write_table(table(INDICATOR, rows), INDICATOR, path, check=False)
    results = {result.name: result for result in indicator_checks(indicator(), path, there("one"))}
    assert not results["unique_key"].passed
    assert "use KEN 2020" in results["unique_key"].message


def test_the_ledger_adds_up_or_says_where_it_does_not(tmp_path: Path) -> None:
    staged = stage(
        tmp_path, [observation("one", "S", "KEN", 2020, 1.0), observation("one", "S", "KEN", 2021, None)]
    )
    observations = staged["one"]
    ledger = observations.with_name("ledger.parquet")
    good = ledger_check(ledger, observations)
    assert good.passed
    assert good.message == "1 snapshot: 2 rows in = 2 out + 0 rejected"

    def wrong(**change: Any) -> CheckResult:
        row = {
            "source": "one",
            "snapshot": SNAP["a"],
            "rows_in": 2,
            "rows_out": 2,
            "rows_rejected": 0,
            "reasons": "{}",
        }
        write_table(table(LEDGER, [row | change]), LEDGER, tmp_path / "wrong.parquet")
        return ledger_check(tmp_path / "wrong.parquet", observations)

    assert not wrong(rows_in=3).passed
    assert not wrong(rows_in=3, rows_rejected=1, reasons='{"unknown_area": 2}').passed
    assert wrong(rows_in=3, rows_rejected=1, reasons='{"unknown_area": 1}').passed
    assert "the ledger has 3 rows out, observation has 2" in wrong(rows_in=3, rows_out=3).message
