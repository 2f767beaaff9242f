"""An HTTP adapter that enforces a deadline per exchange and detects bytes beyond Content-Length (RFC 9112,
6.3).

http.client stops at the declared length and drops the rest, so a length that is too small would look like a
complete, shorter file. The classes use the extension points of http.client and urllib3: `response_class`,
`ConnectionCls` and `pool_classes_by_scheme`. The deadline itself is in deadline.py.
"""

from __future__ import annotations

import http.client
import io
import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from sources.http.deadline import DeadlineReader, current_deadline, look_up


class SurplusBytes(http.client.HTTPException):
    """More bytes arrived than Content-Length declares."""


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        if (deadline := current_deadline()) is not None:
            self.fp = io.BufferedReader(DeadlineReader(self.fp.detach(), sock, deadline))

    def read1(self, n: int = -1) -> bytes:
        """Read like http.client, but leave the last byte for a separate read: after it the rest of the
        buffer is lost.
        """
        remaining = self.length
        if not remaining or self.chunked or self.fp is None:
            return super().read1(n)
        if remaining > 1:
            return super().read1(min(n, remaining - 1) if n > 0 else remaining - 1)
        if len(self.fp.peek(2)) > 1:
            raise SurplusBytes
        return super().read1(n)


class _WithDeadline(HTTPConnection):
    """A connection that resolves the name and tries all addresses of the host before the deadline."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        if (deadline := current_deadline()) is None:
            return super()._new_conn()
        name, each, failed = self._dns_host, self.timeout, None
        try:
            for address in look_up(name, self.port, deadline.left()):
                self.host, self.timeout = address, min(each or deadline.left(), deadline.left())
                try:
                    return super()._new_conn()
                except (ConnectTimeoutError, NewConnectionError) as error:
                    failed = error
        except socket.gaierror as error:
            raise NameResolutionError(name, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, str(error)) from error
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, str(error)) from error
        finally:
            self.host, self.timeout = name, each
        raise failed or NewConnectionError(self, f"{name} has no address")


class _Connection(_WithDeadline):
    pass


class _SecureConnection(_WithDeadline, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS = {"http": _Pool, "https": _SecurePool}


class ExactLengthAdapter(HTTPAdapter):
    """Adapter with responses that raise SurplusBytes, directly and through a proxy."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager
