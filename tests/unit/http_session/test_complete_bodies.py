"""A body is whole or not accepted, with faults of our own agency and of the stand-in."""

from __future__ import annotations

import gzip
import tracemalloc
from typing import Any

import pytest

from schemas.errors import CompactError
from sources.http.session import Session, parse_json
from sources.model import InvalidResponse, SourceUnavailable
from tests.unit.http_session.session import ask
from tests.unit.local_agency import FakeTime, LocalAgency, Reply, make_source

MB = 1024 * 1024


@pytest.mark.parametrize(
    ("reply", "got"),
    [
        (Reply(b"0123456789", cut=4), b"0123"),
        (Reply(b"x" * 200_000, cut=150_000), b"x" * 150_000),
        (Reply(b"0123456789", chunked=True, cut=12), b"01"),
        (Reply(gzip.compress(b"0123456789"), headers={"Content-Encoding": "gzip"}, declared=0, cut=18), None),
    ],
)
def test_a_body_that_stays_short_is_a_bad_answer_with_what_came(
    agency: LocalAgency, time: FakeTime, reply: Reply, got: bytes | None
) -> None:
    agency.replies = [reply]
    with pytest.raises(InvalidResponse, match="is not whole, in 4 attempts") as caught:
        ask(agency, time).get("/a")
    assert len(agency.log) == 4
    assert got is None or caught.value.pages[0].body == got


@pytest.mark.parametrize("size", [10, 5_000, 300_000])
def test_a_declared_length_that_is_too_small_is_noticed(
    agency: LocalAgency, time: FakeTime, size: int
) -> None:
    agency.replies = [Reply(b"a,b\n" * (size // 2), declared=size)]
    with pytest.raises(InvalidResponse, match=f"more bytes came than the {size}"):
        ask(agency, time).get("/a")


def test_lengths_are_those_on_the_wire_not_those_unpacked(agency: LocalAgency, time: FakeTime) -> None:
    text = b"area,value\n" * 50_000
    agency.replies = [
        Reply(gzip.compress(text), headers={"Content-Encoding": "gzip"}),
        Reply(gzip.compress(text[:1100]) + gzip.compress(text[1100:]), headers={"Content-Encoding": "gzip"}),
        Reply(text[:500], chunked=True),
        Reply(text, declared=0, cut=len(text)),
    ]
    session = ask(agency, time)
    assert session.get("/a").body == text
    assert session.usage.bytes < 10_000
    assert [session.get("/a").body for _ in range(3)] == [text, text[:500], text]


def test_an_empty_body_is_whole(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [Reply(b"")]
    assert ask(agency, time).get("/a").body == b""


def test_many_requests_share_a_connection_that_stays_whole(agency: LocalAgency, time: FakeTime) -> None:
    agency.answer = lambda asked: Reply(asked.path.encode() * 5000)
    session = ask(agency, time)
    bodies = [session.get(f"/{n}").body for n in range(10)]
    assert bodies == [f"/v1/{n}".encode() * 5000 for n in range(10)]


def test_a_gzip_bomb_is_refused_in_bounded_memory(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [Reply(gzip.compress(b" " * (200 * MB), 1), headers={"Content-Encoding": "gzip"})]
    session = ask(agency, time, limits={"response_bytes": 5 * MB})
    tracemalloc.start()
    try:
        with pytest.raises(InvalidResponse, match="unpacks to more: more than the 5242880 bytes") as caught:
            session.get("/a")
        assert tracemalloc.get_traced_memory()[1] < 20 * MB
    finally:
        tracemalloc.stop()
    assert "limits.response_bytes" in caught.value.next_step
    assert len(agency.log) == 1


@pytest.mark.parametrize("reply", [Reply(b"x" * 3000), Reply(b"x" * 3000, declared=0, cut=3000)])
def test_an_answer_that_is_too_long_is_refused(agency: LocalAgency, time: FakeTime, reply: Reply) -> None:
    agency.replies = [reply]
    with pytest.raises(InvalidResponse, match="more than the 2000 bytes"):
        ask(agency, time, limits={"response_bytes": 2000}).get("/a")
    assert len(agency.log) == 1


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("br", b"{}"), ("gzip", b"{}"), ("gzip", gzip.compress(b"{}", mtime=0) + b"rubbish")],
)
def test_a_packing_that_is_not_what_it_says_is_refused(
    agency: LocalAgency, time: FakeTime, encoding: str, body: bytes
) -> None:
    agency.replies = [Reply(body, headers={"Content-Encoding": encoding})]
    with pytest.raises(InvalidResponse, match=r"gzip|packed"):
        ask(agency, time).get("/a")


def stand_in_session(stand_in: Any, time: FakeTime, **limits: Any) -> Session:
    url = stand_in.env["COMPACT_URL_WORLDBANK_WDI"]
    return Session(make_source(limits=limits), base_url=url, clock=time.clock, sleep=time.sleep)


FAULTS = [
    ({"kind": "status", "status": 503}, SourceUnavailable, 4),
    ({"kind": "status", "status": 404}, InvalidResponse, 1),
    ({"kind": "reset"}, SourceUnavailable, 4),
    ({"kind": "reset", "after": 20}, SourceUnavailable, 4),
    ({"kind": "truncate"}, InvalidResponse, 4),
    ({"kind": "wrong_length"}, InvalidResponse, 4),
    ({"kind": "html"}, InvalidResponse, 1),
    ({"kind": "bad_utf8"}, InvalidResponse, 1),
    ({"kind": "redirect"}, InvalidResponse, 1),
    ({"kind": "redirect", "to": "file:///etc/passwd"}, InvalidResponse, 1),
    ({"kind": "gzip_bomb", "megabytes": 64}, InvalidResponse, 1),
]


@pytest.mark.parametrize(("fault", "error", "asked"), FAULTS)
def test_faults_of_the_stand_in(
    stand_in: Any, time: FakeTime, fault: dict[str, Any], error: type[CompactError], asked: int
) -> None:
    stand_in.fault(source="worldbank_wdi", times=0, **fault)
    with pytest.raises(error):
        parse_json(
            stand_in_session(stand_in, time, response_bytes=4 * MB).get("/source/2", {"format": "json"})
        )
    log = stand_in.log()
    assert len(log) == asked
    assert {entry["host"] for entry in log} == {"127.0.0.1"}


def test_a_passing_fault_of_the_stand_in(stand_in: Any, time: FakeTime) -> None:
    stand_in.fault(source="worldbank_wdi", kind="truncate", times=2)
    result = parse_json(stand_in_session(stand_in, time).get("/source/2", {"format": "json"}))
    assert result[1][0]["lastupdated"]
    assert len(stand_in.log()) == 3
