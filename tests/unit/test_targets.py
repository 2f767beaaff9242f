"""Targets at their deadlines, the crosswalk and the claims, against manual results; and the files
themselves.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from indicators.registry import check_files, load_catalogue
from indicators.targets import FOLDER, commitment_problems, load_commitments, metrics
from schemas.definitions.targets import (
    Claim,
    Commitment,
    CommitmentFile,
    FieldFile,
    FieldPart,
    Link,
    Part,
    Targets,
)
from schemas.tables.availability import AVAILABILITY
from schemas.tables.targets import CLAIM, CROSSWALK, DEADLINE, TARGET
from schemas.tables.validation import validate
from tests.unit.make import catalogue, indicator, table, value
from tests.unit.targets_made import AREAS, LDC, WORLD, load_world
from warehouse.engine.duckdb_engine import engine
from warehouse.models.claims import claim_table
from warehouse.models.definition_inputs import load
from warehouse.models.target_inputs import within
from warehouse.release.tables import compute

PEOPLE = indicator(
    "people", unit="PS", expect={"range": [0, 1e10]}, aggregate={"method": "sum", "min_weight_share": 0}
)
USE = indicator("use", aggregate={"method": "weighted_mean", "weight": "people", "min_weight_share": 0.5})
COUNTED = indicator("counted")
DEFINED = (PEOPLE, USE, COUNTED)
WEIGHTS = [value("people", area, year, 100.0) for area in AREAS for year in range(2015, 2027)]


def target(name: str = "T-1", **more: Any) -> Commitment:
    made: dict[str, Any] = {
        "id": name,
        "reference": "para 1",
        "text": "For tests",
        "quoted": False,
        "status": "measured",
        "indicators": ["use", "counted"],
        "reason": "test",
        "public_data": "none",
        "verified": "test",
    }
    return Commitment.model_validate(made | more)


def judged(
    folder: Path, targets: list[Commitment], rows: list[dict[str, Any]], year: int = 2026
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The tests of the targets, and the targets by id."""
    commitments = Targets(targets=[CommitmentFile(owner="O", document="D", targets=targets)])
    with engine() as con:
        load_world(con, folder, catalogue(*DEFINED), [*rows, *WEIGHTS], commitments, year=year)
        tables = {contract.name: compute(con, contract).read_all() for contract in (DEADLINE,)}
        load(con, "deadline", tables["deadline"])
        tables["target"] = compute(con, TARGET).read_all()
    for contract in (DEADLINE, TARGET):
        validate(tables[contract.name], contract)
    return tables["deadline"].to_pylist(), {row["target"]: row for row in tables["target"].to_pylist()}


def everywhere(number: float, year: int, name: str = "use") -> list[dict[str, Any]]:
    return [value(name, area, year, number) for area in AREAS]


def of_world(number: float, **more: Any) -> dict[str, Any]:
    return {"indicator": "use", "group": WORLD, "comparison": "at_least", "value": number} | more


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


# --- claims
def claim(name: str, quoted: float, says: str = "equal", **more: Any) -> Claim:
    made: dict[str, Any] = {
        "id": name,
        "target": "T-1",
        "claim": "For tests",
        "quoted": quoted,
        "unit": "PT",
        "document": "a brief",
        "says": says,
        "tolerance": 0.5 if says == "equal" else None,
        "parts": {"a": {"indicator": "use", "area": WORLD, "year": 2025}},
        "formula": "a",
        "reason": "Computed.",
    }
    return Claim.model_validate(made | more)


def ledger(
    folder: Path,
    claims: list[Claim],
    rows: list[dict[str, Any]],
    available: list[dict[str, Any]] | None = None,
) -> dict[str, dict[str, Any]]:
    with engine() as con:
        con.register("of_universes", table(AVAILABILITY, available or []))
        con.execute("create temp table availability as select * from of_universes")
        load_world(con, folder, catalogue(*DEFINED), [*rows, *WEIGHTS], Targets(claims=claims), year=2026)
        claim_rows = claim_table(con)
    validate(claim_rows, CLAIM)
    return {row["claim"]: row for row in claim_rows.to_pylist()}


def test_a_claim_holds_is_revised_or_is_not_reproduced(tmp_path: Path) -> None:
    claims = [
        claim("rounds", 50),
        claim("other", 60),
        claim("over", 40, "above"),
        claim("under", 40, "below"),
        claim("none", 1, parts={}, formula=""),
    ]
    by_claim = ledger(tmp_path, claims, everywhere(50.4, 2025))
    verdicts = {name: row["verdict"] for name, row in by_claim.items()}
    assert verdicts == {
        "rounds": "holds",
        "other": "revised",
        "over": "holds",
        "under": "not_reproduced",
        "none": "no_data",
    }
    assert by_claim["other"]["difference"] == pytest.approx(-9.6)
    assert (by_claim["rounds"]["source"], by_claim["rounds"]["vintage"]) == ("one", "2026-03-01")
    assert by_claim["rounds"]["snapshot"] == "a" * 64
    assert by_claim["none"]["computed_as"] is None


def test_an_absent_input_is_no_data_and_never_nought(tmp_path: Path) -> None:
    parts = {
        "a": {"indicator": "use", "area": WORLD, "year": 2025},
        "b": {"indicator": "counted", "take": "count", "since": 2015},
    }
    by_claim = ledger(tmp_path, [claim("both", 1, parts=parts, formula="a + b")], everywhere(50, 2025))
    assert (by_claim["both"]["verdict"], by_claim["both"]["value_now"], by_claim["both"]["source"]) == (
        "no_data",
        None,
        None,
    )
    assert by_claim["both"]["reason"].endswith("This release has no value for: b.")


def universe(goal: str = "all", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "universe": "environment", "goal": goal, "scope": WORLD, "breakdown": "_T",
        "share_one": 0.5, "share_two": 0.5, "share_recent": 0.5, "median_latest_year": 2022,
        "cells": 80, "indicators": 20, "areas": 4, "measured": 12,
    }  # fmt: skip
    return row | more


def test_a_claim_may_count_the_indicators_of_a_universe(tmp_path: Path) -> None:
    parts = {
        name: {"universe": "environment", "take": name, "area": WORLD} for name in ("indicators", "measured")
    }
    formula = "100 * (indicators - measured) / indicators"
    claims = [claim("unmeasured", 41, parts=parts, formula=formula)]
    rows = [universe(), universe("13", measured=1), universe(breakdown="sex", measured=2)]
    claim_row = ledger(tmp_path / "there", claims, everywhere(50, 2025), rows)["unmeasured"]
    assert (claim_row["value_now"], claim_row["verdict"], claim_row["source"]) == (40, "revised", "unsd_sdg")
    assert "measured indicators of the universe environment" in claim_row["computed_as"]
    absent = ledger(tmp_path / "absent", claims, everywhere(50, 2025))["unmeasured"]
    assert (absent["value_now"], absent["verdict"]) == (None, "no_data")


@pytest.mark.parametrize(
    "part",
    [
        {"universe": "environment", "take": "measured"},
        {"universe": "environment", "take": "measured", "area": WORLD, "year": 2020},
        {"universe": "environment", "take": "value", "area": WORLD, "year": 2020},
        {"indicator": "use", "take": "measured", "area": WORLD},
    ],
)
def test_a_part_of_a_universe_has_an_area_and_no_year(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="universe"):
        Part.model_validate(part)


def test_counts_and_sums_run_over_the_areas_named(tmp_path: Path) -> None:
    rows = [
        value("counted", area, 2025, number) for area, number in zip(AREAS, (1.0, 2.0, 3.0, 4.0), strict=True)
    ]
    some = ["KEN", "RWA", "TZA"]

    def counted(name: str, **part: Any) -> Claim:
        return claim(name, 0, parts={"a": {"indicator": "counted"} | part})

    claims = [
        counted("below", take="count", year=2025, below=3.0),
        counted("between", take="count", year=2025, below=4.0, above=1.0),
        counted("sum", take="sum", year=2025, areas=some),
        counted("any", take="count", since=2020),
        counted("or_of", take="count", since=2020, or_of=["use"], areas=["KEN", LDC]),
    ]
    by_claim = ledger(tmp_path, claims, [*rows, value("use", LDC, 2022, 5.0)])
    now = {name: row["value_now"] for name, row in by_claim.items()}
    assert now == {"below": 2, "between": 2, "sum": 6, "any": 4, "or_of": 2}


def test_a_count_of_too_few_areas_is_not_given(tmp_path: Path) -> None:
    parts = {"a": {"indicator": "counted", "take": "count", "year": 2025, "below": 3.0}}
    rows = [value("counted", "KEN", 2025, 1.0), value("counted", "RWA", 2025, 2.0)]
    claims = [claim("half", 2, parts=parts), claim("all", 2, parts=parts, least_coverage=1)]
    by_claim = ledger(tmp_path, claims, rows)
    assert (by_claim["half"]["verdict"], by_claim["all"]["verdict"]) == ("holds", "no_data")


# --- the files
@pytest.fixture(scope="module")
def files() -> Targets:
    return load_commitments(indicators=load_catalogue())


def test_there_are_174_and_each_says_what_a_reader_must_know(files: Targets) -> None:
    entries = [entry for file in files.targets for entry in file.targets]
    assert len({entry.id for entry in entries}) == len(entries) == 174
    assert all(entry.compact_brief or entry.compact_adopted or entry.reason for entry in entries)
    assert {letter for entry in entries for letter in entry.compact_brief} == set("ABCDEFGH")
    assert {number for entry in entries for number in entry.compact_adopted} == set("12345")


def test_nothing_that_nobody_measures_is_called_measured(files: Targets) -> None:
    entries = [entry for file in files.targets for entry in file.targets]
    assert [e.id for e in entries if e.public_data == "none" and e.status == "measured"] == []


def test_the_list_is_that_of_the_design(files: Targets, shared: Path) -> None:
    with (shared / "design" / "targets.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    entries = {entry.id: entry for file in files.targets for entry in file.targets}
    assert entries.keys() == rows.keys()
    quoted = [
        name
        for name, entry in entries.items()
        if entry.quoted and entry.text != rows[name]["text"].replace("  ", " ")
    ]
    assert quoted == []


def test_every_core_metric_is_mapped_with_an_honest_fit(files: Targets) -> None:
    links = [link for link in files.links if link.from_framework == "stakeholder_capitalism"]
    assert {link.from_code for link in links} == set(metrics())
    assert len(metrics()) == 21
    assert [link.from_code for link in links if link.fit == "none" and link.indicators] == []
    assert [link.from_code for link in links if link.fit != "none" and not link.indicators] == []


def test_the_files_have_no_problem_beside_the_catalogue() -> None:
    assert commitment_problems(FOLDER, load_catalogue()) == []


SOUND = """owner: O
document: D
targets:
  - id: T-1
    reference: para 1
    text: For tests
    quoted: false
    status: measured
    indicators: [internet_use]
    reason: test
    public_data: none
    verified: test
"""


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("[internet_use]", "[internet_us]", 9, "there is no indicator internet_us"),
        ("status: measured", "status: guessed", 8, "'guessed' cannot stand here"),
        (
            "    reason: test\n",
            "    reason: test\n    compact_brief: [Z]\n",
            11,
            "compact_brief has no part Z",
        ),
        (
            "    reason: test\n",
            "    reason: test\n    value: 1\n    unit: APPLES\n",
            12,
            "unknown unit APPLES",
        ),
        ("    quoted: false\n", "", 4, "is missing"),
        ("[internet_use]", "[]", 4, "cannot stand here"),
    ],
)
def test_check_names_file_line_and_field(
    tmp_path: Path, before: str, after: str, line: int, says: str
) -> None:
    folder = tmp_path / "targets"
    folder.mkdir()
    (folder / "test.yaml").write_text(SOUND.replace(before, after), encoding="utf-8")
    problems = commitment_problems(tmp_path, load_catalogue())
    assert [(Path(p.file).name, p.line) for p in problems] == [("test.yaml", line)]
    assert says in problems[0].what


@pytest.mark.slow
def test_check_reads_one_of_these_files_when_it_is_named() -> None:
    checked = check_files([FOLDER / "claims.yaml"])
    assert (checked.files, checked.problems) == (1, [])
    assert check_files([FOLDER / "targets"]).files == 9


def test_a_target_counts_as_met_from_one_number_everywhere() -> None:
    """A test that holds to the number of an indicator's target accepts what the indicator counts as met."""
    entries = load_catalogue().entries
    for file in load_commitments().targets:
        for one in file.targets:
            for asked in one.tests:
                own = entries[asked.indicator].indicator.target
                if own is None or own.met_from is None or own.value != asked.value or asked.change_from:
                    continue
                accepted = None if own.met_from == asked.value else own.met_from
                assert asked.accepted == accepted, f"{one.id}: {asked.indicator}"
