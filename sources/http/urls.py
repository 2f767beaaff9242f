"""The URLs of a source that may be requested, and redaction of URLs. Opens no connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from schemas.definitions.source import Source
from sources.origins import Origin, origin

SECRET_KEYS = frozenset(
    (
        "key",
        "apikey",
        "api_key",
        "api-key",
        "token",
        "access_token",
        "auth",
        "authorization",
        "password",
        "secret",
        "client_secret",
        "signature",
        "sig",
        "subscription-key",
        "subscription_key",
    )
)


def allowed_origins(source: Source, override: str | None) -> frozenset[Origin]:
    """Return the allowed origins: https to the declared hosts, and the override's origin, which alone may
    be plain http.
    """
    named = [f"https://{host}" for host in source.hosts]
    named += [source.base_url] if source.base_url.startswith("https://") else []
    named += [override] if override else []
    return frozenset(allowed for url in named if (allowed := origin(url)))


def redact(url: str) -> str:
    """Return the URL for the record, without values of keys such as token and without a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(no address)"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, _without_secrets(parts.query), parts.fragment))


def describe_post(url: str, data: Mapping[str, str | Sequence[str]] | bytes) -> str:
    """Describe a POST for the record: its form or JSON is appended as a fragment, which is never part of a
    request.
    """
    if isinstance(data, bytes):
        return f"{redact(url)}#{data.decode()}"
    return f"{redact(url)}#{_without_secrets(urlencode(data, doseq=True))}"


def _without_secrets(query: str) -> str:
    """Return the query as sent, except for the values of secret keys. A query without any is unchanged."""
    if not any(name.lower() in SECRET_KEYS for name, _ in parse_qsl(query, keep_blank_values=True)):
        return query
    pieces = (piece.partition("=") for piece in query.split("&"))
    return "&".join(
        f"{name}={quote('***', safe='*')}" if name.lower() in SECRET_KEYS else name + equals + value
        for name, equals, value in pieces
    )
