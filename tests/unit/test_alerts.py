"""Alerts to receivers on this machine: the content, sent once, and what is never included."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from pipelines.monitoring.alerts import Message, alert_when_overdue, receivers, send, send_news
from pipelines.monitoring.status import RUN_HOURS, status
from sources.locks import home_lock
from tests.faults.table import saw
from tests.faults.test_slow_agency import Slow, forever
from tests.unit.local_agency import LocalAgency, Reply

SECRET = "s3cret-token-of-the-hook"
HELD = {"snapshot": "3fa9c1", "source": "ilostat", "resource": "A", "reason": "areas gone: KEN"}


def facts(**changed: Any) -> dict[str, Any]:
    return {
        "held": [],
        "sources": [],
        "contracts_failed": {},
        "last_run": None,
        "release": None,
    } | changed


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAgency]:
    with LocalAgency(Reply(b"ok")) as agency:
        monkeypatch.setenv("COMPACT_ALERT_WEBHOOK", f"{agency.url}/{SECRET}")
        yield agency


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("COMPACT_ALERT_SMTP", f"127.0.0.1:{port}")
    monkeypatch.setenv("COMPACT_ALERT_FROM", "tracker@example.org")
    monkeypatch.setenv("COMPACT_ALERT_TO", "analyst@example.org")
    yield box
    controller.stop()


def test_nobody_is_told_by_default(tmp_path: Path) -> None:
    assert receivers() == {}
    assert send_news(tmp_path, facts(held=[HELD])) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"held": [HELD]}, "ilostat: a snapshot of A is held: areas gone: KEN"),
        (
            {"contracts_failed": {"wid": "column x is gone"}},
            "wid: its response does not match the recorded contract",
        ),
        ({"last_run": {"outcome": "red", "problems": ["2 checks failed"]}}, "the last run failed: 2 checks"),
        ({"release": {"id": "R", "damaged": [], "coverage_lost": 7}}, "release R has lost coverage: 7 pairs"),
        ({"release": {"id": "R", "damaged": ["x has changed"], "coverage_lost": 0}}, "release R is damaged"),
    ],
    ids=["held", "contract", "red", "coverage", "damaged"],
)
def test_each_matter_is_posted_once(
    hook: LocalAgency, tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    assert send_news(tmp_path, facts(**changed)) == []
    assert send_news(tmp_path, facts(**changed)) == []
    (asked,) = hook.log
    body = json.loads(asked.body)
    assert words in body["text"]
    assert len(body["alerts"]) == 1
    assert "Authorization" not in asked.headers


def test_what_is_over_is_told_again_when_it_comes_back(hook: LocalAgency, tmp_path: Path) -> None:
    for held in ([HELD], [], [HELD]):
        send_news(tmp_path, facts(held=held))
    assert len(hook.log) == 2


def test_a_receiver_that_fails_is_told_without_its_secret_and_asked_again(
    hook: LocalAgency, tmp_path: Path
) -> None:
    hook.replies = [Reply(b"", status=500), Reply(b"ok")]
    (failed,) = send_news(tmp_path, facts(held=[HELD]))
    assert "status 500" in failed
    assert SECRET not in failed
    assert send_news(tmp_path, facts(held=[HELD])) == []
    assert len(hook.log) == 2


@pytest.mark.parametrize(
    "address", [f"http://example.org/{SECRET}", f"http://127.0.0.1:9/{SECRET}", f"no address {SECRET}"]
)
def test_neither_plain_http_nor_a_closed_port_raises_or_tells_the_address(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("COMPACT_ALERT_WEBHOOK", address)
    (failed,) = send(Message("a test", ["text"]))
    assert SECRET not in failed


def test_a_mail_says_the_same(mailbox: Mailbox, tmp_path: Path) -> None:
    assert send_news(tmp_path, facts(held=[HELD])) == []
    (envelope,) = mailbox.mails
    mail = message_from_bytes(envelope.content)
    assert mail["Subject"] == "Compact Tracker: 1 matter for a person"
    assert envelope.rcpt_tos == ["analyst@example.org"]
    assert "ilostat: a snapshot of A is held" in mail.get_payload()


@pytest.mark.fault("a run that is still going after its time")
def test_a_run_that_goes_on_after_its_time_tells_while_it_does(hook: LocalAgency, tmp_path: Path) -> None:
    with home_lock(tmp_path, "compact run"):
        late = datetime.now(UTC) + timedelta(hours=RUN_HOURS, minutes=1)
        with alert_when_overdue(tmp_path, lambda: status(tmp_path, {}, {}, late), seconds=-1):
            end = time.monotonic() + 10
            while not hook.log and time.monotonic() < end:
                time.sleep(0.01)
        (sent,) = hook.log
    (told,) = json.loads(sent.body)["alerts"]
    assert f"has been running for 4.0 hours, more than {RUN_HOURS}: it hangs" in told["text"]
    saw(told["text"])


def test_a_run_within_its_time_tells_nothing(hook: LocalAgency, tmp_path: Path) -> None:
    with alert_when_overdue(tmp_path, lambda: pytest.fail("it was asked"), seconds=0.1):
        pass
    time.sleep(0.2)
    assert hook.log == []


@pytest.mark.fault("a receiver of alerts that never comes to an end")
def test_a_receiver_that_never_comes_to_an_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPACT_ALERT_FROM", "tracker@example.org")
    monkeypatch.setenv("COMPACT_ALERT_TO", "analyst@example.org")
    continues = lambda: forever(b"HTTP/1.1 100 Continue\r\n\r\n")  # noqa: E731
    greets = lambda: forever(b"220-hello\r\n")  # noqa: E731
    with Slow(continues) as web, Slow(greets, greets_first=True) as mail:
        monkeypatch.setenv("COMPACT_ALERT_WEBHOOK", web.url)
        monkeypatch.setenv("COMPACT_ALERT_SMTP", mail.url.removeprefix("http://"))
        started = time.monotonic()
        failed = send(Message("a test", ["text"]), seconds=0.4)
        assert time.monotonic() - started < 8
        assert web.closed.wait(4)
        assert mail.closed.wait(4)
    saw(failed[0])
    assert ["was not sent" in text for text in failed] == [True, True]


def test_a_line_break_in_an_address_cannot_add_a_header(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPACT_ALERT_TO", "a@example.org\nBcc: b@example.org")
    (failed,) = send(Message("a test", ["text"]))
    assert "ValueError" in failed
    assert mailbox.mails == []


def test_no_password_goes_unencrypted_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """STARTTLS comes first, and a server without it is not spoken to further."""
    said: list[str] = []

    class Server:
        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> Server:
            return self

        def __exit__(self, *_: object) -> None: ...
        def starttls(self, **_: object) -> None:
            raise OSError("no STARTTLS")

        def login(self, *_: object) -> None:
            said.append("login")

    monkeypatch.setattr("pipelines.monitoring.alerts.MailConnection", Server)
    for name, value in (("SMTP", "mail.example.org:587"), ("FROM", "a@b.org"), ("TO", "a@b.org")):
        monkeypatch.setenv(f"COMPACT_ALERT_{name}", value)
    monkeypatch.setenv("COMPACT_ALERT_SMTP_USER", "user")
    monkeypatch.setenv("COMPACT_ALERT_SMTP_PASSWORD", SECRET)
    (failed,) = send(Message("a test", ["text"]))
    assert said == []
    assert SECRET not in failed
