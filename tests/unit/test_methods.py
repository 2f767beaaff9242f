"""The methods of progress: each against a manual number, and the invariants of all.

The default method has tests of its own in test_models.py; published tables are in tests/golden.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.definitions.default_method import DEFAULT_METHOD
from schemas.definitions.indicator import Indicator
from schemas.definitions.methods import COMMON_CLASSES, FOLDER, OUTLOOKS, methods, read_header
from schemas.errors import DefinitionError
from schemas.tables.assessment import METHOD, METHOD_DISAGREEMENT, PROGRESS
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR
from schemas.tables.validation import validate
from tests.unit.make import catalogue, indicator, table, value
from tests.unit.modelled import Rows
from warehouse.engine.duckdb_engine import engine, write_table
from warehouse.models.definition_inputs import load, load_model_inputs
from warehouse.models.progress import SELECTED, method_sql, method_table, progress_rows
from warehouse.query.methods import show_methods
from warehouse.release.tables import compute

ALL = tuple(methods())
SHARE: dict[str, Any] = {"unit": "PT", "bounds": {"worst": 0, "best": 100, "reason": "x"}}


OECD_TWENTY = "AUS AUT BEL CAN CHE CHL COL CRI CZE DEU DNK ESP EST FIN FRA GBR GRC HUN IRL ISL"


def goal(number: float, year: int = 2030) -> dict[str, Any]:
    return {"target": {"value": number, "year": year, "baseline_year": 2015, "origin": "test"}}


def assessed(folder: Path, rows: Rows, definitions: list[Indicator], *only: str) -> Rows:
    """Rows of progress, checked against the contract."""
    for contract, content in ((INDICATOR, rows), (AREA, []), (AREA_GROUP, [])):
        write_table(table(contract, content), contract, folder / f"{contract.name}.parquet")
    with engine() as con:
        load_model_inputs(con, folder, catalogue(*definitions), None)
        progress = progress_rows(con, only).read_all()
    validate(progress, PROGRESS)
    answer: Rows = progress.to_pylist()
    return answer


def one(folder: Path, method: str, points: dict[int, float], **definition: Any) -> dict[str, Any]:
    rows = [value("use", "KEN", year, number) for year, number in points.items()]
    (row,) = assessed(folder, rows, [indicator(**definition)], method)
    return row


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-12)


# --- each method by hand
# -----------------------------------------------------------------------------------------
def test_unsd_2023_by_hand(tmp_path: Path) -> None:
    """100 to 81 in ten years: 72.9 in 2030, P = 27.1 / 70 of the way to 30: below 0.95, off track."""
    lower = {"direction": "lower_is_better"}
    row = one(tmp_path, "unsd-2023", {2015: 100.0, 2025: 81.0}, **lower, **goal(30.0))
    assert (row["measure"], row["projected_value"]) == (close(27.1 / 70), close(72.9))
    assert (row["category"], row["outlook"], row["score"]) == ("off_track", "positive", None)
    row = one(tmp_path, "unsd-2023", {2015: 50.0, 2025: 49.0}, **goal(60.0))
    assert (row["category"], row["outlook"]) == ("stagnation_or_regression", "negative")
    row = one(tmp_path, "unsd-2023", {2015: 50.0, 2025: 50.1}, **goal(60.0))
    assert (row["category"], row["outlook"]) == ("stagnation_or_regression", "neutral")


def test_unsd_2023_takes_a_share_within_one_point_of_the_end_as_met(tmp_path: Path) -> None:
    points = {2015: 98.9, 2025: 99.1}
    assert one(tmp_path, "unsd-2023", points, **goal(100.0), **SHARE)["category"] == "on_track_or_met"
    far = one(tmp_path, "unsd-2023", {2015: 98.0, 2025: 98.1}, **goal(100.0), **SHARE)
    assert far["category"] == "stagnation_or_regression"
    count = one(tmp_path, "unsd-2023", points, **goal(100.0), unit="NUMBER")
    assert count["category"] == "off_track"


def test_unsd_2022_by_hand(tmp_path: Path) -> None:
    """20 to 30 in five years is 8.45 a year, 20 to 80 in fifteen 9.68: CR = 0.873."""
    row = one(tmp_path, "unsd-2022", {2015: 20.0, 2020: 30.0}, **goal(80.0))
    growth, required = 1.5 ** (1 / 5) - 1, 4 ** (1 / 15) - 1
    assert (row["annual_growth"], row["required_growth"]) == (close(growth), close(required))
    assert (row["measure"], row["category"]) == (close(growth / required), "fair_progress")
    # from zero the annual changes are compared: 3 in five years, 12 in fifteen
    row = one(tmp_path, "unsd-2022", {2015: 0.0, 2020: 3.0}, **goal(12.0))
    assert (row["measure"], row["category"]) == (close(0.75), "fair_progress")
    row = one(tmp_path, "unsd-2022", {2015: 0.0, 2020: 3.0})
    assert (row["category"], row["reason"]) == (
        "insufficient_data",
        "growth is not defined: a value is zero or below",
    )


@pytest.mark.parametrize(
    ("factor", "category"),
    [
        (1.011, "substantial_progress"),
        (1.006, "fair_progress"),
        (1.001, "limited_or_no_progress"),
        (0.991, "limited_or_no_progress"),
        (0.98, "deterioration"),
    ],
)
def test_unsd_2022_without_a_target(tmp_path: Path, factor: float, category: str) -> None:
    assert one(tmp_path, "unsd-2022", {2015: 10.0, 2016: 10.0 * factor})["category"] == category


def test_eurostat_takes_the_last_five_years(tmp_path: Path) -> None:
    """From 2019, the first of the last five years, not from 2015: 40 to 50 in five years, to 80 in eleven."""
    points = {2008: 20.0, 2015: 90.0, 2019: 40.0, 2022: 1.0, 2024: 50.0}
    row = one(tmp_path, "eurostat", points, **goal(80.0))
    growth, required = 1.25 ** (1 / 5) - 1, 2 ** (1 / 11) - 1
    assert (row["baseline_year"], row["baseline_value"]) == (2019, 40.0)
    assert (row["measure"], row["category"]) == (close(growth / required), "moderate_progress")
    assert row["long_term_measure"] is None  # 2008 is sixteen years back
    row = one(tmp_path, "eurostat", {**points, 2009: 20.0}, **goal(80.0))
    assert row["long_term_measure"] == close((2.5 ** (1 / 15) - 1) / (4 ** (1 / 21) - 1))


def test_eurostat_says_why_it_has_no_answer(tmp_path: Path) -> None:
    row = one(tmp_path, "eurostat", {2015: 10.0, 2022: 11.0, 2024: 12.0}, **goal(80.0))
    assert (row["category"], row["reason"]) == (
        "insufficient_data",
        "no value three to five years before the latest",
    )
    row = one(tmp_path, "eurostat", {2019: 10.0, 2024: 9.0}, direction="lower_is_better", **goal(0.0))
    assert (row["category"], row["reason"]) == ("not_applicable", "no growth rate leads to a target of zero")


def test_sdsn_by_hand(tmp_path: Path) -> None:
    """40 to 46 on 0 to 100 in five years is 1.2 a year; 40 to 70 in fifteen needs 2: 0.6 of it."""
    row = one(tmp_path, "sdsn", {2015: 40.0, 2020: 46.0}, **SHARE, **goal(70.0))
    assert (row["measure"], row["score"]) == (close(0.6), close(46.0))
    assert (row["normalised_change"], row["normalised_change_required"]) == (close(1.2), close(2.0))
    assert (row["category"], row["outlook"]) == ("moderately_improving", "positive")
    short = one(tmp_path, "sdsn", {2015: 40.0, 2017: 46.0}, **SHARE, **goal(70.0))
    assert short["reason"] == "fewer than three years between baseline and latest value"
    none = one(tmp_path, "sdsn", {2015: 40.0, 2020: 46.0}, **goal(70.0))
    assert (none["category"], none["reason"], none["score"]) == (
        "not_applicable",
        "the indicator declares no bounds",
        None,
    )


def test_escap_by_hand(tmp_path: Path) -> None:
    """A value that doubles every five years is a straight line of logarithms, whatever the weights."""
    points = {2015 + step: 10.0 * 2 ** (step / 5) for step in range(6)}
    row = one(tmp_path, "escap", points, **goal(110.0))
    assert row["projected_value"] == close(80.0)
    assert (row["measure"], row["score"]) == (close(7.0), close(1.0))
    assert (row["category"], row["values_used"]) == ("accelerate", 6)
    share = one(tmp_path, "escap", {2015: 20.0, 2020: 50.0}, **SHARE, **goal(95.0))
    assert share["projected_value"] == close(100 / (1 + math.exp(-2 * math.log(4))))
    steady = one(tmp_path, "escap", dict.fromkeys(range(2015, 2024), 100.0), **SHARE, **goal(100.0))
    assert (steady["category"], steady["score"]) == ("maintain", 10.0)


def test_escap_weighs_recent_years_more(tmp_path: Path) -> None:
    """Flat, then up: a plain regression would see less of the rise."""
    points = {2015: 10.0, 2016: 10.0, 2017: 10.0, 2018: 10.0, 2019: 12.0, 2020: 14.0}
    years = list(points)
    logs = [math.log(points[year]) for year in years]
    middle, mean = sum(years) / 6, sum(logs) / 6
    slope = sum((t - middle) * (z - mean) for t, z in zip(years, logs, strict=True)) / sum(
        (t - middle) ** 2 for t in years
    )
    plain = math.exp(mean + slope * (2030 - middle))
    assert one(tmp_path, "escap", points, **goal(110.0))["projected_value"] > plain


def test_oecd_distance_by_hand(tmp_path: Path) -> None:
    """Twenty members at 1 to 20 have a standard deviation of sqrt(35); the target is 80 above the last."""
    members = OECD_TWENTY.split()
    rows = [value("use", area, 2020, float(n)) for n, area in enumerate(members, 1)]
    rows += [value("use", "KEN", 2015 + n, y) for n, y in enumerate((5.0, 6.0, 8.0, 7.0, 9.0, 20.0))]
    by_area = {
        r["ref_area"]: r for r in assessed(tmp_path, rows, [indicator(**goal(100.0))], "oecd-distance")
    }
    ken = by_area["KEN"]
    assert (ken["standard_deviation"], ken["measure"]) == (close(math.sqrt(35)), close(80 / math.sqrt(35)))
    assert (ken["trend_correlation"], ken["category"]) == (close(1 - 6 * 2 / (6 * 35)), "improving")
    assert by_area["ISL"]["reason"] == "only one value since the baseline year"
    few = assessed(tmp_path / "few", rows[5:], [indicator(**goal(100.0))], "oecd-distance")
    assert {r["reason"] for r in few if r["ref_area"] == "KEN"} == {
        "fewer than 19 OECD countries have a value"
    }


def test_open_sdg_headroom_and_parity(tmp_path: Path) -> None:
    """Near the end of the scale a smaller growth is enough: at 90 of 100 the thresholds are a third."""
    row = one(tmp_path, "open-sdg", {2015: 90.0, 2016: 90.6}, **SHARE)
    assert row["headroom"] == close(1 - 0.9**4.44)
    assert (row["category"], row["measure"]) == ("substantial_progress", close(90.6 / 90 - 1))
    assert (
        one(tmp_path, "open-sdg", {2015: 90.0, 2016: 90.6}, unit="NUMBER")["category"] == "moderate_progress"
    )
    parity = {"direction": "closer_to_one", "expect": {"range": [0, 3]}, **goal(1.0)}
    row = one(tmp_path, "open-sdg", {2015: 0.8, 2020: 0.98}, **parity)
    assert (row["category"], row["score"]) == ("target_achieved", 5.0)
    row = one(tmp_path, "open-sdg", {2015: 1.25, 2020: 1.6}, **parity)
    assert (row["category"], row["score"]) == ("deterioration", -5.0)


# --- what holds of all
# ------------------------------------------------------------------------------------------
def test_a_passed_deadline_is_met_or_missed_never_projected(tmp_path: Path) -> None:
    rows = [
        value("use", area, year, number)
        for area, points in {
            "KEN": {2015: 20.0, 2022: 40.0},
            "UGA": {2015: 20.0, 2022: 60.0},
            "TZA": {2015: 20.0, 2018: 40.0},
            "RWA": {2015: 20.0, 2017: 60.0},
        }.items()
        for year, number in points.items()
    ]
    assessments = assessed(tmp_path, rows, [indicator(**goal(50.0, year=2020), **SHARE)])
    others = [row for row in assessments if row["method"] not in ("unsd-2026", DEFAULT_METHOD)]
    said = {
        (row["ref_area"], row["category"], row["outlook"])
        for row in others
        if row["method"] != "oecd-distance"
    }
    assert said == {
        ("KEN", "target_missed", None),
        ("UGA", "target_met", "positive"),
        ("TZA", "target_missed", None),  # the nearest value within two years of the deadline
        ("RWA", "insufficient_data", None),
    }
    assert all(row["projected_value"] is None for row in others)
    assert {row["reason"] for row in others if row["ref_area"] == "RWA"} == {
        "the deadline has passed, and there is no value near that year"
    }


NUMBERS = st.sampled_from([-1.0, 0.0, 0.5, 0.97, 1.0, 1.03, 5.0, 20.0, 50.0, 95.0, 99.5, 100.0])
SERIES = st.tuples(
    st.dictionaries(st.integers(2005, 2029), NUMBERS, min_size=1, max_size=7),
    st.sampled_from(["higher_is_better", "lower_is_better", "closer_to_one"]),
    st.sampled_from([None, 0.0, 0.97, 1.0, 50.0, 100.0]),
    st.sampled_from(["PT", "NUMBER"]),
    st.sampled_from([2020, 2030]),
)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(series=st.lists(SERIES, min_size=1, max_size=25))
def test_every_method_answers_or_says_why_not(
    tmp_path_factory: pytest.TempPathFactory, series: list[Any]
) -> None:
    rows, definitions = [], []
    for number, (points, direction, target, unit, deadline) in enumerate(series):
        rows += [value(f"i{number}", "KEN", year, y) for year, y in points.items()]
        more = {**SHARE, "unit": unit, "direction": direction, "expect": {"range": [0, 100]}}
        if target is not None:
            more |= goal(target, deadline)
        definitions.append(indicator(f"i{number}", **more))
    assessments = assessed(tmp_path_factory.mktemp("any"), rows, definitions)
    assert len(assessments) == len(series) * len(ALL)
    for row in assessments:
        method = methods()[row["method"]]
        assert row["category"] in (*method.classes, *COMMON_CLASSES)
        if row["category"] in COMMON_CLASSES:
            assert row["reason"]
        elif method.id != DEFAULT_METHOD:  # which says of a met target that its deadline has passed
            assert row["reason"] is None
        assert (row["outlook"] is not None) == (
            row["category"] in method.classes or row["category"] == "target_met"
        )
        numbers = [row[name] for name in ("measure", "score", *method.components) if row[name] is not None]
        assert not any(math.isnan(number) for number in numbers)
        assert all(
            row[name] is None
            for name in PROGRESS.names[PROGRESS.names.index("confidence") + 1 :]
            if name not in method.components
        )


SCORED = [one.id for one in methods().values() if one.score]


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    first=st.floats(1, 99),
    latest=st.floats(1, 99),
    more=st.floats(0, 50),
    up=st.booleans(),
    target=st.one_of(st.none(), st.floats(1, 99)),
)
def test_a_better_value_never_lowers_any_score(
    tmp_path_factory: pytest.TempPathFactory,
    first: float,
    latest: float,
    more: float,
    up: bool,
    target: float | None,
) -> None:
    better = latest + more if up else latest - more
    assume(0.5 < better < 100)
    rows = [
        value("use", area, year, y)
        for area, end in (("KEN", latest), ("UGA", better))
        for year, y in ((2015, first), (2020, end))
    ]
    bounds = {"worst": 0 if up else 100, "best": 100 if up else 0, "reason": "x"}
    definition = indicator(
        direction="higher_is_better" if up else "lower_is_better",
        **{**SHARE, "bounds": bounds},
        **(goal(target) if target is not None else {}),
    )
    assessments = assessed(tmp_path_factory.mktemp("better"), rows, [definition], *SCORED)
    scores = {(row["method"], row["ref_area"]): row["score"] for row in assessments}
    for method in SCORED:
        worse, ours = scores[method, "KEN"], scores[method, "UGA"]
        if worse is not None and ours is not None:
            assert ours >= worse - 1e-9 * max(1.0, abs(worse)), method


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    points=st.dictionaries(st.integers(2015, 2029), st.floats(1, 90), min_size=2, max_size=6),
    factor=st.floats(0.01, 100),
    target=st.floats(1, 95),
)
def test_unit_and_names_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, points: dict[int, float], factor: float, target: float
) -> None:
    """Another unit, or another name of area and indicator, gives the same class, measure and score."""
    rows = [value("plain", "KEN", year, y) for year, y in points.items()]
    rows += [value("scaled", "TZA", year, y * factor) for year, y in points.items()]
    values = list(points.values())
    assume(all(abs(y - target) > 1e-6 for y in values) and len(set(values)) == len(values))
    definitions = [
        indicator(name, **goal(target * by), bounds={"worst": 0, "best": 100 * by, "reason": "x"})
        for name, by in (("plain", 1.0), ("scaled", factor))
    ]
    assessments = assessed(tmp_path_factory.mktemp("unit"), rows, definitions)
    by_method = {(row["method"], row["indicator"]): row for row in assessments}
    for method in ALL:
        plain, scaled = by_method[method, "plain"], by_method[method, "scaled"]
        for name in ("measure", "score"):
            if plain[name] is None:
                assert scaled[name] is None
            else:
                assert scaled[name] == pytest.approx(plain[name], rel=1e-4, abs=1e-6), method


def test_disagreement_is_counted_by_pair_and_over_all(tmp_path: Path) -> None:
    rows = [
        {"indicator": "use", "ref_area": area, "method": method, "outlook": outlook}
        for area, said in {
            "KEN": {"unsd-2026": "positive", "sdsn": "neutral", "escap": "negative"},
            "UGA": {"unsd-2026": "positive", "sdsn": "positive", "escap": None},
            "TZA": {"unsd-2026": "negative", "sdsn": None, "escap": None},
        }.items()
        for method, outlook in said.items()
    ]
    with engine() as con:
        load(con, "progress", pa.Table.from_pylist(rows))
        disagreement = compute(con, METHOD_DISAGREEMENT).read_all()
    validate(disagreement, METHOD_DISAGREEMENT)
    counted = {
        (r["scope"], r["method_a"], r["method_b"]): (r["compared"], r["opposed"], r["differing"])
        for r in disagreement.to_pylist()
    }
    assert counted["use", "any", "any"] == (2, 1, 1)
    assert counted["use", "escap", "unsd-2026"] == (1, 1, 1)
    assert counted["use", "sdsn", "unsd-2026"] == (2, 0, 1)
    assert counted["all", "sdsn", "unsd-2026"] == (2, 0, 1)
    assert len(counted) == 2 * 4


# --- the registry, the pages, the verb
# --------------------------------------------------------------------------
def test_the_files_are_the_registry() -> None:
    assert set(ALL) == {path.stem for path in FOLDER.glob("*.sql")}
    assert ALL[0] == DEFAULT_METHOD
    assert {"unsd-2023", "unsd-2022", "eurostat", "sdsn", "escap", "open-sdg", "oecd-distance"} <= set(ALL)
    validate(method_table(), METHOD)
    for method in methods().values():
        assert "positive" in method.classes.values()
        assert set(OUTLOOKS) | {"by_measure"} >= set(method.classes.values())
        assert all(name in method_sql(method) for name in SELECTED)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select 1", "does not begin with a header"),
        ("/*\ntitle: x\n*/\nselect 1", "publication"),
        ("/*\ntitle: [\n*/\nselect 1", "(syntax)"),
    ],
)
def test_a_bad_header_names_its_file(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.sql"
    path.write_text(text)
    with pytest.raises(DefinitionError) as caught:
        read_header(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_what_is_shown_side_by_side(tmp_path: Path) -> None:
    rows = [value("use", "KEN", year, y) for year, y in ((2015, 20.0), (2020, 40.0))]
    assessments = assessed(tmp_path, rows, [indicator(**goal(95.0))])
    write_table(table(PROGRESS, assessments), PROGRESS, tmp_path / "progress.parquet")
    write_table(method_table(), METHOD, tmp_path / "method.parquet")
    area = {
        "ref_area": "KEN",
        "name": "Kenya",
        "m49": None,
        "iso2": None,
        "kind": "country",
        "un_member": True,
    }
    write_table(table(AREA, [area]), AREA, tmp_path / "area.parquet", check=False)
    meta = pa.table({"indicator": ["use"]})
    pq.write_table(meta, tmp_path / "indicator_meta.parquet")
    shown = show_methods(tmp_path, "use", "ken")
    assert [row["method"] for row in shown] == list(ALL)
    (unsd,) = (row for row in shown if row["method"] == "unsd-2026")
    assert set(unsd["components"]) == {"annual_growth", "projected_value"}
    assert unsd["components"]["projected_value"] == close(160.0)
    assert [row["reason"] for row in shown if row["method"] == "sdsn"] == ["the indicator declares no bounds"]
