"""Delimited text is parsed to a table of text or rejected: hand-made and random files."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.model import InvalidResponse, NoSuchSeries, Page
from sources.readers.delimited.parser import Layout, parse

LAYOUT = Layout(columns=["area", "year", "value"])


def read(text: str | bytes, layout: Layout = LAYOUT) -> list[dict[str, Any]]:
    body = text if isinstance(text, bytes) else text.encode()
    rows: list[dict[str, Any]] = parse(Page("https://agency.test/file.csv", body), layout).to_pylist()
    return rows


def test_every_value_stays_the_text_it_was() -> None:
    body = '\ufeffarea,year,value\r\nNA,2020,007.10\r\n"Bonaire, ""x""",2020,\r\n"two\nlines",NULL,<2.5\r\n'
    assert read(body) == [
        {"area": "NA", "year": "2020", "value": "007.10"},
        {"area": 'Bonaire, "x"', "year": "2020", "value": ""},
        {"area": "two\nlines", "year": "NULL", "value": "<2.5"},
    ]


def test_columns_may_have_another_name_here_and_further_ones_may_follow() -> None:
    layout = Layout(
        delimiter=";",
        columns=["area", {"Rank": "rank 1"}, {"Rank": "rank 2"}, {"": "end"}],
        may_follow=["more", {"other": "note"}],
    )
    assert read("area;Rank;Rank;\nAO;1;2;\n", layout) == [
        {"area": "AO", "rank 1": "1", "rank 2": "2", "end": ""}
    ]
    assert list(read("area;Rank;Rank;;other\nAO;1;2;;x\n", layout)[0])[-1] == "note"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("area,value,year\nAO,1,2020\n", "column 2 of the file is 'value', and 'year' belongs there"),
        ("area,year\nAO,2020\n", "column 3 of the file is missing, and 'value' belongs there"),
        ("area,year,value,more\nAO,2020,1,\n", "column 4 of the file is 'more', and nothing"),
        ("Area,year,value\nAO,2020,1\n", "column 1 of the file is 'Area'"),
        ("area,year,value\nAO,2020\n", "not whole"),
        ("area,year,value\nAO,2020,1,2\n", "not whole"),
        ("area,year,value\nAO,2020,1", "ends in the middle of a line"),
        ('area,year,value\nAO,2020,"1\n', "quotation mark"),
        ('area,year,value\nAO,2020,"1"2\n', "quotation mark"),
        ('area,year,value\nAO,20"20,1\n', "quotation mark"),
        ("area,year,value\nAO,2020,1\rZM,2020,2\n", "carriage return"),
        ("area,year,value\nAO,2020,\x00\n", "NUL"),
        (b"area,year,value\nAO,2020,\xff\n", "is not UTF-8"),
        ("<html><title>Moved</title></html>", "is a web page"),
        ("", "is empty"),
        ('"area,year,value\n', "no readable header"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(text: str | bytes, says: str) -> None:
    with pytest.raises(InvalidResponse, match="(?s)" + says.replace("(", r"\(")) as refused:
        read(text)
    assert refused.value.next_step
    assert refused.value.pages


def test_a_header_alone_means_that_there_is_no_such_series() -> None:
    with pytest.raises(NoSuchSeries):
        read("area,year,value\n")


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(FIELD, FIELD, FIELD), min_size=1, max_size=5))
def test_whatever_is_quoted_comes_back(rows: list[tuple[str, str, str]]) -> None:
    lines = [",".join('"' + field.replace('"', '""') + '"' for field in row) for row in rows]
    result = read("area,year,value\n" + "\n".join(lines) + "\n")
    assert [tuple(row.values()) for row in result] == rows


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('a1,"\r\n \u00e4'), max_size=30))
def test_any_text_is_a_table_or_a_bad_answer(text: str) -> None:
    try:
        rows = read("area,year,value\n" + text)
    except InvalidResponse:
        return
    assert rows
    assert all(len(row) == 3 and None not in row.values() for row in rows)


def test_nothing_is_ever_null() -> None:
    table = parse(Page("https://agency.test", b"area,year,value\nNA,,NULL\n"), LAYOUT)
    assert table.schema.types == [pa.string()] * 3
    assert sum(column.null_count for column in table.columns) == 0
