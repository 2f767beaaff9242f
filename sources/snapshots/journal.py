"""What the manifest says at this moment: the state of each resource, and the events of each source.

Other processes may append at any time; each question first reads what is new. The lines themselves are in
manifest.py, what an event does to a resource in state.py, the bytes in objects.py.
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
        """Keeps other threads from changing the state between two questions."""
        return self._mutex

    def append(self, events: Sequence[Event]) -> None:
        """Add events to the manifest, safe on disk when this returns."""
        if not events:
            return
        with self._mutex, write_lock(self._lockfile):
            self._manifest.append(events)
            self._appended = True
            sync(self._folder)

    def source_ids(self) -> list[str]:
        """Every source with an event."""
        with self._mutex:
            self._refresh()
            return sorted(self._events)

    def resources(self, source_id: str) -> Mapping[str, ResourceState]:
        """The state of each resource of a source, by key."""
        self._refresh()
        return self._resources.get(source_id, {})

    def resource(self, source_id: str, key: str) -> ResourceState:
        """The state of one resource; an empty one where nothing is known of it."""
        return self.resources(source_id).get(key) or ResourceState()

    def events(self, source_id: str) -> list[Event]:
        """The events of a source, in order."""
        self._refresh()
        return list(self._events.get(source_id, ()))

    def dropped(self) -> Mapping[str, str]:
        """The pages removed on purpose and not fetched again since, with the moment."""
        self._refresh()
        return self._dropped

    def torn(self) -> list[str]:
        """What was skipped because a crash tore it off."""
        self._refresh()
        return list(self._manifest.torn)

    @contextmanager
    def unchanging(self) -> Iterator[None]:
        """Read the manifest once for all questions inside this block. What is appended here is seen; what
        another process appends meanwhile is not."""
        with self._mutex:
            self._refresh()
            self._unchanging += 1
            try:
                yield
            finally:
                self._unchanging -= 1

    def _refresh(self) -> None:
        """Read what was appended since the last question, by us or by another process."""
        if self._unchanging and not self._appended:
            return
        self._appended = False
        with self._mutex, self._read_lock():
            try:
                for number, event in self._manifest.new_events():
                    self._take(number, event)
            except BaseException:
                self._forget()  # what was half read must not pass for the whole the next time
                raise

    def _read_lock(self) -> AbstractContextManager[object]:
        """Shared with other readers; none where nobody ever wrote. The folder may be read-only."""
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
