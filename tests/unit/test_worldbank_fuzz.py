"""Damaged responses of the World Bank: a reader accepts any response or rejects it with an
InvalidResponse.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.model import InvalidResponse, Page
from sources.readers.worldbank.zip_route import inspect
from tests.unit.canned import Canned, fetch, source_with
from tests.unit.test_readers_data360 import ROWS
from tests.unit.test_readers_data360 import page as data360_page
from tests.unit.test_readers_worldbank_bulk import DATA, FILES, packed
from tests.unit.test_worldbank_databases import asked_codes, findex, pages

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="FUZZ_EXAMPLES" not in os.environ,  # the same cases in every ordinary run
)

FINDEX, BULK = source_with("worldbank_findex"), source_with("worldbank_esg", route="bulk")
DATA360 = source_with("worldbank_data360", page_size=10)
SERIES = "IT_NET_USER"
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10**20), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4), st.just([]), st.just({}), st.just([{}]), st.just([None]),
)  # fmt: skip


def cut(body: bytes, data: st.DataObject) -> bytes:
    """The body with one stretch of bytes replaced by others."""
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 40)))
    return body[:start] + data.draw(st.binary(max_size=20)) + body[end:]


def bent(value: Any, data: st.DataObject) -> Any:
    """The JSON value with one part, anywhere, exchanged for another value or taken out."""
    if isinstance(value, dict | list) and value and data.draw(st.integers(0, 5)):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = data.draw(st.sampled_from(keys))
        changed: Any = dict(value) if isinstance(value, dict) else list(value)
        if data.draw(st.integers(0, 9)) == 0:
            del changed[key]
        else:
            changed[key] = bent(value[key], data)
        return changed
    return data.draw(VALUES)


@fuzzed
@given(st.data())
def test_a_damaged_table_in_a_whole_zip(data: st.DataObject) -> None:
    body = packed(FILES | {"ESGData.csv": cut(DATA, data)})
    with contextlib.suppress(InvalidResponse):
        contents = inspect(Page("https://agency.test", body), BULK)
        assert contents.cells in (2, 4, 8)  # whole, but for an area or series


@fuzzed
@given(st.data())
def test_a_damaged_zip(data: st.DataObject) -> None:
    with contextlib.suppress(InvalidResponse):
        assert inspect(Page("https://agency.test", cut(packed(FILES), data)), BULK).cells == 8


@fuzzed
@given(st.data())
def test_a_damaged_answer_of_the_indicators_api(data: st.DataObject) -> None:
    whole = pages(findex(asked_codes()), None)[0]
    body = (
        cut(whole, data) if data.draw(st.booleans()) else json.dumps(bent(json.loads(whole), data)).encode()
    )
    with contextlib.suppress(InvalidResponse):
        assert fetch(FINDEX, "con9a", Canned(body)).rows == 52


@fuzzed
@given(st.data())
def test_a_damaged_answer_of_data360(data: st.DataObject) -> None:
    whole = data360_page(ROWS)
    body = (
        cut(whole, data) if data.draw(st.booleans()) else json.dumps(bent(json.loads(whole), data)).encode()
    )
    with contextlib.suppress(InvalidResponse):
        assert fetch(DATA360, SERIES, Canned(body)).rows == 5
