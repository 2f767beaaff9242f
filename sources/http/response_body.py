"""One HTTP exchange: classifies its failures, and reads the whole body within limits of memory and time.

session.py chooses the URL; retry.py decides when and how often to send the request.
"""

from __future__ import annotations

import contextlib
import io
import re
import ssl
import tempfile
import zlib
from collections.abc import Callable, Iterator
from http.client import IncompleteRead
from pathlib import Path
from typing import Literal

import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from sources.http.content import bad, excerpt
from sources.http.deadline import Deadline
from sources.http.exact_length import SurplusBytes
from sources.http.network_settings import NetworkSettings, refused_tunnel
from sources.model import SPOOL, InvalidResponse, Page, SpooledPage

CHUNK = 64 * 1024
SPOOL_PREFIX = ".new-"  # partial files of a killed run are removed by this name
EXCERPT_BYTES = 1024 * 1024
LATE = "the answer was still coming after the time allowed"
Kind = Literal["connect", "proxy", "tls", "timeout", "reset", "busy", "length"]


class TransientHTTPError(Exception):
    """One attempt failed, and the next may succeed. body: the bytes received so far; most: maximum
    attempts for such a fault, if fewer than the source allows.
    """

    def __init__(
        self,
        what: str,
        kind: Kind,
        *,
        body: bytes = b"",
        retry_after: float | None = None,
        most: int | None = None,
    ) -> None:
        super().__init__(what)
        self.what, self.kind, self.body, self.retry_after, self.most = what, kind, body, retry_after, most


@contextlib.contextmanager
def faults(url: str, timeout: float, settings: NetworkSettings) -> Iterator[None]:
    """Translate exceptions of the HTTP library into faults that describe what happened.

    Raises:
        TransientHTTPError: the next attempt may succeed.
        InvalidResponse: the response is not HTTP.
        NetworkSettingFault: a proxy or a CA bundle of the operator is at fault.
    """
    try:
        yield
    except requests.exceptions.SSLError as error:
        cause = _innermost(error)
        if settings.lacks_authority(cause):
            raise settings.bundle_fault(
                f"does not hold the authority of {url}: {_words(cause)}", "one that holds it"
            ) from None
        kind: Kind = "tls" if isinstance(cause, ssl.SSLCertVerificationError) else "reset"
        raise TransientHTTPError(f"no safe connection: {_words(cause)}", kind) from None
    except requests.exceptions.ProxyError as error:
        raise _of_proxy(_innermost(error), settings) from None
    except requests.exceptions.ConnectTimeout as error:
        raise TransientHTTPError(f"no connection: {_words(_innermost(error))}", "connect") from None
    except requests.exceptions.ReadTimeout:
        raise TransientHTTPError(f"no answer within {timeout:g} s", "timeout") from None
    except requests.exceptions.ConnectionError as error:
        cause = _innermost(error)
        kind = "connect" if isinstance(cause, NewConnectionError) else "reset"
        raise TransientHTTPError(f"no connection: {_words(cause)}", kind) from None
    except requests.exceptions.RequestException as error:
        raise bad(Page(url, b""), f"cannot be read as HTTP: {_words(error)}") from None


def _of_proxy(cause: BaseException, settings: NetworkSettings) -> Exception:
    """Return a fault of the proxy.

    A refusal by the proxy is the operator's fault; a proxy that cannot reach the agency is not.
    """
    status = refused_tunnel(cause)
    if status is not None and status >= 500:
        return TransientHTTPError(f"no connection: the proxy says {_words(cause)}", "connect")
    if status is not None:
        return settings.proxy_fault(_words(cause), "a proxy that lets this user connect to the agency")
    return TransientHTTPError(_words(cause), "proxy")


def _innermost(error: BaseException) -> BaseException:
    """Return the innermost exception; the libraries usually wrap it twice."""
    while True:
        inner = getattr(error, "original_error", None) or getattr(error, "reason", None)
        inner = inner or (*error.args, None)[0]
        if not isinstance(inner, BaseException):
            return error
        error = inner


def _words(error: BaseException) -> str:
    """Shorten the error to a few words, without the objects that the libraries print."""
    said = error.args[-1] if error.args and isinstance(error.args[-1], str) else str(error)
    text = re.sub(r"<[^>]*>:?\s*|\w+\(host=[^)]*\):?\s*", "", said) or type(error).__name__
    return excerpt(text.encode("utf-8", "replace"))[:160]


def read_body(
    response: requests.Response,
    *,
    url: str,
    limit: int,
    deadline: Deadline,
    count: Callable[[int], None] = lambda _: None,
) -> bytes:
    """Return the whole body after Content-Encoding, in memory; see read_page."""
    return read_page(response, url=url, limit=limit, deadline=deadline, count=count).body


def read_page(
    response: requests.Response,
    *,
    url: str,
    limit: int,
    deadline: Deadline,
    count: Callable[[int], None] = lambda _: None,
    spool: Path | None = None,
) -> Page:
    """Read the page with its whole body after Content-Encoding.

    Args:
        limit: maximum bytes of the body, before and after unpacking.
        deadline: of the whole exchange.
        spool: folder for bodies of more than SPOOL bytes, which are not held in memory.

    Raises:
        TransientHTTPError: bytes are missing or too many, or the deadline passed.
        InvalidResponse: the body is larger than `limit`, or is not valid gzip as declared.
    """
    declared = _declared(response)
    sink = _Sink(response.headers.get("Content-Encoding", ""), url, limit, spool)
    try:
        if declared is not None and declared > limit:
            raise sink.too_large(f"announces {declared} bytes")
        _receive(response, sink, declared, deadline, count)
    except TransientHTTPError as fault:
        fault.body = sink.excerpt()
        sink.discard()
        raise
    except BaseException:
        sink.discard()
        raise
    return sink.page(response.headers.get("ETag"), response.headers.get("Last-Modified"))


def _receive(
    response: requests.Response,
    sink: _Sink,
    declared: int | None,
    deadline: Deadline,
    count: Callable[[int], None],
) -> None:
    """Read the whole body into the sink."""
    received = 0
    try:
        while True:
            if deadline.passed:
                raise TransientHTTPError(f"{LATE}; {received} bytes had come", "timeout")
            chunk = response.raw.read1(CHUNK, decode_content=False)
            if not chunk:
                break
            received += len(chunk)
            count(len(chunk))
            sink.write(chunk)
    except ReadTimeoutError:
        raise TransientHTTPError(f"{LATE}; {received} bytes had come", "timeout") from None
    except (HTTPError, OSError) as error:
        cause = error.args[-1] if error.args else None
        if isinstance(cause, SurplusBytes):
            what = f"more bytes came than the {declared} that Content-Length declares"
            raise TransientHTTPError(what, "length") from None
        if isinstance(cause, IncompleteRead):
            raise TransientHTTPError(_short(received, declared), "length") from None
        what = f"the connection broke after {received} bytes ({type(error).__name__})"
        raise TransientHTTPError(what, "reset") from None
    if declared is not None and received != declared:
        raise TransientHTTPError(_short(received, declared), "length")
    if not sink.complete:
        what = f"the compressed body ends in the middle, after {received} bytes"
        raise TransientHTTPError(what, "length")


def _declared(response: requests.Response) -> int | None:
    """Return Content-Length, which is ignored for a chunked body (RFC 9112, 6.3)."""
    if response.headers.get("Transfer-Encoding"):
        return None
    text = response.headers.get("Content-Length", "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _short(received: int, declared: int | None) -> str:
    of = (
        "without the chunk that ends it"
        if declared is None
        else f"of the {declared} bytes that were declared"
    )
    return f"the body was cut off: {received} bytes came, {of}"


class _Sink:
    """Accepts raw bytes, unpacks gzip on the fly, spools large bodies to a file, and enforces the limit."""

    def __init__(self, encoding: str, url: str, limit: int, spool: Path | None) -> None:
        self._url, self._limit, self._raw, self._size, self._spool = url, limit, 0, 0, spool
        self._out: io.BytesIO | tempfile._TemporaryFileWrapper[bytes] = io.BytesIO()
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise InvalidResponse(
                f"the answer is packed as {encoding[:40]!r}, which was not asked for",
                where=url,
                allowed="gzip, or nothing",
            )
        self._gzip = zlib.decompressobj(wbits=31) if "gzip" in encoding else None

    def write(self, chunk: bytes) -> None:
        self._raw += len(chunk)
        if self._raw > self._limit:
            raise self.too_large("has not ended yet")
        while chunk and self._gzip:
            if self._gzip.eof:  # a further member of the same stream
                self._gzip = zlib.decompressobj(wbits=31)
            try:
                self._keep(self._gzip.decompress(chunk, CHUNK))
            except zlib.error as error:
                raise InvalidResponse(
                    f"the answer is not the gzip that it says it is: {error}",
                    where=self._url,
                    pages=(Page(self._url, self.excerpt()),),
                ) from None
            chunk = self._gzip.unconsumed_tail or self._gzip.unused_data
        if self._gzip is None:
            self._keep(chunk)

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise self.too_large("unpacks to more" if self._gzip else "has not ended yet")
        if self._spool is not None and self._size > SPOOL and isinstance(self._out, io.BytesIO):
            self._spool.mkdir(parents=True, exist_ok=True)
            file = tempfile.NamedTemporaryFile(dir=self._spool, prefix=SPOOL_PREFIX)  # noqa: SIM115 - it outlives this
            file.write(self._out.getbuffer())
            self._out = file
        self._out.write(data)

    @property
    def complete(self) -> bool:
        return self._gzip is None or self._gzip.eof or self._raw == 0

    def discard(self) -> None:
        """Discard the received bytes and their file."""
        self._out.close()

    def excerpt(self) -> bytes:
        """Return the received bytes for the record of a fault; only the beginning of a large body."""
        if isinstance(self._out, io.BytesIO):
            return self._out.getvalue()
        self._out.flush()
        with Path(self._out.name).open("rb") as file:
            return file.read(EXCERPT_BYTES)

    def page(self, etag: str | None, last_modified: str | None) -> Page:
        """Return the page, once the body is complete."""
        if isinstance(self._out, io.BytesIO):
            return Page(self._url, self._out.getvalue(), etag, last_modified)
        self._out.flush()
        return SpooledPage(self._url, Path(self._out.name), etag, last_modified, owner=self._out)

    def too_large(self, how: str) -> InvalidResponse:
        return InvalidResponse(
            f"the answer {how}: more than the {self._limit} bytes that one may have",
            where=self._url,
            allowed=f"at most {self._limit} bytes (limits.response_bytes)",
            next_step="if the agency really publishes that much, raise limits.response_bytes in source.yaml",
            pages=(Page(self._url, self.excerpt()[:EXCERPT_BYTES]),),
        )
