"""Composite scores against manual numbers, and their invariants."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.definitions.scores import ScoreFile
from schemas.definitions.targets import Targets
from schemas.tables.targets import SCORE
from tests.unit.make import catalogue, indicator, table, value
from tests.unit.targets_made import AREAS, load_world
from warehouse.engine.duckdb_engine import engine
from warehouse.models.scores import Choices, composite, score_table

NAN = float("nan")
WORST, BEST = np.array([0.0, 200.0]), np.array([100.0, 0.0])


def choices(weights: tuple[float, ...] = (1, 1), **more: Any) -> Choices:
    made: dict[str, Any] = {
        "aggregation": "arithmetic",
        "least_coverage": 0.8,
        "least_indicators": 1,
        "draws": 1000,
        "seed": 7,
    } | more
    return Choices(np.array(weights, dtype=float), **made)


def grid(*rows: tuple[float, float]) -> npt.NDArray[np.float64]:
    return np.array(rows, dtype=float)


def test_a_score_is_the_weighted_mean_of_places_between_the_bounds() -> None:
    scores = composite(grid((50, 100), (80, 20), (120, 300)), WORST, BEST, choices((3, 1)))
    # (3 * 50 + 50) / 4; (3 * 80 + 90) / 4; 120 counts as 100 and 300 as 0: (3 * 100 + 0) / 4
    assert scores.score.tolist() == [50, 82.5, 75]
    assert scores.rank.tolist() == [3, 1, 2]


def test_a_geometric_mean_is_taken_from_1_to_100_and_brought_back() -> None:
    scores = composite(grid((0, 0), (100, 0)), WORST, BEST, choices(aggregation="geometric"))
    # sqrt(1 * 100) = 10, which is 100 * 9 / 99 on the scale from 0
    assert scores.score.tolist() == pytest.approx([900 / 99, 100], abs=1e-6)


def test_below_the_least_coverage_there_is_no_score_and_no_rank() -> None:
    scores = composite(grid((50, NAN), (NAN, 100), (60, 100)), WORST, BEST, choices((4, 1)))
    assert scores.coverage.tolist() == [0.8, 0.2, 1]
    assert scores.score[[0, 2]].tolist() == [50, 58]  # the first by the one indicator that it has
    assert np.isnan([scores.score[1], scores.rank[1], scores.rank_low[1], scores.rank_high[1]]).all()
    assert scores.rank[[0, 2]].tolist() == [2, 1]


def test_below_the_least_number_of_indicators_there_is_no_score() -> None:
    scores = composite(grid((50, NAN), (60, 100)), WORST, BEST, choices((4, 1), least_indicators=2))
    assert np.isnan([scores.score[0], scores.rank[0]]).all()
    assert (scores.score[1], scores.rank[1]) == (58, 1)


def test_only_the_ranked_are_counted_in_ranks() -> None:
    """A territory has a score, no rank, and moves nobody's."""
    members = np.array([True, False, True])
    scores = composite(grid((50, 100), (90, 10), (10, 190)), WORST, BEST, choices(), ranked=members)
    assert scores.score.tolist() == [50, 92.5, 7.5]
    assert scores.rank[[0, 2]].tolist() == [1, 2]
    assert np.isnan([scores.rank[1], scores.rank_low[1], scores.rank_high[1]]).all()


def test_errors_of_the_inputs_widen_the_range_of_ranks() -> None:
    """Who is better in everything by one point is first for certain only if the values are certain."""
    values = grid((52, 96), (51, 98), (50, 100))
    certain = composite(values, WORST, BEST, choices())
    shaken = composite(values, WORST, BEST, choices(), error=np.full(values.shape, 3.0))
    assert certain.rank_low.tolist() == certain.rank_high.tolist() == [1, 2, 3]
    assert shaken.rank_high[0] > 1
    assert shaken.rank_low[2] < 3
    assert (shaken.rank == certain.rank).all()


def test_nothing_at_all_has_no_score() -> None:
    scores = composite(grid((NAN, NAN)), WORST, BEST, choices(least_coverage=0))
    assert np.isnan(scores.score).all()
    assert scores.coverage.tolist() == [0]


def test_equal_scores_share_the_better_rank() -> None:
    scores = composite(grid((50, 100), (50, 100), (10, 190)), WORST, BEST, choices())
    assert scores.rank.tolist() == [1, 1, 3]
    assert scores.rank_low.tolist() == [1, 1, 3]


def test_who_is_better_in_everything_is_first_in_every_draw() -> None:
    scores = composite(grid((90, 10), (50, 100), (20, 150), (10, 199)), WORST, BEST, choices())
    assert (scores.rank_low.tolist(), scores.rank_high.tolist()) == ([1, 2, 3, 4], [1, 2, 3, 4])


def test_areas_that_are_good_at_different_things_have_a_range_of_ranks() -> None:
    scores = composite(grid((90, 190), (20, 10), (50, 100)), WORST, BEST, choices())
    assert (scores.rank_high > scores.rank_low).any()


places = st.floats(0, 100, allow_nan=False).map(lambda x: round(x, 3))
cells = st.lists(st.tuples(places, st.floats(0, 200).map(lambda x: round(x, 3))), min_size=2, max_size=12)


@settings(max_examples=25, deadline=None)
@given(cells, st.randoms(use_true_random=False))
def test_the_names_of_areas_change_nothing(rows: list[tuple[float, float]], random: Any) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    before, after = (composite(v, WORST, BEST, choices()) for v in (grid(*rows), grid(*rows)[order]))
    for name in ("score", "rank", "rank_low", "rank_high"):
        assert getattr(before, name)[order].tolist() == getattr(after, name).tolist()


@settings(max_examples=25, deadline=None)
@given(cells, st.sampled_from([0.001, 0.5, 2, 1024]))
def test_another_unit_with_its_bounds_changes_nothing(rows: list[tuple[float, float]], factor: float) -> None:
    scale = np.array([factor, 1])
    before = composite(grid(*rows), WORST, BEST, choices())
    after = composite(grid(*rows) * scale, WORST * scale, BEST * scale, choices())
    assert after.score == pytest.approx(before.score, abs=1e-6)
    assert after.rank.tolist() == before.rank.tolist()


@settings(max_examples=25, deadline=None)
@given(cells, st.floats(0.001, 50))
def test_a_better_value_never_lowers_a_score_or_a_rank(rows: list[tuple[float, float]], more: float) -> None:
    better = grid(*rows)
    better[0] += [more, -more]
    for aggregation in ("arithmetic", "geometric"):
        made = choices(aggregation=aggregation)
        before, after = (composite(v, WORST, BEST, made) for v in (grid(*rows), better))
        assert after.score[0] >= before.score[0]
        assert after.rank[0] <= before.rank[0]
        assert after.score[1:].tolist() == before.score[1:].tolist()


SCORES = ScoreFile.model_validate(
    {
        "framework": "compact_brief",
        "reason": "for tests",
        "aggregation": "arithmetic",
        "least_coverage": 0.8,
        "oldest": 3,
        "least_indicators": 2,
        "draws": 1000,
        "seed": 1,
        "years": [2020],
        "components": {
            "A": {"title": "A", "indicators": [{"indicator": "use"}, {"indicator": "parity"}]},
        },
    }
)
TWO = (
    indicator("use", bounds={"worst": 0, "best": 100, "reason": "test"}),
    indicator("parity", direction="closer_to_one", bounds={"worst": 0, "best": 1, "reason": "test"}),
)


def scored(folder: Path, rows: list[dict[str, Any]], defined: tuple[Any, ...] = TWO) -> list[dict[str, Any]]:
    with engine() as con, warnings.catch_warnings():
        warnings.simplefilter("error")
        load_world(con, folder, catalogue(*defined), rows, Targets(scores=[SCORES]), year=2026)
        return score_table(con).to_pylist()


def test_the_newest_value_that_is_young_enough_is_used(tmp_path: Path) -> None:
    rows = [
        *(value("use", "KEN", year, number) for year, number in ((2020, 10.0), (2022, 30.0), (2024, 50.0))),
        value("parity", "KEN", 2025, 1.25),  # of 1.25 and 0.8 neither is closer to one
        value("use", "UGA", 2021, 90.0),  # four years before 2025
        value("parity", "UGA", 2025, 1.0),
        value("use", "RWA", 2026, 70.0),  # 2026 is not over
        value("parity", "RWA", 2026, 1.0),
    ]
    by_area = {(row["ref_area"], row["time_period"]): row for row in scored(tmp_path, rows)}
    kenya = by_area["KEN", 2025]
    assert (kenya["score"], kenya["rank"], kenya["oldest_year"], kenya["indicators_used"]) == (65, 1, 2024, 2)
    for area in ("UGA", "RWA"):
        assert by_area[area, 2025]["score"] is None
        assert by_area[area, 2025]["rank_low"] is None
        assert "a score needs" in by_area[area, 2025]["reason"]
    assert by_area["RWA", 2025]["coverage_share"] == 0
    assert by_area["KEN", 2020]["coverage_share"] == 0.5
    assert {area for area, _ in by_area} == set(AREAS)


def test_an_indicator_that_this_run_lacks_counts_as_missing(tmp_path: Path) -> None:
    scores = scored(tmp_path, [value("use", "KEN", 2025, 40.0)], TWO[:1])
    assert {row["coverage_share"] for row in scores if row["ref_area"] == "KEN"} == {0, 0.5}
    assert not [row for row in scores if row["score"] is not None]


def test_the_same_inputs_give_the_same_rows(tmp_path: Path) -> None:
    rows = [
        value(name, area, 2025, 10.0 * i + j)
        for j, name in enumerate(("use", "parity"))
        for i, area in enumerate(AREAS)
    ]
    first, second = (scored(tmp_path / name, rows) for name in ("one", "two"))
    assert first == second
    assert table(SCORE, first).num_rows == len(first)
