"""The workbook reader: layouts, keys, notes, and everything that is not a plain workbook. Figures are
synthetic.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from schemas.definitions.source import Source
from sources.ingest.fetch import fetch_source
from sources.model import InvalidResponse, NoSuchSeries, Page
from sources.readers.workbook import reader
from sources.registry.sources import SOURCES, load_source
from sources.settings import Settings
from sources.snapshots.store import Store
from sources.staging.stage import StageProblem, stage_source
from tests.ledger import reconciles
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
SPECIAL, BY_AREA, BY_SEX, BY_AGE = AGGREGATES.options["sheets"]
# two blocks of years side by side; the title below the years, above them, and in their row
GROUPS: list[list[object]] = [
    ["Key ICT indicators for the world"],
    [],
    [None, "Millions", None, None, "Per 100 inhabitants "],
    [None, 2023, 2024, None, 2023, "2024*"],
    ["Fixed-broadband subscriptions"],
    ["World", 1506.5, 1601.2, None, 18.5, 19],
    ["Low-income", "N/A", 4.1, None, 0.5, 0.6],
    [],
    ["Individuals using the Internet", "Millions", None, None, "Percentage"],
    [None, 2023, 2024, None, 2023, 2024],
    ["World", 5300, 5500, None, 65.4, 67.6],
    ["Least Developed Countries (LDCs)", 380, 410, None, 32.5, 35],
    ["Africa", 500, 530, None, 35, 37.5],
    [],
    ["Individuals owning a mobile phone***", 2023, 2024, None, 2023, 2024],
    ["World", 6100, 6300, None, 78.6, 79.7],
    ["Notes:"],
    ["*** Individuals aged 10 or older"],
]
AREA_SHEET: list[list[object]] = [
    [None, "Total", None, None, "Urban", None, None, "Rural"],
    [None, 2023, 2024, None, 2023, 2024, None, 2023, 2024],
    ["Percentage of individuals using the Internet, by urban/rural area"],
    ["World", 65.4, 67.6, None, 80, 82.9, None, 46.2, 47.5],
]
SEX_SHEET: list[list[object]] = [
    ["Percentage of individuals using the Internet, by gender"],
    [None, "Total", "Female", "Male"],
    [None, 2024, 2024, 2024],
    ["World", 67.6, 65.3, 69.5],
]
AGE_SHEET: list[list[object]] = [
    ["Percentage of individuals using the Internet, by age"],
    [None, "Total", "Youth \n(15-24)", "Rest of the population"],
    [None, 2024, 2024, 2024],
    ["World", 67.6, 78.5, 65.6],
]
USE = "Individuals using the Internet | Percentage"


def prices(*lines: list[object], before: list[list[object]] | None = None) -> bytes:
    return workbook({"About": [["Read me"]], SHEET: [*(before or []), *(lines or LINES)]})


def aggregates(lines: list[list[object]] | None = None) -> bytes:
    sheets = {BY_AREA: AREA_SHEET, BY_SEX: SEX_SHEET, BY_AGE: AGE_SHEET}
    return workbook({SPECIAL: GROUPS if lines is None else lines, **sheets})


def staged(source: Source, body: bytes, series: str, folder: Path) -> tuple[list[dict[str, Any]], Any]:
    (folder / "pages").mkdir(parents=True)
    answer = fetch(source, series, Canned(body))
    tables = stage_source(source, keep([answer], folder / "pages"), folder / "home")
    assert all(reconciles(count) for count in tables.counts)
    return pq.read_table(tables.observation).to_pylist(), tables


def refusal(body: bytes, source: Source = PRICES, series: str = SERIES) -> InvalidResponse:
    with pytest.raises(InvalidResponse) as raised:
        fetch(source, series, Canned(body))
    assert [page.body for page in raised.value.pages] == [body]  # kept, to be looked at
    return raised.value


# --- years as columns ---


def test_a_line_becomes_a_value_for_each_year(tmp_path: Path) -> None:
    rows, tables = staged(PRICES, prices(), SERIES, tmp_path)
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
    assert tables.reasons == {"empty_value": 2}


def test_the_header_is_found_below_a_title_and_notes_are_listed(tmp_path: Path) -> None:
    body = prices(*LINES, ["Source: ITU"], before=[["ICT prices"], []])
    _, tables = staged(PRICES, body, SERIES, tmp_path)
    refused = pq.read_table(tables.quarantine).to_pylist()
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
        (
            prices(HEAD, HEAD, *LINES[1:]),
            "2 rows of sheet 'economies_2008-2024' have the declared column names",
        ),
        (prices([*HEAD, "Notes"], *LINES[1:]), "not declared: Notes"),
        (prices([*HEAD, 2024], *LINES[1:]), "the year 2024 is the name of two columns"),
        (prices(*LINES, LINES[1]), "appears twice among the 15 rows"),
        (prices(*LINES, ["", "", "", "", 3.5]), "has numbers and is no record"),
        (prices(HEAD, [*LINES[1], "remark"]), "'remark' in a column without a name"),
        (prices(HEAD), "has no record"),
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
    assert "KEN, S, 2020 appears twice" in refusal(twice, source, "S").what


def test_an_edition_is_known_by_its_header_whatever_file_and_sheet_are_called(tmp_path: Path) -> None:
    rows, _ = staged(PRICES, workbook({"prices": LINES}), SERIES, tmp_path / "old")
    assert {r["series"] for r in rows} == {SERIES, f"{MOBILE} | USD", f"{FIXED} | GNIpc"}
    head = [*PRICES.options["header"], 2024, 2025]
    about = ["Africa", "NA", "NA", "NA", "Lower middle income"]
    new: list[list[object]] = [
        head,
        ["KEN", "Kenya", "i271mb_5GB_GNI", "5GB", "GNIpc", *about, 2.5, 2.25],
        ["KEN", "Kenya", "i271mb_2GB_GNI", "2GB", "GNIpc", *about, 1.5, 1.25],
        ["WBG", "Palestine", "i271mb_2GB_GNI", "2GB", "GNIpc", *about, "NA", 3],
    ]
    rows, tables = staged(
        PRICES, workbook({"About": [["x"]], "any name": new}), "i271mb_5GB_GNI", tmp_path / "new"
    )
    assert [
        (r["series"][7:10], r["ref_area"], r["time_period"], r["obs_value"], r["obs_status"], r["other_dims"])
        for r in rows
    ] == [
        ("2GB", "KEN", 2024, 1.5, "A", "_T"),
        ("2GB", "KEN", 2025, 1.25, "D", "COLLECTION=EXPERIMENTAL"),
        ("2GB", "PSE", 2025, 3.0, "D", "COLLECTION=EXPERIMENTAL"),
        ("5GB", "KEN", 2024, 2.5, "D", "COLLECTION=EXPERIMENTAL"),
        ("5GB", "KEN", 2025, 2.25, "A", "_T"),
    ]
    assert tables.reasons == {"empty_value": 1}


def test_an_older_edition_is_asked_for_where_the_newer_is_not_there() -> None:
    class Missing(Canned):
        def get(self, path: str, params: Any = None, **_: Any) -> Page:
            page = super().get(path, params)
            if len(self.asked) < 3:
                raise InvalidResponse("has status 404", status=404)
            return page

    session = Missing(b"", b"", prices())
    fetch(PRICES, SERIES, session)
    assert [asked[1] for asked in session.asked] == [
        PRICES.options["path"],
        *(edition["path"] for edition in PRICES.options["older"]),
    ]
    alone = PRICES.model_copy(update={"options": PRICES.options | {"older": []}})
    with pytest.raises(InvalidResponse, match="404"):
        fetch(alone, SERIES, Missing(b""))


# --- what formatting says ---


def formatted(change: Callable[[Any], None]) -> bytes:
    book = load_workbook(io.BytesIO(prices()))
    change(book[SHEET])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_percentage_is_refused_unless_its_scale_is_declared(tmp_path: Path) -> None:
    def as_percent(sheet: Any) -> None:
        sheet["E2"].value, sheet["E2"].number_format = 0.047, "0.00%"

    body = formatted(as_percent)
    error = refusal(body)
    assert "E2" in error.what
    assert "percent_scale" in error.next_step
    scaled = PRICES.model_copy(update={"options": PRICES.options | {"workbook": {"percent_scale": 100.0}}})
    rows, _ = staged(scaled, body, SERIES, tmp_path)
    assert [r["obs_value"] for r in rows if r["series"] == SERIES and r["time_period"] == 2022] == [4.7]


def test_a_value_with_raised_text_is_rejected_by_the_name_of_its_cell(tmp_path: Path) -> None:
    def footnote(sheet: Any) -> None:
        raised = InlineFont(vertAlign="superscript")
        sheet["E2"].value = CellRichText("35.2", TextBlock(raised, "1"))
        sheet["F2"].font = Font(vertAlign="subscript")

    rows, tables = staged(PRICES, formatted(footnote), SERIES, tmp_path)
    refused = pq.read_table(tables.quarantine).to_pylist()
    assert sorted(r["reason"] for r in refused if r["reason"] != "empty_value") == ["raised_text"] * 2
    assert "cell E2 of sheet 'economies_2008-2024'" in refused[0]["detail"]
    assert "35.2[1]" in refused[0]["detail"]
    assert 35.21 not in {r["obs_value"] for r in rows}


def test_hidden_rows_and_columns_are_reported_unless_they_are_known(tmp_path: Path) -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["B"].hidden = True

    _, tables = staged(PRICES, formatted(hide), SERIES, tmp_path / "one")
    said = [
        r["detail"] for r in pq.read_table(tables.quarantine).to_pylist() if r["reason"] == "hidden_cells"
    ]
    assert [text.partition(" hides ")[2] for text in said] == [
        "rows 3; they were read",
        "columns B; they were read",
    ]
    known = PRICES.model_copy(update={"options": PRICES.options | {"workbook": {"hidden": "read"}}})
    _, tables = staged(known, formatted(hide), SERIES, tmp_path / "two")
    assert "hidden_cells" not in tables.reasons


# --- blocks of years ---


def test_blocks_side_by_side_are_named_by_title_and_label(tmp_path: Path) -> None:
    rows, tables = staged(AGGREGATES, aggregates(), USE, tmp_path)
    main = [r for r in rows if " | " in r["series"]]
    fixed, online = "Fixed-broadband subscriptions", "Individuals using the Internet"
    assert {
        (r["series"], r["ref_area"], r["time_period"]): (
            r["obs_value"],
            r["unit_mult"],
            r["unit"],
            r["obs_status"],
        )
        for r in main
        if r["time_period"] == 2024
    } == {
        (f"{fixed} | Millions", "M49:001", 2024): (1601.2, 6, "NUMBER", "A"),
        (f"{fixed} | Millions", "WB:LIC", 2024): (4.1, 6, "NUMBER", "A"),
        (f"{fixed} | Per 100 inhabitants", "M49:001", 2024): (19.0, 0, "PER_100_POP", "E"),
        (f"{fixed} | Per 100 inhabitants", "WB:LIC", 2024): (0.6, 0, "PER_100_POP", "E"),
        (f"{online} | Millions", "M49:001", 2024): (5500.0, 6, "PS", "A"),
        (f"{online} | Millions", "M49:199", 2024): (410.0, 6, "PS", "A"),
        (USE, "M49:001", 2024): (67.6, 0, "PT", "A"),
        (USE, "M49:199", 2024): (35.0, 0, "PT", "A"),
        ("Individuals owning a mobile phone | Millions", "M49:001", 2024): (6300.0, 6, "PS", "A"),
        ("Individuals owning a mobile phone | Percentage", "M49:001", 2024): (79.7, 0, "PT", "A"),
    }
    low = [r for r in main if r["ref_area"] == "WB:LIC" and r["time_period"] == 2023 and r["unit_mult"]]
    assert [(r["obs_value"], r["obs_status"]) for r in low] == [(None, "O")]  # N/A is no zero
    parts = {
        (r["urbanisation"], r["sex"], r["age"]): r["obs_value"]
        for r in rows
        if r["time_period"] == 2024
        and r["series"].startswith("Percentage of individuals")
        and (r["urbanisation"], r["sex"], r["age"]) != ("_T", "_T", "_T")
    }
    assert parts == {
        ("U", "_T", "_T"): 82.9, ("R", "_T", "_T"): 47.5, ("_T", "F", "_T"): 65.3, ("_T", "M", "_T"): 69.5,
        ("_T", "_T", "Y15T24"): 78.5, ("_T", "_T", "_X"): 65.6,
    }  # fmt: skip
    assert tables.reasons == {"area_not_carried": 4, "note_row": 3}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([GROUPS[4], *GROUPS[3:4], *GROUPS[5:7]], "without a label above it"),
        ([*GROUPS, ["World", 70.5, 71, 3]], "in a column without a year"),
        ([*GROUPS[:6], *GROUPS[5:]], "appears twice"),
        ([[None, "Millions"], ["T"], [None, 2024, 2023], ["World", 1, 2]], "are not in order"),
        ([["World", 1, 2]], "has numbers and is no record"),
    ],
)
def test_blocks_of_another_shape_are_refused(lines: list[list[object]], says: str) -> None:
    assert says in refusal(aggregates(lines), AGGREGATES, USE).what


def test_an_unknown_region_is_red(tmp_path: Path) -> None:
    lines = [["Atlantis", *line[1:]] if line and line[0] == "Africa" else line for line in GROUPS]
    with pytest.raises(StageProblem, match="unknown_area"):
        staged(AGGREGATES, aggregates(lines), USE, tmp_path)


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
