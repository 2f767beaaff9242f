"""The record of a snapshot, and its form in the manifest. Opens no file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True)
class StoredPage:
    """One page: the name of its bytes in the store, their number, and the URL without secrets."""

    sha256: str
    bytes: int
    url: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """One complete response. snapshot: sha256 over the bytes of all pages in order; content: see
    SourceResponse.
    """

    snapshot: str
    source: str
    resource: str
    series: tuple[str, ...]
    pages: tuple[StoredPage, ...]
    pages_expected: int
    rows: int
    content: str
    fetched_at: datetime
    agency_release: str | None
    licence: str

    @property
    def url(self) -> str:
        """Return the URL of the first page."""
        return self.pages[0].url

    @property
    def bytes(self) -> int:
        return sum(page.bytes for page in self.pages)

    def row(self) -> dict[str, Any]:
        """Return its row in the published table `snapshot`."""
        return {
            "snapshot": self.snapshot,
            "source": self.source,
            "url": self.url,
            "fetched_at": self.fetched_at,
            "bytes": self.bytes,
            "resource": self.resource,
            "pages": len(self.pages),
            "agency_release": self.agency_release,
            "licence": self.licence,
        }


def as_event(snapshot: Snapshot) -> Event:
    return {
        "source": snapshot.source,
        "resource": snapshot.resource,
        "series": list(snapshot.series),
        "snapshot": snapshot.snapshot,
        "pages": [page_event(page) for page in snapshot.pages],
        "pages_expected": snapshot.pages_expected,
        "pages_received": len(snapshot.pages),
        "rows": snapshot.rows,
        "content": snapshot.content,
        "fetched_at": iso(snapshot.fetched_at),
        "agency_release": snapshot.agency_release,
        "licence": snapshot.licence,
    }


def from_event(event: Event) -> Snapshot:
    pages = tuple(
        StoredPage(page["sha256"], page["bytes"], page["url"], page.get("etag"), page.get("last_modified"))
        for page in event["pages"]
    )
    return Snapshot(
        event["snapshot"],
        event["source"],
        event["resource"],
        tuple(event["series"]),
        pages,
        event["pages_expected"],
        event["rows"],
        event["content"],
        datetime.fromisoformat(event["fetched_at"]),
        event["agency_release"],
        event["licence"],
    )


def page_event(page: StoredPage) -> Event:
    validators = {"etag": page.etag, "last_modified": page.last_modified}
    return {
        "sha256": page.sha256,
        "bytes": page.bytes,
        "url": page.url,
        **{name: value for name, value in validators.items() if value},
    }


def iso(at: datetime | None) -> str:
    return (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
