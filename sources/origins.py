"""The origin of a URL, and whether it is this machine. Opens no connection and has no sources."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

Origin = tuple[str, str, int]  # scheme, host, port
PORTS = {"https": 443, "http": 80}


def origin(url: str) -> Origin | None:
    """Return scheme, host and port of a web URL; None for anything else (file:, package:, with a
    password).
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname.lower().rstrip("."), port if port is not None else PORTS[parts.scheme]


def is_loopback(url: str) -> bool:
    """Return whether the URL is on this machine, which no proxy can reach for us."""
    url_origin = origin(url)
    if url_origin is None:
        return False
    try:
        return ip_address(url_origin[1]).is_loopback
    except ValueError:
        return url_origin[1] == "localhost"
