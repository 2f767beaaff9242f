"""The workbook reader: layouts, keys, notes, and all that is no plain workbook. Figures are invented."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from schemas.definitions.source import Source
from sources.ingest.fetch import fetch_source
from sources.model import InvalidResponse, NoSuchSeries
from sources.readers.workbook import reader
from sources.registry.sources import SOURCES, load_source
from sources.settings import Settings
from sources.snapshots.store import Store
from sources.staging.stage import StageProblem, stage_source
from tests.unit.canned import Canned, fetch, keep
from tests.unit.workbooks import edited, packed, parts, workbook

PRICES, AGGREGATES = (
    load_source(SOURCES / name / "source.yaml") for name in ("itu_prices", "itu_aggregates")
)
MOBILE, FIXED = "Data-only mobile-broadband basket", "Fixed-broadband basket"
SHEET = "economies_2008-2024"
HEAD = ["IsoCode", "Economy", "basket_combined_simplified", "Unit", 2022, 2023, 2024]
LINES: list[list[object]] = [
    HEAD,
    ["KEN", "Kenya", MOBILE, "GNIpc", 3.5, 2.25, 2],
    ["KEN", "Kenya", MOBILE, "USD", 6, None, 5.5],
    ["KSO", "Kosovo", MOBILE, "GNIpc", None, 0.9, "1.1"],
    ["KEN", "Kenya", FIXED, "GNIpc", 12.125, 11, 10],
]
SERIES = f"{MOBILE} | GNIpc"
PART = "xl/worksheets/sheet2.xml"
GROUPS: list[list[object]] = [
    ["ITU key indicators for the world"],
    [],
    ["Individuals using the Internet"],
    [None, 2023, "2024*", "2025*"],
    ["World", 65.1, 66.2, 67.3],
    ["Africa", 36.5, None, 38.1],
    ["LDCs", 31, 32, 33],
    [],
    ["Fixed-broadband subscriptions"],
    [None, 2023, 2024],
    ["World", 18.5, 19],
    ["* ITU estimate"],
]


def prices(*lines: list[object], before: list[list[object]] | None = None) -> bytes:
    return workbook({"About": [["Read me"]], SHEET: [*(before or []), *(lines or LINES)]})


def aggregates(lines: list[list[object]] | None = None) -> bytes:
    return workbook({"By BDT region": GROUPS if lines is None else lines})


def staged(source: Source, body: bytes, series: str, folder: Path) -> tuple[list[dict[str, Any]], Any]:
    (folder / "pages").mkdir(parents=True)
    answer = fetch(source, series, Canned(body))
    found = stage_source(source, keep([answer], folder / "pages"), folder / "home")
    assert all(count.reconciles for count in found.counts)
    return pq.read_table(found.observation).to_pylist(), found


def refusal(body: bytes, source: Source = PRICES, series: str = SERIES) -> InvalidResponse:
    with pytest.raises(InvalidResponse) as raised:
        fetch(source, series, Canned(body))
    assert [page.body for page in raised.value.pages] == [body]  # kept, to be looked at
    return raised.value


# --- years as columns ---


def test_a_line_becomes_a_value_for_each_year(tmp_path: Path) -> None:
    rows, found = staged(PRICES, prices(), SERIES, tmp_path)
    values = {(r["series"], r["ref_area"], r["time_period"]): r["obs_value"] for r in rows}
    assert values == {
        (SERIES, "KEN", 2022): 3.5,
        (SERIES, "KEN", 2023): 2.25,
        (SERIES, "KEN", 2024): 2.0,
        (f"{MOBILE} | USD", "KEN", 2022): 6.0,
        (f"{MOBILE} | USD", "KEN", 2024): 5.5,
        (SERIES, "XKX", 2023): 0.9,
        (SERIES, "XKX", 2024): 1.1,
        (f"{FIXED} | GNIpc", "KEN", 2022): 12.125,
        (f"{FIXED} | GNIpc", "KEN", 2023): 11.0,
        (f"{FIXED} | GNIpc", "KEN", 2024): 10.0,
    }
    assert {(r["series"], r["unit"]) for r in rows} == {
        (SERIES, "PT"),
        (f"{MOBILE} | USD", "USD_CURRENT"),
        (f"{FIXED} | GNIpc", "PT"),
    }
    assert found.reasons == {"empty_value": 2}


def test_the_header_is_found_below_a_title_and_notes_are_listed(tmp_path: Path) -> None:
    body = prices(*LINES, ["Source: ITU"], before=[["ICT prices"], []])
    _, found = staged(PRICES, body, SERIES, tmp_path)
    refused = pq.read_table(found.quarantine).to_pylist()
    assert [(r["reason"], r["value"]) for r in refused] == [
        ("note_row", "ICT prices"),
        ("note_row", "Source: ITU"),
    ]


def test_the_question_is_the_declared_path() -> None:
    session = Canned(prices())
    answer = fetch(PRICES, SERIES, session)
    assert session.asked == [("GET", PRICES.options["path"], {})]
    assert (answer.resource.key, answer.rows) == ("workbook", 12)


def test_a_workbook_saved_anew_has_the_same_content() -> None:
    again = packed(dict(reversed(parts(prices()).items())))
    assert again != prices()
    assert fetch(PRICES, SERIES, Canned(again)).content == fetch(PRICES, SERIES, Canned(prices())).content
    other = prices(*LINES[:-1], [*LINES[-1][:-1], 10.5])
    assert fetch(PRICES, SERIES, Canned(other)).content != fetch(PRICES, SERIES, Canned(prices())).content


def test_a_series_that_is_not_there_is_no_such_series() -> None:
    with pytest.raises(NoSuchSeries, match="has no series Landline") as raised:
        fetch(PRICES, "Landline | USD", Canned(prices()))
    assert SERIES in raised.value.allowed


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (prices(["ISO", *HEAD[1:]], *LINES[1:]), "no rows have the declared column names"),
        (prices(HEAD, HEAD, *LINES[1:]), "2 rows have the declared column names"),
        (prices([*HEAD, "Notes"], *LINES[1:]), "not declared: Notes"),
        (prices([*HEAD, 2024], *LINES[1:]), "the year 2024 is the name of two columns"),
        (prices(*LINES, LINES[1]), "stands twice among the 15 rows"),
        (prices(*LINES, ["", "", "", "", 3.5]), "has numbers and is no record"),
        (prices(HEAD, [*LINES[1], "remark"]), "'remark' in a column without a name"),
        (prices(HEAD), "has no record"),
        (workbook({"prices": LINES}), "has no sheet 'economies_2008-2024'"),
    ],
)
def test_a_sheet_of_another_shape_is_refused(body: bytes, says: str) -> None:
    assert says in refusal(body).what


def test_a_long_table_has_a_line_for_each_value(tmp_path: Path) -> None:
    head = ["Code", "Series", "Year", "Value"]
    source = PRICES.model_copy(
        update={
            "options": {
                "path": "/long.xlsx",
                "sheet": "data",
                "layout": "long",
                "header": head,
                "series": ["Series"],
                "fields": {"area": "Code", "time_period": "Year", "value": "Value"},
            }
        }
    )
    body = workbook({"data": [head, ["KEN", "S", 2020, 1.5], ["KEN", "S", 2021, 2]]})
    rows, _ = staged(source, body, "S", tmp_path)
    assert [(r["time_period"], r["obs_value"]) for r in rows] == [(2020, 1.5), (2021, 2.0)]
    twice = workbook({"data": [head, ["KEN", "S", 2020, 1.5], ["KEN", "S", 2020, 2]]})
    assert "KEN, S, 2020 stands twice" in refusal(twice, source, "S").what


# --- stacked tables ---


def test_stacked_tables_are_named_by_their_titles(tmp_path: Path) -> None:
    rows, found = staged(AGGREGATES, aggregates(), "Individuals using the Internet", tmp_path)
    assert [
        (r["series"][:5], r["ref_area"], r["time_period"], r["obs_value"], r["obs_status"]) for r in rows
    ] == [
        ("Fixed", "M49:001", 2023, 18.5, "A"),
        ("Fixed", "M49:001", 2024, 19.0, "A"),
        ("Indiv", "M49:001", 2023, 65.1, "A"),
        ("Indiv", "M49:001", 2024, 66.2, "E"),
        ("Indiv", "M49:001", 2025, 67.3, "E"),
        ("Indiv", "M49:199", 2023, 31.0, "A"),
        ("Indiv", "M49:199", 2024, 32.0, "E"),
        ("Indiv", "M49:199", 2025, 33.0, "E"),
    ]
    assert {r["unit"] for r in rows} == {"NOT_STATED"}
    assert found.reasons == {"area_not_carried": 2, "empty_value": 1, "note_row": 2}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([GROUPS[0], [], *GROUPS[3:]], "no title stands alone in the line above"),
        ([*GROUPS[:3], [None, 2023, 2024, 2023], *GROUPS[4:]], "the year 2023 is the name of two columns"),
        ([*GROUPS, ["World", 70.5]], "has numbers and is no record"),
        ([*GROUPS[:5], ["Africa", 1, 2, 3, 4]], "in a column without a year"),
        ([*GROUPS[:5], *GROUPS[4:]], "stands twice"),
        ([["nothing here"]], "has no record"),
    ],
)
def test_stacked_tables_of_another_shape_are_refused(lines: list[list[object]], says: str) -> None:
    assert says in refusal(aggregates(lines), AGGREGATES, "Individuals using the Internet").what


def test_an_unknown_region_is_red(tmp_path: Path) -> None:
    lines = [["Atlantis", *line[1:]] if line and line[0] == "Africa" else line for line in GROUPS]
    with pytest.raises(StageProblem, match="unknown_area"):
        staged(AGGREGATES, aggregates(lines), "Individuals using the Internet", tmp_path)


# --- what is no plain workbook ---


def with_part(name: str, body: bytes = b"x") -> bytes:
    return packed(parts(prices()) | {name: body})


def wide(body: bytes) -> bytes:
    return body.replace(b'r="A1"', b'r="XFD1048576"', 1)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (with_part("xl/vbaProject.bin"), "has macros (xl/vbaProject.bin)"),
        (with_part("xl/macrosheets/sheet1.xml"), "has macros"),
        (
            edited(
                prices(),
                "[Content_Types].xml",
                lambda b: b.replace(b"spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml"),
            ),
            "says that it has macros",
        ),
        (with_part("xl/externalLinks/externalLink1.xml"), "has links to other workbooks"),
        (with_part("../evil.xml"), "points out of its folder"),
        (with_part("/etc/passwd"), "points out of its folder"),
        (with_part("xl\\..\\evil.xml"), "points out of its folder"),
        (with_part("xl/media/bomb.bin", b"\x00" * 70_000_000), "unpacks"),
        (edited(prices(), PART, wide), "spans 1048576 rows and 16384 columns"),
        (
            edited(prices(), PART, lambda b: b'<!DOCTYPE x [<!ENTITY a "b">]>' + b),
            "has a document type or entities",
        ),
        (edited(prices(), PART, lambda b: b.decode().encode("utf-16")), "is not UTF-8"),
        (
            prices(*LINES, ["UGA", "Uganda", MOBILE, "GNIpc", "=1+1", 1, 1]),
            "1 formulas without a stored result",
        ),
        (prices(*LINES, ["UGA", "Uganda", MOBILE, "GNIpc", "#N/A", 1, 1]), "1 cells with an Excel error"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old .xls, or is locked"),
        (b"<!doctype html><title>Not found</title>", "a web page"),
        (b"a,b\n1,2\n", "is no workbook"),
        (packed({"readme.txt": b"hello"}), "the zip is no workbook"),
        (prices()[:-200], "the zip cannot be opened"),
        (b"PK\x03\x04" + b"\x00" * 100, "the zip cannot be opened"),
        (edited(prices(), PART, lambda b: b[:-400]), "cannot be read"),
        (edited(prices(), "xl/workbook.xml", lambda b: b[:-20]), "list of sheets cannot be read"),
    ],
)
def test_what_is_no_plain_workbook_is_refused(body: bytes, says: str) -> None:
    assert says in refusal(body).what


def test_a_part_that_holds_more_than_it_declares_is_refused() -> None:
    """The declared size of a part is made small: what comes out of it must not be more."""
    body = bytearray(with_part("xl/media/big.bin", bytes(range(256)) * 4000))
    with zipfile.ZipFile(io.BytesIO(bytes(body))) as archive:
        entry = archive.getinfo("xl/media/big.bin")
    size = entry.file_size.to_bytes(4, "little")
    assert body.count(size) >= 2
    lying = bytes(body).replace(size, (1000).to_bytes(4, "little"))
    assert refusal(lying).what


@pytest.mark.parametrize("source", [PRICES, AGGREGATES], ids=lambda s: s.id)
def test_out_of_reach_is_absent_within_seconds(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"COMPACT_URL_{source.id.upper()}", "http://127.0.0.1:9")
    report = fetch_source(source, ["X"], Store(Settings(home=tmp_path).home), reader=reader)
    assert (report.state, report.refused) == ("absent", [])
    assert "cannot be reached" in report.note or "no connection" in report.note
    assert report.seconds < 12
