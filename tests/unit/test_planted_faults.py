"""Nonsense from agencies, one planted fault per test: a check of a known severity catches it, names the
values, and appears in Dagster.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from indicators.fingerprint import numbers_fingerprint
from pipelines.components.asset_checks import expect_result
from schemas.definitions.indicator import Indicator
from tests.unit.make import indicator, value, values
from warehouse.checks.indicator_checks import CheckResult, indicator_checks

AREAS = ("KEN", "UGA", "TZA", "RWA", "ETH", "FRA", "DEU", "ESP", "ITA", "POL")
GOOD = [value("use", area, year, 20.0 + year - 2015) for area in AREAS for year in range(2015, 2020)]
PRESENT = {("one", "S"), ("two", "T")}
INPUTS = [{"source": "one", "series": "S"}, {"source": "two", "series": "T"}]


def expecting(**expect: Any) -> Indicator:
    return indicator(inputs=INPUTS, expect={"range": [0, 1e9]} | expect)


def released(
    folder: Path, definition: Indicator, rows: list[dict[str, Any]] = GOOD, fingerprint: str = "0"
) -> Path:
    """The release before, as far as the checks look at it."""
    values(folder / "indicator.parquet", rows)
    depends_on = json.dumps({"parts": {"definition": numbers_fingerprint(definition)}})
    meta = pa.table({"indicator": [definition.id], "depends_on": [depends_on], "fingerprint": [fingerprint]})
    pq.write_table(meta, folder / "indicator_meta.parquet")
    return folder


def found(
    tmp_path: Path, definition: Indicator, rows: list[dict[str, Any]], previous: Path | None = None
) -> dict[str, CheckResult]:
    path = values(tmp_path / "now.parquet", rows)
    results = indicator_checks(definition, path, PRESENT, {}, previous)
    return {result.name: result for result in results}


def in_dagster(result: CheckResult) -> dg.AssetCheckResult:
    return expect_result(dg.AssetKey(["indicator", result.subject]), [result])


def failed(results: dict[str, CheckResult]) -> dict[str, str]:
    return {name: result.severity for name, result in results.items() if not result.passed}


def test_good_values_against_the_release_before_pass(tmp_path: Path) -> None:
    results = found(tmp_path, expecting(), GOOD, released(tmp_path, expecting()))
    assert failed(results) == {}
    assert results["coverage"].message == "use has lost 0 of 10 areas and 0 of 50 values"


def test_a_share_above_100(tmp_path: Path) -> None:
    rows = [*GOOD, value("use", "NGA", 2019, 104.2)]
    results = found(tmp_path, expecting(range=[0, 100]), rows)
    assert failed(results) == {"range": "error"}
    assert results["range"].message == "1 value of use lies outside 0 to 100: NGA 2019 104.2 one"
    made = in_dagster(results["range"])
    assert (made.passed, made.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert made.description == f"range: {results['range'].message}"


def test_a_jump_above_the_declared_yearly_change(tmp_path: Path) -> None:
    rows = [*GOOD, value("use", "KEN", 2020, 75.0)]
    rule = {"max": 10, "reason": "networks grow slowly"}
    results = found(tmp_path, expecting(range=[0, 100], yearly_change=rule), rows)
    assert failed(results) == {"yearly_change": "warn"}
    assert results["yearly_change"].message == (
        "1 value of use changes by more than 10 a year (networks grow slowly): KEN 2019-2020 24.0 -> 75.0"
    )
    assert in_dagster(results["yearly_change"]).severity == dg.AssetCheckSeverity.WARN


def test_one_value_off_by_a_thousand(tmp_path: Path) -> None:
    rows = [*GOOD, value("use", "KEN", 2020, 25_000.0)]
    results = found(tmp_path, expecting(), rows)
    assert failed(results) == {"magnitude": "warn"}
    assert "KEN 2019-2020 24.0 -> 25000.0" in results["magnitude"].message


@pytest.mark.parametrize("factor", [1e3, 1e-3, 1e6])
def test_a_whole_unit_off_by_a_thousand(tmp_path: Path, factor: float) -> None:
    rows = [row | {"value": row["value"] * factor} for row in GOOD]
    results = found(tmp_path, expecting(), rows, released(tmp_path, expecting()))
    assert failed(results) == {"magnitude": "error"}
    assert "a unit has changed" in results["magnitude"].message
    assert in_dagster(results["magnitude"]).severity == dg.AssetCheckSeverity.ERROR


def test_a_unit_that_the_definition_changed_is_not_a_fault(tmp_path: Path) -> None:
    rows = [row | {"value": row["value"] * 1e3} for row in GOOD]
    scaled = indicator(inputs=[{"source": "one", "series": "S", "scale": 1000.0}], expect={"range": [0, 1e9]})
    results = found(tmp_path, scaled, rows, released(tmp_path, expecting()))
    assert failed(results) == {}
    assert "computes otherwise" in results["coverage"].message


@pytest.mark.parametrize(
    ("declared", "severity"),
    [
        (None, "warn"),
        ({"share": 0.1, "reason": "small states come and go"}, "warn"),
        ({"share": 0.1, "severity": "error", "reason": "a census of all"}, "error"),
    ],
)
def test_coverage_that_shrank(tmp_path: Path, declared: dict[str, Any] | None, severity: str) -> None:
    definition = expecting(**({"areas_lost": declared} if declared else {}))
    rows = [row for row in GOOD if row["ref_area"] not in ("KEN", "UGA")]
    results = found(tmp_path, definition, rows, released(tmp_path, definition))
    assert failed(results) == {"coverage": severity}
    assert results["coverage"].message.startswith(
        "use has lost 2 of 10 areas and 10 of 50 values, more than 10%"
    )
    assert results["coverage"].message.endswith("KEN, UGA")


def test_years_that_are_gone_are_lost_coverage_too(tmp_path: Path) -> None:
    rows = [row for row in GOOD if row["time_period"] > 2015]
    results = found(tmp_path, expecting(), rows, released(tmp_path, expecting()))
    assert failed(results) == {"coverage": "warn"}
    assert "0 of 10 areas and 10 of 50 values" in results["coverage"].message


def test_a_loss_within_what_is_declared_passes(tmp_path: Path) -> None:
    definition = expecting(areas_lost={"share": 0.2, "severity": "error", "reason": "surveys rotate"})
    rows = [row for row in GOOD if row["ref_area"] not in ("KEN", "UGA")]
    assert failed(found(tmp_path, definition, rows, released(tmp_path, definition))) == {}


def test_without_its_preferred_source_a_loss_is_reported_and_not_refused(tmp_path: Path) -> None:
    definition = expecting(areas_lost={"share": 0.0, "severity": "error", "reason": "a census of all"})
    path = values(tmp_path / "now.parquet", GOOD[:5])
    previous = released(tmp_path, definition)
    results = {r.name: r for r in indicator_checks(definition, path, {("two", "T")}, {}, previous)}
    assert (results["coverage"].passed, results["coverage"].severity) == (False, "warn")


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    results = found(tmp_path, expecting(), GOOD)
    assert results["coverage"].message == "the coverage of use: there is no release to compare with"
    other = released(tmp_path, indicator("other"))
    assert "does not have it" in found(tmp_path, expecting(), GOOD, other)["coverage"].message


def test_a_loss_needs_a_reason_and_a_known_severity() -> None:
    for wrong in (
        {"share": 0.1},
        {"share": 2, "reason": "x"},
        {"share": 0.1, "severity": "fatal", "reason": "x"},
    ):
        with pytest.raises(ValidationError):
            expecting(areas_lost=wrong)
