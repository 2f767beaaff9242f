"""Changes between two releases: by primary key, in numbers and in sentences, and those that need an
acknowledgement.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import CompactError
from tests.unit.make import SNAP, catalogue, indicator, observation, snapshot, source, stage
from tests.unit.released import Figures, judged, meta, released
from warehouse.diff.document import compare
from warehouse.diff.notes import numbers
from warehouse.diff.thresholds import Limits
from warehouse.evaluation.evaluate import evaluate_cached
from warehouse.release.build import ReleaseInputs, SourceState, build_release
from warehouse.store.publish import ReleaseRefused, latest_release, read_release_metadata
from warehouse.verification.verify import verify_release

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[2] / "schemas" / "json" / "diff.schema.json").read_text())
)
FIGURES = {
    ("KEN", 2015): 20.0,
    ("KEN", 2020): 30.0,
    ("UGA", 2015): 10.0,
    ("UGA", 2020): 12.0,
    ("TZA", 2020): 8.0,
}
MANY = {
    (area, year): 10.0 + i
    for i, area in enumerate(("KEN", "UGA", "TZA", "RWA"))
    for year in range(2010, 2022)
}


@pytest.fixture
def differ(tmp_path: Path) -> Any:
    """differ(before, after, old={...}, new={...}): the difference of two releases of these figures."""

    def find(
        before: Figures, after: Figures, old: Any = None, new: Any = None, **more: Any
    ) -> dict[str, Any]:
        first = released(tmp_path / "before", before, **(old or {}))
        second = released(tmp_path / "after", after, **(new or {}))
        difference = compare(first, second, (first.name, second.name), **more)
        SCHEMA.validate(difference)
        return difference

    return find


def test_every_kind_of_change_is_found_counted_and_told(differ: Any) -> None:
    now: dict[tuple[str, int], float] = FIGURES | {
        ("KEN", 2020): 60.0, ("UGA", 2021): 13.0, ("RWA", 2021): 5.0,
    }  # fmt: skip
    del now["TZA", 2020]
    differences = differ(FIGURES, now, new={"progress": judged(now, {"KEN": "met"})})
    (one,) = differences["indicators"]
    counts = {name: one[name] for name in ("added", "removed", "revised", "revised_beyond", "years_gained")}
    assert counts == {"added": 2, "removed": 1, "revised": 1, "revised_beyond": 1, "years_gained": [2021]}
    (revised,) = differences["revised"]["listed"]
    assert (revised["area"], revised["time_period"], revised["title"]) == ("Kenya", 2020, "Internet use")
    assert (revised["old_value"], revised["new_value"]) == (30.0, 60.0)
    assert (revised["absolute"], revised["relative"], revised["beyond"]) == (30.0, 1.0, True)
    assert [row["area"] for row in differences["coverage"]["gained"]["listed"]] == ["Rwanda"]
    assert [row["area"] for row in differences["coverage"]["lost"]["listed"]] == [
        "United Republic of Tanzania"
    ]
    (kenya,) = differences["categories"]["listed"]
    assert (kenya["reasons"], kenya["direction"]) == (["value"], "better")
    tables = {row["table"]: row for row in differences["tables"]}
    counted = {name: tables["indicator"][name] for name in ("added", "removed", "changed")}
    assert counted == {"added": 2, "removed": 1, "changed": 1}
    assert tables["area"]["state"] == "same"
    assert differences["notes"] == [
        "Internet use gained 2021.",
        "Internet use was revised by more than 5 per cent in 1 country or group; the largest: Kenya 2020, "
        "from 30 to 60.",
        "1 value withdrawn, of Internet use.",
        "1 pair of country and indicator now with a value since 2015: 1 indicator, 1 country or territory.",
        "1 pair of country and indicator without one now: 1 indicator, 1 country or territory.",
        "Progress: of the assessments, 1 to a better class.",
        "Kenya moved from likely to met on Internet use, because its value of 2020 was revised "
        "from 30 to 60.",
    ]


def test_a_first_release_says_that_it_is_one(tmp_path: Path) -> None:
    difference = compare(None, released(tmp_path / "first", FIGURES), (None, "first"))
    SCHEMA.validate(difference)
    assert difference["notes"] == ["This is the first release here, so there is nothing to compare it with."]


@pytest.mark.parametrize(("factor", "revised"), [(1 + 1e-14, 0), (1 + 1e-9, len(FIGURES))])
def test_noise_of_computation_is_no_change(differ: Any, factor: float, revised: int) -> None:
    now = {key: value * factor for key, value in FIGURES.items()}
    differences = differ(FIGURES, now)
    assert differences["revised"]["total"] == revised
    assert ("Nothing that is published differs from release before." in differences["notes"]) == (
        revised == 0
    )


def test_a_status_is_told_apart_from_a_revision(differ: Any) -> None:
    differences = differ(FIGURES, FIGURES, new={"values": {"obs_status": "E"}})
    assert (differences["status"]["total"], differences["revised"]["total"], differences["large"]) == (
        5,
        0,
        [],
    )
    assert differences["notes"] == [
        "The status of 5 values changed, as that of Internet use in Kenya 2015 from normal to estimated."
    ]


def test_another_series_is_listed_and_not_judged(differ: Any) -> None:
    differences = differ(MANY, {k: v * 2 for k, v in MANY.items()}, old={"values": {"series": "OLD"}})
    assert differences["large"] == []
    assert differences["indicators"][0]["revised"] == 0
    (moved,) = differences["series"]
    assert (moved["old_series"], moved["new_series"], moved["kind"]) == ("OLD", "S", "other_series")
    assert (moved["values"], moved["differ"]) == (len(MANY), len(MANY))


def test_a_known_rename_is_told_as_one(differ: Any) -> None:
    sources = [{"source": "unsd_sdg", "title": "SDG", "licence": "x", "citation": "x"}]
    differences = differ(
        FIGURES,
        FIGURES,
        old={"values": {"source": "unsd_sdg", "series": "IT_NET_BBP"}, "source": sources},
        new={"values": {"source": "unsd_sdg", "series": "IT_NET_BBND"}, "source": sources},
    )
    (row,) = differences["series"]
    assert (row["kind"], row["known"]) == ("renamed", "IT_NET_BBP is IT_NET_BBND since 2022.Q2")
    assert "the agency renamed its series; 5 values follow it" in differences["notes"][0]


CASES: dict[str, tuple[Any, Any, list[str], str]] = {
    "target": (
        FIGURES,
        {"target": 30.0},
        ["target"],
        "the target is now 30 by 2030, before 95 by 2030",
    ),
    "baseline": (
        FIGURES | {("KEN", 2015): 25.0},
        {},
        ["baseline"],
        "the baseline is now 25 (2015), before 20 (2015)",
    ),
    "newer year": (
        FIGURES | {("KEN", 2022): 40.0},
        {},
        ["value"],
        "its latest value is now 40 (2022), before 30 (2020)",
    ),
    "between": (
        FIGURES | {("KEN", 2018): 22.0},
        {},
        ["series"],
        "values between baseline and latest year changed",
    ),
    "method": (FIGURES, {}, ["method"], "the method is applied in another way"),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_class_that_changed_has_its_reason(differ: Any, name: str) -> None:
    now, given_target, reasons, because = CASES[name]
    differences = differ(FIGURES, now, new={"progress": judged(now, {"KEN": "unlikely"}, **given_target)})
    kenya = next(row for row in differences["categories"]["listed"] if row["ref_area"] == "KEN")
    assert (kenya["direction"], kenya["reasons"], kenya["because"]) == ("worse", reasons, because)


def test_targets_and_definitions_that_changed_are_told(differ: Any) -> None:
    differences = differ(
        FIGURES, FIGURES, new={"indicator_meta": [meta(target_value=100.0, formula="2 * value")]}
    )
    assert differences["notes"] == [
        "The definition (inputs, formula, unit or direction) of 1 indicator changed: Internet use.",
        "Internet use: the target is now 100 by 2030, before 95 by 2030.",
    ]


LARGE: dict[str, tuple[Figures, str]] = {
    "many revised": (
        {key: value * 1.2 if key[0] in ("KEN", "UGA") else value for key, value in MANY.items()},
        "Internet use: 24 of 48 values (50%) were revised by more than 5%",
    ),
    "many gone": (
        {key: value for key, value in MANY.items() if key[0] != "RWA"},
        "Internet use: 12 of 48 values (25%) are gone",
    ),
    "one far off": (MANY | {("KEN", 2015): 90.0}, "Internet use: Kenya 2015 was revised from 10 to 90"),
}


@pytest.mark.parametrize("name", list(LARGE))
def test_what_is_large_is_said(differ: Any, name: str) -> None:
    now, said = LARGE[name]
    assert [row["what"] for row in differ(MANY, now)["large"]] == [said]


def test_classes_that_change_without_a_value_are_large(differ: Any) -> None:
    figures = {(area, year): 10.0 for area in ("KEN", "UGA") for year in (2015, 2020)}
    many = [row | {"indicator": "use", "ref_area": f"A{chr(65 + i)}A"} for i in range(12) for row in judged(
        {("KEN", 2015): 10.0, ("KEN", 2020): 10.0}, {})]  # fmt: skip
    other = [row | {"category": "unlikely"} for row in many]
    differences = differ(figures, figures, old={"progress": many}, new={"progress": other})
    assert [row["what"] for row in differences["large"]] == [
        "Internet use: 12 of 12 assessments (100%) changed class although no value did"
    ]


def test_the_lists_are_short_and_their_totals_whole(differ: Any) -> None:
    differences = differ(MANY, {key: value * 1.04 for key, value in MANY.items()}, most=5)
    assert (len(differences["revised"]["listed"]), differences["revised"]["total"]) == (5, len(MANY))
    assert (differences["large"], differences["notes"]) == (
        [],
        ["1 indicator had smaller revisions only: Internet use."],
    )


def test_an_older_release_may_lack_tables_and_columns(tmp_path: Path) -> None:
    before, after = (released(tmp_path / name, FIGURES) for name in ("before", "after"))
    (before / "aggregate.parquet").unlink()
    file = before / "ledger.parquet"
    pq.write_table(pq.read_table(file).drop_columns(["reasons"]), file)
    tables = {row["table"]: row for row in compare(before, after, ("a", "b"))["tables"]}
    assert tables["aggregate"]["state"] == "new"
    assert tables["ledger"]["columns_added"] == ["reasons"]


def test_the_name_of_a_snapshot_is_no_content(differ: Any) -> None:
    differences = differ(FIGURES, FIGURES, new={"values": {"snapshot": SNAP["b"]}})
    assert differences["notes"] == ["Nothing that is published differs from release before."]


def test_a_limit_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text("beyond: {relative: 0.05}\n")
    with pytest.raises(CompactError) as caught:
        Limits.load(path)
    assert "reason" in caught.value.what
    assert Limits.load().beyond == 0.05


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_two_numbers_that_differ_are_told_apart(old: float, new: float) -> None:
    first, second = numbers(old, new)
    assert first != second or old == new or abs(old - new) <= 1e-12 * max(abs(old), abs(new))


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(MANY)), st.floats(0, 100), min_size=1, max_size=8))
def test_what_is_added_removed_and_revised_is_all_that_differs(now: Figures) -> None:
    """Whatever two releases hold, the counts add up to the rows of both."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        before, after = (
            released(Path(folder) / name, figures) for name, figures in (("before", FIGURES), ("after", now))
        )
        difference = compare(before, after, ("a", "b"))
    row = next(row for row in difference["tables"] if row["table"] == "indicator")
    assert (row["rows_before"], row["rows_after"]) == (len(FIGURES), len(now))
    assert row["added"] == len(now.keys() - FIGURES.keys())
    assert row["removed"] == len(FIGURES.keys() - now.keys())
    assert row["changed"] == sum(
        now[key] != value and abs(now[key] - value) > 1e-12 * max(now[key], value)
        for key, value in FIGURES.items()
        if key in now
    )


@pytest.mark.slow
def test_a_release_has_its_diff_and_a_large_revision_needs_a_word(tmp_path: Path) -> None:
    home, use = tmp_path / "home", indicator(title="Internet use")

    def publish(figures: Figures, day: int, acknowledge: str = "") -> Path:
        folder = tmp_path / f"work{day}"
        observed = [observation("one", "S", *key, value) for key, value in figures.items()]
        staged = stage(folder, observed)
        evaluated = {"use": evaluate_cached(use, staged, {}, folder / "evaluated").path}
        states = {"one": SourceState("live")}
        made = ReleaseInputs(catalogue(use), {"one": source()}, states, [snapshot("a")], staged, evaluated)
        now = datetime(2026, 11, day, 12, tzinfo=UTC)
        return build_release(home, replace(made), now=now, acknowledge=acknowledge).path

    before = publish(MANY, 1)
    SCHEMA.validate(json.loads((before / "diff.json").read_text()))
    now, said = LARGE["one far off"]
    with pytest.raises(ReleaseRefused) as caught:
        publish(now, 2)
    assert said in caught.value.what
    assert "compact run --acknowledge" in caught.value.next_step
    assert latest_release(home) == before
    after = publish(now, 3, " The agency says so. ")
    card, diff = read_release_metadata(after), json.loads((after / "diff.json").read_text())
    SCHEMA.validate(diff)
    assert (diff["before"], diff["after"]) == (before.name, after.name)
    assert (card["acknowledged"], card["large_revisions"]) == ("The agency says so.", [said])
    assert "- Large revisions, acknowledged: The agency says so." in (after / "NOTES.md").read_text()
    assert {row["check"] for row in json.loads((after / "checks.json").read_text())} >= {
        "range",
        "unique_key",
    }
    assert verify_release(after) == []


def test_what_a_person_accepted_needs_no_second_word(tmp_path: Path) -> None:
    before = released(tmp_path / "before", MANY)
    now = {key: value * 2 for key, value in MANY.items() if key != ("KEN", 2010)}
    after = released(tmp_path / "after", now, values={"snapshot": SNAP["b"]})
    assert compare(before, after, ("a", "b"))["large"]
    difference = compare(before, after, ("a", "b"), decided={SNAP["b"]: "Ann: the agency rebased it"})
    SCHEMA.validate(difference)
    assert (difference["large"], difference["acknowledged"]) == ([], None)
    assert difference["accepted"] == [
        {"snapshot": SNAP["b"], "reason": "Ann: the agency rebased it", "revised": len(now)}
    ]
    assert (
        difference["notes"][0] == "A snapshot that had been held was accepted by Ann: the agency rebased it."
    )
