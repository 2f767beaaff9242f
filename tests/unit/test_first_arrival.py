"""A series that is new to an indicator: shares of 1 labelled per cent, another scale or unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.columns.observation import OBSERVATION
from schemas.definitions.indicator import Indicator
from tests.unit.make import indicator, observation, stage, table
from warehouse.checks.first_arrival import first_arrival
from warehouse.checks.indicator_checks import indicator_checks
from warehouse.checks.result import CheckResult
from warehouse.engine.duckdb_engine import engine, write_table
from warehouse.evaluation.evaluate import evaluate

AREAS = ("KEN", "UGA", "TZA", "RWA", "ETH", "FRA", "DEU", "ESP", "ITA", "POL", "NLD",
         "BEL", "AUT", "CHE", "DNK", "SWE", "NOR", "FIN", "PRT", "GRC", "HUN", "CZE")  # fmt: skip
TWO = [{"source": "one", "series": "S"}, {"source": "two", "series": "T"}]


def rows(
    source: str, series: str, factor: float = 1, areas: tuple[str, ...] = AREAS, **more: Any
) -> list[Any]:
    """A series whose values run from 20 to 20 and as many more as there are areas, times the factor."""
    more = {"unit": "PT"} | more
    return [
        observation(source, series, area, 2020, (20.0 + place) * factor, **more)
        for place, area in enumerate(areas)
    ]


def defined(**more: Any) -> Indicator:
    expect = {"range": [0, 1e9]} | more.pop("expect", {})
    return indicator(unit="PT", expect=expect, **more)


def judged(
    folder: Path, definition: Indicator, given: list[Any], previous: list[Any] | None = None
) -> CheckResult | None:
    path = folder / "evaluated" / "use" / "now.parquet"
    path.parent.mkdir(parents=True)
    evaluate(definition, stage(folder / "staged", given), {}, path)
    before = None
    if previous is not None:
        before = folder / "before"
        write_table(table(OBSERVATION, previous), OBSERVATION, before / "observation.parquet")
    with engine() as con:
        return next(iter(first_arrival(con, definition, path, before)), None)


def well(result: CheckResult | None) -> bool:
    return result is not None and result.passed


def odd(result: CheckResult | None) -> CheckResult:
    assert result is not None
    assert (result.passed, result.severity) == (False, "error")
    return result


def test_a_series_as_declared_passes(tmp_path: Path) -> None:
    result = judged(tmp_path, defined(), rows("one", "S"))
    assert result is not None
    assert result.passed
    assert result.numbers == {"new": 1, "odd": 0}


def test_shares_of_one_in_per_cent_are_held_with_their_snapshot(tmp_path: Path) -> None:
    result = odd(judged(tmp_path, defined(), rows("one", "S", 0.01)))
    assert "one:S has 22 values in per cent, all from 0.2 to 0.41" in result.message
    assert result.snapshots == {"a" * 64}


def test_the_scale_of_the_input_is_applied_first(tmp_path: Path) -> None:
    scaled = defined(inputs=[{"source": "one", "series": "S", "scale": 100}])
    result = judged(tmp_path, scaled, rows("one", "S", 0.01))
    assert well(result)


def test_few_values_or_another_unit_may_be_below_one(tmp_path: Path) -> None:
    few = judged(tmp_path / "few", defined(), rows("one", "S", 0.01, AREAS[:10]))
    ratio = defined(inputs=[{"source": "one", "series": "S", "unit": "RATIO"}])
    other = judged(tmp_path / "other", ratio, rows("one", "S", 0.01, unit="RATIO"))
    assert well(few)
    assert well(other)


@pytest.mark.parametrize(("factor", "times"), [(100.0, "100 times"), (0.01, "0.01 times")])
def test_a_hundred_times_another_source_is_held(tmp_path: Path, factor: float, times: str) -> None:
    """The other source was in the release before, so the newcomer alone is named."""
    known = rows("one", "S")
    new = rows("two", "T", factor, snapshot="b" * 64)
    result = odd(judged(tmp_path, defined(inputs=TWO), [*known, *new], previous=known))
    assert f"two:T is {times} one:S in 22 cells of both" in result.message
    assert "one:S is" not in result.message
    assert result.snapshots == {"b" * 64}


def test_without_a_common_cell_the_medians_are_compared(tmp_path: Path) -> None:
    areas = tuple(f"{a}{b}" for a in ("A", "B", "C") for b in "ABCDEFGHIJKLMNOPQRSTUVWXY")
    first = rows("one", "S", areas=tuple(f"X{a}" for a in areas[:35]))
    second = rows("two", "T", 1000, areas=tuple(f"Y{a}" for a in areas[:35]))
    result = odd(judged(tmp_path, defined(inputs=TWO), [*first, *second]))
    assert "two:T is 1e+03 times one:S between their medians" in result.message


def test_another_unit_is_held(tmp_path: Path) -> None:
    result = odd(judged(tmp_path, defined(), rows("one", "S", unit="USD_CURRENT")))
    assert "one:S came in USD_CURRENT, not in PT" in result.message
    unknown = judged(tmp_path / "unknown", defined(), rows("one", "S", unit="NOT_STATED"))
    assert well(unknown)


def test_a_definition_may_say_why_it_only_warns(tmp_path: Path) -> None:
    rule = {"severity": "warn", "reason": "less than one per cent everywhere"}
    result = judged(tmp_path, defined(expect={"first_arrival": rule}), rows("one", "S", 0.01))
    assert result is not None
    assert (result.passed, result.severity) == (False, "warn")
    assert "less than one per cent everywhere" in result.message


def test_what_the_release_before_has_is_not_new(tmp_path: Path) -> None:
    known = rows("one", "S", 0.01)
    assert judged(tmp_path, defined(), known, previous=known) is None


def test_it_is_among_the_checks_of_an_indicator(tmp_path: Path) -> None:
    odd(judged(tmp_path, defined(), rows("one", "S", 0.01)))
    path = tmp_path / "evaluated" / "use" / "now.parquet"
    results = {result.name: result for result in indicator_checks(defined(), path, {("one", "S")})}
    assert results["first_arrival"].subject == "use"
    assert not results["first_arrival"].passed
