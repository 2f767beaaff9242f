"""The ITU reader on hand-made responses: JSON by code, and the CSV of a family with its unquoted newlines."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import CompactError
from sources.model import InvalidResponse, NoSuchSeries
from sources.readers.itu import reader as itu_datahub
from tests.unit.canned import Canned, change, fetch, fixture, keep, source_with, wired

SOURCE = source_with("itu_datahub")
LIST, FILE = fixture("itu_datahub/series.json"), fixture("itu_datahub/family.csv")
TOTAL, MALE = "HHU781l_HHTotalIndividual", "HHU781l_HHCMale"


def test_a_series_is_a_resource_by_json_and_a_family_is_one_by_csv() -> None:
    plan = itu_datahub.plan(SOURCE, ["i99H", MALE, TOTAL])
    assert [resource.key for resource in plan] == ["i99H", "ict_skills_safety"]
    assert plan[0].series == ("i99H",)
    assert len(plan[1].series) == 18
    with pytest.raises(CompactError, match="has no series i99"):
        itu_datahub.plan(SOURCE, ["i99"])


def test_json_is_asked_by_the_agency_s_number_and_reaches_stage_with_its_status(tmp_path: Path) -> None:
    session = Canned(LIST)
    answer = fetch(SOURCE, "i99H", session)
    assert session.asked == [("GET", "/data/bycode/11624", {})]
    assert answer.rows == 3
    rows, counted = wired(SOURCE, keep([answer], tmp_path))
    assert counted == {}
    assert [row["row"] for row in rows] == [0, 1, 2]
    assert [row["value"] for row in rows] == ["31.25", "2.5E-4", ""]
    assert [row.get("status") for row in rows] == ["E", "D", None]  # the note of the third says all ages
    assert [row["area"] for row in rows] == ["KEN", "KEN", "KSO"]
    assert rows[1]["footnote"] == "Aged 16-74."
    assert rows[0]["dims"] == {}


def test_the_content_ignores_the_order_of_keys_and_rows() -> None:
    first = fetch(SOURCE, "i99H", Canned(LIST))
    lines = LIST.decode().strip("[]\n").split(",\n")
    other = ("[" + ",".join(reversed(lines)) + "]").encode()
    other = change(other, '{"id": 2, "value": "2.5E-4"}', '{"value": "2.5E-4", "id": 2}')
    assert other != LIST
    assert fetch(SOURCE, "i99H", Canned(other)).content == first.content
    assert fetch(SOURCE, "i99H", Canned(change(LIST, "31.25", "31.5"))).content != first.content


def test_a_family_comes_with_its_breakdowns_and_its_newlines(tmp_path: Path) -> None:
    session = Canned(FILE)
    answer = fetch(SOURCE, MALE, session)
    method, path, parameters = session.asked[0]
    assert (method, path) == ("GET", "/data/download")
    assert parameters["codesid"].split(",")[:2] == ["33797", "33798"]
    assert len(parameters["codesid"].split(",")) == 18
    assert answer.rows == 19
    rows, _ = wired(SOURCE, keep([answer], tmp_path))
    assert len(rows) == 19
    by_series = {(row["series"], row["time_period"]): row for row in rows}
    assert by_series[TOTAL, "2024"]["dims"] == {}
    assert by_series[TOTAL, "2024"]["source_detail"] == "Office of\nStatistics"
    assert by_series[TOTAL, "2025"]["value"] == ""  # a year without data, which stage calls missing
    assert by_series[MALE, "2024"]["dims"] == {"Gender": "Male"}
    assert by_series["HHU781l_HHCRuralUsers", "2024"]["dims"] == {"Location": "Rural"}
    assert by_series["HHU781l_HHCLess15", "2024"]["dims"] == {"Age": "14 years and younger"}
    assert by_series["HHU781l_HHCFemale", "2024"]["footnote"] == 'First line\nsecond line, "quoted"'
    assert by_series[MALE, "2024"]["status"] == "D"
    assert {row["unit"] for row in rows} == {"%"}


def test_newlines_that_are_not_quoted_do_not_move_columns(tmp_path: Path) -> None:
    broken = change(FILE, "Ages 6-14,Office", "Ages\n 6\r\n-14,Off\nice", 1)
    rows, _ = wired(SOURCE, keep([fetch(SOURCE, MALE, Canned(broken))], tmp_path))
    by_series = {row["series"]: row for row in rows}
    assert len(rows) == 19
    assert by_series[MALE]["footnote"] == "Ages\n 6\n-14"
    assert by_series[MALE]["source_detail"] == "Off\nice of Statistics"


def test_a_label_that_nobody_knows_reaches_stage_under_its_column(tmp_path: Path) -> None:
    body = change(FILE, ",,Rural,,", ",,Coastal,,", 1)
    rows, _ = wired(SOURCE, keep([fetch(SOURCE, MALE, Canned(body))], tmp_path))
    assert [row["dims"] for row in rows if "Coastal" in row["dims"].values()] == [
        {"Disaggregation1": "Coastal"}
    ]


def test_an_unknown_number_is_told_from_other_faults() -> None:
    with pytest.raises(NoSuchSeries, match="knows no such code"):
        fetch(SOURCE, "i99H", Canned(b"[]"))


@pytest.mark.parametrize(
    ("body", "says", "step"),
    [
        (b"[]", "has no rows", "getcategories"),
        (b'{"message": "Missing Authentication Token"}', "is dict, not a list", "kept bytes"),
        (change(LIST, '"code": "i99H"', '"code": "i99"', 1), "rows of i99 came", "new code in series.csv"),
        (change(LIST, '"codeID": 11624', '"codeID": 11625', 1), "rows of 11625 came", "series.csv"),
        (change(LIST, '"isoCode"', '"iso"', 1), "lacks isoCode", "new names"),
        (
            change(LIST, '[{"value": "31.25", "id": 1}]', "[]"),
            "row 0 of i99H has [] for an answer",
            "kept bytes",
        ),
        (
            change(LIST, '"dataYear": 2021, "codeID"', '"dataYear": 2020, "codeID"'),
            "KEN, 2020 appears twice",
            "again",
        ),
        (LIST[:300], "is not JSON", "kept bytes"),
        (b"<html><title>Request blocked</title></html>", "is a web page", "browser"),
        (LIST.replace(b"Kenya", b"Ken\xff\xfe"), "is not UTF-8", "kept bytes"),
    ],
)
def test_json_that_is_not_as_agreed_is_refused(body: bytes, says: str, step: str) -> None:
    with pytest.raises(InvalidResponse) as refused:
        fetch(SOURCE, "i99H", Canned(body))
    assert says in refused.value.what
    assert step in refused.value.next_step
    assert [page.body for page in refused.value.pages] == [body]


HEADER = FILE.split(b"\r\n", 1)[0]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            change(FILE, "Year,AreaName", "AreaName,Year", 1),
            "column 6 of the file is 'AreaName', and Year belongs there",
        ),
        (change(FILE, ",LastModifiedOn", "", 1), "column 15 of the file is missing, and LastModifiedOn"),
        (
            change(FILE, "LastModifiedOn", "LastModifiedOn,Flag", 1),
            "column 16 of the file is 'Flag', and nothing",
        ),
        (HEADER + b"\r\n", "has a header and no rows"),
        (FILE[:-2], "ends in the middle of a line"),
        (FILE[:-25], "ends in the middle of a line"),
        (FILE.rsplit(b",,,", 1)[0] + b"\r\n", "has 12 columns"),
        (change(FILE, "HHU781l_HHCMale,", "HHU781l_HHCMen,", 1), f"no rows of {MALE} (33798) came"),
        (change(FILE, "WTI,2025,", "WTI,2024,", 1), "appears twice"),
        (change(FILE, "Male,,11.5", "Male,,11.5,", 1), "has 16 columns"),
        (b"[]", "column 1 of the file is '[]'"),
        (b"<html><title>Request blocked</title></html>", "is a web page"),
        (FILE.replace(b"Kenya", b"Ken\xff\xfe", 1), "is not UTF-8"),
    ],
)
def test_a_file_that_is_not_as_agreed_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(InvalidResponse) as refused:
        fetch(SOURCE, MALE, Canned(body))
    assert says in refused.value.what
    assert refused.value.next_step
    assert [page.body for page in refused.value.pages] == [body]
