"""`compact preview`: the result of a draft, without changing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indicators.registry import load_catalogue, load_sound_part
from indicators.scaffold.draft import load_draft
from schemas.errors import DefinitionError
from tests.unit.make import indicator, observation, stage, value, values
from warehouse.preview import preview
from warehouse.query.sparkline import spark

DRAFT = """id: draft
title: Draft
description: For tests.
frameworks: {sdg: 17.8.1}
unit: PT
direction: higher_is_better
inputs: [{source: world_factbook, series: Communications > Internet users > percent of population}]
aggregate: {method: none}
expect: {range: [0, 100]}
"""


def staged(tmp_path: Path) -> dict[str, Path]:
    rows = [observation("one", "S", "KEN", year, 10.0 * (year - 2009)) for year in range(2010, 2020)]
    rows += [observation("one", "S", "UGA", 2010, 5.0), observation("one", "S", "UGA", 2014, 85.0)]
    rows += [observation("one", "S", "FRA", 2019, 50.0), observation("one", "S", "M49:001", 2019, 99.0)]
    return stage(tmp_path / "staged", rows)


def test_a_draft_is_summed_up(tmp_path: Path) -> None:
    draft = preview(indicator(), staged(tmp_path), None)
    assert (draft["values"], draft["countries"], draft["since_2015"]) == (14, 3, 2)
    assert draft["two_or_more_since_2015"] == 1
    assert (draft["lowest"], draft["lowest_at"]) == (5.0, "UGA 2010")
    assert (draft["highest"], draft["highest_at"]) == (100.0, "KEN 2019")
    assert draft["changes"][0] == {
        "ref_area": "UGA",
        "year_before": 2010,
        "time_period": 2014,
        "value_before": 5.0,
        "value": 85.0,
        "change_a_year": 20.0,
    }
    assert len(draft["changes"]) == 5
    (input_row,) = draft["inputs"]
    assert (input_row["from"], input_row["rows"], input_row["values_given"]) == ("one: S", 14, 14)
    lines = {row["region"]: row for row in draft["regions"]}
    assert lines["Europe"]["latest"] == 50.0
    assert lines["Oceania"]["line"] == ""
    assert lines["Africa"]["line"][-1] == "█"
    assert draft["against_release"] is None


def test_the_checks_say_what_they_would_say_in_a_run(tmp_path: Path) -> None:
    expect = {"range": [0, 60], "yearly_change": {"max": 15, "reason": "slow"}, "areas_min": 50}
    draft = preview(indicator(expect=expect), staged(tmp_path), None)
    failed = {row["check"]: row for row in draft["checks"] if not row["passed"]}
    assert set(failed) == {"range", "yearly_change", "areas_min"}
    assert failed["range"]["severity"] == "error"
    assert "KEN 2019 100.0" in failed["range"]["says"]


def test_indicators_come_from_the_release_and_differences_are_counted(tmp_path: Path) -> None:
    release = tmp_path / "release"
    rows = [value("base", "KEN", 2018, 1.0), value("base", "KEN", 2019, 4.0), value("use", "KEN", 2019, 9.0)]
    values(release / "indicator.parquet", rows)
    pq.write_table(
        pa.table({"indicator": ["base"], "depends_on": ["{}"]}), release / "indicator_meta.parquet"
    )
    derived = indicator(inputs=[{"indicator": "base"}], formula="value - lag(value)")
    draft = preview(derived, {}, release)
    assert (draft["values"], draft["highest"], draft["no_number"]) == (1, 3.0, 1)
    assert draft["against_release"] == {"release": "release", "same": 0, "changed": 1, "new": 0, "gone": 0}


def test_a_draft_without_any_data_is_empty_and_not_an_error(tmp_path: Path) -> None:
    draft = preview(indicator(), {}, None)
    assert (draft["values"], draft["regions"], draft["changes"]) == (0, [], [])
    assert [row["severity"] for row in draft["checks"] if not row["passed"]] == ["warn", "warn"]


def reasons(tmp_path: Path, rows: list[dict[str, Any]], **more: Any) -> list[str]:
    staged_rows = stage(tmp_path / "staged", rows)
    draft = preview(indicator(**more), staged_rows, None)
    assert draft["values"] == 0
    return list(draft["why_none"])


def test_no_value_has_its_true_reason(tmp_path: Path) -> None:
    one, two = observation("one", "S", "CAN", 2020, 30.0), observation("one", "S", "USA", 2020, 60.0)
    (few,) = reasons(tmp_path / "few", [one, two], formula="share_of_group(value, wb_region, 1)")
    assert few.startswith("2 of 3 areas have a value (North America, 2020, the best year)")
    assert few.endswith("`least: 1` asks for 3")
    inputs = {"a": [{"source": "one", "series": "S"}], "b": [{"source": "one", "series": "T"}]}
    later = observation("one", "T", "CAN", 2021, 1.0)
    (years,) = reasons(tmp_path / "years", [one, later], inputs=inputs, formula="a / b")
    assert "no area has all inputs in one year (a: 1 value, 2020 to 2020; b: 1 value, 2021" in years
    (lost,) = reasons(tmp_path / "lost", [one], inputs=inputs, formula="a / b")
    assert lost == "nothing is stored of input b"
    (part,) = reasons(tmp_path / "part", [one | {"sex": "F"}])
    assert part.startswith("1 row of input value stored, and none is the total")
    zeros = [one, observation("one", "T", "CAN", 2020, 0.0)]
    (nothing,) = reasons(tmp_path / "zeros", zeros, inputs=inputs, formula="a / b")
    assert nothing.startswith("the formula gives no number in 1 cell with all inputs")


@pytest.mark.parametrize(
    ("given", "line"),
    [([1.0, 2.0, 3.0], "▁▅█"), ([None, 0.0, None, 7.0], " ▁ █"), ([5.0, 5.0], "▁▁"), ([None], ""), ([], "")],
)
def test_a_line_has_a_blank_where_there_is_no_value(given: list[Any], line: str) -> None:
    assert spark(given) == line


def test_a_draft_is_judged_wherever_it_lies(tmp_path: Path) -> None:
    file = tmp_path / "anything.yaml"
    file.write_text(DRAFT)
    assert load_draft(file, load_catalogue()).id == "draft"
    file.write_text(DRAFT.replace("unit: PT", "unit: PTT"))
    with pytest.raises(DefinitionError, match=r"anything\.yaml:5: unit: unknown unit PTT"):
        load_draft(file, load_catalogue())
    of_itself = "inputs: [{indicator: internet_use_parity}]"
    file.write_text(
        DRAFT.replace("id: draft", "id: internet_use_female").replace(DRAFT.splitlines()[6], of_itself)
    )
    with pytest.raises(DefinitionError, match="is made of itself"):
        load_draft(file, load_catalogue())


@pytest.mark.parametrize("indicator", ["internet_use", "infant_mortality", "extreme_poverty"])
def test_a_draft_of_a_catalogued_file_is_what_the_catalogue_holds(indicator: str) -> None:
    """With the lineage of every series: a draft that lacks it lets one agency's series continue another's."""
    catalogue = load_catalogue()
    assert load_draft(catalogue.file_of(indicator), catalogue) == catalogue[indicator]


def test_a_fault_elsewhere_does_not_stop_a_draft_and_one_in_its_inputs_does(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue" / "connectivity"
    folder.mkdir(parents=True)
    sound = DRAFT.replace("id: draft", "id: sound")
    (folder / "sound.yaml").write_text(sound)
    (folder / "broken.yaml").write_text(
        sound.replace("id: sound", "id: broken").replace("unit: PT", "unit: XX")
    )
    made_of = "inputs: [{indicator: %s}]"
    (folder / "through.yaml").write_text(
        sound.replace("id: sound", "id: through").replace(DRAFT.splitlines()[6], made_of % "broken")
    )
    catalogue, faulty = load_sound_part(tmp_path / "catalogue")
    assert (list(catalogue), sorted(faulty)) == (["sound"], ["broken", "through"])
    draft = tmp_path / "draft.yaml"
    draft.write_text(DRAFT)
    assert load_draft(draft, catalogue, faulty=faulty).id == "draft"
    for name in ("broken", "through"):
        draft.write_text(DRAFT.replace(DRAFT.splitlines()[6], made_of % name))
        with pytest.raises(DefinitionError) as caught:
            load_draft(draft, catalogue, faulty=faulty)
        assert any(problem.file.endswith("broken.yaml") for problem in caught.value.problems)
