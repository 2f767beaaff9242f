"""An endlessly slow connection: the exchange ends at its deadline, the socket is closed, and the agency
counts as unavailable.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.definitions.source import Source
from sources.http.session import Session
from sources.model import SourceUnavailable
from tests.faults.table import saw
from tests.unit.local_agency import make_source

ALLOWED = 0.4  # seconds for the whole exchange
BOUND = 4.0  # seconds until it must have ended, on a busy machine
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
DECLARED = HEAD + b"Content-Length: 100000\r\n\r\n"
Sends = Callable[[], Iterator[bytes]]


def forever(piece: bytes) -> Iterator[bytes]:
    return itertools.repeat(piece)


WAYS: dict[str, Sends] = {
    "100 Continue": lambda: forever(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a status line byte by byte": lambda: iter(HEAD[i : i + 1] for i in range(len(HEAD))),
    "headers": lambda: itertools.chain([HEAD], (b"X-%d: a\r\n" % n for n in range(95))),
    "a header byte by byte": lambda: itertools.chain([HEAD, b"X: "], forever(b"a")),
    "a body byte by byte": lambda: itertools.chain([DECLARED], forever(b"a")),
    "the size of a chunk byte by byte": lambda: itertools.chain([CHUNKED], forever(b"0")),
    "chunks of a byte": lambda: itertools.chain([CHUNKED], forever(b"1\r\na\r\n")),
    "trailers": lambda: itertools.chain([CHUNKED, b"0\r\n"], forever(b"X: a\r\n")),
    "silence": lambda: iter(()),
}


class Slow:
    """A server that sends pieces of an answer, one every few hundredths of a second, until it is hung up on.

    Attributes:
        closed: set once the other side has closed the connection.
    """

    def __init__(self, pieces: Sends, pause: float = 0.02, *, greets_first: bool = False) -> None:
        """greets_first: it does not wait for a request, as a mail server."""
        self.closed = threading.Event()
        self._pieces, self._pause, self._greets_first = pieces, pause, greets_first
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if not self._greets_first:
                connection.recv(65536)
            for piece in self._pieces():
                connection.sendall(piece)
                time.sleep(self._pause)
            connection.recv(65536)
        self.closed.set()

    def __enter__(self) -> Slow:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def limited(**changes: object) -> Source:
    return make_source(limits={"timeout_seconds": ALLOWED, "attempts": 1}, **changes)


def asked(session: Session) -> tuple[SourceUnavailable, float]:
    """What the session says, and after how many seconds."""
    started = time.monotonic()
    with pytest.raises(SourceUnavailable) as caught:
        session.get("/data")
    seconds = time.monotonic() - started
    saw(caught.value.what)
    return caught.value, seconds


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.fault("without end: {way}")
def test_an_exchange_ends_at_its_deadline_and_the_socket_is_closed(way: str, tmp_path: Path) -> None:
    with Slow(WAYS[way]) as agency:
        session = Session(limited(), base_url=agency.url, spool=tmp_path)
        said, seconds = asked(session)
        assert agency.closed.wait(BOUND), "the connection is still open"
    assert ALLOWED <= seconds < BOUND
    assert "no answer within 0.4 s" in said.what or "still coming after the time allowed" in said.what
    assert list(tmp_path.iterdir()) == [], "nothing of the body is left"


@pytest.mark.fault("without end: a large body that is streamed to disk")
def test_a_body_that_is_streamed_to_disk_ends_at_its_deadline(tmp_path: Path) -> None:
    """The pieces are as large as a fast agency's, and there is no end of them."""
    pieces = lambda: itertools.chain([CHUNKED], forever(b"100000\r\n" + b"a" * 0x100000 + b"\r\n"))  # noqa: E731
    with Slow(pieces, pause=0.01) as agency:
        source = make_source(
            limits={"timeout_seconds": 1.0, "attempts": 1, "response_bytes": 2**32},
        )
        said, seconds = asked(Session(source, base_url=agency.url, spool=tmp_path))
        assert agency.closed.wait(BOUND)
    assert 1.0 <= seconds < BOUND
    assert "still coming after the time allowed" in said.what
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("without end: a TLS handshake byte by byte")
def test_a_handshake_ends_at_its_deadline() -> None:
    record = bytes([22, 3, 3, 0x40, 0])  # a handshake record of 16 KiB, whose bytes come one by one
    with Slow(lambda: itertools.chain([record], forever(b"\x02"))) as agency:
        base_url = agency.url.replace("http:", "https:")
        said, seconds = asked(Session(limited(), base_url=base_url))
        assert agency.closed.wait(BOUND)
    assert seconds < BOUND
    assert "no answer within" in said.what or "no safe connection" in said.what


@pytest.mark.fault("without end: what a proxy says")
def test_a_proxy_s_tunnel_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with Slow(
        lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n"], (b"X: a\r\n" for _ in itertools.count()))
    ) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        said, seconds = asked(Session(limited()))
        assert proxy.closed.wait(BOUND)
    assert seconds < BOUND
    assert "no answer within 0.4 s" in said.what


@pytest.mark.fault("a name server that does not answer")
def test_a_name_that_is_looked_up_for_ever_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def never(*_: object, **__: object) -> None:
        done.wait(30)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    said, seconds = asked(Session(limited()))
    done.set()
    assert ALLOWED <= seconds < BOUND
    assert "no address of api.agency.example within" in said.what


@pytest.mark.fault("a host with many addresses, none of which answers")
def test_all_addresses_together_end_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a full queue of connections, so that the system lets us wait."""
    with contextlib.ExitStack() as opened:
        full = opened.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        for _ in range(3):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", port))
        row = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
        real = socket.getaddrinfo

        def many(host: str, *given: object, **more: object) -> list[object]:
            if host != "many.example":
                return list(real(host, *given, **more))  # type: ignore[arg-type]
            return [(*row[:4], (f"127.0.0.{n}", port)) for n in range(1, 40)]

        monkeypatch.setattr(socket, "getaddrinfo", many)
        said, seconds = asked(Session(limited(), base_url=f"http://many.example:{port}"))
    assert seconds < BOUND
    assert "no connection" in said.what


def test_a_connection_that_is_used_again_has_a_deadline_of_its_own() -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                for _ in range(3):
                    connection.recv(65536)
                    connection.sendall(body)

        threading.Thread(target=serve, daemon=True).start()
        session = Session(limited(), base_url=f"http://127.0.0.1:{server.getsockname()[1]}")
        for _ in range(3):
            assert session.get("/a").body == b"{}"
            time.sleep(0.6 * ALLOWED)
