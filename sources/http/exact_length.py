"""An HTTP adapter whose responses notice bytes beyond their Content-Length (RFC 9112, 6.3).

http.client stops at the declared length and drops the rest, so a length that is too small would look like a
complete, shorter file. The classes are joined at the points that http.client and urllib3 offer for it:
`response_class`, `ConnectionCls` and `pool_classes_by_scheme`.
"""

from __future__ import annotations

import http.client
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class SurplusBytes(http.client.HTTPException):
    """More bytes arrived than Content-Length declares."""


class _Response(http.client.HTTPResponse):
    def read1(self, n: int = -1) -> bytes:
        """As http.client has it, but leaves the last byte for a read of its own: after that one the rest of
        the buffer is lost."""
        remaining = self.length
        if not remaining or self.chunked or self.fp is None:
            return super().read1(n)
        if remaining > 1:
            return super().read1(min(n, remaining - 1) if n > 0 else remaining - 1)
        if len(self.fp.peek(2)) > 1:
            raise SurplusBytes
        return super().read1(n)


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS = {"http": _Pool, "https": _SecurePool}


class ExactLengthAdapter(HTTPAdapter):
    """Connections whose responses raise SurplusBytes, directly and through a proxy."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager
