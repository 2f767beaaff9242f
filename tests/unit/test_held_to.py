"""The last back-test meets its targets, and a simulated group matches a manual computation.

The files are those that `compact backtest --write` leaves; the aims are those of docs/methods/projection.md.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from docs.generate.backtest import AIM, FEWEST, GROUP_ERRORS, MEASURED, NEAR
from schemas.definitions.yaml_file import load_yaml
from warehouse.projections.chance_learning import SUPPORT, supported
from warehouse.projections.groups.correlation import pairs_of
from warehouse.projections.groups.learning import GroupForecasts, factors
from warehouse.projections.groups.simulation import (
    Correlation,
    Members,
    anchored,
    group_calibration,
    simulated,
)
from warehouse.projections.intervals import CALIBRATION, KNOTS, LEVELS
from warehouse.projections.transforms import Scale


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", rows(MEASURED / "families.csv"), ids=lambda row: row["family"])
def test_intervals_hold_in_every_family(row: dict[str, str]) -> None:
    if int(row["forecasts"]) >= 300:
        assert AIM[0] <= float(row["coverage_80"]) <= AIM[1]
    if row["relative_to_naive"]:
        assert float(row["relative_to_naive"]) <= 1


@pytest.mark.parametrize(
    ("learned_from", "fewest"),
    [
        ("earlier_years", 10),
        ("other_countries", 10),
        ("not_met_yet", 10),
        ("not_met_yet_other_countries", 9),  # no probability of such a series is above 0.9
        ("groups", 4),
    ],
)
def test_probabilities_come_true_in_every_tenth(learned_from: str, fewest: int) -> None:
    """not_met_yet: the tenths of series that do not meet the target hide among the many that do."""
    tenths = [row for row in rows(MEASURED / "reliability.csv") if row["learned_from"] == learned_from]
    judged = [row for row in tenths if int(row["cases"]) >= FEWEST]
    assert len(judged) >= fewest
    assert all(abs(float(row["said"]) - float(row["came"])) <= NEAR for row in judged)


def test_the_error_of_the_four_is_far_below_that_of_a_growth_rate() -> None:
    four = [row for row in rows(MEASURED / "skill.csv") if row["measured_on"] == "all_four"]
    at_five = [row for row in four if row["method"] == "pooled_drift" and row["horizon"] == "5"]
    assert [float(row["relative_to_unsd"]) <= 0.55 for row in at_five] == [True]


def test_no_limit_promises_what_nobody_saw() -> None:
    limits = load_yaml(CALIBRATION).data["limits"]
    assert all(0.5 < limit <= 0.98 for limit in limits.values())


def test_no_more_is_said_than_came_true_of_the_highest_raw_probabilities() -> None:
    raw = np.concatenate([np.full(500, 0.1), np.full(60, 0.8), np.full(SUPPORT - 60, 0.97)])
    met = np.concatenate([np.zeros(500), np.tile([1.0, 0.0], 30), np.ones(SUPPORT - 60)])
    assert supported(raw, met, 0.33) == pytest.approx((30 + SUPPORT - 60) / SUPPORT)
    assert supported(raw[:560], met[:560], 0.33) == 0.33  # too few say more than one half
    assert supported(raw[-9:], met[-9:], 0.33) == 0.33


@pytest.mark.parametrize("row", rows(MEASURED / "groups.csv"), ids=lambda row: row["family"])
def test_intervals_of_groups_hold_by_family(row: dict[str, str]) -> None:
    if int(row["forecasts"]) >= 300:
        assert AIM[0] <= float(row["coverage_80"]) <= AIM[1]
    assert float(row["relative_to_naive"]) <= 1


def test_the_error_of_a_group_value_holds_what_it_says() -> None:
    """Four in five of the official pairs of each family, on groups that it was not learned from."""
    records = [row for row in rows(GROUP_ERRORS) if row["held"]]
    for family in {row["family"] for row in records}:
        of = [(int(row["pairs"]), float(row["held"])) for row in records if row["family"] == family]
        pairs = sum(number for number, _ in of)
        assert sum(number * held for number, held in of) / pairs >= 0.79, family


def members(count: int) -> Members:
    """Countries at 50 whose errors have the widths of a logistic distribution, on a linear scale."""
    widths = np.tile(KNOTS[None, None, :], (count, 3, 1)) * np.sqrt(np.arange(1, 4))[None, :, None]
    zeros = np.zeros(count, dtype=np.int64)
    scale = Scale(zeros, np.full(count, -1e9), np.full(count, 1e9), np.zeros(count), np.ones(count))
    return Members(
        np.full((count, 2), 50.0), np.array([2023, 2024]), np.full(count, 2024), np.full((count, 3), 50.0),
        widths, zeros, scale,
    )  # fmt: skip


def spread(correlation: Correlation, count: int = 16) -> float:
    years = np.arange(2024, 2028)
    values, middle = simulated(members(count), years, np.ones((1, count)), correlation, 1, 4000)
    assert np.allclose(values[0, 0], 50)  # the year of the last values is known
    assert np.allclose(middle, 50)
    low, high = np.quantile(values[0, 1], (0.1, 0.9))
    return float(high - low)


def test_a_mean_of_many_is_steadier_the_less_their_errors_have_in_common() -> None:
    one = spread(Correlation(0.0, 0.0), 1)
    assert one == pytest.approx(2 * KNOTS[LEVELS.index(0.8)], rel=0.1)
    assert spread(Correlation(0.95, 0.04)) == pytest.approx(one, rel=0.1)
    assert spread(Correlation(0.0, 0.0)) == pytest.approx(one / 4, rel=0.2)  # of sixteen, the root
    assert one / 4 < spread(Correlation(0.2, 0.1)) < one


def test_every_draw_goes_through_the_official_value() -> None:
    years = np.arange(2024, 2028)
    values, middle = simulated(members(4), years, np.ones((1, 4)), Correlation(0.2, 0.1), 1, 50)
    scale = members(1).scale
    draws = anchored(values, middle, years, np.array([2024]), np.array([47.0]), scale, 2.0)
    assert np.allclose(draws[0, 0], 47)
    narrow = anchored(values, middle, years, np.array([2024]), np.array([47.0]), scale, 1.0)
    assert np.ptp(draws[0, 2]) == pytest.approx(2 * np.ptp(narrow[0, 2]))


def test_the_correlation_of_errors_is_that_of_all_pairs() -> None:
    dice = np.random.default_rng(1)
    cell = np.repeat(np.arange(400), 20)
    error = np.sqrt(0.3) * np.repeat(dice.normal(size=400), 20) + np.sqrt(0.7) * dice.normal(size=8000)
    sums, squares, number = pairs_of(cell, error)
    assert sums.sum() / number.sum() / (squares.sum() / 8000) == pytest.approx(0.3, abs=0.05)


def test_the_calibration_of_groups_is_of_every_family() -> None:
    for name in group_calibration().factor:
        correlation, factor = group_calibration().of(name)
        assert 0 <= correlation.world + correlation.region < 1
        assert 0.1 <= factor <= 4


def group_forecasts(inside: float, number: int = 400) -> GroupForecasts:
    """Forecasts of one family, with errors from none to twice the half width."""
    names, none = np.full(number, "one"), np.full(number, np.nan)
    return GroupForecasts(
        indicator=names, group=names, family=names, origin=np.full(number, 2015),
        horizon=np.arange(number) % 6 + 1, ratio=np.linspace(0, 2, number), absolute=none, still=none,
        away=np.zeros((number, 3)), distance=none, met=none,
        inside=(np.arange(number) < inside * number).astype(float), raw=none, said=none,
    )  # fmt: skip


def test_a_factor_answers_to_coverage_that_was_missing_and_to_coverage_in_excess() -> None:
    low, right, high = (factors(group_forecasts(share))["one"] for share in (0.7, 0.8, 0.9))
    assert right == pytest.approx(1.6, abs=0.01)  # the quantile of four in five
    assert low > right + 0.3
    assert high < right - 0.3
