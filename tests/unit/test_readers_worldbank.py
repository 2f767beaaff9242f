"""The World Bank reader on hand-made pages: accepted and rejected pages, and the staged rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sources.model import RAW_COLUMNS, InvalidResponse, NoSuchSeries, Resource
from sources.readers.worldbank import reader
from tests.unit.canned import Canned, change, fetch, fixture, keep, source_with, wired

SERIES = "IT.NET.USER.ZS"
PAGES = [fixture(f"worldbank_wdi/page_{n}.json") for n in (1, 2, 3)]
SOURCE = source_with("worldbank_wdi", per_page=2)


def test_all_pages_are_asked_for_and_proved() -> None:
    session = Canned(*PAGES)
    answer = fetch(SOURCE, SERIES, session)
    assert [asked[1] for asked in session.asked] == [f"/country/all/indicator/{SERIES}"] * 3
    assert [asked[2]["page"] for asked in session.asked] == [1, 2, 3]
    assert session.asked[0][2] == {"format": "json", "source": "2", "per_page": 2, "page": 1}
    assert (answer.pages_expected, len(answer.pages), answer.rows) == (3, 3, 5)
    assert answer.agency_release == "2026-07-01"
    assert [page.body for page in answer.pages] == PAGES


def test_the_content_ignores_the_date_of_update_and_the_order_of_keys() -> None:
    first = fetch(SOURCE, SERIES, Canned(*PAGES))
    later = [change(page, "2026-07-01", "2026-10-01") for page in PAGES]
    swapped = [change(page, '"unit": "", "obs_status": ""', '"obs_status": "", "unit": ""') for page in later]
    assert fetch(SOURCE, SERIES, Canned(*swapped)).content == first.content
    other = [*PAGES[:2], change(PAGES[2], '"value": 0,', '"value": 1,')]
    assert fetch(SOURCE, SERIES, Canned(*other)).content != first.content


def test_values_reach_stage_and_empty_cells_are_counted(tmp_path: Path) -> None:
    rows, counted = wired(SOURCE, keep([fetch(SOURCE, SERIES, Canned(*PAGES))], tmp_path))
    assert counted == {"empty_cell": 1}
    assert [row["row"] for row in rows] == [0, 2, 3, 4]
    assert [row["value"] for row in rows] == ["90.5", "51", "48.25", "0"]  # a zero is a value
    assert [row["area"] for row in rows] == ["XD", "NAM", "NAM", "XKX"]  # two letters where the code is blank
    assert {row["series"] for row in rows} == {SERIES}
    assert rows[1] | {"snapshot": ""} == {
        "snapshot": "", "row": 2, "series": SERIES, "area": "NAM", "area_name": "Namibia",
        "time_period": "2021", "value": "51", "dims": {},
    }  # fmt: skip
    assert set(rows[0]) <= set(RAW_COLUMNS)


def test_a_stored_series_is_requested_without_empty_cells() -> None:
    source = source_with("worldbank_wdi", per_page=10)
    header = json.loads(PAGES[0])[0] | {"pages": 1, "per_page": "10"}
    rows = [row for page in PAGES for row in json.loads(page)[1]]
    whole, values = (
        json.dumps([header | {"total": len(kept)}, kept]).encode()
        for kept in (rows, [row for row in rows if row["value"] is not None])
    )
    assert len(values) < len(whole)
    first, again = Canned(whole), Canned(values)
    resource = Resource(SERIES, (SERIES,))
    stored = Resource(SERIES, (SERIES,), stored=True)
    content = reader.fetch(source, resource, first).content  # type: ignore[arg-type]
    assert reader.fetch(source, stored, again).content == content  # type: ignore[arg-type]
    assert "mrnev" not in first.asked[0][2]
    assert again.asked[0][2]["mrnev"] == source.options["refresh_mrnev"]


def test_a_series_without_any_value_is_all_counted(tmp_path: Path) -> None:
    page = fixture("worldbank_wdi/page_1.json")
    alone = change(
        change(change(page, '"pages": 3', '"pages": 1'), '"total": 5', '"total": 2'), "90.5", "null"
    )
    rows, counted = wired(SOURCE, keep([fetch(SOURCE, SERIES, Canned(alone))], tmp_path))
    assert (rows, counted) == ([], {"empty_cell": 2})


def test_two_snapshots_may_share_a_page(tmp_path: Path) -> None:
    one = fetch(SOURCE, SERIES, Canned(*PAGES))
    files = keep([one], tmp_path)
    twin = files[0].__class__("f" * 64, SERIES, files[0].pages)
    rows, counted = wired(SOURCE, [*files, twin])
    assert len(rows) == 8
    assert counted == {"empty_cell": 2}


def html(_: bytes) -> bytes:
    return b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"


ROW = '"countryiso3code": "NAM", "date": "2021"'


@pytest.mark.parametrize(
    ("number", "old", "new", "says", "step"),
    [
        (
            3,
            '"total": 5',
            '"total": 4',
            "the totals of IT.NET.USER.ZS changed between page 1 and page 3",
            "run again",
        ),
        (2, '"page": 2', '"page": 1', "page 2 of IT.NET.USER.ZS was asked and page 1 came", "run again"),
        (1, '"pages": 3', '"pages": 2', "which does not add up", "lower options"),
        (1, '"per_page": "2"', '"per_page": "1"', "per_page says 1", "lower options.per_page"),
        (1, '"per_page": "2"', '"per_page": "two"', "per_page is 'two'", "kept bytes"),
        (1, '"sourceid": "2"', '"sourceid": "75"', "from database 75", "kept bytes"),
        (1, '"total"', '"sum"', "the header of IT.NET.USER.ZS lacks total", "kept bytes"),
        (1, '"countryiso3code"', '"iso3"', "lacks countryiso3code", "new names"),
        (2, '"value": 51,', '"value": "51",', "the value of row 2 of IT.NET.USER.ZS is '51'", "kept bytes"),
        (
            2,
            '"id": "IT.NET.USER.ZS"',
            '"id": "IT.NET.USER.P2"',
            "rows of IT.NET.USER.P2 came",
            "new code in series.csv",
        ),
        (2, ROW, ROW.replace("2021", "2020"), "area and date NA, 2020 appears twice", "run again"),
        (
            3,
            '"lastupdated": "2026-07-01"',
            '"lastupdated": "2026-07-02"',
            "was updated while it was read",
            "kept",
        ),
        (1, "[\n", "{", "is not JSON", "kept bytes"),
        (2, "Namibia", "Namibia\x00", "is not JSON", "kept bytes"),
    ],
)
def test_a_page_that_is_not_as_agreed_is_refused(
    number: int, old: str, new: str, says: str, step: str
) -> None:
    pages = list(PAGES)
    pages[number - 1] = change(pages[number - 1], old, new)
    with pytest.raises(InvalidResponse) as refused:
        fetch(SOURCE, SERIES, Canned(*pages))
    assert says in refused.value.what
    assert step in refused.value.next_step
    assert pages[number - 1] in [page.body for page in refused.value.pages]  # the bytes are kept


def test_a_code_that_the_agency_refuses_is_told_from_other_faults() -> None:
    with pytest.raises(NoSuchSeries, match="the agency refuses"):
        fetch(SOURCE, SERIES, Canned(fixture("worldbank_wdi/error.json")))


@pytest.mark.parametrize(
    ("bodies", "says"),
    [
        ([fixture("worldbank_wdi/error.json")], "The provided parameter value is not valid"),
        ([fixture("worldbank_wdi/empty.json")], "has no rows"),
        (
            [PAGES[0], change(PAGES[0], '"page": 1', '"page": 2')],
            "page 2 of IT.NET.USER.ZS repeats the rows of page 1",
        ),
        ([html(b"")], "is a web page"),
        ([PAGES[0][:200]], "is not JSON"),
        ([PAGES[0], PAGES[1].replace(b"Namibia", b"Namib\xff\xfe")], "is not UTF-8"),
        ([b'{"page": 1}'], "is not a list of header and rows"),
        ([b'[{"page": 1, "pages": 1, "per_page": 2, "total": 1}, {}]'], "are dict, not a list"),
        ([b'[{"page": 1, "pages": 1, "per_page": 2, "total": 2}, null]'], "has 0 rows, and 2 were declared"),
        ([b'[{"page": 1, "pages": 1, "per_page": 2, "total": 1}, [7]]'], "row 0 of IT.NET.USER.ZS is int"),
    ],
)
def test_an_answer_that_is_none_is_refused(bodies: list[bytes], says: str) -> None:
    with pytest.raises(InvalidResponse) as refused:
        fetch(SOURCE, SERIES, Canned(*bodies))
    assert says in refused.value.what
    assert refused.value.next_step
    assert [page.body for page in refused.value.pages] == bodies
