"""Files that are refused as a whole, each with a message that says why; and cells that a spreadsheet
disguises."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from schemas.definitions.contribution_templates import MOST_BYTES, MOST_ROWS
from sources.contributions.cells import Refused
from tests.unit.contributed import (
    GOOD,
    PLEDGE,
    Change,
    Line,
    as_csv,
    as_xlsx,
    changed,
    returned,
    table,
    take,
)

SHEET = "xl/worksheets/sheet1.xml"


def part(name: str, body: bytes = b"x") -> Change:
    return lambda parts: parts.update({name: body})


def edit(name: str, old: bytes, new: bytes) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new, 1)

    return change


def link(kind: str, target: bytes = b"file:///c:/secret.xlsx") -> Change:
    of = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/" + kind.encode()
    rel = (
        b'<Relationship Id="rId99" Type="%s" ' % of
        + b'Target="%s" TargetMode="External"/></Relationships>' % target
    )
    return edit("xl/_rels/workbook.xml.rels", b"</Relationships>", rel)


ENTITIES = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>'
PLANTED: dict[str, tuple[Change, str]] = {
    "macro": (part("xl/vbaProject.bin"), "holds macros"),
    "macro elsewhere": (part("custom/VBAProject.BIN"), "holds macros"),
    "macro sheet": (part("xl/macrosheets/sheet1.xml", b"<a/>"), "holds macros"),
    "macro content type": (
        edit(
            "[Content_Types].xml",
            b"openxmlformats-officedocument.spreadsheetml.sheet.main",
            b"x.sheet.macroEnabled.main",
        ),
        "with macros",
    ),
    "external workbook": (part("xl/externalLinks/externalLink1.xml", b"<a/>"), "links to other workbooks"),
    "external target": (link("externalLinkPath"), "links to another file"),
    "external image": (link("image", b"https://example.org/pixel.png"), "links to another file"),
    "query": (part("xl/connections.xml", b"<a/>"), "connections to other data"),
    "embedded": (part("xl/embeddings/oleObject1.bin"), "embedded objects"),
    "leads out": (part("../evil.xml", b"<a/>"), "leads out"),
    "leads out within": (part("xl/../../evil.xml", b"<a/>"), "leads out"),
    "absolute": (part("/etc/evil.xml", b"<a/>"), "leads out"),
    "drive": (part("c:/evil.xml", b"<a/>"), "leads out"),
    "same name": (part("XL/Workbook.xml", b"<a/>"), "two files of one name"),
    "bomb": (part("xl/media/zeros.bin", b"\0" * (140 * 2**20)), "unpacks to"),
    "many parts": (lambda parts: parts.update({f"xl/{n}.bin": b"" for n in range(1001)}), "holds 1,0"),
    "entities": (edit(SHEET, b"<worksheet", ENTITIES + b"<worksheet"), "document type"),
    "utf-16": (part("xl/extra.xml", "<a/>".encode("utf-16")), "NUL bytes"),
    "unknown encoding": (edit(SHEET, b"UTF-8", b"U-TF-8"), "not whole XML"),
    "no part": (
        edit("[Content_Types].xml", b"sheet.main+xml", b"sheet. main+xml"),
        "cannot be read as a workbook",
    ),
    "broken xml": (edit(SHEET, b"</sheetData>", b""), "not whole XML"),
    "merged": (
        edit(
            SHEET, b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>'
        ),
        "merged cells",
    ),
    "row twice": (edit(SHEET, b"</sheetData>", b'<row r="2"/></sheetData>'), "row 2 comes after row 2"),
    "row back": (
        edit(SHEET, b"</sheetData>", b'<row r="9"/><row r="5"/></sheetData>'),
        "row 5 comes after row 9",
    ),
    "cell twice": (edit(SHEET, b"</row>", b'<c r="A1"/></row>'), "out of order"),
    "far cell": (edit(SHEET, b"</sheetData>", b'<row r="3"><c r="XFD3"/></row></sheetData>'), "XFD3"),
    "far row": (edit(SHEET, b"</sheetData>", b'<row r="1048576"/></sheetData>'), "1,048,576"),
    "no name of a cell": (
        edit(SHEET, b"</sheetData>", b'<row r="3"><c r="?"/></row></sheetData>'),
        "has a cell",
    ),
    "no workbook": (lambda parts: parts.pop("xl/workbook.xml") and None, "no workbook"),
    "no strings": (lambda parts: parts.pop("xl/sharedStrings.xml") and None, "cannot be read"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_workbook_that_is_more_or_less_than_cells_is_refused(name: str, tmp_path: Path) -> None:
    change, message = PLANTED[name]
    with pytest.raises(Refused, match=message) as refused:
        take(tmp_path, changed(change), "t.xlsx")
    assert refused.value.where.startswith("t.xlsx")
    assert refused.value.next_step
    assert not (tmp_path / "contributions").exists()


def test_a_plain_workbook_passes_and_a_link_to_click_is_no_link_to_a_file(tmp_path: Path) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("data")
        for column, (name, text) in enumerate(PLEDGE.items()):
            sheet.write(0, column, name)
            sheet.write(1, column, text)  # an address becomes a hyperlink
    assert b"TargetMode" in zipfile.ZipFile(out).read("xl/worksheets/_rels/sheet1.xml.rels")
    assert take(tmp_path, out.getvalue(), "t.xlsx").accepted == 1


def test_a_sheet_that_lies_about_its_size_is_read_to_its_end(tmp_path: Path) -> None:
    lines = [{**PLEDGE, "pledge_id": f"EX-{n}"} for n in range(5)]
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_xlsx(lines))) as archive, zipfile.ZipFile(out, "w") as lying:
        for name in archive.namelist():
            body = archive.read(name)
            lying.writestr(name, body.replace(b'<dimension ref="A1:N6"/>', b'<dimension ref="A1:B2"/>'))
    assert take(tmp_path, out.getvalue(), "t.xlsx").accepted == 5


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"x", "t.xlsm", "can hold macros"),
        (b"x", "t.xlsb", "can hold macros"),
        (b"x", "t.ods", "is not read"),
        (b"", "t.csv", "is empty"),
        (b"a" * (MOST_BYTES + 1), "t.csv", "is larger than"),
        (b"not a zip", "t.xlsx", "no whole workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "t.xlsx", "old .xls or has a password"),
        (as_xlsx([PLEDGE]), "t.csv", "is a workbook"),
        (as_xlsx([PLEDGE])[:-30], "t.xlsx", "no whole workbook"),
    ],
    ids=["macro", "binary", "other", "empty", "large", "no zip", "old", "disguised", "cut"],
)
def test_a_file_of_another_sort_is_refused(data: bytes, name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=message):
        take(tmp_path, data, name)


CSV = as_csv([PLEDGE])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (CSV.replace(b"Connect", b"Conn\0ect"), "NUL byte in line 2"),
        (CSV.replace(b"Connect", "Café".encode("latin-1")), "line 2 holds the byte 0xe9"),
        (CSV + "Café".encode("cp1252") + CSV.replace(b"Connect", "Café".encode()), "not in UTF-8 throughout"),
        (CSV.decode().encode("utf-16"), "is in UTF-16"),
        (CSV.decode().encode("utf-32"), "is in UTF-32"),
        (CSV.replace(b'"Connect', b'"Con"nect'), "at line 2"),
        (CSV + b'"EX-2","never closed\r\n', "cannot be divided into fields"),
        (CSV.replace(b"\r\n", b"\r\n" + b'"' + b"x" * 140_000 + b'"\r\n', 1), "field larger"),
        (b"\r\n" + CSV, "no header in its first line"),
        (CSV.replace(b'"amount"', b'"Amount"'), "missing: amount; unknown: Amount"),
        (CSV.replace(b'"unit"', b'"amount"'), "twice: amount"),
        (CSV.partition(b"\r\n")[0] + b"\r\n", "holds no rows"),
    ],
    ids=[
        "NUL",
        "latin-1",
        "mixed",
        "utf-16",
        "utf-32",
        "quote",
        "unclosed",
        "long",
        "blank first",
        "case",
        "twice",
        "no rows",
    ],
)
def test_a_csv_that_cannot_be_trusted_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=message):
        take(tmp_path, data)
    assert not (tmp_path / "contributions").exists()


def test_a_byte_order_mark_at_the_beginning_is_skipped_and_said(tmp_path: Path) -> None:
    result = take(tmp_path, b"\xef\xbb\xbf" + CSV)
    assert (result.accepted, result.notes) == (1, ("the byte order mark at its beginning was skipped",))


def test_an_unquoted_line_break_or_separator_rejects_the_pieces_and_loses_none(tmp_path: Path) -> None:
    head, _, row = CSV.decode().partition("\r\n")
    broken = row.replace('"Connect 1,000 schools."', "Connect\n1000 schools.")
    wide = row.replace('"Connect 1,000 schools."', "Connect 1,000 schools.").replace("EX-1", "EX-3")
    result = take(tmp_path, f"{head}\r\n{broken}{wide}{row.replace('EX-1', 'EX-4')}\r\n,,\r\n".encode())
    assert (result.rows_in, result.accepted, result.reasons) == (4, 1, {"wrong_fields": 3})
    lines = returned(result)
    assert [line["row in your file"] for line in lines] == ["2", "3", "4"]
    assert (lines[0]["what"], lines[1]["pledge_id"]) == ("Connect", "1000 schools.")
    assert lines[2]["fields beyond the header"] == "pledge/1"
    assert ["fewer" in lines[0]["reason"], "more" in lines[2]["reason"]] == [True, True]


def test_too_many_rows_are_refused_before_any_is_judged(tmp_path: Path) -> None:
    head, _, row = CSV.partition(b"\r\n")
    short = b'"a"' + b"," * row.count(b'","') + b"\r\n"
    with pytest.raises(Refused, match=f"has {MOST_ROWS + 1:,} rows"):
        take(tmp_path, head + b"\r\n" + short * (MOST_ROWS + 1))


def test_a_file_that_is_not_there_and_a_kind_that_it_is_not(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not that of a template; of national_figure"):
        take(tmp_path, CSV, kind="national_figure")
    with pytest.raises(Exception, match="there is no template 'x'"):
        take(tmp_path, CSV, kind="x")


# --- cells that a spreadsheet disguises
def one_cell(
    column: str, write: Callable[[Any, int, Any], None], kind: str = "pledge", **formats: Any
) -> bytes:
    """A workbook whose row 2 is good but for one cell, written as a spreadsheet program would."""
    out, line = io.BytesIO(), GOOD[kind]
    with xlsxwriter.Workbook(out, {"strings_to_urls": False}) as book:
        sheet = book.add_worksheet("data")
        for number, (name, text) in enumerate(line.items()):
            sheet.write_string(0, number, name)
            if name == column:
                write(sheet, number, book.add_format(formats))
            else:
                sheet.write_string(1, number, text)
    return out.getvalue()


DISGUISED = {
    "formula": (one_cell("amount", lambda s, c, f: s.write_formula(1, c, "=2+2", None, 4)), "is a formula"),
    "array": (
        one_cell("amount", lambda s, c, f: s.write_array_formula(1, c, 1, c, "{=2+2}", None, 4)),
        "is a formula",
    ),
    "error": (
        one_cell("amount", lambda s, c, f: s.write_formula(1, c, "=1/0", None, "#DIV/0!")),
        "is a formula",
    ),
    "percentage": (
        one_cell("amount", lambda s, c, f: s.write_number(1, c, 0.45, f), num_format="0%"),
        "as a percentage",
    ),
    "date for a number": (
        one_cell(
            "amount", lambda s, c, f: s.write_datetime(1, c, datetime(2024, 5, 9), f), num_format="d.m.yy"
        ),
        "is a date (2024-05-09)",
    ),
    "date for a text": (
        one_cell(
            "age",
            lambda s, c, f: s.write_datetime(1, c, datetime(2024, 5, 9), f),
            "national_figure",
            num_format="d-m",
        ),
        "is a date",
    ),
    "time of day": (
        one_cell(
            "deadline",
            lambda s, c, f: s.write_datetime(1, c, datetime(2030, 5, 9, 12), f),
            num_format="d.m.yy",
        ),
        "time of day",
    ),
    "truth": (one_cell("amount", lambda s, c, f: s.write_boolean(1, c, True)), "TRUE is not a number"),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_a_disguised_cell_is_rejected(name: str, tmp_path: Path) -> None:
    data, says = DISGUISED[name]
    result = take(tmp_path, data, "t.xlsx")
    assert (result.rows_in, result.rejected) == (1, 1)
    assert says in result.problems[0]["says"]
    assert says in returned(result)[0]["reason"]


def test_an_error_cell_without_a_formula_is_no_empty_cell(tmp_path: Path) -> None:
    data = changed(
        edit(SHEET, b"</sheetData>", b'<row r="3"><c r="A3" t="e"><v>#N/A</v></c></row></sheetData>')
    )
    result = take(tmp_path, data, "t.xlsx")
    assert (result.accepted, result.rejected) == (1, 1)
    assert "#N/A" in result.problems[0]["says"]


@pytest.mark.parametrize(
    ("column", "data", "value"),
    [
        ("amount", one_cell("amount", lambda s, c, f: s.write_number(1, c, -0.1)), -0.1),
        ("year_made", one_cell("year_made", lambda s, c, f: s.write_number(1, c, 2020)), 2020),
        ("deadline", one_cell("deadline", lambda s, c, f: s.write_number(1, c, 2030)), "2030"),
        (
            "deadline",
            one_cell(
                "deadline",
                lambda s, c, f: s.write_datetime(1, c, datetime(2030, 5, 9), f),
                num_format="d.m.yy",
            ),
            "2030-05-09",
        ),
        ("who", one_cell("who", lambda s, c, f: s.write_number(1, c, 1999)), "1999"),
    ],
)
def test_numbers_and_days_of_a_spreadsheet_are_unambiguous(
    column: str, data: bytes, value: object, tmp_path: Path
) -> None:
    assert take(tmp_path, data, "t.xlsx").accepted == 1
    assert table(tmp_path, "pledge")[0][column] == value


def test_control_characters_of_a_workbook_are_seen_and_shown(tmp_path: Path) -> None:
    lines: list[Line] = [{**PLEDGE, "what": "a\x07b"}, {**PLEDGE, "pledge_id": "EX-2", "what": "see _x0041_"}]
    result = take(tmp_path, as_xlsx(lines), "t.xlsx")
    assert (result.accepted, result.rejected) == (1, 1)
    assert table(tmp_path, "pledge")[0]["what"] == "see _x0041_"
    assert "U+0007" in result.problems[0]["says"]
    assert returned(result)[0]["what"] == "a\\u0007b"


def test_a_workbook_with_a_sheet_that_would_not_be_read_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name in ("data", "more figures"):
            book.add_worksheet(name).write_row(0, 0, list(PLEDGE))
    with pytest.raises(Refused, match="would not be read: more figures"):
        take(tmp_path, out.getvalue(), "t.xlsx")
