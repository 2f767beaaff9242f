# ruff: noqa: E501 -- a table of cases, one a line
"""Verdicts in calibrated language: former errors, well-known countries, and the invariants of every
verdict. Numbers are the agencies'; each case has its reason.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.definitions.indicator import Indicator
from schemas.tables.arrow import arrow_schema
from schemas.tables.assessment import PROGRESS
from schemas.tables.projections import PROJECTION
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR
from schemas.tables.validation import validate
from tests.command import CHECKOUT
from tests.unit.make import catalogue, indicator, observation, stage, table, value
from warehouse.engine.duckdb_engine import engine, write_table
from warehouse.evaluation.evaluate import evaluate
from warehouse.models.definition_inputs import load_model_inputs
from warehouse.models.progress import progress_rows

LIKELIHOOD = "likelihood-2026"
Points = dict[int, float]
SHARE: dict[str, Any] = {"unit": "PT", "expect": {"range": [0, 100]}}
LOWER: dict[str, Any] = {"direction": "lower_is_better"}
UNIVERSAL = {"value": 100, "year": 2030, "origin": "test"}
ORDER = ("not_met", "very_unlikely", "unlikely", "about_as_likely_as_not", "likely", "very_likely", "met")
BORDERS = {
    "very_likely": (0.90, 1), "likely": (0.66, 0.90), "about_as_likely_as_not": (0.33, 0.66),
    "unlikely": (0.10, 0.33), "very_unlikely": (0, 0.10), "met": (0.66, 1),
}  # fmt: skip


def target(number: float, met_from: float | None = None, **more: Any) -> dict[str, Any]:
    about = {"met_from": met_from, "met_from_source": "test"} if met_from is not None else {}
    return {"target": {"value": number, "year": 2030, "origin": "test", **about, **more}}


def verdicts(
    folder: Path,
    rows: list[dict[str, Any]],
    definition: Indicator,
    chances: dict[str, float] | None = None,
    areas: list[dict[str, Any]] | None = None,
    members: list[dict[str, Any]] | None = None,
) -> dict[str, dict[str, Any]]:
    """By area, where 2026 is the year. chances: the probability of each area in the target year."""
    latest = value("now", "AAA", 2026, 1.0)  # what says which year it is
    definitions = [definition, indicator("now", assessed=False, inputs=[{"source": "one", "series": "N"}])]
    contents = ((INDICATOR, [*rows, latest]), (AREA, areas or []), (AREA_GROUP, members or []))
    for contract, content in contents:
        write_table(table(contract, content), contract, folder / f"{contract.name}.parquet")
    with engine() as con:
        load_model_inputs(con, folder, catalogue(*definitions), None)
        if chances:
            con.register("arriving", _projection(definition, chances))
            con.execute("create or replace temp view projection as select * from arriving")
        progress = progress_rows(con, [LIKELIHOOD]).read_all()
    validate(progress, PROGRESS)
    return {row["ref_area"]: row for row in progress.to_pylist() if row["indicator"] == definition.id}


def _projection(definition: Indicator, chances: dict[str, float]) -> pa.Table:
    schema = arrow_schema(PROJECTION)
    blank = dict.fromkeys(schema.names)
    rows = [
        blank
        | {"indicator": definition.id, "ref_area": area, "time_period": 2030, "target_year": 2030}
        | {"probability_target_met": chance}
        for area, chance in chances.items()
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([field.with_nullable(True) for field in schema]))


def series(area: str, points: Points, **more: Any) -> list[dict[str, Any]]:
    return [value("use", area, year, number, **more) for year, number in points.items()]


def one(folder: Path, points: Points, chance: float | None = None, **definition: Any) -> dict[str, Any]:
    rows = series("KEN", points)
    chances = {"KEN": chance} if chance is not None else None
    return verdicts(folder, rows, indicator(**definition), chances)["KEN"]


# --- the first table of the review: what was shown, and what is right
# ------------------------------------------------------------------------------------
CASES: list[tuple[str, Points, float | None, dict[str, Any], str, str]] = [
    ("Eritrea, Internet use", {2015: 1.1, 2019: 8.0, 2023: 20.0}, 0.01, SHARE | target(100, 95), "very_unlikely",
     "twenty per cent cannot grow by a constant rate through a hundred"),
    ("Sweden, Internet use", {2015: 90.6, 2020: 94.5, 2025: 95.8}, 0.86, SHARE | target(100, 95), "met",
     "ITU counts universal use from 95 per cent, and it is likely to stay"),
    ("Iceland, Internet use", {2015: 98.2, 2020: 99.0, 2024: 98.2}, 0.94, SHARE | target(100, 95), "met",
     "beyond 95 differences are sampling noise"),
    ("Germany, Internet use", {2015: 87.6, 2020: 89.8, 2024: 93.5}, 0.73, SHARE | target(100, 95), "likely",
     "a point and a half short, with half a point a year"),
    ("Kenya, Internet use", {2015: 16.6, 2020: 24.7, 2024: 35.0}, 0.01, SHARE | target(100, 95), "very_unlikely",
     "sixty points short with five years to go"),
    ("India, infant mortality", {2015: 36.3, 2016: 34.6, 2018: 31.3, 2020: 28.3, 2022: 25.7, 2024: 23.4}, None, LOWER, "improving",
     "no target of its own; a steady fall is an improvement, whatever another model says of 2025"),
    ("Netherlands, extreme poverty", {2015: 0.07, 2018: 0.2, 2021: 0.1}, 0.97, SHARE | LOWER | target(0, 3), "met",
     "the World Bank's goal counts from three per cent; a tenth of a point is the survey"),
    ("China, extreme poverty", {2015: 2.86, 2019: 0.4, 2022: 0.0}, 0.99, SHARE | LOWER | target(0, 3), "met",
     "zero is the target; no growth rate is needed to see it"),
    ("Serbia, extreme poverty", {2016: 8.09, 2019: 2.72, 2023: 1.09}, 0.9, SHARE | LOWER | target(0, 3), "met",
     "one welfare type throughout: income"),
    ("Nigeria, under-five mortality", {2015: 117.8, 2020: 116.5, 2024: 115.6}, 0.01, LOWER | target(25), "very_unlikely",
     "a quarter of a point a year from four times the target"),
    ("Netherlands, safe water", {2015: 99.97, 2020: 99.97, 2024: 99.96}, 0.99, SHARE | target(100, 99), "met",
     "JMP: more than 99 per cent is universal"),
    ("Kenya, electricity", {2015: 41.6, 2020: 71.5, 2024: 77.0}, 0.01, SHARE | target(100, 99), "very_unlikely",
     "the pace falls near the end of the scale"),
    ("Rwanda, women in parliament", {2015: 63.75, 2020: 61.3, 2025: 63.75}, 0.96, SHARE | target(50), "met",
     "half or more"),
    ("United States, aid", {2018: 0.16, 2021: 0.18, 2025: 0.09}, 0.01, target(0.7), "very_unlikely",
     "seven times too low, and falling"),
    ("Chile, 4G", {2015: 70.0, 2019: 88.0, 2024: 97.0}, 0.66, SHARE | target(100, 99), "likely",
     "a probability on a border belongs to the better class"),
    ("Ghana, electricity", {2015: 75.7, 2020: 85.1, 2024: 89.5}, 0.2, SHARE | target(100, 99), "unlikely",
     "ten points short at a point a year"),
    ("Brazil, maternal mortality", {2015: 63.0, 2019: 60.0, 2023: 67.0}, 0.2, LOWER | target(70), "unlikely",
     "met today and likely to be lost: the likelihood, not the word met"),
    ("Kuwait, women in managerial posts", {2016: 13.0, 2017: 15.0, 2018: 18.0, 2019: 19.0, 2020: 17.0, 2022: 14.0}, None, SHARE, "no_clear_change",
     "up and down by five points: the mean change is not distinguishable from none"),
    ("Denmark, Gini", {2015: 28.2, 2017: 28.7, 2019: 27.7, 2021: 28.3}, None,
     LOWER | {"noise": {"step": 1.0, "reason": "sampling"}}, "no_clear_change", "a tenth of a point is the survey"),
    ("Estonia, a score at its end", {2015: 98.5, 2017: 99.0, 2019: 99.4, 2021: 99.2, 2024: 99.0}, None,
     SHARE | {"noise": {"beyond": 98, "reason": "the end of the scale"}}, "no_clear_change", "beyond the declared ceiling"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "points", "chance", "definition", "right", "why"), CASES, ids=[c[0] for c in CASES]
)
def test_a_well_known_country_has_the_right_verdict(
    tmp_path: Path,
    case: str,
    points: Points,
    chance: float | None,
    definition: dict[str, Any],
    right: str,
    why: str,
) -> None:
    row = one(tmp_path, points, chance, **definition)
    assert row["category"] == right, f"{case}: {why}"
    assert row["confidence"] in ("high", "medium", "low")


def test_a_censored_value_is_compared_by_its_bound(tmp_path: Path) -> None:
    """Germany's undernourishment is "<2.5" throughout: at the reporting limit, which the target counts as met."""
    censored = {"obs_status": "C", "upper_bound": 2.5}
    rows = series("DEU", dict.fromkeys((2015, 2018, 2023), 2.5), **censored)
    rows += series("FJI", dict.fromkeys((2015, 2018, 2023), 5.0), obs_status="C", upper_bound=5.0)
    by_area = verdicts(
        tmp_path, rows, indicator(**SHARE, **LOWER, **target(0, 2.5)), {"DEU": 0.95, "FJI": 0.5}
    )
    assert by_area["DEU"]["category"] == "met"
    assert by_area["FJI"]["category"] == "about_as_likely_as_not"  # "<5" may lie on either side of 2.5


@pytest.mark.parametrize(
    ("points", "definition", "word"),
    [
        ({2015: 50.0, 2020: 60.0}, SHARE | target(100), "stale"),
        ({2023: 50.0, 2024: 60.0}, SHARE | target(100), "span 1 years"),
        ({2024: 60.0}, SHARE | target(100), "only one value"),
        ({2015: 50.0, 2024: 60.0}, SHARE | target(100), "no projection"),
    ],
)
def test_a_refusal_says_why(tmp_path: Path, points: Points, definition: dict[str, Any], word: str) -> None:
    row = one(tmp_path, points, **definition)
    assert (row["category"], row["confidence"]) == ("insufficient_data", None)
    assert word in row["reason"]


def test_two_values_and_no_other_series_tell_no_change_from_noise(tmp_path: Path) -> None:
    row = one(tmp_path, {2015: 10.0, 2020: 11.0, 2024: 30.0}, **SHARE)
    assert row["category"] == "insufficient_data"
    assert "noise" in row["reason"]


def test_a_passed_deadline_is_met_or_not_by_the_value_of_its_year(tmp_path: Path) -> None:
    passed = {**SHARE, "target": {"value": 100, "year": 2020, "origin": "test"}}
    rows = series("AGO", {2018: 90.0, 2020: 99.0, 2024: 100.0}) + series("BEN", {2019: 100.0, 2024: 98.0})
    rows += series("TCD", {2024: 100.0})
    by_area = verdicts(tmp_path, rows, indicator(**passed))
    assert {area: row["category"] for area, row in by_area.items()} == {
        "AGO": "not_met", "BEN": "met", "TCD": "insufficient_data"
    }  # fmt: skip


def test_a_target_is_of_those_whom_it_addresses(tmp_path: Path) -> None:
    """9.c is set for least developed countries: others have a direction and no target."""
    scope = {"groups": ["M49:199"], "reason": "9.c"}
    definition = indicator(**SHARE, **target(100, scope=scope))
    member = {"grouping": "ldc", "group": "M49:199", "ref_area": "TCD", "valid_from": None, "valid_to": None,
              "group_name": "LDC", "source": "test"}  # fmt: skip
    rows = series("TCD", {2015: 20.0, 2020: 40.0, 2024: 50.0}) + series(
        "USA", {2015: 99.0, 2017: 99.2, 2020: 99.5, 2022: 99.6, 2024: 99.9}
    )
    by_area = verdicts(tmp_path, rows, definition, {"TCD": 0.05, "USA": 0.9}, members=[member])
    assert (by_area["TCD"]["category"], by_area["TCD"]["target_value"]) == ("very_unlikely", 100)
    assert by_area["USA"]["target_value"] is None
    assert by_area["USA"]["category"] in ("improving", "no_clear_change")


def test_a_relative_target_is_of_the_areas_own_value(tmp_path: Path) -> None:
    """Maternal mortality: two thirds below 2010, and none above 140."""
    relative = {"base_year": 2010, "factor": 1 / 3, "cap": 140, "reason": "EPMM"}
    goal = {"target": {"value": None, "year": 2030, "origin": "EPMM", "relative": relative}}
    rows = series("BRA", {2010: 66.0, 2015: 63.0, 2023: 67.0}) + series(
        "TCD", {2009: 1200.0, 2015: 1000.0, 2023: 750.0}
    )
    by_area = verdicts(tmp_path, rows, indicator(**LOWER, **goal), {"BRA": 0.01, "TCD": 0.01})
    assert {area: row["target_value"] for area, row in by_area.items()} == {
        "BRA": pytest.approx(22.0),
        "TCD": 140.0,
    }


def relative_targets_of_the_guide() -> list[tuple[str, float, int, float]]:
    """Of each example: what stands after `relative:`, the value of the base year, that year, the target."""
    page = (CHECKOUT / "docs" / "definitions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| `(\{base_year: [^`]+)` \| ([^|]+) \|$", page, re.MULTILINE)
    return [
        (text, float(base), int(year), float(goal))
        for text, examples in rows
        for base, year, goal in re.findall(r"(\d+) in (\d{4}): (\d+)", examples)
    ]


def test_the_guide_has_examples_of_relative_targets() -> None:
    assert len(relative_targets_of_the_guide()) == 6


@pytest.mark.parametrize(("text", "base", "year", "goal"), relative_targets_of_the_guide())
def test_a_relative_target_of_the_guide_gives_the_number_that_it_shows(
    tmp_path: Path, text: str, base: float, year: int, goal: float
) -> None:
    relative = yaml.safe_load(text.replace("…", "the guide"))
    goal_of_guide = {"target": {"value": None, "year": 2030, "origin": "the guide", "relative": relative}}
    direction = "higher_is_better" if "step" in relative else "lower_is_better"
    definition = indicator(**LOWER | {"direction": direction}, **goal_of_guide)
    rows = series("BRA", {year: base, year + 4: base - 1, year + 8: base - 2})
    by_area = verdicts(tmp_path, rows, definition, {"BRA": 0.5})
    assert by_area["BRA"]["target_value"] == pytest.approx(goal, abs=0.001)


def test_parity_is_a_band_on_both_sides(tmp_path: Path) -> None:
    parity = {"unit": "RATIO", "direction": "closer_to_one", "expect": {"range": [0, 3]}, **target(1, 0.97)}
    rows = [row for area, number in {"AGO": 0.98, "BEN": 1.02, "TCD": 0.8}.items()
            for row in series(area, {2015: number, 2020: number, 2024: number})]  # fmt: skip
    by_area = verdicts(tmp_path, rows, indicator(**parity), {"AGO": 0.9, "BEN": 0.9, "TCD": 0.1})
    assert {area: row["category"] for area, row in by_area.items()} == {
        "AGO": "met",
        "BEN": "met",
        "TCD": "unlikely",
    }


# --- what must hold of every verdict
# -----------------------------------------------------------------------------------
@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1)), min_size=1, max_size=20))
def test_a_verdict_never_contradicts_its_probability(
    tmp_path_factory: pytest.TempPathFactory, cases: list[tuple[float, float]]
) -> None:
    codes = [f"A{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(len(cases))]
    rows = [row for code, (latest, _) in zip(codes, cases, strict=True)
            for row in series(code, {2015: 40.0, 2020: 45.0, 2024: latest})]  # fmt: skip
    chances = {code: chance for code, (_, chance) in zip(codes, cases, strict=True)}
    by_area = verdicts(
        tmp_path_factory.mktemp("verdict"), rows, indicator(**SHARE, **target(100, 95)), chances
    )
    for code, (latest, chance) in zip(codes, cases, strict=True):
        low, high = BORDERS[by_area[code]["category"]]
        assert low <= chance <= high
        assert (by_area[code]["category"] == "met") == (latest >= 95 and chance >= 0.66)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.floats(0, 100), min_size=3, max_size=6),
    st.lists(st.floats(0, 100), min_size=2, max_size=8, unique=True),
)
def test_a_better_latest_value_never_worsens_a_direction(
    tmp_path_factory: pytest.TempPathFactory, before: list[float], latest: list[float]
) -> None:
    """Areas that differ by their latest value alone, so that what is typical of the indicator is the same."""
    codes = [f"A{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(len(latest))]
    rows = [row for code, last in zip(codes, sorted(latest), strict=True)
            for row in series(code, {2014 + n: number for n, number in enumerate(before, 1)} | {2024: last})]  # fmt: skip
    by_area = verdicts(tmp_path_factory.mktemp("verdict"), rows, indicator(**SHARE))
    order = ("worsening", "no_clear_change", "improving")
    ranks = [order.index(by_area[code]["category"]) for code in codes]
    assert ranks == sorted(ranks)


def test_relabelling_areas_changes_nothing(tmp_path: Path) -> None:
    points = {"AGO": {2015: 10.0, 2020: 30.0, 2024: 50.0}, "BEN": {2015: 80.0, 2020: 70.0, 2024: 75.0}}
    other = {"AGO": "ZWE", "BEN": "ALB"}
    rows = [row for area, one_ in points.items() for row in series(area, one_)]
    turned = [row for area, one_ in points.items() for row in series(other[area], one_)]
    first = verdicts(tmp_path, rows, indicator(**SHARE))
    second = verdicts(tmp_path, turned, indicator(**SHARE))
    for area, name in other.items():
        assert first[area] | {"ref_area": name} == second[name]


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(
    cut=st.integers(2019, 2022),
    steps=st.lists(st.floats(-3, 3), min_size=9, max_size=9),
    others=st.lists(st.floats(0, 100), min_size=9, max_size=9),
)
def test_a_splice_never_changes_a_class(
    tmp_path_factory: Any, cut: int, steps: list[float], others: list[float]
) -> None:
    """A copy of the same figures that goes on gives the class of the whole series; figures of another custodian
    give the class of the series without them."""
    whole = {2015 + n: round(50 + sum(steps[: n + 1]), 3) for n in range(9)}
    own = {year: number for year, number in whole.items() if year <= cut}
    rows = [observation("one", "S", "KEN", year, number) for year, number in own.items()]

    def spliced(second: Points, carries: str) -> Points:
        inputs = [
            {"source": "one", "series": "S", "carries": "itu"},
            {"source": "two", "series": "T", "carries": carries},
        ]
        more = [observation("two", "T", "KEN", year, number) for year, number in second.items()]
        folder, out = tmp_path_factory.mktemp("splice"), tmp_path_factory.mktemp("out") / "use.parquet"
        evaluate(indicator(inputs=inputs), stage(folder, [*rows, *more]), {}, out)
        return {row["time_period"]: row["value"] for row in pq.read_table(out).to_pylist()}

    def word(points: Points) -> str:
        said: str = one(tmp_path_factory.mktemp("verdict"), points, **SHARE)["category"]
        return said

    assert word(spliced(whole, "itu")) == word(whole)
    foreign = {2015 + n: round(number, 3) for n, number in enumerate(others)}
    assert word(spliced(foreign, "factbook")) == word(own)
