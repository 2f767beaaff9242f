"""Giga: schools counted by country, and pages checked to be one list. Schools are synthetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from schemas.definitions.source import Source
from sources.model import InvalidResponse
from sources.registry.sources import SOURCES, load_series, load_source
from sources.staging.stage import StageProblem, stage_source
from tests.ledger import reconciles
from tests.unit.canned import Canned, keep, source_with
from tests.unit.canned import fetch as fetch_one

SMALL = source_with("giga", size=2, most_pages=10)
SAYS: tuple[object, ...] = (True, False, None, "null", "true", "disconnected", "")


def school(number: int, area: object = "KEN", connected: object = True) -> dict[str, Any]:
    return {
        "giga_id_school": f"00000000-0000-0000-0000-{number:012}",
        "school_area_type": "rural",
        "country_iso3_code": area,
        "connectivity": connected,
        "connectivity_type": "{ADSL,NULL}",
    }


def page(*schools: dict[str, Any], stamp: object = "2026-11-23T08:00:00.000Z", **more: Any) -> bytes:
    return orjson.dumps({"success": True, "timestamp": stamp, "data": list(schools)} | more)


KENYA = [school(n, connected=said) for n, said in enumerate(SAYS)]
PAGES = [
    page(*KENYA[0:2]),
    page(*KENYA[2:4]),
    page(*KENYA[4:6]),
    page(KENYA[6], school(20, "RWA", False)),
    page(school(30, "null")),
    page(),
]


def fetch(*bodies: bytes, source: Source = SMALL) -> Any:
    return fetch_one(source, "schools_total", Canned(*bodies))


def refusal(*bodies: bytes) -> str:
    with pytest.raises(InvalidResponse) as raised:
        fetch(*bodies)
    assert raised.value.pages
    return str(raised.value)


def test_pages_are_asked_until_one_is_empty() -> None:
    session = Canned(*PAGES)
    answer = fetch_one(SMALL, "schools_total", session)
    assert [params for _, _, params in session.asked] == [{"page": n, "size": 2} for n in range(1, 7)]
    assert {path for _, path, _ in session.asked} == {"/schools_profile"}
    assert (answer.pages_expected, len(answer.pages), answer.rows) == (6, 6, 9)


def test_schools_are_counted_by_country_and_the_ledger_knows_each(tmp_path: Path) -> None:
    result = stage_source(SMALL, keep([fetch(*PAGES)], tmp_path), tmp_path / "home")
    rows = pq.read_table(result.observation).to_pylist()
    assert {(r["series"], r["ref_area"]): r["obs_value"] for r in rows} == {
        ("schools_total", "KEN"): 7,
        ("schools_connectivity_known", "KEN"): 4,
        ("schools_connected", "KEN"): 2,
        ("schools_total", "RWA"): 1,
        ("schools_connectivity_known", "RWA"): 1,
        ("schools_connected", "RWA"): 0,
    }
    assert {(r["time_period"], r["unit"]) for r in rows} == {(2026, "NUMBER")}
    assert result.reasons == {"school": 9, "area_not_carried": 3}
    assert all(reconciles(count) for count in result.counts)
    assert {r["series"] for r in rows} == set(load_series("giga"))


def test_the_content_is_that_of_the_counts_and_their_year() -> None:
    again = fetch(*(body.replace(b"08:00", b"09:30") for body in PAGES))
    assert again.content == fetch(*PAGES).content
    assert fetch(*(body.replace(b"2026", b"2027") for body in PAGES)).content != again.content
    other = [*PAGES[:3], PAGES[3].replace(b"false", b"true"), *PAGES[4:]]
    assert fetch(*other).content != again.content


def test_a_country_that_nobody_knows_is_red(tmp_path: Path) -> None:
    files = keep([fetch(page(school(1, "ZZZ")), page())], tmp_path)
    with pytest.raises(StageProblem, match="unknown_area"):
        stage_source(SMALL, files, tmp_path / "home")


@pytest.mark.parametrize(
    ("bodies", "says"),
    [
        ([page()], "the list of schools is empty"),
        ([PAGES[0], PAGES[0], page()], "only 2 different ones"),
        (
            [page(school(1)), page(school(2), school(3)), page(school(4))],
            "page 2 has 2 schools, the first one 1",
        ),
        ([page(school(1), school(2)), page(school(3)), page(school(4))], "page 2 has 1 schools"),
        ([page(school(n)) for n in range(11)], "page 10 still has schools"),
        ([page(school(1, connected="maybe"))], "has the connectivity 'maybe'"),
        ([page(school(1, connected=1))], "has the connectivity 1"),
        ([page(stamp=1_795_000_000)], "the timestamp is 1795000000"),
        ([page(stamp=None)], "the timestamp is None"),
        ([page(success=False, message="quota is used up")], "quota is used up"),
        (
            [orjson.dumps({"message": "The API endpoint is not found.", "status": 404})],
            "endpoint is not found",
        ),
        ([orjson.dumps([school(1)])], "no list of schools: 'list'"),
        ([page(data={"a": 1})], "data is dict"),
        ([page({"giga_id_school": "x", "connectivity": True})], "lacks country_iso3_code"),
        ([b"<html><title>Sign in</title></html>"], "Sign in"),
    ],
)
def test_what_is_not_one_list_is_refused(bodies: list[bytes], says: str) -> None:
    assert says in refusal(*bodies)


def test_the_definition_asks_for_full_pages_with_a_key() -> None:
    source = load_source(SOURCES / "giga" / "source.yaml")
    assert source.key_variable == "COMPACT_KEY_GIGA"
    assert source.options["size"] == 1000
    assert not source.contract_verified
