"""No text is lost and none runs, whatever a cell holds; no bytes make a traceback."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import CompactError
from sources.contributions.cells import neutral, runs
from tests.unit.contributed import COMMON, PLEDGE, as_csv, as_xlsx, changed, returned, table, take

FUZZ = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
    derandomize="FUZZ_EXAMPLES" not in os.environ,  # the same cases in every ordinary run
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [
        "=1+1",
        "\t=1",
        "+1",
        "-1",
        "-1+1",
        "@a",
        "＋1",
        "'=1",
        "a\r\nb",
        "a\rb",
        "\x01",
        "_x000D_",
        "_x0041_",
        "\ufeff=1",
        "\u200b=1",
        " x ",
        "1,000",
        "NULL",
        "NA",
        "\x1c",
        "\x85",
        "\ufffe",
    ]
)


def same(sent: str, kept: str | None) -> bool:
    """Equal but for spaces around it and the kind of line end."""
    return sent.replace("\r\n", "\n").strip(" \t\r\n\u00a0\u3000") == (kept or "")


@pytest.mark.slow
@FUZZ
@given(text=ANY, column=st.sampled_from(["what", "who", "amount", "target", "deadline"]), xlsx=st.booleans())
def test_any_text_is_kept_or_rejected_with_a_reason_and_never_runs(
    tmp_path: Path, text: str, column: str, xlsx: bool
) -> None:
    if xlsx and ("\0" in text or "_x" in text or any(c in text for c in "\r\ufffe\uffff")):
        text = "plain"  # an XLSX cannot hold the first, and writers differ on the others: tested one by one
    if "\0" in text:
        text = text.replace("\0", "")  # a CSV with NUL is refused as a whole: tested below
    lines = [{**PLEDGE, column: text}, {**PLEDGE, "pledge_id": "EX-2"}]
    home = tmp_path / uuid.uuid4().hex
    result = take(home, as_xlsx(lines) if xlsx else as_csv(lines), "t.xlsx" if xlsx else "t.csv")
    assert result.rows_in == 2 == result.accepted + result.rejected
    if result.rejected:
        (line,) = returned(result)
        assert line["reason"]
        assert not runs(line[column])
        assert same(neutral(text.replace("\r\n", "\n").strip(" \t\r\n\u00a0\u3000")), line[column])
    else:
        kept = table(home, "pledge")[0][column]
        assert same(text, kept if column != "amount" or kept is None else text)
        assert column != "amount" or float(text.strip()) == kept


@FUZZ
@given(ANY)
def test_what_is_written_out_never_runs_and_numbers_stay_numbers(text: str) -> None:
    shown = neutral(text)
    assert not runs(shown)
    assert not shown.lstrip().startswith(("=", "+", "@", "＝", "＋", "－", "＠"))
    assert neutral("-1234.5") == "-1234.5"
    assert neutral("-1+1") == "'-1+1"


@FUZZ
@given(
    data=st.binary(max_size=300),
    start=st.sampled_from([b"", b"PK\x03\x04", as_csv([PLEDGE]), as_xlsx([PLEDGE])]),
)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_any_bytes_are_refused_with_a_message_or_add_up(
    tmp_path: Path, data: bytes, start: bytes, suffix: str
) -> None:
    try:
        result = take(tmp_path, start + data, f"t.{suffix}", dry_run=True)
    except CompactError as refused:
        explained = refused.what and refused.where
    else:
        explained = result.rows_in == result.accepted + result.rejected > 0
    assert explained


@FUZZ
@given(at=st.integers(0, 6000), byte=st.integers(0, 255))
def test_a_damaged_workbook_is_refused_with_a_message_or_adds_up(tmp_path: Path, at: int, byte: int) -> None:
    whole = bytearray(as_xlsx([PLEDGE], COMMON))
    whole[at % len(whole)] = byte
    try:
        result = take(tmp_path, bytes(whole), "t.xlsx", dry_run=True)
    except CompactError as refused:
        explained = refused.what and refused.where
    else:
        explained = result.rows_in == result.accepted + result.rejected > 0
    assert explained


PARTS = (
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/workbook.xml",
    "[Content_Types].xml",
)


@FUZZ
@given(
    part=st.sampled_from((*PARTS, "xl/_rels/workbook.xml.rels", "docProps/core.xml")),
    at=st.integers(0, 5000),
    old=st.integers(0, 12),
    new=st.binary(max_size=6)
    | st.sampled_from([b"<", b">", b'"', b"&#0;", b"-1", b"99999999", b"1e400", b"/"]),
)
def test_a_workbook_with_a_changed_part_is_refused_with_a_message_or_adds_up(
    tmp_path: Path, part: str, at: int, old: int, new: bytes
) -> None:
    def change(parts: dict[str, bytes]) -> None:
        body, start = parts[part], at % len(parts[part])
        parts[part] = body[:start] + new + body[start + old :]

    try:
        result = take(tmp_path, changed(change), "t.xlsx", dry_run=True)
    except CompactError as refused:
        explained = refused.what and refused.where
    else:
        explained = result.rows_in == result.accepted + result.rejected > 0
    assert explained
