"""What readers, session, store and stage exchange: resources, pages, answers, the wire columns, and the two
kinds of fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from schemas.errors import CompactError

# What a reader hands to stage: one row as the agency sent it, all text but `row`; null where the agency says
# nothing.
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

SPOOL = 32 * 1024 * 1024  # bytes of a body above which it is kept in a file and not in memory


@dataclass(frozen=True)
class Resource:
    """One thing to ask a source for. key: its lasting name within the source; series: the series that it
    carries."""

    key: str
    series: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """One answer of the agency, byte for byte as received (after Content-Encoding)."""

    url: str
    body: bytes
    etag: str | None = None
    last_modified: str | None = None

    def open(self) -> BinaryIO:
        """The body as a file at its beginning: a large one is read in parts, and never held in memory."""
        return BytesIO(self.body)

    def head(self, count: int) -> bytes:
        """The first bytes of the body."""
        with self.open() as file:
            return file.read(count)

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self.body)


class SpooledPage(Page):
    """A page whose body is in a file. `body` reads all of it: code that may meet a large answer takes `open`,
    `size` or `path`."""

    path: Path

    def __init__(
        self,
        url: str,
        path: Path,
        etag: str | None = None,
        last_modified: str | None = None,
        owner: object = None,
    ) -> None:
        """owner: kept as long as the page; a temporary file that is removed with it."""
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
    """All pages of a resource, checked to be complete. content is a sha256 that ignores what may vary without
    meaning (the order of JSON keys): where it equals that of the accepted snapshot, nothing has changed."""

    resource: Resource
    pages: tuple[Page, ...]
    pages_expected: int
    rows: int
    content: str
    agency_release: str | None = None


@dataclass(frozen=True)
class SnapshotFiles:
    """An accepted snapshot as readers see it: its id, its resource, and its pages in order: the files and, as
    the manifest has them, the addresses they came from (for sources whose pages do not name what they
    hold); fetched: the day on which these bytes were first fetched, as YYYY-MM-DD."""

    snapshot: str
    resource: str
    pages: tuple[Path, ...]
    urls: tuple[str, ...] = ()
    fetched: str = ""


class SourceUnavailable(CompactError):
    """The agency did not answer, or kept answering that it cannot now. A later run may succeed."""

    retriable = True


class RequestUnavailable(SourceUnavailable):
    """One request kept getting a status that speaks for itself alone, such as 500: others may be answered."""


class InvalidResponse(CompactError):
    """The agency answered, and the answer cannot be used. The bytes are kept; nothing is published from
    them."""

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
        """status: of the HTTP response, 404 where the agency has nothing at the address."""
        super().__init__(what, where=where, allowed=allowed, next_step=next_step)
        self.pages, self.status = tuple(pages), status


class NoSuchSeries(InvalidResponse):
    """The agency says, or its empty answer means, that it has no such series (now)."""


@dataclass
class Counted:
    """How many rows came, stayed and were refused for which reason."""

    rows_in: int = 0
    rows_out: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass
class Usage:
    """What the agency was asked for: requests (retries and redirects count) and bytes as they came."""

    requests: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class CachedPage:
    """A page that we hold: with its validators the agency can say 304, and then load() gives the bytes, or
    the file of a large body."""

    etag: str | None
    last_modified: str | None
    load: Callable[[], bytes | Path]

    def page(self, url: str) -> Page:
        """The page as the agency would have sent it again."""
        held = self.load()
        if isinstance(held, Path):
            return SpooledPage(url, held, self.etag, self.last_modified)
        return Page(url, held, self.etag, self.last_modified)
