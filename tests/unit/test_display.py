"""Control characters in names from an agency or a file never reach the terminal."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.console.output import emit, emit_one, note, say, use_any_encoding
from schemas.display import bounded, visible, visible_json
from tests.faults.table import saw

ESCAPES = "\x1b]0;title\x07\x1b[2J\x9b31m\u202egnp.exe\u2066\r\x08"
UNSAFE = {chr(code) for code in (*range(9), 11, 12, *range(14, 32), *range(127, 160), 0x202E, 0x2066)}


@given(st.text())
def test_nothing_unsafe_is_left_and_safe_text_is_unchanged(text: str) -> None:
    assert not UNSAFE & set(visible(text))
    assert visible(visible(text)) == visible(text)


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_keeps_its_content(content: object) -> None:
    document = visible_json(json.dumps(content, ensure_ascii=False))
    assert json.loads(document) == content
    assert not UNSAFE & set(document)


@pytest.mark.fault("an agency's text has terminal commands in it")
@pytest.mark.parametrize("as_json", [False, True])
def test_no_command_reaches_the_terminal(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    emit([{"name": ESCAPES, "n": 1}], as_json=as_json)
    emit_one({"name": ESCAPES}, as_json=as_json)
    emit([], as_json=False, empty=ESCAPES)
    say(ESCAPES)
    note(ESCAPES)
    said = capsys.readouterr()
    saw(said.err)
    assert not UNSAFE & set(said.out + said.err)
    assert "title" in said.out


@pytest.mark.fault("the terminal's encoding lacks a character")
def test_what_the_encoding_lacks_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", out)
    use_any_encoding()
    say("Côte d’Ivoire, Türkiye ≥ 9 ★")
    out.flush()
    shown = out.buffer.getvalue().decode("cp1252")
    saw(shown)
    assert "Türkiye" in shown


def test_long_text_is_cut_with_its_length() -> None:
    assert bounded("a" * 10, 10) == "a" * 10
    assert bounded("a" * 60_000, 10) == "aaaaaaaaaa… (60,000 characters)"
