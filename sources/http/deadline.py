"""One deadline for a whole exchange: name resolution, connection, status line, headers and body.

A socket's own timeout restarts with every byte, so a server that sends a byte a second, or endless interim
responses, holds a request forever. Here each wait gets the remainder of one deadline. session.py sets its
length and handles a timeout.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from queue import Empty, SimpleQueue


class Deadline:
    """The end of an exchange.

    Attributes:
        seconds: maximum duration of the exchange.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock, self._end = clock, clock() + seconds

    def left(self) -> float:
        """Return the remaining seconds, more than zero.

        Raises:
            TimeoutError: none are left.
        """
        left = self._end - self._clock()
        if left <= 0:
            raise TimeoutError(f"the exchange took more than {self.seconds:g} s")
        return left

    @property
    def passed(self) -> bool:
        """Return whether the deadline has passed."""
        return self._clock() >= self._end


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def current_deadline() -> Deadline | None:
    """Return the deadline of the current exchange in this thread, if it has one."""
    return _current.get()


@contextmanager
def within(deadline: Deadline) -> Iterator[Deadline]:
    """Apply the deadline to connections opened and responses started in the block."""
    token = _current.set(deadline)
    try:
        yield deadline
    finally:
        _current.reset(token)


class DeadlineReader(io.RawIOBase):
    """A socket as a stream: each read waits at most for the remainder of the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override] # bytes as the socket has it
        self._sock.settimeout(self._deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def look_up(host: str, port: int, seconds: float) -> list[str]:
    """Resolve a host to its numeric addresses, each once, in the resolver's order.

    The resolver cannot be interrupted, so it runs in a thread that is abandoned if it is too slow.

    Raises:
        socket.gaierror: the host does not exist.
        TimeoutError: the resolver did not respond in time.
    """
    results: SimpleQueue[list[str] | OSError | UnicodeError] = SimpleQueue()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            results.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except (OSError, UnicodeError) as error:
            results.put(error)

    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
    try:
        answer = results.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no address of {host} within {seconds:.3g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
