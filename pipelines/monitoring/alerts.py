"""Alerts by webhook or e-mail about issues that require action; each issue once while it lasts. Off unless
the environment names a receiver. A failing receiver never fails a run: the failure is reported, and the issue
is sent the next time. Passwords and the addresses of webhooks, which often are secrets themselves, are never
printed or logged.
"""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from logging import getLogger
from pathlib import Path
from threading import Timer
from urllib.parse import urlsplit

from pipelines.monitoring.status import RUN_HOURS, Facts, findings
from schemas.errors import CompactError
from sources.http.deadline import Deadline, within
from sources.http.user_agent import user_agent
from sources.origins import is_loopback
from sources.settings import load_settings
from sources.snapshots.atomic import write_sidecar

WEBHOOK, SMTP = "COMPACT_ALERT_WEBHOOK", "COMPACT_ALERT_SMTP"
SENDER, TO = "COMPACT_ALERT_FROM", "COMPACT_ALERT_TO"
CONNECT_SECONDS, SECONDS = 4.0, 15.0
SENT = "alerts.json"
SUBJECT = "Compact Tracker"


@dataclass(frozen=True)
class Message:
    """One message. subject: a few words; texts: one sentence per issue."""

    subject: str
    texts: Sequence[str]
    keys: Sequence[str] = ()


class NotSent(CompactError):
    """A receiver did not take a message. The text holds no secret."""


Receiver = Callable[[Message, float], None]


def receivers() -> dict[str, Receiver]:
    """Return the receivers that the environment names; by default none."""
    settings, configured = load_settings(), dict[str, Receiver]()
    if settings.alert_webhook:
        configured["webhook"] = to_webhook
    if settings.alert_smtp:
        configured["e-mail"] = by_mail
    return configured


def send(message: Message, seconds: float = SECONDS) -> list[str]:
    """Send to every receiver. Returns the failures, one sentence each; raises nothing. seconds: within which
    a receiver must have answered.
    """
    failed = []
    for name, receiver in receivers().items():
        try:
            receiver(message, seconds)
        except NotSent as problem:
            failed.append(f"the alert by {name} was not sent: {problem.what}")
    return failed


def send_news(home: Path, facts: Facts) -> list[str]:
    """Send the issues that are new since the last time. A resolved issue is forgotten, and reported again if
    it recurs. If any receiver fails, all are sent again the next time.
    """
    if not receivers():
        return []
    now = {one.key: one.text for one in findings(facts)}
    already_sent = _told(home)
    news = {key: text for key, text in now.items() if key not in already_sent}
    failed = []
    if news:
        count = f"{len(news)} matter{'s' if len(news) > 1 else ''} for a person"
        failed = send(Message(count, list(news.values()), list(news)))
    _remember(home, [key for key in now if key in already_sent or not failed])
    return failed


def to_webhook(message: Message, seconds: float = SECONDS) -> None:
    """POST {"text", "subject", "alerts": [{"key", "text"}]} as JSON; `text` is what chat tools show."""
    webhook = load_settings().alert_webhook
    address = webhook.get_secret_value() if webhook else ""
    if urlsplit(address).scheme != "https" and not is_loopback(address):
        raise NotSent(f"{WEBHOOK} must begin with https:, or name this very machine")
    lines = "\n".join(f"- {text}" for text in message.texts)
    body = {
        "text": f"{SUBJECT}: {message.subject}\n{lines}",
        "subject": message.subject,
        "alerts": [
            {"key": key, "text": text}
            for key, text in zip(message.keys or message.texts, message.texts, strict=True)
        ],
    }
    import requests  # imported here: most runs send nothing

    from sources.http.exact_length import ExactLengthAdapter

    try:
        with requests.Session() as session, within(Deadline(seconds)):
            session.mount("https://", ExactLengthAdapter())
            session.mount("http://", ExactLengthAdapter())
            session.trust_env = not is_loopback(address)
            session.auth = lambda request: request  # ignore credentials in ~/.netrc
            answer = session.post(
                address,
                json=body,
                timeout=(CONNECT_SECONDS, seconds),
                headers={"User-Agent": user_agent()},
                allow_redirects=False,
                stream=True,
            )
            status = answer.status_code
            answer.close()
    except (requests.RequestException, ValueError) as error:  # the message may contain the address
        raise NotSent(f"no answer ({type(error).__name__})") from None
    if not 200 <= status < 300:
        raise NotSent(f"it answers with status {status}")


class MailConnection(smtplib.SMTP):
    """A connection that is closed after a fixed number of seconds: a socket's own timeout restarts with every
    byte.
    """

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self._timer = Timer(seconds, self._shut)
        self._timer.daemon = True
        self._timer.start()
        super().__init__(host, port, timeout=seconds)

    def close(self) -> None:
        self._timer.cancel()
        super().close()

    def _shut(self) -> None:
        with suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


def by_mail(message: Message, seconds: float = SECONDS) -> None:
    """Send one mail through COMPACT_ALERT_SMTP (host:port), with STARTTLS unless the host is this machine."""
    settings = load_settings()
    host, _, port = settings.alert_smtp.rpartition(":")
    sender, to = settings.alert_from, settings.alert_to
    if not host or not port.isdigit() or not sender or not to:
        raise NotSent(f"{SMTP} must be host:port, and {SENDER} and {TO} must be addresses")
    mail = EmailMessage()
    try:
        mail["Subject"] = f"{SUBJECT}: {message.subject}"
        mail["From"], mail["To"] = sender, to
        mail.set_content("\n\n".join(message.texts) + "\n")
        with MailConnection(host, int(port), seconds) as server:
            if not is_loopback(f"http://{host}:{port}"):
                server.starttls(context=ssl.create_default_context())
            if user := settings.alert_smtp_user:
                password = settings.alert_smtp_password
                server.login(user.get_secret_value(), password.get_secret_value() if password else "")
            server.send_message(mail)
    except (OSError, smtplib.SMTPException, ValueError) as error:  # the message may contain the user's name
        raise NotSent(f"the mail server did not take it ({type(error).__name__})") from None


@contextmanager
def alert_when_overdue(
    home: Path, facts: Callable[[], Facts], seconds: float = RUN_HOURS * 3600
) -> Iterator[None]:
    """Watch a run, and send an alert while it runs longer than expected.

    `compact alert`, run by its timer, reports the same, including for a process that no longer responds.

    Args:
        home: COMPACT_HOME.
        facts: returns the current status.
        seconds: after which a run is overdue.
    """

    def tell() -> None:
        try:
            failed = send_news(home, facts())
        except (CompactError, OSError) as error:
            failed = [f"the alert of a run beyond its time was not sent: {error}"]
        for text in failed:
            getLogger(__name__).warning("%s", text)

    timer = Timer(seconds + 1, tell)
    timer.daemon = True
    if receivers():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _told(home: Path) -> set[str]:
    try:
        return set(json.loads((home / "status" / SENT).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return set()


def _remember(home: Path, keys: Sequence[str]) -> None:
    path = home / "status" / SENT
    try:
        write_sidecar(path, sorted(keys))
    except OSError:
        return  # a duplicate alert is better than a failed run
