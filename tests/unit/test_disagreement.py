"""Several sources for one cell: comparisons, listed pairs, and warnings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from schemas.definitions.indicator import Indicator
from schemas.tables.assessment import DISAGREEMENT
from schemas.tables.registry import INDICATOR
from tests.unit.make import SNAP, catalogue, indicator, observation, snapshot, source, stage
from warehouse.checks.indicator_checks import CheckResult, indicator_checks
from warehouse.engine.duckdb_engine import engine
from warehouse.evaluation.beside import beside
from warehouse.evaluation.evaluate import evaluate, evaluate_cached
from warehouse.evaluation.source_overlap import OVERLAP, load_overlaps
from warehouse.release.build import build_release
from warehouse.release.inputs import ReleaseInputs, SourceState
from warehouse.release.tables import compute
from warehouse.verification.verify import verify_release

INPUTS = [
    {"source": "one", "series": "S"},
    {"source": "two", "series": "T"},
    {"source": "three", "series": "U"},
]
TOLERANCE = {"relative": 0.05, "absolute": 1, "reason": "rounding and revisions"}
Rows = list[dict[str, Any]]


def definition(**more: Any) -> Indicator:
    return indicator(**{"inputs": INPUTS[:2]} | more)


def one(value: float | None, year: int = 2020, **more: Any) -> dict[str, Any]:
    return observation("one", "S", "KEN", year, value, **more)


def two(value: float | None, year: int = 2020, **more: Any) -> dict[str, Any]:
    return observation("two", "T", "KEN", year, value, **{"snapshot": SNAP["b"]} | more)


def evaluated(folder: Path, rows: Rows, given: Indicator, others: dict[str, Path] | None = None) -> Path:
    path = folder / given.id / "f.parquet"
    evaluate(given, stage(folder / "staged", rows), others or {}, path)
    return path


def listed(folder: Path, rows: Rows, given: Indicator | None = None) -> Rows:
    given = given or definition()
    with engine() as con:
        load_overlaps(con, {given.id: evaluated(folder, rows, given)}, [given])
        disagreements: Rows = compute(con, DISAGREEMENT).read_all().to_pylist()
    return disagreements


def warning(folder: Path, rows: Rows, given: Indicator) -> CheckResult | None:
    checks = indicator_checks(given, evaluated(folder, rows, given), ["one", "two"])
    return next((check for check in checks if check.name == "disagreement"), None)


def test_two_values_of_one_cell_stand_side_by_side_and_the_preferred_one_is_used(tmp_path: Path) -> None:
    rows = [one(20.0), two(25.0), one(30.0, 2021), two(40.0, 2022)]
    (row,) = listed(tmp_path, rows)
    assert (row["ref_area"], row["time_period"], row["input"]) == ("KEN", 2020, "value")
    assert (row["source_a"], row["series_a"], row["value_a"]) == ("one", "S", 20.0)
    assert (row["source_b"], row["series_b"], row["value_b"]) == ("two", "T", 25.0)
    assert (row["difference"], row["relative_difference"], row["tolerance"]) == (5.0, 0.2, None)
    used = pq.read_table(tmp_path / "use" / "f.parquet").to_pylist()
    # the second source may differ, so it does not continue the series of the first
    assert [(r["time_period"], r["value"]) for r in used] == [(2020, 20.0), (2021, 30.0)]


def test_equal_values_and_missing_ones_are_no_difference(tmp_path: Path) -> None:
    tiny = 20.0 * (1 + 1e-12)
    rows = [one(20.0), two(tiny), one(None, 2021), two(3.0, 2021), one(0.0, 2022), two(0.0, 2022)]
    assert listed(tmp_path, rows) == []


def test_every_pair_of_three_sources_is_compared_in_the_order_of_preference(tmp_path: Path) -> None:
    third = observation("three", "U", "KEN", 2020, 30.0, snapshot=SNAP["c"])
    disagreements = listed(tmp_path, [one(10.0), two(20.0), third], definition(inputs=INPUTS))
    assert [(r["source_a"], r["source_b"], r["difference"]) for r in disagreements] == [
        ("one", "three", 20.0),
        ("one", "two", 10.0),
        ("two", "three", 10.0),
    ]


@pytest.mark.parametrize(
    ("limits", "a", "b", "beyond"),
    [
        ({"relative": 0.05, "absolute": 1}, 90.0, 93.0, False),  # 3 points, 3 per cent
        ({"relative": 0.05, "absolute": 1}, 2.0, 2.9, False),  # 31 per cent, and less than a point
        ({"relative": 0.05, "absolute": 1}, 20.0, 22.0, True),
        ({"relative": 0.05}, 2.0, 2.9, True),
        ({"absolute": 1}, 90.0, 93.0, True),
        ({"absolute": 1}, 90.0, 91.0, False),  # the limit itself is within
        ({"relative": 0.5}, 0.0, 1e-6, True),  # nothing is a small share of zero
    ],
)
def test_what_is_within_the_tolerance_is_not_listed(
    tmp_path: Path, limits: dict[str, float], a: float, b: float, beyond: bool
) -> None:
    spec = definition(disagreement=limits | {"reason": "a test"})
    disagreements = listed(tmp_path, [one(a), two(b)], spec)
    assert bool(disagreements) == beyond
    check = warning(tmp_path / "w", [one(a), two(b)], spec)
    assert check is not None
    assert (check.passed, check.severity) == (not beyond, "warn")


@pytest.mark.parametrize(
    ("first", "second", "differ"),
    [
        (one(2.5, upper_bound=2.5, obs_status="C"), two(1.0), False),
        (one(2.5, upper_bound=2.5, obs_status="C"), two(4.0), True),
        (one(97.0), two(95.0, lower_bound=95.0, obs_status="C"), False),
        (one(90.0), two(95.0, lower_bound=95.0, obs_status="C"), True),
        (one(50.0, lower_bound=40.0, upper_bound=60.0), two(55.0), True),  # uncertain is not censored
    ],
)
def test_a_censored_value_agrees_with_what_lies_beyond_its_bound(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], differ: bool
) -> None:
    assert bool(listed(tmp_path, [first, second])) == differ


def test_values_are_compared_in_the_indicators_unit(tmp_path: Path) -> None:
    inputs = [INPUTS[0], INPUTS[1] | {"scale": 0.001}]
    assert listed(tmp_path, [one(20.0), two(20.0, unit_mult=3)], definition(inputs=inputs)) == []


def test_parts_are_not_compared_totals_are(tmp_path: Path) -> None:
    rows = [one(20.0), two(20.0), one(1.0, sex="F"), two(9.0, sex="F")]
    assert listed(tmp_path, rows, definition(gaps=["sex"])) == []
    pinned = [item | {"where": {"sex": "F"}} for item in INPUTS[:2]]
    (row,) = listed(tmp_path / "p", rows, definition(inputs=pinned))
    assert (row["value_a"], row["value_b"]) == (1.0, 9.0)


def test_each_named_input_is_compared_for_itself(tmp_path: Path) -> None:
    female, male = ([item | {"where": {"sex": code}} for item in INPUTS[:2]] for code in ("F", "M"))
    spec = definition(inputs={"female": female, "male": male}, formula="female / male")
    rows = [f(v, sex=s) for s, a, b in (("F", 1.0, 2.0), ("M", 4.0, 8.0)) for f, v in ((one, a), (two, b))]
    disagreements = listed(tmp_path, rows, spec)
    assert [(r["input"], r["value_a"], r["value_b"]) for r in disagreements] == [
        ("female", 1.0, 2.0),
        ("male", 4.0, 8.0),
    ]


def test_a_series_that_is_two_inputs_speaks_once(tmp_path: Path) -> None:
    pinned = [INPUTS[0] | {"where": {"education": code}} for code in ("UPPSEC", "SECOND")]
    rows = [one(1.0, education="UPPSEC"), one(2.0, education="SECOND"), two(5.0)]
    disagreements = listed(tmp_path, rows, definition(inputs=[*pinned, INPUTS[1]]))
    assert [(r["series_a"], r["value_a"], r["series_b"], r["value_b"]) for r in disagreements] == [
        ("S", 1.0, "S", 2.0),
        ("S", 1.0, "T", 5.0),
    ]


def test_an_indicator_as_input_is_compared_too(tmp_path: Path) -> None:
    inner = indicator("inner")
    staged = stage(tmp_path / "i", [one(20.0)])
    evaluate(inner, staged, {}, tmp_path / "inner.parquet")
    spec = definition(inputs=[{"indicator": "inner"}, INPUTS[1]])
    path = evaluated(tmp_path, [two(30.0)], spec, {"inner": tmp_path / "inner.parquet"})
    assert pq.read_table(beside(path, OVERLAP)).num_rows == 1


def test_without_a_second_source_there_is_nothing_to_compare(tmp_path: Path) -> None:
    path = evaluated(tmp_path, [one(20.0)], definition())
    assert not beside(path, OVERLAP).exists()
    spec = definition(disagreement=TOLERANCE)
    check = warning(tmp_path / "w", [one(20.0)], spec)
    assert check is not None
    assert check.passed
    assert "0 pairs compared" in check.message


def test_the_warning_names_the_sources_the_limit_and_the_reason(tmp_path: Path) -> None:
    rows = [one(20.0), two(25.0), one(50.0, 2021), two(50.5, 2021)]
    check = warning(tmp_path, rows, definition(disagreement=TOLERANCE))
    assert check is not None
    assert not check.passed
    assert "in 1 of 2 pairs of use" in check.message
    assert "0.05 of the larger value and 1 PERCENT (rounding and revisions)" in check.message
    assert "KEN 2020 one 20.0 two 25.0" in check.message
    assert warning(tmp_path / "none", rows, definition()) is None


def test_the_check_is_announced_exactly_where_it_is_made(tmp_path: Path) -> None:
    rows = [one(20.0), two(25.0)]
    for variant in (definition(), definition(disagreement=TOLERANCE)):
        made = indicator_checks(variant, evaluated(tmp_path, rows, variant))
        assert ("disagreement" in {check.name for check in made}) == bool(variant.disagreement)


def test_a_tolerance_without_a_limit_is_no_tolerance() -> None:
    with pytest.raises(ValidationError, match="a limit: relative, absolute, or both"):
        definition(disagreement={"reason": "none"})


@pytest.mark.slow
def test_a_release_lists_what_differs_and_is_whole(tmp_path: Path) -> None:
    spec = definition(disagreement=TOLERANCE, expect={"range": [0, 100]})
    staged = stage(tmp_path / "s", [one(20.0), two(25.0)])
    entries = catalogue(spec)
    path = evaluate_cached(spec, staged, {}, tmp_path / "e").path
    result = build_release(
        tmp_path / "home",
        ReleaseInputs(
            catalogue=entries,
            sources={"one": source(), "two": source("two")},
            states={"one": SourceState("live"), "two": SourceState("live")},
            snapshots=[snapshot("a"), snapshot("b", of="two", resource="T")],
            staged=staged,
            evaluated={spec.id: path},
        ),
    )
    (row,) = pq.read_table(result.path / "disagreement.parquet").to_pylist()
    assert (row["difference"], row["tolerance"]) == (5.0, 1.25)
    assert verify_release(result.path) == []
    assert any("the sources differ" in warning for warning in result.warnings)
    assert pq.read_metadata(result.path / f"{INDICATOR.name}.parquet").num_rows == 1
