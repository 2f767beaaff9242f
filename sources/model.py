"""The types shared by readers, session, store and stage: resources, pages, responses, the raw columns, and
the two kinds of fault.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from schemas.errors import CompactError

# Columns of a raw row as the agency sent it, passed from reader to stage: all text except `row`; null where
# the agency has no value.
RAW_COLUMNS = (
    "snapshot",
    "row",
    "series",
    "area",
    "area_name",
    "time_period",
    "value",
    "lower",
    "upper",
    "dims",
    "unit",
    "unit_mult",
    "nature",
    "status",
    "source_detail",
    "footnote",
)

SPOOL = 32 * 1024 * 1024  # body size in bytes above which it is kept in a file and not in memory


@dataclass(frozen=True)
class Resource:
    """One resource of a source.

    key: its permanent name within the source; series: the series that it has; stored: whether an earlier
    response with all its values is stored, so that a shorter one may be requested; optional: series that a
    file may lack.
    """

    key: str
    series: tuple[str, ...]
    stored: bool = field(default=False, compare=False)
    optional: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class Page:
    """One response of the agency, byte for byte as received (after Content-Encoding)."""

    url: str
    body: bytes
    etag: str | None = None
    last_modified: str | None = None

    def open(self) -> BinaryIO:
        """Open the body as a file: a large one is read in parts, and never held in memory."""
        return BytesIO(self.body)

    def head(self, count: int) -> bytes:
        """Return the first bytes of the body."""
        with self.open() as file:
            return file.read(count)

    @property
    def size(self) -> int:
        """Return the size of the body in bytes."""
        return len(self.body)


class SpooledPage(Page):
    """A page with its body in a file. `body` reads all of it: code that may receive a large response uses
    `open`, `size` or `path`.
    """

    path: Path

    def __init__(
        self,
        url: str,
        path: Path,
        etag: str | None = None,
        last_modified: str | None = None,
        owner: object = None,
    ) -> None:
        """owner: a temporary file that lives as long as the page."""
        values = {"url": url, "path": path, "etag": etag, "last_modified": last_modified, "_owner": owner}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def body(self) -> bytes:
        return self.path.read_bytes()

    def open(self) -> BinaryIO:
        return self.path.open("rb")

    @property
    def size(self) -> int:
        return self.path.stat().st_size


@dataclass(frozen=True)
class SourceResponse:
    """All pages of a resource, checked to be complete. content is a sha256 that ignores meaningless
    variation (the order of JSON keys): if it equals that of the accepted snapshot, nothing has changed.
    """

    resource: Resource
    pages: tuple[Page, ...]
    pages_expected: int
    rows: int
    content: str
    agency_release: str | None = None


@dataclass(frozen=True)
class SnapshotFiles:
    """An accepted snapshot for readers: its id, its resource, and its pages in order. The pages are the
    files and their recorded URLs (for sources with pages that do not name their content). fetched: the day
    on which these bytes were first fetched, as YYYY-MM-DD.
    """

    snapshot: str
    resource: str
    pages: tuple[Path, ...]
    urls: tuple[str, ...] = ()
    fetched: str = ""


class SourceUnavailable(CompactError):
    """The agency did not respond, or kept responding that it is temporarily unavailable. A later run may
    succeed.
    """

    retriable = True


class RequestUnavailable(SourceUnavailable):
    """One request kept failing with a status that says nothing about others, such as 500: other requests
    may succeed.
    """


class InvalidResponse(CompactError):
    """The agency's response cannot be used. The bytes are kept; nothing is published from them."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        allowed: str = "",
        next_step: str = "",
        pages: Sequence[Page] = (),
        status: int = 200,
    ) -> None:
        """status: of the HTTP response; 404 if the URL does not exist."""
        super().__init__(what, where=where, allowed=allowed, next_step=next_step)
        self.pages, self.status = tuple(pages), status


class NoSuchSeries(InvalidResponse):
    """The agency reports, or its empty response means, that it has no such series (now)."""


@dataclass
class Counted:
    """The number of rows received, kept, and refused by reason."""

    rows_in: int = 0
    rows_out: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass
class Usage:
    """Usage of an agency: requests (including retries and redirects) and bytes as received."""

    requests: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class CachedPage:
    """A stored page: its validators allow the agency to respond 304, and then load() returns the bytes, or
    the file of a large body.
    """

    etag: str | None
    last_modified: str | None
    load: Callable[[], bytes | Path]

    def page(self, url: str) -> Page:
        """Return the page as the agency would have sent it again."""
        held = self.load()
        if isinstance(held, Path):
            return SpooledPage(url, held, self.etag, self.last_modified)
        return Page(url, held, self.etag, self.last_modified)
