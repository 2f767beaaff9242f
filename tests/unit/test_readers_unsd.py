"""The UNSD reader on hand-made responses: both routes agree, and short or changed responses are rejected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.errors import CompactError
from sources.model import InvalidResponse, NoSuchSeries
from tests.unit.canned import Canned, change, fetch, fixture, keep, source_with, wired

SERIES, TWO = "SE_ADT_ACTS", "SG_DSR_SILN"
PAGES = [fixture(f"unsd_sdg/page_{n}.json") for n in (1, 2, 3)]
COUNT, FILE = fixture("unsd_sdg/count.json"), fixture("unsd_sdg/file.csv")
DATA = source_with("unsd_sdg", route="data", page_size=2)
CSV = source_with("unsd_sdg", route="csv")
NULS = b"\x00" * 100
Wired = tuple[list[dict[str, Any]], dict[str, int]]


def by_data(
    tmp_path: Path, *bodies: bytes, series: str = SERIES
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    source = DATA if len(bodies) > 1 else source_with("unsd_sdg", route="data", page_size=10)
    return wired(source, keep([fetch(source, series, Canned(*bodies))], tmp_path))


def by_csv(
    tmp_path: Path, *bodies: bytes, series: str = SERIES
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    return wired(CSV, keep([fetch(CSV, series, Canned(*bodies))], tmp_path))


def without_place(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the two routes must agree on: all but the snapshot, the row and the way a year is written."""
    return [
        {k: v for k, v in row.items() if k not in ("snapshot", "row")}
        | {"time_period": row["time_period"].removesuffix(".0")}
        for row in rows
    ]


def test_the_data_route_asks_page_after_page() -> None:
    session = Canned(*PAGES)
    answer = fetch(DATA, SERIES, session)
    assert session.asked[1] == (
        "GET",
        "/v1/sdg/Series/Data",
        {"seriesCode": SERIES, "page": 2, "pageSize": 2},
    )
    assert (answer.pages_expected, len(answer.pages), answer.rows) == (3, 3, 5)


def test_the_csv_route_asks_how_many_rows_there_are_and_keeps_that_answer() -> None:
    session = Canned(COUNT, FILE + NULS)
    answer = fetch(CSV, SERIES, session)
    assert session.asked[0] == (
        "GET",
        "/v1/sdg/Series/Data",
        {"seriesCode": SERIES, "page": 1, "pageSize": 1},
    )
    assert session.asked[1] == ("POST", "/v1/sdg/Series/DataCSV", {"seriesCodes": SERIES})
    assert [page.body for page in answer.pages] == [COUNT, FILE + NULS]  # the padding is part of the bytes
    assert answer.rows == 5
    assert fetch(CSV, SERIES, Canned(COUNT, FILE)).content == answer.content  # and means nothing


def test_values_dimensions_and_attributes_reach_stage_as_they_are(tmp_path: Path) -> None:
    rows, counted = by_data(tmp_path, *PAGES)
    assert counted == {}
    assert [row["row"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["value"] for row in rows] == ["12.5", "<2.5", "N", "33.25", ">95"]
    assert rows[1]["dims"] == {"reporting type": "G", "sex": "FEMALE", "type of skill": "EMAIL"}
    assert rows[1]["footnote"] == "Ages 15, 16 and more | Rural, only"
    assert rows[2]["dims"]["type of skill"] == "EMAIL"  # sent with a blank at the end
    assert (rows[2]["nature"], rows[2]["unit"]) == ("N", "PERCENT")
    assert (rows[3]["status"], rows[3]["lower"], rows[3]["upper"]) == ("I", "30.5", "40")
    assert (rows[4]["area"], rows[4]["time_period"]) == ("412", "2021.0")


def test_both_routes_say_the_same(tmp_path: Path) -> None:
    data, _ = by_data(tmp_path, *PAGES)
    file, _ = by_csv(tmp_path, COUNT, FILE + NULS)
    assert without_place(data) == without_place(file)


def test_a_row_under_two_indicators_is_one_observation(tmp_path: Path) -> None:
    data, _ = by_data(tmp_path, fixture("unsd_sdg/two_indicators.json"), series=TWO)
    count, body = fixture("unsd_sdg/two_indicators_count.json"), fixture("unsd_sdg/two_indicators.csv")
    file, counted = by_csv(tmp_path, count, body, series=TWO)
    assert counted == {"repeated_for_indicator": 2}
    assert [row["value"] for row in file] == ["3", "5"]
    assert without_place(data) == without_place(file)


def test_repeats_for_an_indicator_in_the_json_are_counted_too(tmp_path: Path) -> None:
    body = fixture("unsd_sdg/two_indicators.json")
    head, rows = body.split(b"[\n", 1)
    rows = rows.removesuffix(b"\n]}\n")
    twice = (
        change(head, '"totalElements": 2', '"totalElements": 4') + b"[\n" + rows + b",\n" + rows + b"\n]}\n"
    )
    raw_rows, counted = by_data(tmp_path, twice, series=TWO)
    assert counted == {"repeated_for_indicator": 2}
    assert [row["value"] for row in raw_rows] == ["3", "5"]


def test_copies_under_two_indicators_that_differ_both_reach_stage(tmp_path: Path) -> None:
    body = change(fixture("unsd_sdg/two_indicators.csv"), '"5"', '"6"', 1)
    rows, counted = by_csv(tmp_path, fixture("unsd_sdg/two_indicators_count.json"), body, series=TWO)
    assert [row["value"] for row in rows] == ["3", "6", "5"]  # stage refuses them as a conflicting key
    assert counted == {"repeated_for_indicator": 1}


def test_a_snapshot_is_read_by_its_bytes_whatever_route_is_chosen_now(tmp_path: Path) -> None:
    files = keep([fetch(DATA, SERIES, Canned(*PAGES)), fetch(CSV, SERIES, Canned(COUNT, FILE))], tmp_path)
    rows, _ = wired(CSV, files)
    assert len(rows) == 10


def test_the_environment_chooses_the_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_ROUTE_UNSD_SDG", "csv")
    session = Canned(COUNT, FILE)
    fetch(DATA, SERIES, session)
    assert session.asked[1][0] == "POST"
    monkeypatch.setenv("COMPACT_ROUTE_UNSD_SDG", "xml")
    with pytest.raises(CompactError, match="has no route 'xml'"):
        fetch(DATA, SERIES, session)


@pytest.mark.parametrize(
    ("number", "old", "new", "says", "step"),
    [
        (2, '"totalElements": 5', '"totalElements": 4', "the totals of SE_ADT_ACTS changed", "run again"),
        (
            2,
            '"pageNumber": 2',
            '"pageNumber": 1',
            "page 2 of SE_ADT_ACTS was asked and page 1 came",
            "run again",
        ),
        (1, '"totalPages": 3', '"totalPages": 1', "which does not add up", "lower options"),
        (1, '"totalPages"', '"pages"', "the envelope of SE_ADT_ACTS lacks totalPages", "kept bytes"),
        (1, '"geoAreaCode"', '"areaCode"', "lacks geoAreaCode", "new names"),
        (1, '"value": "12.5"', '"value": 12.5', "does not have the agreed types", "kept bytes"),
        (
            3,
            '"series": "SE_ADT_ACTS"',
            '"series": "SE_ADT_ICTS"',
            "rows of SE_ADT_ICTS came",
            "new code in series.csv",
        ),
        (3, '"data": [', '"data": [ ]}', "is not JSON", "kept bytes"),
        (3, '"data": [', '"rows": [', "is not an envelope with data", "kept bytes"),
    ],
)
def test_a_page_that_is_not_as_agreed_is_refused(
    number: int, old: str, new: str, says: str, step: str
) -> None:
    pages = list(PAGES)
    pages[number - 1] = change(pages[number - 1], old, new)
    with pytest.raises(InvalidResponse) as refused:
        fetch(DATA, SERIES, Canned(*pages))
    assert says in refused.value.what
    assert step in refused.value.next_step
    assert pages[number - 1] in [page.body for page in refused.value.pages]


def test_rows_that_move_between_pages_are_found() -> None:
    first_row = PAGES[0].split(b"[\n", 1)[1].split(b",\n")[0]
    head, rows = PAGES[1].split(b"[\n", 1)
    moved = head + b"[\n" + first_row + b",\n" + rows.split(b",\n")[1]
    with pytest.raises(InvalidResponse, match="page 2 of SE_ADT_ACTS repeats 1 of the rows of page 1"):
        fetch(DATA, SERIES, Canned(PAGES[0], moved, PAGES[2]))


def test_an_unknown_series_is_refused_on_both_routes() -> None:
    for source in (DATA, CSV):
        with pytest.raises(NoSuchSeries, match="no rows") as refused:
            fetch(source, SERIES, Canned(fixture("unsd_sdg/empty.json")))
        assert "look the series up" in refused.value.next_step


LINES = FILE.decode().splitlines(keepends=True)


def swap(text: str, a: str, b: str) -> str:
    return text.replace(a, "\x01").replace(b, a).replace("\x01", b)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("".join(LINES[:-1]), "has 4 rows, and Series/Data declares 5"),
        ("".join([*LINES, LINES[-1]]), "has 6 rows, and Series/Data declares 5"),
        (LINES[0], "has a header and no rows"),
        ("".join(LINES)[:-30], "ends in the middle of a line"),
        ("".join(LINES)[:-1], "ends in the middle of a line"),
        ("".join(LINES).replace('"G","MALE"', '"G","MALE'), "ends in the middle of a line"),
        (
            swap(LINES[0], "TimePeriod", "Value") + "".join(LINES[1:]),
            "column 8 of the file is 'Value', and TimePeriod",
        ),
        (
            swap(LINES[0], "[Nature]", "[Sex]") + "".join(LINES[1:]),
            "column 20 of the file, [Observation Status], is out of its",
        ),
        (LINES[0].replace("[Units]", "Units") + "".join(LINES[1:]), "column 24 of the file is 'Units'"),
        (
            LINES[0].replace(",FootNote", "") + "".join(LINES[1:]),
            "column 17 of the file is '[Age]', and FootNote",
        ),
        ("".join(LINES).replace('"BOTHSEX",', "", 1), "is not the CSV that its header announces"),
        ("".join(LINES).replace("SE_ADT_ACTS", "SE_ADT_ICTS"), "rows of SE_ADT_ICTS came"),
        ('{"totalElements": 0, "data": []}', "column 1 of the file is"),
        ("<html><title>Sorry</title></html>", "is a web page"),
    ],
)
def test_a_file_that_is_not_as_agreed_is_refused(body: str, says: str) -> None:
    with pytest.raises(InvalidResponse) as refused:
        fetch(CSV, SERIES, Canned(COUNT, body.encode() + NULS))
    assert says in refused.value.what
    assert refused.value.next_step
    assert refused.value.pages[-1].body == body.encode() + NULS


def test_a_file_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(InvalidResponse, match="is not UTF-8"):
        fetch(CSV, SERIES, Canned(COUNT, FILE.replace(b"Kenya", b"Ken\xff\xfe")))


def test_blank_lines_at_the_end_are_no_rows() -> None:
    assert fetch(CSV, SERIES, Canned(COUNT, FILE + b"\n\n" + NULS)).rows == 5
