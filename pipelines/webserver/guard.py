"""An ASGI guard in front of Dagster's web server, which by itself answers any page that a browser has open.

A request passes if its Host is allowed, no page of another site sent it, and it either changes nothing or is
a POST of application/json, which a page of another site cannot send without a preflight. Team mode adds a
token. The rules follow the Fetch standard (WHATWG, 2026) and RFC 9110; this module does not import Dagster.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from email.message import Message
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
READING, WRITING = frozenset({"GET", "HEAD"}), "POST"
MAX_BODY_BYTES = 8 * 1024 * 1024  # a launch with the configuration of all jobs is below 100 kB
MIN_TOKEN_LENGTH = 20  # 120 bits in base64; a shorter token can be guessed at the speed of a local network
COOKIE = "compact_ui"
DEFAULT_PORTS = {"http": 80, "https": 443}
POLICY = (
    (b"x-frame-options", b"DENY"),  # no other page may frame ours and capture clicks on its buttons
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


@dataclass(frozen=True)
class Denial:
    """Why a request is denied.

    Attributes:
        status: the HTTP status.
        code: the reason as a stable word, for tests and logs.
        message: the reason as a sentence, with a hint.
    """

    status: int
    code: str
    message: str


@dataclass(frozen=True)
class Access:
    """Access rules of the web server.

    Attributes:
        hosts: allowed host names besides the loopback ones, without ports.
        token: the token a client must present; None requires none.
    """

    hosts: frozenset[str] = frozenset()
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < MIN_TOKEN_LENGTH:
            raise ValueError(f"a token has at least {MIN_TOKEN_LENGTH} characters")

    @property
    def cookie(self) -> str:
        """Value of the cookie of a browser that presented the token; the token cannot be derived from it."""
        return hmac.new((self.token or "").encode(), b"compact-ui-cookie", sha256).hexdigest()


class Guard:
    """ASGI application that forwards allowed requests and denies the rest."""

    def __init__(self, app: App, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):  # lifespan
            await self._app(scope, receive, send)
            return
        denial = judge(scope, self._access)
        if denial is not None:
            await _deny(denial, scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive), self._with_policy(send))

    def _with_policy(self, send: Send) -> Send:
        extra = list(POLICY)
        if self._access.token is not None:
            cookie = f"{COOKIE}={self._access.cookie}; Path=/; HttpOnly; SameSite=Strict"
            extra.append((b"set-cookie", cookie.encode()))

        async def send_with_policy(event: Event) -> None:
            if event["type"] == "http.response.start":
                event["headers"] = [*event.get("headers", ()), *extra]
            await send(event)

        return send_with_policy


def judge(scope: Scope, access: Access) -> Denial | None:
    """Return why a request is denied, or None if it is allowed.

    Args:
        scope: the ASGI scope of an http or websocket connection.
        access: the access rules.
    """
    headers = scope["headers"]
    return (
        _judge_host(headers, access)
        or _judge_origin(scope)
        or _judge_method(scope)
        or _judge_token(headers, access)
    )


def _judge_host(headers: Iterable[tuple[bytes, bytes]], access: Access) -> Denial | None:
    """Check the Host: a foreign name that resolves to this machine (DNS rebinding) appears there."""
    hosts = _values(headers, b"host")
    name = _host_name(hosts[0]) if len(hosts) == 1 else None
    if name is not None and (name in LOOPBACK_HOSTS or name in access.hosts):
        return None
    return Denial(
        421,
        "host",
        "this server does not answer for that host: use http://127.0.0.1, or list it in COMPACT_UI_HOSTS",
    )


def _judge_origin(scope: Scope) -> Denial | None:
    """Check the Origin: only our own pages may send requests. Links from other sites open a page and do no
    more.
    """
    headers = scope["headers"]
    denial = Denial(403, "origin", "requests from pages of other sites are refused")
    host = _values(headers, b"host")[0]
    origins = _values(headers, b"origin")
    if origins and (len(origins) > 1 or not _same_authority(origins[0], host)):
        return denial
    site = b"".join(_values(headers, b"sec-fetch-site"))
    if site in (b"", b"same-origin", b"none"):
        return None
    opened = b"".join(_values(headers, b"sec-fetch-mode")) == b"navigate"
    as_page = b"".join(_values(headers, b"sec-fetch-dest")) == b"document"
    if scope["type"] == "http" and scope["method"] == "GET" and opened and as_page and not _is_graphql(scope):
        return None
    return denial


def _judge_method(scope: Scope) -> Denial | None:
    if scope["type"] == "websocket":
        return None
    if scope["method"] in READING:
        if _is_graphql(scope) and scope.get("query_string"):
            return Denial(405, "method", "GraphQL is answered to POST alone")
        return None
    if scope["method"] != WRITING:
        return Denial(405, "method", "only GET, HEAD and POST are answered")
    types = _values(scope["headers"], b"content-type")
    if len(types) != 1 or not _is_json(types[0]):
        return Denial(415, "content_type", "a POST must be application/json")
    lengths = _values(scope["headers"], b"content-length")
    if lengths and (not lengths[0].isdigit() or int(lengths[0]) > MAX_BODY_BYTES):
        return Denial(413, "size", f"a request has at most {MAX_BODY_BYTES} bytes")
    return None


def _judge_token(headers: Iterable[tuple[bytes, bytes]], access: Access) -> Denial | None:
    if access.token is None:
        return None
    shown = _shown_tokens(headers)
    expected = (access.token, access.cookie)
    if any(hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(shown, expected, strict=True)):
        return None
    return Denial(401, "token", "show the token COMPACT_UI_TOKEN: as a Bearer token, or as the password")


def _shown_tokens(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str]:
    """Return the tokens of the Authorization header (Bearer, or the password of Basic) and of the cookie."""
    token = cookie = ""
    scheme, _, credentials = b"".join(_values(headers, b"authorization")).decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        token = credentials.strip()
    elif scheme.lower() == "basic":
        try:
            token = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            token = ""
    try:
        jar: SimpleCookie = SimpleCookie(b"; ".join(_values(headers, b"cookie")).decode("latin-1"))
    except CookieError:
        jar = SimpleCookie()
    if COOKIE in jar:
        cookie = jar[COOKIE].value
    return token, cookie


def _is_graphql(scope: Scope) -> bool:
    return "graphql" in str(scope["path"]).lower()


def _is_json(content_type: bytes) -> bool:
    """Return whether the media type is application/json, not one that only mentions it, as in `text/plain;
    application/json`, which a browser sends to another site without asking.
    """
    header = Message()
    header["content-type"] = content_type.decode("latin-1")
    bare = content_type.decode("latin-1").partition(";")[0].strip().lower()
    return bare == "application/json" and header.get_content_type() == "application/json"


def _host_name(host: bytes) -> str | None:
    """Return the name of a Host header without its port; None if it is invalid."""
    text = host.decode("latin-1").strip().lower()
    try:
        parts = urlsplit(f"//{text}")
        _ = parts.port  # raises if the port is invalid
    except ValueError:
        return None
    if parts.netloc != text or "@" in text or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname


def _same_authority(origin: bytes, host: bytes) -> bool:
    """Return whether an Origin and a Host name the same server. `null`, the origin of a sandbox or a file,
    names none.
    """
    try:
        named = urlsplit(origin.decode("latin-1").strip().lower())
        addressed = urlsplit(f"//{host.decode('latin-1').strip().lower()}")
        default = DEFAULT_PORTS.get(named.scheme)
        if default is None or named.hostname is None:
            return False
        return (named.hostname, named.port or default) == (addressed.hostname, addressed.port or default)
    except ValueError:
        return False


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key.lower() == name]


def _bounded(receive: Receive) -> Receive:
    """Pass the body on, and end it like a disconnect once it exceeds the size limit."""
    received = 0

    async def receive_bounded() -> Event:
        nonlocal received
        event = await receive()
        if event["type"] == "http.request":
            received += len(event.get("body", b""))
            if received > MAX_BODY_BYTES:
                return {"type": "http.disconnect"}
        return event

    return receive_bounded


async def _deny(denial: Denial, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # websocket.connect; a close before accept is sent as 403
        await send({"type": "websocket.close", "code": 1008, "reason": denial.code})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), *POLICY]
    if denial.status == 401:
        headers.append((b"www-authenticate", b'Basic realm="Compact Tracker", charset="UTF-8"'))
    body = f"{denial.code}: {denial.message}\n".encode()
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": denial.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
