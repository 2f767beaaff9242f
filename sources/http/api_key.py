"""The API key of a source: reads it from the environment, attaches it to requests to the source's own hosts,
and redacts it everywhere else.

Responses are searched too, and the key is removed from them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote

from requests import PreparedRequest

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.content import bad
from sources.model import InvalidResponse, Page
from sources.origins import is_loopback
from sources.settings import source_variable

USABLE = re.compile(r"[\x21-\x7e]{8,8192}")  # shorter keys would match a response by chance
HIDDEN = "***"


@dataclass(frozen=True)
class AccessKey:
    """A key and the name of its variable. Its text form hides the key."""

    variable: str
    _value: str = field(repr=False)

    def attach(self, request: PreparedRequest) -> PreparedRequest:
        """Return a copy of the request with the key; the request itself stays without it. The caller
        ensures that the host belongs to the source.
        """
        url = str(request.url)
        if not url.startswith("https:") and not is_loopback(url):
            raise CompactError(
                f"the key in {self.variable} would go over the network unencrypted",
                where="COMPACT_URL_… of the source",
                allowed="https, or this very machine",
                next_step=f"name an https address, or take {self.variable} away",
            )
        carrying = request.copy()
        carrying.headers["Authorization"] = f"Bearer {self._value}"
        return carrying

    def redact(self, text: str) -> str:
        for form in (self._value, quote(self._value, safe="")):
            text = text.replace(form, HIDDEN)
        return text

    def scrub_bytes(self, body: bytes) -> bytes:
        for form in (self._value, quote(self._value, safe="")):
            body = body.replace(form.encode(), HIDDEN.encode())
        return body

    def scrub_page(self, page: Page) -> Page:
        return Page(
            self.redact(page.url),
            self.scrub_bytes(page.body),
            self.redact(page.etag) if page.etag else page.etag,
            self.redact(page.last_modified) if page.last_modified else page.last_modified,
        )

    def scrub_error(self, error: CompactError) -> None:
        """Remove the key from an error, and from the bytes stored with it."""
        for name in ("what", "where", "allowed", "next_step"):
            setattr(error, name, self.redact(getattr(error, name)))
        error.args = (error.what,)
        if isinstance(error, InvalidResponse):
            error.pages = tuple(map(self.scrub_page, error.pages))

    def checked(self, page: Page) -> Page:
        """Return the page if it does not contain the key: its bytes would be stored and published."""
        scrubbed = self.scrub_page(page)
        if scrubbed != Page(page.url, page.body, page.etag, page.last_modified):
            raise bad(
                scrubbed,
                "repeats our access key",
                allowed="an answer without it",
                next_step="tell the agency; nothing was kept of it but the answer without the key",
            )
        return page


def access_key(source: Source) -> AccessKey | None:
    """Return the key of a source that requires one, if a valid one is set."""
    value = source_variable(source.key_variable) if source.key_variable else ""
    return AccessKey(source.key_variable, value) if USABLE.fullmatch(value) else None


def not_configured(source: Source) -> str:
    """Explain which key or switch a source lacks; empty if it can be fetched."""
    if source.switch_variable and not source_variable(source.switch_variable):
        return f"not configured: {source.switch_variable} is not set, and it is large"
    if not source.key_variable or access_key(source):
        return ""
    if not source_variable(source.key_variable):
        return f"not configured: {source.key_variable} is not set"
    return f"not configured: {source.key_variable} holds no usable key (8 or more characters, no blanks)"
