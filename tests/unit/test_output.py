"""The output of the command line: tables for readers, JSON for machines, and only results on standard
output.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.console.output import emit, emit_one, note, say

Captured = pytest.CaptureFixture[str]
ROWS: list[dict[str, Any]] = [
    {"area": "Kenya", "time_period": 2024, "value": 34.97622513, "footnote": None},
    {"area": "Côte d'Ivoire", "time_period": 2023, "value": None, "footnote": "of age 15+"},
]


def table(capsys: Captured, *rows: dict[str, Any]) -> list[str]:
    emit(rows, as_json=False)
    return capsys.readouterr().out.splitlines()


def test_a_table_has_a_line_a_row_under_names_in_words(capsys: Captured) -> None:
    head, rule, *body = table(capsys, *ROWS)
    assert head.split() == ["area", "year", "value", "footnote"]
    assert set(rule) == {"-", " "}
    assert [line.split("  ")[0] for line in body] == ["Kenya", "Côte d'Ivoire"]


def test_json_keeps_names_numbers_and_nulls_as_they_are(capsys: Captured) -> None:
    emit(ROWS, as_json=True)
    out = capsys.readouterr().out
    assert json.loads(out) == ROWS
    assert "Côte" in out


def test_numbers_stand_at_the_right_and_words_at_the_left(capsys: Captured) -> None:
    head, _, first, second = table(capsys, {"n": 5, "word": "a"}, {"n": 12, "word": "bcd"})
    assert (head, first, second) == (" n  word", " 5  a", "12  bcd")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (34.97622513, "34.98"),
        (0.000123456, "0.0001235"),
        (0.0, "0"),
        (-2.5, "-2.5"),
        (999.94, "999.9"),
        (1234567.89, "1,234,568"),
        (2024, "2024"),  # a year is no quantity
        (9999, "9999"),
        (10_000, "10,000"),
        (-10_000, "-10,000"),
        (True, "yes"),
        (False, "no"),
        (None, ""),
        ("", ""),
        ("007", "007"),  # a code keeps its zeros
        ("1e5", "1e5"),
        ("NA", "NA"),  # Namibia
        (datetime(2026, 11, 23, 8, 5, 30, tzinfo=UTC), "2026-11-23 08:05"),
        ("2026-12-01T02:33:07.123456+00:00", "2026-12-01 02:33"),
        (["KEN", "UGA"], "KEN, UGA"),
        ((1.25, None), "1.25, "),
    ],
)
def test_how_a_cell_is_shown(capsys: Captured, value: object, shown: str) -> None:
    *_, line = table(capsys, {"key": "key", "cell": value})
    assert line.removeprefix("key").strip() == shown.strip()
    emit_one({"cell": value}, as_json=False)
    assert capsys.readouterr().out.removeprefix("cell").strip() == shown.strip()


def test_a_missing_value_is_never_a_zero(capsys: Captured) -> None:
    *_, known, missing = table(capsys, {"area": "A", "value": 0.0}, {"area": "B", "value": None})
    assert known.split() == ["A", "0"]
    assert missing.split() == ["B"]


def test_a_column_of_numbers_with_holes_is_a_column_of_numbers(capsys: Captured) -> None:
    head, _, first, second = table(capsys, {"value": None, "x": "a"}, {"value": 7, "x": "b"})
    assert second.index("7") == head.index("value") + len("value") - 1
    assert first.split() == ["a"]


def test_columns_are_those_of_the_first_row(capsys: Captured) -> None:
    head, *_, last = table(capsys, {"a": 1, "b": 2}, {"b": 3, "c": 4})
    assert head.split() == ["a", "b"]
    assert last.split() == ["3"]


def test_no_rows_say_so_in_a_table_and_are_an_empty_list_in_json(capsys: Captured) -> None:
    emit([], as_json=False)
    assert capsys.readouterr().out == "nothing found\n"
    emit([], as_json=False, empty="no release yet")
    assert capsys.readouterr().out == "no release yet\n"
    emit([], as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_one_record_stands_a_field_a_line(capsys: Captured) -> None:
    emit_one({"indicator": "internet_use", "value": 34.97622513, "score": None}, as_json=False)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["indicator", "internet_use"], ["value", "34.98"], ["score"]]


def test_one_record_in_json_is_an_object(capsys: Captured) -> None:
    emit_one(ROWS[0], as_json=True)
    assert json.loads(capsys.readouterr().out) == ROWS[0]


def test_what_json_has_no_word_for_is_written_as_text(capsys: Captured) -> None:
    record = {"day": date(2026, 11, 23), "at": datetime(2026, 11, 23, tzinfo=UTC), "path": Path("a/b")}
    emit_one(record, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "day": "2026-11-23",
        "at": "2026-11-23T00:00:00+00:00",
        "path": "a/b",
    }


def test_notes_go_to_standard_error_alone(capsys: Captured) -> None:
    note("the store of snapshots is not here")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "the store of snapshots is not here\n")


def test_results_go_to_standard_output_alone(capsys: Captured) -> None:
    emit(ROWS, as_json=False)
    emit_one(ROWS[0], as_json=True)
    captured = capsys.readouterr()
    assert captured.out
    assert captured.err == ""


def test_a_line_wider_than_the_terminal_goes_on_below_its_text(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    said = "  passed  range: " + "all values of it lie within " * 3
    say(said)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 40
    assert {line[:10] for line in lines[1:]} == {" " * 10}
    assert " ".join(" ".join(lines).split()) == " ".join(said.split())
    say(said, wrapped=False)
    assert capsys.readouterr().out == said + "\n"


@pytest.mark.parametrize("width", [80, 100, 120])
def test_columns_are_left_out_before_cells_become_illegible(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    made = {"created": "2026-12-01T02:33:07+00:00", "value": 861197}
    row = {
        "id": "2026-12-01-cdbc3376",
        **made,
        **{f"text {n}": "a long text of many words" for n in range(5)},
    }
    emit([row], as_json=False)
    head, rule, shown, left_out = capsys.readouterr().out.splitlines()
    assert max(map(len, (head, rule, shown, left_out))) <= width
    assert "2026-12-01-cdbc3376  2026-12-01 02:33  861,197" in shown
    assert all(len(column) >= 18 for column in rule.split()[3:])
    assert "not shown: text" in left_out
