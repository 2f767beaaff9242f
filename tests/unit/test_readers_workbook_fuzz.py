"""Damaged workbooks: for any bytes, the response is rejected or read, without side effects."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from sources.model import InvalidResponse
from tests.unit.canned import Canned, fetch
from tests.unit.test_readers_workbook import AGGREGATES, PRICES, SERIES, aggregates, prices
from tests.unit.workbooks import packed, parts

WHOLE = {
    "years": (PRICES, SERIES, prices()),
    "stacked": (AGGREGATES, "Individuals using the Internet", aggregates()),
}
PARTS = {name: parts(body) for name, (_, _, body) in WHOLE.items()}
EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6), st.integers(0, 8)), max_size=6
)


def damaged(body: bytes, edits: list[tuple[float, bytes, int]]) -> bytes:
    for place, new, gone in edits:
        at = int(place * len(body))
        body = body[:at] + new + body[at + gone :]
    return body


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(WHOLE)), EDITS)
def test_damaged_bytes(layout: str, edits: list[tuple[float, bytes, int]]) -> None:
    source, series, body = WHOLE[layout]
    with contextlib.suppress(InvalidResponse):
        assert fetch(source, series, Canned(damaged(body, edits))).rows > 0


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(WHOLE)), st.integers(0, 100), EDITS)
def test_damaged_parts(layout: str, which: int, edits: list[tuple[float, bytes, int]]) -> None:
    """The zip is sound, one of its parts is not."""
    source, series, _ = WHOLE[layout]
    names = sorted(PARTS[layout])
    name = names[which % len(names)]
    body = packed(PARTS[layout] | {name: damaged(PARTS[layout][name], edits)})
    with contextlib.suppress(InvalidResponse):
        assert fetch(source, series, Canned(body)).rows > 0
