"""Data files as scripts: packed data unpack unchanged, for any bytes and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reports.site.packing import ALPHABET, by_column, by_row, by_shape, decode, encode, read, write

CELLS = st.none() | st.integers(-(10**9), 10**9) | st.text(max_size=5)


@given(st.binary(max_size=200))
def test_bytes_come_back_from_characters_that_need_no_escape(content: bytes) -> None:
    text = encode(content)
    assert decode(text, len(content)) == content
    assert set(text) <= set(ALPHABET.tobytes())
    assert len(text) <= 7 * (len(content) + 5) / 6


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8))
def test_a_table_by_column_is_read_by_row(rows: list[tuple[Any, ...]]) -> None:
    assert by_row({"a": [by_column(rows)]}) == {"a": [[list(row) for row in rows]]}


def test_a_file_is_read_as_it_was_written_and_left_alone_if_the_same(tmp_path: Path) -> None:
    value = {"rows": by_column([["KEN", 2024, 35.5], ["FRA", 2023, None]]), "n": 1}
    for packed in (True, False):
        path = tmp_path / f"{packed}.js"
        size = write(path, "i/x", value, packed=packed)
        assert size == path.stat().st_size
        before = path.stat().st_mtime_ns
        write(path, "i/x", value, packed=packed)
        assert path.stat().st_mtime_ns == before
        assert read(path) == {"rows": [["KEN", 2024, 35.5], ["FRA", 2023, None]], "n": 1}


NODES = st.recursive(
    st.none() | st.integers(-99, 99) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), NODES, max_size=6))
def test_nodes_by_shape_come_back_whole(nodes: dict[str, Any]) -> None:
    assert by_row(by_shape(nodes)) == nodes
