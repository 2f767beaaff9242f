"""Data360, which has no stand-in, on hand-made pages and on the recorded rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from schemas.errors import CompactError
from sources.http.session import Session
from sources.model import InvalidResponse, NoSuchSeries, SourceUnavailable
from sources.readers.worldbank import data360
from sources.registry.sources import load_series
from sources.staging.stage import StageProblem, stage_source
from tests.unit.canned import Canned, fetch, keep, source_with, wired

SERIES = "IT_NET_USER"
SOURCE = source_with("worldbank_data360", page_size=2)


def row(area: str, year: str, value: str | None, **more: Any) -> dict[str, Any]:
    """A row in the shape of the recorded ones; the figures are invented."""
    return {
        "OBS_VALUE": value, "TIME_FORMAT": "P1Y", "UNIT_MULT": 0, "COMMENT_OBS": None, "OBS_STATUS": "A",
        "OBS_CONF": "PU", "AGG_METHOD": None, "DECIMALS": "1", "COMMENT_TS": None, "DATA_SOURCE": None,
        "LATEST_DATA": False, "DATABASE_ID": "ITU_DH", "INDICATOR": SERIES, "REF_AREA": area, "SEX": "_T",
        "AGE": "_T", "URBANISATION": "_T", "COMP_BREAKDOWN_1": "_Z", "COMP_BREAKDOWN_2": "_Z",
        "COMP_BREAKDOWN_3": "_Z", "TIME_PERIOD": year, "FREQ": "A", "UNIT_MEASURE": "PT", "UNIT_TYPE": None,
    } | more  # fmt: skip


ROWS = [
    row("KEN", "2023", "35.5", DATA_SOURCE="ITU", COMMENT_OBS="Estimated.", OBS_STATUS="E"),
    row("KEN", "2023", "31", SEX="F"),
    row("NAM", "2023", "0"),
    row("WLD", "2023", "67.6"),
    row("NAM", "2022", None),
]


def page(rows: list[dict[str, Any]], count: Any = 5) -> bytes:
    return json.dumps({"count": count, "value": rows}).encode()


PAGES = [page(ROWS[:2]), page(ROWS[2:4]), page(ROWS[4:])]


def test_pages_are_asked_by_skip_until_the_count_is_reached() -> None:
    session = Canned(*PAGES)
    answer = fetch(SOURCE, SERIES, session)
    asked = {"DATABASE_ID": "ITU_DH", "INDICATOR": SERIES, "top": 2}
    assert [a[:2] for a in session.asked] == [("GET", "/data360/data")] * 3
    assert [a[2] for a in session.asked] == [asked | {"skip": skip} for skip in (0, 2, 4)]
    assert (answer.rows, answer.pages_expected, len(answer.pages)) == (5, 3, 3)
    assert answer.resource.key == SERIES


def test_values_reach_stage(tmp_path: Path) -> None:
    staged = stage_source(SOURCE, keep([fetch(SOURCE, SERIES, Canned(*PAGES))], tmp_path), tmp_path)
    observations = pq.read_table(staged.observation).to_pylist()
    assert [
        (r["ref_area"], r["time_period"], r["sex"], r["obs_value"], r["obs_status"]) for r in observations
    ] == [
        ("KEN", 2023, "F", 31, "A"),
        ("KEN", 2023, "_T", 35.5, "E"),
        ("M49:001", 2023, "_T", 67.6, "A"),
        ("NAM", 2022, "_T", None, "O"),  # no value is no zero
        ("NAM", 2023, "_T", 0, "A"),
    ]
    assert {(r["unit"], r["other_dims"], r["age"]) for r in observations} == {("PT", "_T", "_T")}
    assert (observations[1]["source_detail"], observations[1]["footnote"]) == ("ITU", "Estimated.")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"COMP_BREAKDOWN_4": "HH"}, "unknown_dimension"),
        ({"UNIT_MEASURE": "STONES"}, "unknown_unit"),
        ({"REF_AREA": "XYZ"}, "unknown_area"),
        ({"TIME_PERIOD": "2023-01"}, "bad_time_period"),
        ({"OBS_VALUE": "n/a"}, "bad_value"),
    ],
)
def test_what_is_not_declared_stops_the_stage(changed: dict[str, str], reason: str, tmp_path: Path) -> None:
    body = page([ROWS[0] | changed], 1)
    files = keep([fetch(SOURCE, SERIES, Canned(body))], tmp_path)
    with pytest.raises(StageProblem, match=reason):
        stage_source(SOURCE, files, tmp_path)


def test_a_breakdown_is_kept_apart_from_the_total(tmp_path: Path) -> None:
    rows = [ROWS[2], ROWS[2] | {"COMP_BREAKDOWN_1": "HH_X", "OBS_VALUE": "4"}]
    observations, _ = wired(SOURCE, keep([fetch(SOURCE, SERIES, Canned(page(rows, 2)))], tmp_path))
    assert [dict(r["dims"])["COMP_BREAKDOWN_1"] for r in observations] == ["_Z", "HH_X"]


@pytest.mark.parametrize(
    ("bodies", "says"),
    [
        ([page([], 0)], "has no rows"),
        ([b"[]"], "is no object with count and value"),
        ([b'{"error": "not found"}'], "is no object with count and value"),
        ([page(ROWS[:2], "many")], "count is 'many'"),
        ([page(ROWS[:1])], "has 1 rows, and 2 were declared"),
        ([PAGES[0], PAGES[0]], "repeats the rows of page 1"),
        ([PAGES[0], page(ROWS[2:4], 4)], "the totals of"),
        ([page([ROWS[0] | {"INDICATOR": "OTHER"}], 1)], "rows of OTHER came"),
        ([page([ROWS[0] | {"DATABASE_ID": "WB_WDI"}], 1)], "rows of WB_WDI came"),
        ([page([ROWS[0] | {"OBS_VALUE": 35.5}], 1)], "the value of row 0 is 35.5"),
        ([page([ROWS[0], ROWS[0] | {"OBS_VALUE": "36"}], 2)], "appears twice"),
        ([page([{k: v for k, v in ROWS[0].items() if k != "SEX"}], 1)], "lacks SEX"),
        ([b"<html></html>"], "is a web page"),
    ],
)
def test_an_answer_that_is_not_as_agreed_is_refused(bodies: list[bytes], says: str) -> None:
    with pytest.raises(InvalidResponse) as refused:
        fetch(SOURCE, SERIES, Canned(*bodies))
    assert says in refused.value.what
    assert refused.value.next_step
    assert [p.body for p in refused.value.pages] == bodies


def test_no_rows_mean_no_such_series() -> None:
    with pytest.raises(NoSuchSeries):
        fetch(SOURCE, SERIES, Canned(page([], 0)))


def test_a_series_without_its_line_is_named() -> None:
    with pytest.raises(CompactError, match="has no series WB_HCP"):
        data360.plan(SOURCE, ["WB_HCP"])


DATABASES = ("ITU_DH", "ITU_GCI", "PCH_IXP", "UNCTAD_DE", "UN_EGDI", "WB_WDI")


def test_every_series_names_its_database() -> None:
    for code, info in load_series("worldbank_data360").items():
        assert info.more["database"] in DATABASES, code
        assert info.more["indicator"], code


def test_the_text_null_is_a_missing_value_and_places_have_our_codes(tmp_path: Path) -> None:
    rows = [
        row("KEN", "2023", "null", OBS_STATUS="O", UNIT_MEASURE="PT_POP"),
        row("KEN", "2022", "40.5", URBANISATION="URB", UNIT_MEASURE="PT_POP", OBS_STATUS=None),
        row("KEN", "2022", "20.5", URBANISATION="RUR", UNIT_MEASURE="PT_POP", AGE="Y15T24"),
    ]
    body = page(rows, 3)
    files = keep([fetch(source_with("worldbank_data360", page_size=5), SERIES, Canned(body))], tmp_path)
    observations = pq.read_table(stage_source(SOURCE, files, tmp_path).observation).to_pylist()
    assert [
        (r["time_period"], r["urbanisation"], r["age"], r["obs_value"], r["obs_status"]) for r in observations
    ] == [
        (2022, "R", "Y15T24", 20.5, "A"),
        (2022, "U", "_T", 40.5, "A"),
        (2023, "_T", "_T", None, "O"),
    ]


def test_a_row_that_comes_again_is_kept_once_and_counted(tmp_path: Path) -> None:
    copies = [ROWS[0], ROWS[0] | {"LATEST_DATA": True}, ROWS[0], ROWS[2], ROWS[2]]
    bodies = [page(copies[:2]), page(copies[2:4]), page(copies[4:])]
    staged = stage_source(SOURCE, keep([fetch(SOURCE, SERIES, Canned(*bodies))], tmp_path), tmp_path)
    assert staged.reasons == {"repeated_row": 3}
    assert (staged.rows_in, staged.rows_out) == (5, 2)


def test_units_tell_rows_apart(tmp_path: Path) -> None:
    rows = [ROWS[0] | {"UNIT_MEASURE": "PT_POP"}, ROWS[0] | {"UNIT_MEASURE": "MBIT_S", "OBS_VALUE": "9"}]
    with pytest.raises(InvalidResponse, match="has values in MBIT_S, PT_POP"):
        fetch(SOURCE, SERIES, Canned(page(rows, 2)))


def test_a_code_of_place_that_is_not_mapped_is_refused(tmp_path: Path) -> None:
    body = page([ROWS[0] | {"URBANISATION": "URBAN"}], 1)
    with pytest.raises(StageProblem, match="URBANISATION has the code 'URBAN'"):
        stage_source(SOURCE, keep([fetch(SOURCE, SERIES, Canned(body))], tmp_path), tmp_path)


def test_nobody_there_is_unreachable() -> None:
    session = Session(SOURCE, base_url="http://127.0.0.1:9", sleep=lambda _: None)
    with pytest.raises(SourceUnavailable):
        fetch(SOURCE, SERIES, session)
    session.close()


def test_the_recorded_rows_have_the_agreed_shape(shared: Path) -> None:
    recorded = json.loads((shared / "data" / "payloads" / "data360" / "data_rows.json").read_text())
    assert recorded["count"] == len(recorded["value"])
    for one in recorded["value"]:
        assert set(one) == set(ROWS[0])
        assert isinstance(one["OBS_VALUE"], str)
