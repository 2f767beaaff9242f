"""The rate of a source holds for every request, and transient faults are retried within limits."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter

from sources.http.content import status_words
from sources.http.retry import CONNECT_ATTEMPTS, RETRY_AFTER_CAP, Pacer
from sources.http.session import Session
from sources.model import SPOOL, InvalidResponse, RequestUnavailable, SourceUnavailable, SpooledPage
from tests.unit.http_session.session import ask
from tests.unit.local_agency import FakeTime, LocalAgency, Reply, make_source

MB = 1024 * 1024


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
