"""Targets at their deadlines, the crosswalk and the claims, against manual results; and the files
themselves.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.definitions.targets import (
    FieldFile,
    FieldPart,
    Link,
    Targets,
)
from schemas.tables.targets import CROSSWALK
from schemas.tables.validation import validate
from tests.unit.make import catalogue, indicator, value
from tests.unit.targets_made import (
    LDC,
    WORLD,
    everywhere,
    judged,
    load_world,
    of_world,
    target,
)
from warehouse.engine.duckdb_engine import engine
from warehouse.models.target_inputs import within
from warehouse.release.tables import compute


@pytest.mark.parametrize(
    ("number", "state", "accepted"),
    [(100.0, "met", "met"), (96.0, "missed", "met"), (94.0, "missed", "missed")],
)
def test_a_passed_target_is_judged_by_its_number_and_by_the_accepted_one(
    tmp_path: Path, number: float, state: str, accepted: str
) -> None:
    tests, targets = judged(
        tmp_path, [target(year=2025, tests=[of_world(100, accepted=95)])], [*everywhere(number, 2025)]
    )
    assert (tests[0]["state"], tests[0]["state_accepted"]) == (state, accepted)
    assert (targets["T-1"]["deadline_state"], targets["T-1"]["deadline_state_accepted"]) == (state, accepted)


def test_a_passed_target_is_never_judged_by_another_year(tmp_path: Path) -> None:
    rows = [*everywhere(90, 2024), *everywhere(100, 2026)]
    tests, targets = judged(tmp_path, [target(year=2025, tests=[of_world(80)])], rows)
    assert (tests[0]["state"], tests[0]["value_year"]) == ("not_assessable", None)
    assert "no value of use for M49:001 in 2025" in targets["T-1"]["deadline_reason"]


def test_before_its_deadline_a_target_is_open_and_shows_the_latest_value(tmp_path: Path) -> None:
    tests, targets = judged(tmp_path, [target(year=2030, tests=[of_world(80)])], everywhere(90, 2024))
    assert (tests[0]["state"], tests[0]["standing"], tests[0]["value_year"]) == ("open", "reached", 2024)
    assert targets["T-1"]["deadline_state"] == "open"


def test_the_year_of_the_deadline_itself_is_not_over(tmp_path: Path) -> None:
    rows = everywhere(10, 2026)
    assert judged(tmp_path, [target(year=2026, tests=[of_world(80)])], rows)[0][0]["state"] == "open"
    assert judged(tmp_path, [target(year=2026, tests=[of_world(80)])], rows, 2027)[0][0]["state"] == "missed"


def test_the_official_value_decides_and_ours_is_kept_beside_it(tmp_path: Path) -> None:
    rows = [*everywhere(90, 2025), value("use", WORLD, 2025, 70.0)]
    tests, _ = judged(tmp_path, [target(year=2025, tests=[of_world(80)])], rows)
    assert (tests[0]["official_value"], tests[0]["own_value"], tests[0]["state"]) == (70, 90, "missed")


def test_a_change_is_computed_from_its_year(tmp_path: Path) -> None:
    expected_target = target(year=2025, tests=[of_world(25, change_from=2020)])
    tests, _ = judged(tmp_path, [expected_target], [*everywhere(40, 2020), *everywhere(50, 2025)])
    assert (tests[0]["own_value"], tests[0]["state"]) == (25, "met")


@pytest.mark.parametrize(
    ("values", "share", "state"),
    [
        ({"KEN": 1.0, "RWA": 1.0, "TZA": 1.0, "UGA": 1.0}, 100, "met"),
        ({"KEN": 1.0, "RWA": 1.0, "TZA": 1.0}, 100, "not_assessable"),  # the fourth may or may not
        ({"KEN": 1.0, "RWA": 0.0}, 100, "missed"),  # one that does not is enough
        ({"KEN": 1.0, "RWA": 1.0}, 50, "met"),
        ({"KEN": 1.0, "RWA": 0.0, "TZA": 0.0}, 50, "not_assessable"),
        ({"KEN": 0.0, "RWA": 0.0, "TZA": 0.0}, 50, "missed"),
        ({}, 50, "not_assessable"),
    ],
)
def test_of_countries_a_missing_value_decides_nothing(
    tmp_path: Path, values: dict[str, float], share: int, state: str
) -> None:
    test = {"indicator": "counted", "countries": share, "comparison": "at_least", "value": 1}
    rows = [value("counted", area, 2023, number) for area, number in values.items()]
    tests, targets = judged(tmp_path, [target(year=2025, tests=[test])], rows)
    assert (tests[0]["state"], tests[0]["countries_total"]) == (state, 4)
    assert tests[0]["countries_meeting"] + tests[0]["countries_failing"] == len(values)
    assert targets["T-1"]["deadline_state"] == state


def test_a_value_older_than_five_years_or_after_the_deadline_does_not_count(tmp_path: Path) -> None:
    test = {"indicator": "counted", "comparison": "at_least", "value": 1}
    rows = [value("counted", "KEN", 2020, 0.0), value("counted", "RWA", 2026, 0.0)]
    tests, _ = judged(tmp_path, [target(year=2025, tests=[test])], rows)
    assert (tests[0]["countries_meeting"], tests[0]["countries_failing"]) == (0, 0)


def test_one_missed_test_makes_a_target_missed(tmp_path: Path) -> None:
    expected_target = target(year=2025, tests=[of_world(40), of_world(80, group=LDC)])
    tests, targets = judged(tmp_path, [expected_target], everywhere(50, 2025))
    assert [row["state"] for row in tests] == ["met", "missed"]
    assert targets["T-1"]["deadline_state"] == "missed"


@pytest.mark.parametrize(
    ("state", "date", "year", "expected"),
    [
        ("done", "2024-05", 2025, "met"),
        ("done", "2024", None, "met"),
        ("not_done", "2024", 2025, "not_assessable"),  # its source is older than the deadline
        ("not_done", "2026-01-05", 2025, "missed"),
        ("not_known", "2024", 2025, "not_assessable"),
        ("not_done", "2024", 2030, "open"),
        ("not_known", "2024", None, None),
    ],
)
def test_a_milestone_is_what_its_source_says(
    tmp_path: Path, state: str, date: str, year: int | None, expected: str | None
) -> None:
    milestone = {"state": state, "date": date, "source": "a document"}
    expected_target = target(status="milestone", indicators=[], year=year, milestone=milestone)
    _, targets = judged(tmp_path, [expected_target], [])
    assert targets["T-1"]["deadline_state"] == expected
    assert targets["T-1"]["milestone_source"] == "a document"


# --- crosswalk
def test_declared_links_stand_before_those_that_indicators_make(tmp_path: Path) -> None:
    defined = [
        indicator(name, frameworks={"compact_brief": "A", "sdg": "17.8.1", "umc": umc})
        for name, umc in (("one", 1), ("two", 1), ("three", 2))
    ]
    declared = Link(
        from_framework="umc",
        from_code="1",
        to_framework="sdg",
        to_code="17.8.1",
        fit="good",
        reason="the same",
    )
    with engine() as con:
        load_world(con, tmp_path, catalogue(*defined), [], Targets(links=[declared]), year=2026)
        table = compute(con, CROSSWALK).read_all()
    validate(table, CROSSWALK)
    links = {
        (row["from_code"], row["to_code"]): (row["fit"], row["origin"], row["indicators"])
        for row in table.to_pylist()
    }
    assert links == {
        ("1", "17.8.1"): ("good", "declared", 0),
        ("17.8.1", "2"): ("weak", "shared_indicator", 1),
        ("A", "17.8.1"): ("fair", "shared_indicator", 3),
        ("A", "1"): ("fair", "shared_indicator", 2),
        ("A", "2"): ("weak", "shared_indicator", 1),
    }


def test_a_frame_of_the_field_says_what_is_measured_and_what_is_not(tmp_path: Path) -> None:
    part = {"level": "indicator", "source": "https://example.org/list", "year": 2022}
    frame = FieldFile(
        framework="core",
        title="A list",
        owner="An owner",
        note="two parts",
        parts=[
            FieldPart(
                code="HH6", title="Households", measured="direct", indicators=["one"],
                compact_brief=["A"], compact_adopted=["1"], **part,
            ),
            FieldPart(code="HH1", title="Radios", measured="none", **part),
        ],
    )  # fmt: skip
    with engine() as con:
        load_world(con, tmp_path, catalogue(indicator("one")), [], Targets(field=[frame]), year=2026)
        table = compute(con, CROSSWALK).read_all()
    validate(table, CROSSWALK)
    assert {
        (row["from_code"], row["to_framework"], row["to_code"], row["fit"], row["measured"], row["indicator"])
        for row in table.to_pylist()
        if row["origin"] == "proposed"
    } == {
        ("HH6", "compact_brief", "A", "fair", "direct", "one"),
        ("HH6", "compact_adopted", "1", "fair", "direct", "one"),
        ("HH1", "compact_adopted", "none", "none", "none", None),
    }
    (left,) = within(Targets(field=[frame]), known=[]).field
    assert [part.measured for part in left.parts] == ["none", "none"]


@pytest.mark.parametrize("measured", ["none", "direct"])
def test_what_is_measured_names_its_indicators(measured: str) -> None:
    indicators = ["one"] if measured == "none" else []
    with pytest.raises(ValueError, match="measured"):
        FieldPart.model_validate(
            {"code": "A", "title": "A", "level": "indicator", "measured": measured,
             "indicators": indicators, "source": "a page", "year": 2022}
        )  # fmt: skip
