"""The snapshot store: the agencies' bytes by their sha256, and the history of each snapshot in the manifest.

Bytes are stored unchanged. Acceptance is decided elsewhere and recorded here. docs/snapshots.md describes the
files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.model import SPOOL, InvalidResponse, Page, SnapshotFiles, SourceResponse, SpooledPage
from sources.snapshots.events import Event, Snapshot, StoredPage, as_event, iso, page_event
from sources.snapshots.journal import Journal
from sources.snapshots.objects import Objects, StoreDamaged

__all__ = ["Snapshot", "Store", "StoredPage"]

CHUNK = 1024 * 1024


class Store:
    """COMPACT_HOME/snapshots. Threads may share one; several processes may use the same folder."""

    def __init__(self, home: Path, journal: Journal | None = None) -> None:
        self.folder = home / "snapshots"
        self.objects = Objects(self.folder / "objects")
        self._journal = journal or Journal(self.folder)

    # --- recording ---
    def keep(self, source: Source, answer: SourceResponse, fetched_at: datetime) -> Snapshot:
        """Store the response's bytes, event `fetched`. The same response twice in a row is stored once."""
        if len(answer.pages) != answer.pages_expected or not answer.pages:
            raise InvalidResponse(
                f"{len(answer.pages)} pages came of {answer.pages_expected}",
                where=answer.resource.key,
                allowed="every page that the agency announces",
                pages=answer.pages,
                next_step="run again; if it stays so, the reader and the agency disagree about pages",
            )
        whole = hashlib.sha256()
        for page in answer.pages:
            with page.open() as body:
                while chunk := body.read(CHUNK):
                    whole.update(chunk)
        snapshot = Snapshot(
            whole.hexdigest(),
            source.id,
            answer.resource.key,
            answer.resource.series,
            tuple(self._put(page) for page in answer.pages),
            answer.pages_expected,
            answer.rows,
            answer.content,
            fetched_at.astimezone(UTC),
            answer.agency_release,
            source.licence.name,
        )
        before = self._journal.resource(source.id, answer.resource.key)
        waiting = before.fetched[before.waiting] if before.waiting else None
        if waiting is not None and waiting.content == answer.content and self.is_whole(waiting):
            return waiting
        self._journal.append([{"event": "fetched", **as_event(snapshot)}])
        return snapshot

    def confirm(self, *snapshots: Snapshot, at: datetime, release: str | None = None) -> None:
        """Record that the agency's data equal these accepted snapshots, under the name of this release if
        it names one.
        """
        self._judge("confirmed", snapshots, at, {"agency_release": release} if release else {})

    def accept(
        self, snapshots: Sequence[Snapshot], reason: str, at: datetime | None = None, **person: str
    ) -> None:
        """Make these snapshots current. person: `by` and `overrides`, if an operator decided."""
        self._judge("accepted", snapshots, at, {"reason": reason, **person})

    def hold(self, snapshots: Sequence[Snapshot], reason: str, at: datetime | None = None) -> None:
        """Hold these snapshots: they differ too much, or gave impossible values.

        The snapshots accepted before them stay current until an operator decides or the agency sends other
        data.
        """
        self._judge("held", snapshots, at, {"reason": reason})

    def refuse(
        self, source: Source, resource: str, error: InvalidResponse, at: datetime | None = None
    ) -> None:
        """Store an unusable response. Its bytes are kept for inspection; it never becomes a snapshot."""
        pages = [page_event(self._put(page)) for page in error.pages]
        self._journal.append(
            [
                {
                    "event": "refused",
                    "source": source.id,
                    "resource": resource,
                    "at": iso(at),
                    "reason": error.what,
                    "where": error.where,
                    "pages": pages,
                }
            ]
        )

    # --- queries ---
    def live(self, source_id: str) -> dict[str, Snapshot]:
        """Return the last accepted snapshot of each resource."""
        with self._journal.locked():
            return {key: r.fetched[r.live] for key, r in self._journal.resources(source_id).items() if r.live}

    def candidates(self, source_id: str) -> dict[str, Snapshot]:
        """Return the current snapshots, replaced by pending ones where they exist."""
        with self._journal.locked():
            return {
                key: r.fetched[name]
                for key, r in self._journal.resources(source_id).items()
                if (name := r.waiting or r.live)
            }

    def releases(self, source_id: str) -> dict[str, str | None]:
        """Return the release of each resource's candidate: that of its fetch, or a later one that
        confirmed it unchanged.
        """
        with self._journal.locked():
            return {
                key: r.release if not r.waiting and r.release else r.fetched[name].agency_release
                for key, r in self._journal.resources(source_id).items()
                if (name := r.waiting or r.live)
            }

    def held(self, source_id: str) -> dict[str, Snapshot]:
        """Return the snapshots that are held for review."""
        with self._journal.locked():
            return {key: r.fetched[r.held] for key, r in self._journal.resources(source_id).items() if r.held}

    @property
    def source_ids(self) -> list[str]:
        """Return every source in the manifest."""
        return self._journal.source_ids()

    def find(self, prefix: str) -> list[Snapshot]:
        """Return every snapshot with an id that starts with the prefix, accepted or not."""
        with self._journal.locked():
            return [
                s
                for source_id in self._journal.source_ids()
                for r in self._journal.resources(source_id).values()
                for s in r.fetched.values()
                if s.snapshot.startswith(prefix)
            ]

    def is_whole(self, snapshot: Snapshot) -> bool:
        """Return whether all its pages are in the store, by name and size; `verify` reads them."""
        return all(self.objects.has(page.sha256, page.bytes) for page in snapshot.pages)

    def files(self, snapshot: Snapshot) -> SnapshotFiles:
        """Return the snapshot for readers. Raises StoreDamaged if a page is missing."""
        if not self.is_whole(snapshot):
            if when := self._removed_on(snapshot):
                raise CompactError(
                    f"the bytes of {snapshot.resource} as fetched on {snapshot.fetched_at:%Y-%m-%d} were "
                    f"removed on purpose, on {when[:10]}: no kept release needs them",
                    where=f"{self.objects.folder}: snapshot {snapshot.snapshot}",
                    next_step="choose a moment after the oldest kept release: `compact releases`",
                )
            raise StoreDamaged(
                f"pages of {snapshot.resource} are gone from the store, or have another size",
                where=f"{self.objects.folder}: snapshot {snapshot.snapshot}",
                next_step="run again with the agency within reach: it is fetched again",
            )
        paths = tuple(self.objects.path(page.sha256) for page in snapshot.pages)
        return SnapshotFiles(
            snapshot.snapshot,
            snapshot.resource,
            paths,
            tuple(page.url for page in snapshot.pages),
            f"{snapshot.fetched_at:%Y-%m-%d}",
        )

    def read(self, page: StoredPage) -> bytes | Path:
        """Read the bytes of a page and verify them; for a large one return its file."""
        if fault := self.objects.fault(page.sha256, page.bytes):
            raise StoreDamaged(fault, next_step="delete that file and run again: it is fetched again")
        path = self.objects.path(page.sha256)
        return path if page.bytes > SPOOL else path.read_bytes()

    def events(self, source_id: str) -> list[Event]:
        """Return the source's events in order, as in the manifest."""
        return self._journal.events(source_id)

    @property
    def torn(self) -> list[str]:
        """Describe truncated lines of the manifest; usually empty."""
        return self._journal.torn()

    def verify(self) -> list[str]:
        """Read every object that the manifest names, except removed ones. Returns one line for each
        missing or damaged object.
        """
        with self._journal.locked():
            dropped = self._journal.dropped()
            named = {
                page["sha256"]: page["bytes"]
                for source_id in self._journal.source_ids()
                for event in self._journal.events(source_id)
                if event["event"] != "dropped"
                for page in event.get("pages", ())
                if page["sha256"] not in dropped
            }
        return [
            fault for sha256, size in sorted(named.items()) if (fault := self.objects.fault(sha256, size))
        ]

    def drop(self, lines: Sequence[Event], at: datetime | None = None) -> None:
        """Record the removal of pages before they are removed: lines with source, resource, pages and reason.

        So no page is ever missing without a record.
        """
        self._journal.append([{"event": "dropped", **line, "at": iso(at)} for line in lines])

    @property
    def dropped(self) -> frozenset[str]:
        """Return the pages that were removed on purpose and not fetched again since."""
        return frozenset(self._journal.dropped())

    def kept(self, source_id: str) -> set[str]:
        """Return the usable snapshots: current, the fallback, pending, or held."""
        with self._journal.locked():
            return {name for r in self._journal.resources(source_id).values() for name in r.usable}

    def _removed_on(self, snapshot: Snapshot) -> str:
        dropped = self._journal.dropped()
        return next((dropped[page.sha256] for page in snapshot.pages if page.sha256 in dropped), "")

    def _put(self, page: Page) -> StoredPage:
        if isinstance(page, SpooledPage):
            name = self.objects.put_file(page.path)
        else:
            name = self.objects.put(page.body)
        return StoredPage(name, page.size, page.url, page.etag, page.last_modified)

    def unchanging(self) -> AbstractContextManager[None]:
        """Read the manifest once for all queries inside this block.

        Lines appended through this store are seen; lines of other processes are not.
        """
        return self._journal.unchanging()

    def _judge(self, event: str, snapshots: Sequence[Snapshot], at: datetime | None, more: Event) -> None:
        for snapshot in snapshots:
            if snapshot.snapshot not in self._journal.resource(snapshot.source, snapshot.resource).fetched:
                raise ValueError(f"snapshot {snapshot.snapshot} of {snapshot.resource} is not in the store")
        self._journal.append(
            [
                {
                    "event": event,
                    "source": s.source,
                    "resource": s.resource,
                    "snapshot": s.snapshot,
                    "at": iso(at),
                }
                | more
                for s in snapshots
            ]
        )
