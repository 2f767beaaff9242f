"""Conditional requests, and what a page must be to be parsed."""

from __future__ import annotations

from typing import Any

import pytest

from sources.http.session import CachedPage, parse_json, parse_text
from sources.model import InvalidResponse, Page
from tests.unit.http_session.session import ask
from tests.unit.local_agency import FakeTime, LocalAgency, Reply

MB = 1024 * 1024


def known(agency: LocalAgency) -> dict[str, CachedPage]:
    return {agency.url + "/v1/a": CachedPage('"one"', "Mon, 01 Jun 2026 00:00:00 GMT", lambda: b"[1]")}


def test_what_we_hold_is_not_sent_again(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [Reply(b"", status=304, declared=0), Reply(b"[2]", headers={"ETag": '"two"'})]
    session = ask(agency, time, known=known(agency), validators=True)
    assert session.get("/a") == Page(agency.url + "/v1/a", b"[1]", '"one"', "Mon, 01 Jun 2026 00:00:00 GMT")
    assert session.get("/a").body == b"[2]"
    assert session.get("/b").body == b"[2]"
    sent = [(a.headers["If-None-Match"], a.headers["If-Modified-Since"]) for a in agency.log]
    assert sent == [('"one"', "Mon, 01 Jun 2026 00:00:00 GMT")] * 2 + [(None, None)]


def test_no_conditions_where_validators_mean_nothing(agency: LocalAgency, time: FakeTime) -> None:
    ask(agency, time, known=known(agency), validators=False).get("/a")
    assert agency.log[0].headers["If-None-Match"] is None


def test_an_unasked_304_is_refused(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [Reply(b"", status=304, declared=0)]
    with pytest.raises(InvalidResponse, match="status 304"):
        ask(agency, time).get("/a")


def page(body: bytes) -> Page:
    return Page("https://a.example/x", body)


def test_json_and_text_are_read() -> None:
    assert parse_json(page(b'\xef\xbb\xbf {"a": [1, "\xc3\xa9", null]}\n')) == {"a": [1, "é", None]}
    assert parse_text(page("\ufeffa,b\n1,é\n".encode())) == "a,b\n1,é\n"
    assert parse_text(page(b"a,b\n<2.5,1\n\x00\x00")) == "a,b\n<2.5,1\n\x00\x00"


@pytest.mark.parametrize("expect", [parse_json, parse_text])
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b" \n\x00\x00", r"is empty \(4 bytes\)"),
        (
            b"<!DOCTYPE html><html><head><title>Just a moment...</title></head>",
            "web page or XML.*'Just a moment...'",
        ),
        (b"\xef\xbb\xbf  <HTML>\n<body>Sorry\x1b[2J</body>", r"web page or XML.*'Sorry \[2J'"),
        (b'<?xml version="1.0"?><error>no</error>', "web page or XML.*'no'"),
        (b'{"a": "\xff\xfe"}', "is not UTF-8: byte 7 is 0xff"),
        (b"\xef\xbb\xbf\xc3\x28", "is not UTF-8: byte 3 is 0xc3"),
    ],
)
def test_what_cannot_be_used_is_said(expect: Any, body: bytes, says: str) -> None:
    with pytest.raises(InvalidResponse, match=says) as caught:
        expect(page(body))
    assert caught.value.pages == (page(body),)
    assert caught.value.next_step
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'[{"a": 1}, {"a"', "its end: the answer was cut off"),
        (b'[1, NaN, "x"]', "not JSON.*near '.1, NaN"),
        (b"[1] [2]", "not JSON"),
        (b"Server Error", "not JSON.*near 'Server Error'"),
    ],
)
def test_json_is_read_strictly(body: bytes, says: str) -> None:
    with pytest.raises(InvalidResponse, match=says):
        parse_json(page(body))
