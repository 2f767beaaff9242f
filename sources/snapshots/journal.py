"""The current state of the manifest: the state of each resource, and the events of each source.

Other processes may append at any time; each query first reads new lines. manifest.py reads and writes the
lines, state.py applies an event to a resource, objects.py stores the bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from sources.locks import write_lock
from sources.snapshots.atomic import sync
from sources.snapshots.events import Event
from sources.snapshots.manifest import Manifest
from sources.snapshots.objects import StoreDamaged
from sources.snapshots.state import ResourceState


class Journal:
    """The manifest of a folder of snapshots. Threads may share one; several processes may append."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lockfile = folder, folder / "lock"
        self._mutex = threading.RLock()
        self._unchanging, self._appended = 0, False
        self._forget()

    def locked(self) -> AbstractContextManager[object]:
        """Keep other threads from changing the state between two queries."""
        return self._mutex

    def append(self, events: Sequence[Event]) -> None:
        """Append events to the manifest; they are synced to disk on return."""
        if not events:
            return
        with self._mutex, write_lock(self._lockfile):
            self._manifest.append(events)
            self._appended = True
            sync(self._folder)

    def source_ids(self) -> list[str]:
        """Return every source with an event."""
        with self._mutex:
            self._refresh()
            return sorted(self._events)

    def resources(self, source_id: str) -> Mapping[str, ResourceState]:
        """Return the state of each resource of a source, by key."""
        self._refresh()
        return self._resources.get(source_id, {})

    def resource(self, source_id: str, key: str) -> ResourceState:
        """Return the state of one resource; an empty one if it is unknown."""
        return self.resources(source_id).get(key) or ResourceState()

    def events(self, source_id: str) -> list[Event]:
        """Return the events of a source, in order."""
        self._refresh()
        return list(self._events.get(source_id, ()))

    def dropped(self) -> Mapping[str, str]:
        """Return the pages removed on purpose and not fetched again since, with the moment."""
        self._refresh()
        return self._dropped

    def torn(self) -> list[str]:
        """Describe lines that were skipped because a crash truncated them."""
        self._refresh()
        return list(self._manifest.torn)

    @contextmanager
    def unchanging(self) -> Iterator[None]:
        """Read the manifest once for all queries inside this block.

        Lines appended here are seen; lines of other processes are not.
        """
        with self._mutex:
            self._refresh()
            self._unchanging += 1
            try:
                yield
            finally:
                self._unchanging -= 1

    def _refresh(self) -> None:
        """Read the lines appended since the last query, by this or another process."""
        if self._unchanging and not self._appended:
            return
        self._appended = False
        with self._mutex, self._read_lock():
            try:
                for number, event in self._manifest.new_events():
                    self._take(number, event)
            except BaseException:
                self._forget()  # a partial read must not pass for a complete one the next time
                raise

    def _read_lock(self) -> AbstractContextManager[object]:
        """Acquire a lock shared with other readers; none if nothing was ever written. The folder may be
        read-only.
        """
        if not self._lockfile.exists():
            return nullcontext()
        return write_lock(self._lockfile, shared=True, mode="r")

    def _forget(self) -> None:
        self._manifest = Manifest(self._folder / "manifest.jsonl")
        self._resources: dict[str, dict[str, ResourceState]] = {}
        self._events: dict[str, list[Event]] = {}
        self._dropped: dict[str, str] = {}  # page to when

    def _take(self, number: int, event: Event) -> None:
        try:
            self._apply(event)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreDamaged(
                f"the event makes no sense: {type(error).__name__} {error}",
                where=f"{self._manifest.path}:{number}",
                next_step="restore the file from a copy, or delete that line",
            ) from None

    def _apply(self, event: Event) -> None:
        kind = event["event"]
        for page in event.get("pages", ()):
            if kind == "dropped":
                self._dropped[page["sha256"]] = event["at"]
            else:
                self._dropped.pop(page["sha256"], None)
        resources = self._resources.setdefault(event["source"], {})
        resources.setdefault(event["resource"], ResourceState()).apply(event)
        self._events.setdefault(event["source"], []).append(event)
