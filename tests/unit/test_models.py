"""The SQL models against manual numbers, a second program, and invariants."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.columns.model import Table
from schemas.definitions.indicator import Indicator
from schemas.tables.assessment import AGGREGATE, COVERAGE, PROGRESS
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR, LATEST, REVISION
from tests.unit.make import catalogue, indicator, table, value
from tests.unit.unsd_2026 import assess
from warehouse.engine.duckdb_engine import engine, write_table
from warehouse.models.definition_inputs import load_model_inputs
from warehouse.models.progress import progress_rows
from warehouse.release.tables import compute

AREAS = ("KEN", "UGA", "TZA", "RWA")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Four countries in group M49:014 of which two are in M49:199; M49:199 has an old member too."""
    areas = [
        {"ref_area": name, "name": name, "m49": None, "iso2": None, "kind": "country", "un_member": True}
        for name in AREAS
    ]
    areas += [
        {"ref_area": name, "name": name, "m49": name[4:], "iso2": None, "kind": "group", "un_member": False}
        for name in ("M49:014", "M49:199")
    ]

    def member(group: str, area: str, until: int | None = None) -> dict[str, Any]:
        return {
            "grouping": "test",
            "group": group,
            "ref_area": area,
            "valid_from": None,
            "valid_to": until,
            "group_name": group,
            "source": "test",
        }

    groups = [member("M49:014", area) for area in AREAS]
    return areas, [
        *groups,
        member("M49:199", "RWA"),
        member("M49:199", "UGA"),
        member("M49:199", "KEN", 1999),
    ]


def run(
    folder: Path,
    contract: Table,
    rows: list[dict[str, Any]],
    definitions: list[Indicator],
    world: tuple[list[dict[str, Any]], list[dict[str, Any]]],
    before: list[dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    write_table(table(INDICATOR, rows), INDICATOR, folder / "indicator.parquet")
    write_table(table(AREA, world[0]), AREA, folder / "area.parquet")
    write_table(table(AREA_GROUP, world[1]), AREA_GROUP, folder / "area_group.parquet")
    previous = None
    if before is not None:
        previous = folder / "2026-01-01-00000000"
        write_table(table(INDICATOR, before), INDICATOR, previous / "indicator.parquet")
    with engine() as con:
        load_model_inputs(con, folder, catalogue(*definitions), previous)
        table_out = (
            progress_rows(con, ["unsd-2026"]).read_all()
            if contract is PROGRESS
            else compute(con, contract).read_all()
        )
    write_table(table_out, contract, folder / "out.parquet")  # the contract holds
    answer: list[dict[str, Any]] = table_out.to_pylist()
    return answer


# --- latest and coverage
# -----------------------------------------------------------------------------------------
def test_latest_is_the_newest_total(tmp_path: Path, world: Any) -> None:
    rows = [
        value("use", "KEN", 2019, 1.0),
        value("use", "KEN", 2020, 2.0),
        value("use", "KEN", 2021, 3.0, sex="F"),
        value("use", "M49:014", 2018, 9.0),
    ]
    latest_rows = run(tmp_path, LATEST, rows, [indicator()], world)
    assert [(r["ref_area"], r["time_period"], r["value"]) for r in latest_rows] == [
        ("KEN", 2020, 2.0),
        ("M49:014", 2018, 9.0),
    ]


def test_coverage_has_a_row_for_every_pair(tmp_path: Path, world: Any) -> None:
    rows = [
        value("use", "KEN", 2014, 1.0),
        value("use", "KEN", 2015, 1.0),
        value("use", "KEN", 2020, 2.0),
        value("use", "UGA", 2010, 2.0),
        value("use", "TZA", 2020, 2.0, sex="F"),
        value("use", "M49:014", 2020, 2.0),
    ]
    coverage = {
        (r["indicator"], r["ref_area"]): r
        for r in run(tmp_path, COVERAGE, rows, [indicator(), indicator("none")], world)
    }
    assert len(coverage) == 2 * len(AREAS)
    ken = coverage["use", "KEN"]
    assert (ken["points_since_2015"], ken["first_year"], ken["latest_year"], ken["available"]) == (
        2,
        2014,
        2020,
        True,
    )
    uga = coverage["use", "UGA"]
    assert (uga["points_since_2015"], uga["latest_year"], uga["available"]) == (0, 2010, False)
    assert coverage["use", "TZA"]["first_year"] is None
    assert not any(coverage["none", area]["available"] for area in AREAS)


def test_revision_names_what_changed_came_and_went(tmp_path: Path, world: Any) -> None:
    before = [
        value("use", "KEN", 2019, 1.0),
        value("use", "KEN", 2020, 2.0),
        value("use", "UGA", 2020, 3.0),
        value("gone", "KEN", 2020, 1.0),
    ]
    now = [
        value("use", "KEN", 2019, 1.0),
        value("use", "KEN", 2020, 2.5),
        value("use", "TZA", 2020, 4.0),
        value("new", "KEN", 2020, 1.0),
    ]
    revisions = run(tmp_path, REVISION, now, [indicator(), indicator("new")], world, before)
    assert [(r["ref_area"], r["old_value"], r["new_value"]) for r in revisions] == [
        ("KEN", 2.0, 2.5),
        ("TZA", None, 4.0),
        ("UGA", 3.0, None),
    ]
    assert {r["previous_release"] for r in revisions} == {"2026-01-01-00000000"}
    assert run(tmp_path / "first", REVISION, now, [indicator(), indicator("new")], world) == []


# --- progress
# ----------------------------------------------------------------------------------------------------
def target(number: float | None, year: int = 2030, baseline: int = 2015) -> dict[str, Any]:
    return {"value": number, "year": year, "baseline_year": baseline, "origin": "test"}


def progress(tmp_path: Path, world: Any, points: dict[int, float], **definition: Any) -> dict[str, Any]:
    rows = [value("use", "KEN", year, number) for year, number in points.items()]
    (row,) = run(tmp_path, PROGRESS, rows, [indicator(**definition)], world)
    return row


def test_progress_of_a_rising_share_by_hand(tmp_path: Path, world: Any) -> None:
    """20 in 2015, 40 in 2020: g = 2^(1/5) - 1 = 14.87 % a year; 40 * 2^2 = 160 in 2030; P = 140 / 75 of the
    way to 95."""
    row = progress(tmp_path, world, {2014: 1.0, 2015: 20.0, 2017: 90.0, 2020: 40.0}, target=target(95.0))
    assert (row["method"], row["baseline_year"], row["latest_year"]) == ("unsd-2026", 2015, 2020)
    assert row["annual_growth"] == pytest.approx(0.148698355)
    assert row["projected_value"] == pytest.approx(160.0)
    assert row["measure"] == pytest.approx(140 / 75)
    assert (row["category"], row["score"]) == ("on_track_or_met", 5.0)


def test_progress_of_a_falling_rate_by_hand(tmp_path: Path, world: Any) -> None:
    """100 in 2015, 81 in 2025: over the next five years the factor is 0.9: 72.9; P = 27.1 / 70 = 0.387,
    marginal."""
    row = progress(
        tmp_path, world, {2015: 100.0, 2025: 81.0}, target=target(30.0), direction="lower_is_better"
    )
    assert row["projected_value"] == pytest.approx(72.9)
    assert row["measure"] == pytest.approx(27.1 / 70)
    assert row["category"] == "marginal"
    assert row["score"] == pytest.approx(2 + (27.1 / 70 - 0.1) / 0.4)


def test_progress_without_a_target_is_judged_by_growth(tmp_path: Path, world: Any) -> None:
    row = progress(tmp_path, world, {2015: 100.0, 2016: 101.0})
    assert (row["category"], row["target_value"], row["target_year"], row["projected_value"]) == (
        "marginal",
        None,
        None,
        None,
    )
    assert row["measure"] == pytest.approx(0.01)
    assert row["score"] == pytest.approx(2 + 0.005 / 0.0075)
    row = progress(tmp_path / "down", world, {2015: 100.0, 2016: 101.0}, direction="lower_is_better")
    assert row["category"] == "regression"
    assert row["measure"] == pytest.approx(-0.01)
    assert row["score"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("latest", "category", "score"), [(96.0, "on_track_or_met", 5.0), (94.0, "regression", 0.0)]
)
def test_a_baseline_that_meets_the_target_stays_met_or_is_lost(
    tmp_path: Path, world: Any, latest: float, category: str, score: float
) -> None:
    row = progress(tmp_path, world, {2015: 97.0, 2020: latest}, target=target(95.0))
    assert (row["category"], row["score"], row["measure"]) == (category, score, None)


@pytest.mark.parametrize(
    "points",
    [
        {2020: 5.0},
        {2010: 1.0, 2014: 2.0},
        {2014: 1.0, 2016: 2.0},
        {2015: 0.0, 2020: 3.0},
        {2015: -1.0, 2020: 3.0},
    ],
)
def test_too_little_to_go_by_is_said(tmp_path: Path, world: Any, points: dict[int, float]) -> None:
    row = progress(tmp_path, world, points, target=target(95.0))
    assert (row["category"], row["score"], row["measure"]) == ("insufficient_data", None, None)
    assert row["latest_value"] == points[max(points)]


def test_a_trend_does_not_cross_a_declared_break(tmp_path: Path, world: Any) -> None:
    points = {2015: 80.0, 2018: 20.0, 2020: 30.0}
    broken = [
        {"time_period": 2018, "ref_area": "KEN", "reason": "New survey."},
        {"time_period": 2024, "reason": "Not there yet."},
        {"time_period": 2019, "ref_area": "UGA", "reason": "x"},
    ]
    row = progress(tmp_path, world, points, target=target(95.0), breaks=broken)
    assert (row["baseline_year"], row["baseline_value"]) == (2018, 20.0)
    assert progress(tmp_path / "whole", world, points, target=target(95.0))["baseline_year"] == 2015


def test_a_ratio_is_judged_by_its_distance_from_one(tmp_path: Path, world: Any) -> None:
    """0.8 to 0.9: the distance halves in five years, so 0.025 is left in 2030: P = 0.175 / 0.2."""
    parity = {"direction": "closer_to_one", "target": target(1.0), "expect": {"range": [0, 3]}}
    row = progress(tmp_path, world, {2015: 0.8, 2020: 0.9}, **parity)
    assert row["projected_value"] == pytest.approx(0.975)
    assert row["measure"] == pytest.approx(0.875)
    assert row["category"] == "moderate"
    over = progress(tmp_path / "over", world, {2015: 1.2, 2020: 1.1}, **parity)
    assert over["projected_value"] == pytest.approx(1.025)
    assert over["score"] == pytest.approx(row["score"])
    assert progress(tmp_path / "away", world, {2015: 0.9, 2020: 1.2}, **parity)["category"] == "regression"


def test_a_target_year_that_has_passed_is_not_projected(tmp_path: Path, world: Any) -> None:
    row = progress(tmp_path, world, {2015: 20.0, 2022: 40.0}, target=target(50.0, year=2020))
    assert (row["projected_value"], row["measure"]) == (40.0, pytest.approx(20 / 30))


POINTS = st.dictionaries(
    st.integers(2010, 2025),
    st.sampled_from([0.0, 0.5, 0.9, 0.97, 1.0, 1.03, 1.2, 5.0, 20.0, 49.9, 50.0, 50.1, 94.9, 95.0, 100.0]),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    series=st.lists(
        st.tuples(
            POINTS,
            st.sampled_from(["higher_is_better", "lower_is_better", "closer_to_one"]),
            st.sampled_from([None, 0.97, 1.0, 50.0, 95.0]),
            st.sampled_from([(), (2016,), (2019, 2030)]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_progress_agrees_with_a_second_program(
    tmp_path_factory: pytest.TempPathFactory, world: Any, series: list[Any]
) -> None:
    rows, definitions = [], []
    for number, (points, direction, goal, breaks) in enumerate(series):
        name = f"i{number}"
        rows += [value(name, "KEN", year, y) for year, y in points.items()]
        definitions.append(
            indicator(
                name,
                direction=direction,
                target=target(goal) if goal is not None else None,
                breaks=[{"time_period": b, "reason": "x"} for b in breaks],
            )
        )
    progress = run(tmp_path_factory.mktemp("oracle"), PROGRESS, rows, definitions, world)
    assert len(progress) == len(series)
    for row in progress:
        points, direction, goal, breaks = series[int(row["indicator"][1:])]
        expected = assess(points, direction, goal, breaks=breaks)
        assert (row["category"], row["baseline_year"]) == (expected["category"], expected["baseline_year"])
        for ours, theirs in (
            ("score", "score"),
            ("measure", "measure"),
            ("annual_growth", "growth"),
            ("projected_value", "projected"),
        ):
            if expected[theirs] is None:
                assert row[ours] is None
            else:
                assert row[ours] == pytest.approx(expected[theirs], rel=1e-9, abs=1e-12)
        if row["category"] != "insufficient_data":
            assert row["latest_year"] > row["baseline_year"]
            assert 0 <= row["score"] <= 5


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    first=st.floats(1, 100),
    latest=st.floats(1, 100),
    more=st.floats(0, 50),
    up=st.booleans(),
    goal=st.one_of(st.none(), st.floats(1, 100)),
)
def test_a_better_value_never_lowers_the_score(
    tmp_path_factory: pytest.TempPathFactory,
    world: Any,
    first: float,
    latest: float,
    more: float,
    up: bool,
    goal: float | None,
) -> None:
    better = latest + more if up else latest - more
    assume(better > 0)
    rows = [
        value("use", area, year, y)
        for area, end in (("KEN", latest), ("UGA", better))
        for year, y in ((2015, first), (2020, end))
    ]
    definition = indicator(
        direction="higher_is_better" if up else "lower_is_better",
        target=target(goal) if goal is not None else None,
    )
    ken, uga = run(tmp_path_factory.mktemp("better"), PROGRESS, rows, [definition], world)
    assert uga["score"] >= ken["score"] - 1e-9


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(first=st.floats(1, 100), latest=st.floats(1, 100), factor=st.floats(0.01, 100), goal=st.floats(1, 100))
def test_the_unit_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
    world: Any,
    first: float,
    latest: float,
    factor: float,
    goal: float,
) -> None:
    rows = [
        value(name, "KEN", year, y * by)
        for name, by in (("plain", 1.0), ("scaled", factor))
        for year, y in ((2015, first), (2020, latest))
    ]
    definitions = [indicator("plain", target=target(goal)), indicator("scaled", target=target(goal * factor))]
    plain, scaled = run(tmp_path_factory.mktemp("unit"), PROGRESS, rows, definitions, world)
    assume(not math.isclose(first, goal, rel_tol=1e-9))
    assume(not math.isclose(latest, goal, rel_tol=1e-9))
    assert scaled["score"] == pytest.approx(plain["score"], abs=1e-6)


# --- aggregate
# ---------------------------------------------------------------------------------------------------
PEOPLE = {"KEN": 50.0, "UGA": 30.0, "TZA": 15.0, "RWA": 5.0}


def weighted(share: float = 0.5) -> dict[str, Any]:
    return {"method": "weighted_mean", "weight": "people", "min_weight_share": share}


def aggregates(
    tmp_path: Path,
    world: Any,
    values: dict[str, float],
    how: dict[str, Any],
    people: dict[str, float] | None = None,
    official: dict[str, float] | None = None,
) -> dict[str, Any]:
    rows = [value("use", area, 2020, number) for area, number in (values | (official or {})).items()]
    rows += [
        value("people", area, 2020, number) for area, number in (PEOPLE if people is None else people).items()
    ]
    definitions = [indicator(aggregate=how), indicator("people", aggregate={"method": "sum"})]
    group_rows = run(tmp_path, AGGREGATE, rows, definitions, world)
    return {row["group"]: row for row in group_rows if row["indicator"] == "use"}


def test_a_weighted_mean_by_hand(tmp_path: Path, world: Any) -> None:
    by_group = aggregates(
        tmp_path, world, {"KEN": 40.0, "UGA": 10.0, "RWA": 20.0}, weighted(), official={"M49:014": 30.0}
    )
    east = by_group["M49:014"]
    assert east["value"] == pytest.approx((40 * 50 + 10 * 30 + 20 * 5) / 85)
    assert (east["weight_share"], east["areas_used"], east["areas_total"]) == (pytest.approx(0.85), 3, 4)
    assert (east["official_value"], east["official_source"]) == (30.0, "one")
    assert east["difference"] == pytest.approx(2400 / 85 - 30)
    assert east["method"] == "weighted_mean by people"
    ldc = by_group["M49:199"]  # Kenya left in 1999: today's members count
    assert ldc["value"] == pytest.approx((10 * 30 + 20 * 5) / 35)
    assert (ldc["areas_total"], ldc["official_value"], ldc["note"]) == (2, None, None)


def test_too_little_weight_withholds_the_value_and_keeps_the_official_one(tmp_path: Path, world: Any) -> None:
    east = aggregates(tmp_path, world, {"UGA": 10.0}, weighted(), official={"M49:014": 30.0})["M49:014"]
    assert (east["value"], east["difference"], east["official_value"]) == (None, None, 30.0)
    assert east["weight_share"] == pytest.approx(0.3)
    assert east["note"].startswith("withheld")


@pytest.mark.parametrize(("areas", "published"), [(("KEN", "UGA"), True), (("KEN", "TZA"), False)])
def test_a_sum_is_withheld_if_a_third_is_missing(
    tmp_path: Path, world: Any, areas: tuple[str, ...], published: bool
) -> None:
    how = {"method": "sum", "weight": "people", "min_weight_share": 0.0}
    east = aggregates(tmp_path, world, dict.fromkeys(areas, 2.0), how)["M49:014"]
    assert east["value"] == (4.0 if published else None)


def test_median_and_unweighted_and_none(tmp_path: Path, world: Any) -> None:
    values = {"KEN": 1.0, "UGA": 2.0, "TZA": 9.0}
    assert aggregates(tmp_path / "m", world, values, {"method": "median"})["M49:014"]["value"] == 2.0
    mean = aggregates(tmp_path / "u", world, values, {"method": "unweighted"})["M49:014"]
    assert (mean["value"], mean["weight_share"]) == (4.0, 0.75)
    none = aggregates(tmp_path / "n", world, values, {"method": "none"}, official={"M49:014": 3.0})
    assert list(none) == ["M49:014"]
    assert (none["M49:014"]["value"], none["M49:014"]["official_value"]) == (None, 3.0)


def test_few_known_weights_do_not_look_complete(tmp_path: Path, world: Any) -> None:
    """2021 knows the population of Rwanda alone; the others count with that of 2020."""
    rows = [
        value("use", "RWA", 2021, 20.0),
        *(value("people", area, 2020, n) for area, n in PEOPLE.items()),
        value("people", "RWA", 2021, 5.0),
        value("use", "KEN", 2021, 99.0),
    ]
    group_rows = run(tmp_path, AGGREGATE, rows, [indicator(aggregate=weighted()), indicator("people")], world)
    (east,) = [row for row in group_rows if row["group"] == "M49:014" and row["indicator"] == "use"]
    assert east["weight_share"] == pytest.approx(0.05)
    assert (east["value"], east["areas_used"]) == (None, 1)


VALUES = st.dictionaries(st.sampled_from(AREAS), st.floats(0, 100), min_size=1)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    values=VALUES,
    method=st.sampled_from(["weighted_mean", "median", "unweighted"]),
    factor=st.floats(0.1, 10),
)
def test_an_aggregate_lies_within_its_members_and_follows_their_unit(
    tmp_path_factory: pytest.TempPathFactory, world: Any, values: dict[str, float], method: str, factor: float
) -> None:
    how = {"method": method, "min_weight_share": 0.0} | (
        {"weight": "people"} if method == "weighted_mean" else {}
    )
    folder = tmp_path_factory.mktemp("within")
    east = aggregates(folder / "1", world, values, how)["M49:014"]
    assert min(values.values()) - 1e-9 <= east["value"] <= max(values.values()) + 1e-9
    scaled = aggregates(
        folder / "2",
        world,
        {a: v * factor for a, v in values.items()},
        how,
        {a: p * factor for a, p in PEOPLE.items()},
    )["M49:014"]
    assert scaled["value"] == pytest.approx(east["value"] * factor, rel=1e-9, abs=1e-9)
    assert scaled["weight_share"] == pytest.approx(east["weight_share"])


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(values=VALUES, order=st.permutations(AREAS))
def test_the_names_of_the_members_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, world: Any, values: dict[str, float], order: list[str]
) -> None:
    other = dict(zip(AREAS, order, strict=True))
    folder = tmp_path_factory.mktemp("names")
    how = weighted(0.0)
    east = aggregates(folder / "1", world, values, how)["M49:014"]
    again = aggregates(
        folder / "2",
        world,
        {other[a]: v for a, v in values.items()},
        how,
        {other[a]: p for a, p in PEOPLE.items()},
    )["M49:014"]
    assert again["value"] == pytest.approx(east["value"])
    assert again["areas_used"] == east["areas_used"]
