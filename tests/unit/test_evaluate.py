"""Evaluation: preference by cell, dimensions, scales, formulas, lineage, and the causes of a
recomputation.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import CompactError
from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import INDICATOR
from tests.unit.make import SNAP, indicator, observation, stage
from warehouse.evaluation.evaluate import evaluate, evaluate_cached, evaluation_fingerprint

# Two copies of the figures of one custodian: what happens to others is in test_lineage.py.
TWO = [
    {"source": "one", "series": "S", "carries": "agency"},
    {"source": "two", "series": "T", "carries": "agency"},
]


def rows_of(
    tmp_path: Path, definition: Any, observations: list[dict[str, Any]], **files: Path
) -> list[dict[str, Any]]:
    staged = stage(tmp_path / "staged", observations)
    out = tmp_path / "out.parquet"
    evaluate(definition, staged, files, out)
    rows: list[dict[str, Any]] = pq.read_table(out).to_pylist()
    return rows


def test_the_first_input_with_a_value_wins_in_each_cell(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path,
        indicator(inputs=TWO),
        [
            observation("one", "S", "KEN", 2020, 10.0),
            observation("one", "S", "KEN", 2021, None),
            observation("one", "S", "KEN", 2022, 14.0),
            observation("two", "T", "KEN", 2020, 99.0, snapshot=SNAP["b"]),
            observation("two", "T", "KEN", 2021, 12.0, snapshot=SNAP["b"]),
            observation("two", "T", "UGA", 2020, 7.0, snapshot=SNAP["b"]),
            observation("two", "OTHER", "UGA", 2021, 8.0),
        ],
    )
    assert [
        (r["ref_area"], r["time_period"], r["value"], r["source"], r["series"], r["snapshot"][0])
        for r in rows
    ] == [
        ("KEN", 2020, 10.0, "one", "S", "a"),
        ("KEN", 2021, 12.0, "two", "T", "b"),
        ("KEN", 2022, 14.0, "one", "S", "a"),
        ("UGA", 2020, 7.0, "two", "T", "b"),
    ]


def test_a_missing_value_is_no_row_and_never_zero(tmp_path: Path) -> None:
    assert rows_of(tmp_path, indicator(), [observation("one", "S", "KEN", 2020, None)]) == []


def test_a_source_that_is_absent_is_passed_over(tmp_path: Path) -> None:
    assert len(rows_of(tmp_path, indicator(inputs=TWO), [observation("two", "T", "KEN", 2020, 1.0)])) == 1
    evaluate(indicator(inputs=TWO), {}, {}, tmp_path / "none.parquet")
    table = pq.read_table(tmp_path / "none.parquet")
    assert table.num_rows == 0
    assert table.schema.equals(arrow_schema(INDICATOR), check_metadata=True)


def test_dimensions_are_totals_unless_gaps_or_pinned(tmp_path: Path) -> None:
    observations = [
        observation("one", "S", "KEN", 2020, 1.0),
        observation("one", "S", "KEN", 2020, 2.0, sex="F"),
        observation("one", "S", "KEN", 2020, 3.0, age="Y15T24"),
        observation("one", "S", "KEN", 2020, 4.0, education="L1"),
        observation("one", "S", "KEN", 2020, 5.0, other_dims="SKILL=BASIC"),
    ]
    assert [r["value"] for r in rows_of(tmp_path, indicator(), observations)] == [1.0]
    sexes = rows_of(tmp_path, indicator(gaps=["sex"]), observations)
    assert {(r["sex"], r["value"]) for r in sexes} == {("_T", 1.0), ("F", 2.0)}
    schooling = rows_of(tmp_path, indicator(gaps=["education"]), observations)
    assert {(r["other_dims"], r["value"]) for r in schooling} == {("_T", 1.0), ("EDUCATION=L1", 4.0)}
    pinned = [{"source": "one", "series": "S", "where": {"other_dims": "SKILL=BASIC"}}]
    (skill,) = rows_of(tmp_path, indicator(inputs=pinned), observations)
    assert (skill["value"], skill["other_dims"]) == (5.0, "_T")
    (women,) = rows_of(
        tmp_path,
        indicator(inputs=[{"source": "one", "series": "S", "where": {"sex": "F"}}], gaps=["sex"]),
        observations,
    )
    assert (women["value"], women["sex"]) == (2.0, "_T")


def test_a_series_of_one_part_gets_that_parts_code(tmp_path: Path) -> None:
    inputs = [
        {"source": "one", "series": "S"},
        {"source": "one", "series": "WOMEN", "part": {"sex": "F"}},
        {"source": "one", "series": "POOR", "part": {"disability": "PD"}},
        {"source": "one", "series": "MEN", "part": {"sex": "M"}},
    ]
    observations = [
        observation("one", "S", "KEN", 2020, 1.0),
        observation("one", "WOMEN", "KEN", 2020, 2.0),
        observation("one", "MEN", "KEN", 2020, 3.0),
        observation("one", "MEN", "KEN", 2020, 9.0, sex="M"),  # no total of that series
        observation("one", "POOR", "KEN", 2020, 4.0),
    ]
    evaluated = rows_of(tmp_path, indicator(inputs=inputs, gaps=["sex", "disability"]), observations)
    assert {(r["sex"], r["other_dims"], r["value"]) for r in evaluated} == {
        ("_T", "_T", 1.0),
        ("F", "_T", 2.0),
        ("M", "_T", 3.0),
        ("_T", "DISABILITY_STATUS=PD", 4.0),
    }


def test_disability_and_education_are_kept_side_by_side(tmp_path: Path) -> None:
    observations = [
        observation("one", "S", "KEN", 2020, 1.0, other_dims="DISABILITY_STATUS=PD"),
        observation("one", "S", "KEN", 2020, 2.0, other_dims="DISABILITY_STATUS=PD", education="L1"),
        observation("one", "S", "KEN", 2020, 3.0, other_dims="ACTIVITY=X;DISABILITY_STATUS=PD"),
        observation("one", "S", "KEN", 2020, 4.0, other_dims="SKILL=BASIC"),
    ]
    both = indicator("both", gaps=["education", "disability"])
    evaluated = rows_of(tmp_path, both, observations)
    assert {(r["other_dims"], r["value"]) for r in evaluated} == {
        ("DISABILITY_STATUS=PD", 1.0),
        ("DISABILITY_STATUS=PD;EDUCATION=L1", 2.0),
    }
    again = indicator("again", inputs=[{"indicator": "both"}], gaps=["education", "disability"])
    copied = rows_of(tmp_path / "again", again, observations, both=tmp_path / "out.parquet")
    assert {(r["other_dims"], r["value"]) for r in copied} == {
        (r["other_dims"], r["value"]) for r in evaluated
    }
    assert rows_of(tmp_path / "plain", indicator(), observations) == []


def test_scale_and_unit_multiplier_apply_to_value_and_bounds(tmp_path: Path) -> None:
    definition = indicator(inputs=[{"source": "one", "series": "S", "scale": 0.5}])
    (row,) = rows_of(
        tmp_path,
        definition,
        [
            observation(
                "one", "S", "KEN", 2020, 4.0, unit_mult=3, lower_bound=2.0, upper_bound=6.0, footnote="Note."
            )
        ],
    )
    assert (row["value"], row["lower_bound"], row["upper_bound"], row["footnote"]) == (
        2000.0,
        1000.0,
        3000.0,
        "Note.",
    )
    definition = indicator(inputs=[{"source": "one", "series": "S", "scale": -1.0}])
    (row,) = rows_of(
        tmp_path, definition, [observation("one", "S", "KEN", 2020, 4.0, lower_bound=2.0, upper_bound=6.0)]
    )
    assert (row["value"], row["lower_bound"], row["upper_bound"]) == (-4.0, -6.0, -2.0)


def test_a_series_in_two_units_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompactError, match="2 units: PERCENT, USD"):
        rows_of(
            tmp_path,
            indicator(),
            [
                observation("one", "S", "KEN", 2020, 4.0),
                observation("one", "S", "KEN", 2021, 4.0, unit="USD"),
            ],
        )


PARITY = {
    "female": [{"source": "one", "series": "S", "where": {"sex": "F"}}],
    "male": [{"source": "one", "series": "S", "where": {"sex": "M"}}, {"source": "two", "series": "T"}],
}


def test_a_formula_joins_its_inputs_and_says_where_all_of_them_came_from(tmp_path: Path) -> None:
    definition = indicator(inputs=PARITY, formula="female / male", unit="RATIO")
    rows = rows_of(
        tmp_path,
        definition,
        [
            observation(
                "one", "S", "KEN", 2020, 30.0, sex="F", lower_bound=20.0, upper_bound=40.0, footnote="b"
            ),
            observation("one", "S", "KEN", 2020, 40.0, sex="M", obs_status="E", footnote="a"),
            observation("one", "S", "UGA", 2020, 30.0, sex="F", obs_status="C"),
            observation("two", "T", "UGA", 2020, 60.0, snapshot=SNAP["b"], obs_status="E"),
            observation("one", "S", "TZA", 2020, 30.0, sex="F"),
        ],
    )
    assert [(r["ref_area"], r["value"], r["source"], r["series"], r["obs_status"]) for r in rows] == [
        ("KEN", 0.75, "one", "S", "E"),
        ("UGA", 0.5, "one;two", "S;T", "C"),
    ]
    assert rows[1]["snapshot"] == f"{SNAP['a']};{SNAP['b']}"
    assert rows[0]["lower_bound"] is None
    assert rows[0]["upper_bound"] is None
    assert rows[0]["footnote"] == "a | b"


def test_a_formula_that_gives_no_number_gives_no_row_and_is_counted(tmp_path: Path) -> None:
    staged = stage(
        tmp_path,
        [
            observation("one", "S", "KEN", 2020, 30.0, sex="F"),
            observation("one", "S", "KEN", 2020, 0.0, sex="M"),
            observation("one", "S", "UGA", 2020, 30.0, sex="F"),
        ],
    )
    definition = indicator(inputs=PARITY, formula="female / male")
    assert (
        evaluate(definition, staged, {}, tmp_path / "out.parquet") == 1
    )  # UGA lacks an input: nothing to count
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0


def test_an_indicator_can_be_an_input_with_its_lineage(tmp_path: Path) -> None:
    staged = stage(
        tmp_path,
        [
            observation("one", "S", "KEN", 2020, 30.0, sex="F"),
            observation("one", "S", "KEN", 2020, 60.0),
            observation("one", "S", "KEN", 2020, 50.0, education="L1"),
        ],
    )
    base = indicator("base", gaps=["sex", "education"])
    evaluate(base, staged, {}, tmp_path / "base.parquet")
    women = {
        "women": [{"indicator": "base", "where": {"sex": "F"}}],
        "pupils": [{"indicator": "base", "where": {"education": "L1"}}],
        "everyone": [{"indicator": "base"}],
    }
    derived = indicator("derived", inputs=women, formula="100 * women / everyone + pupils")
    evaluate(derived, staged, {"base": tmp_path / "base.parquet"}, tmp_path / "derived.parquet")
    (row,) = pq.read_table(tmp_path / "derived.parquet").to_pylist()
    assert row["value"] == 100.0
    assert (row["source"], row["series"], row["snapshot"]) == ("one", "S", SNAP["a"])
    with pytest.raises(CompactError, match="indicator base is an input and has not been evaluated"):
        evaluate(derived, staged, {}, tmp_path / "derived.parquet")


def test_what_is_known_is_not_computed_again_and_only_its_own_series_count(tmp_path: Path) -> None:
    observations = [observation("one", "S", "KEN", 2020, 30.0), observation("one", "OTHER", "KEN", 2020, 1.0)]
    staged = stage(tmp_path / "1", observations)
    first = evaluate_cached(indicator(), staged, {}, tmp_path / "evaluated")
    assert (first.made, first.rows, first.areas, first.no_number) == (True, 1, 1, 0)
    assert not evaluate_cached(indicator(title="Another title"), staged, {}, tmp_path / "evaluated").made
    observations[1]["obs_value"] = 2.0
    assert not evaluate_cached(
        indicator(), stage(tmp_path / "2", observations), {}, tmp_path / "evaluated"
    ).made
    observations[0]["obs_value"] = 31.0
    again = evaluate_cached(indicator(), stage(tmp_path / "3", observations), {}, tmp_path / "evaluated")
    assert again.made
    assert again.path != first.path


def test_the_fingerprint_follows_the_definition_and_the_inputs(tmp_path: Path) -> None:
    staged = stage(tmp_path, [observation("one", "S", "KEN", 2020, 30.0)])
    prints = {
        evaluation_fingerprint(definition, files, {})
        for definition, files in (
            (indicator(), staged),
            (indicator(), {}),
            (indicator(gaps=["sex"]), staged),
            (indicator(inputs=TWO), staged),
            (indicator(inputs=[{"source": "one", "series": "S", "scale": 2.0}]), staged),
        )
    }
    assert len(prints) == 5


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    observations = [
        observation("one", "S", area, year, year / 7) for area in ("KEN", "UGA") for year in range(1990, 2020)
    ]
    evaluate(indicator(), stage(tmp_path / "1", observations), {}, tmp_path / "1.parquet")
    evaluate(indicator(), stage(tmp_path / "2", observations[::-1]), {}, tmp_path / "2.parquet")
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    data=st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from(["KEN", "UGA"]),
            st.integers(2018, 2021),
            st.one_of(st.none(), st.floats(0, 100)),
        ),
        unique_by=lambda t: t[:3],
        max_size=16,
    )
)
def test_every_value_was_sent_and_no_area_is_lost(
    tmp_path_factory: pytest.TempPathFactory, data: list[Any]
) -> None:
    tmp_path = tmp_path_factory.mktemp("preference")
    observations = [
        observation("one" if first else "two", "S" if first else "T", area, year, number)
        for first, area, year, number in data
    ]
    sent: dict[tuple[str, int], set[float]] = {}
    for _, area, year, number in data:
        if number is not None:
            sent.setdefault((area, year), set()).add(number)
    rows = rows_of(tmp_path, indicator(inputs=TWO), observations)
    # a copy goes on only where the last common years agree: not every cell that was sent is published
    assert all(r["value"] in sent[r["ref_area"], r["time_period"]] for r in rows)
    assert {r["ref_area"] for r in rows} == {area for area, _ in sent}
    assert all(math.isfinite(r["value"]) for r in rows)
