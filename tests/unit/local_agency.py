"""A tiny agency on the loopback address for tests of the session: it serves prepared responses and writes a
log.

It speaks no agency's language, and it can break a promise of HTTP wherever a test wants it to.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from schemas.definitions.source import Source

RATE = {"requests_per_second": 50.0, "parallel": 1, "reason": "a test"}


@dataclass(frozen=True)
class Reply:
    """One prepared answer. declared: a Content-Length that may lie, 0 for none; cut: bytes sent before the
    end; chunked: in chunks; reset: the connection is reset then; drip: seconds between single bytes."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    declared: int | None = None
    cut: int | None = None
    chunked: bool = False
    reset: bool = False
    drip: float = 0.0


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: Message
    body: bytes


class LocalAgency:
    """Answers with `replies` in order, the last again and again; or with what `answer` makes of a request."""

    def __init__(self, *replies: Reply, host: str = "127.0.0.1") -> None:
        self.replies = list(replies) or [Reply()]
        self.answer: Callable[[Asked], Reply] | None = None
        self.log: list[Asked] = []
        self.lock = threading.Lock()
        agency = self

        class Handler(_Handler):
            local = agency

        self._server = _Server((host, 0), Handler)
        self.url = f"http://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def reply(self, asked: Asked) -> Reply:
        with self.lock:
            self.log.append(asked)
            if self.answer is None:
                return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return self.answer(asked)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.log]

    def __enter__(self) -> LocalAgency:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        pass  # a client that hangs up is what some tests are about


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    local: LocalAgency

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        reply = self.local.reply(Asked(self.command, self.path, self.headers, self.rfile.read(length)))
        self.close_connection = reply.cut is not None or reply.declared is not None or reply.reset
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.declared != 0:
            self.send_header("Content-Length", str(reply.declared or len(reply.body)))
        self.end_headers()
        self._send(reply)

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def _send(self, reply: Reply) -> None:
        body = reply.body
        if reply.chunked:
            body = b"".join(b"%x\r\n%s\r\n" % (1, body[i : i + 1]) for i in range(len(body))) + b"0\r\n\r\n"
        body = body[: reply.cut]
        try:
            for start in range(0, len(body), 1) if reply.drip else ():
                self.wfile.write(body[start : start + 1])
                time.sleep(reply.drip)
            if not reply.drip:
                self.wfile.write(body)
            if reply.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
        except OSError:
            self.close_connection = True  # the client has hung up, as it should on some of these

    def log_message(self, *_: Any) -> None:
        pass


class FakeTime:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


def make_source(**changes: Any) -> Source:
    """A source definition that is valid, with what a test wants different."""
    limit = {"limit": 1.0, "reason": "a test"}
    given: dict[str, Any] = {
        "id": "agency",
        "title": "An agency",
        "agency": "The Agency",
        "homepage": "https://agency.example",
        "description": "Made for tests.",
        "licence": {"name": "CC BY 4.0", "commercial_use": True, "redistribution": True},
        "citation": "The Agency",
        "cadence": "yearly",
        "contract_verified": False,
        "reader": "pages",
        "base_url": "https://api.agency.example/v1",
        "hosts": ["api.agency.example"],
        "rate": RATE,
        "areas": {"scheme": "iso3"},
        "acceptance": dict.fromkeys(("rows_lost_share", "areas_lost", "median_ratio", "years_back"), limit),
    }
    return Source.model_validate(given | changes)
