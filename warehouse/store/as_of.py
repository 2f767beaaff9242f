"""The snapshot store as of a past moment of its manifest.

history.py finds the latest release of that moment; pipelines/steps/as_of.py rebuilds a release from this
store.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from schemas.errors import CompactError
from sources.snapshots.events import Event
from sources.snapshots.journal import Journal
from sources.snapshots.store import Store


class StoreAsOf(Store):
    """The store with the events up to a moment, read-only."""

    def __init__(self, home: Path, when: datetime) -> None:
        super().__init__(home, JournalAsOf(home / "snapshots", when))
        self.when = when


class JournalAsOf(Journal):
    """The manifest up to a moment.

    The order of the lines counts: an event with a clock set back is as old as the one before it.
    """

    def __init__(self, folder: Path, when: datetime) -> None:
        self.when = when
        super().__init__(folder)

    def append(self, events: Sequence[Event]) -> None:  # noqa: ARG002 - that of the manifest
        """Always raises CompactError."""
        raise CompactError(
            "the store as it was in the past cannot be changed", where=f"as of {self.when.isoformat()}"
        )

    def _forget(self) -> None:
        super()._forget()
        self._reached = datetime.min.replace(tzinfo=UTC)

    def _take(self, number: int, event: Event) -> None:
        self._reached = max(self._reached, _at(event))
        # pages removed now are missing in the past too
        if self._reached <= self.when or event["event"] == "dropped":
            super()._take(number, event)


def reaches_back_to(home: Path) -> datetime | None:
    """Return when the first snapshot of this store was accepted; None if none was."""
    store = Store(home)
    accepted = [
        _at(event)
        for source_id in store.source_ids
        for event in store.events(source_id)
        if event["event"] == "accepted"
    ]
    return min(accepted, default=None)


def _at(event: Event) -> datetime:
    """Return when an event happened: for a fetch, the time of the response."""
    return datetime.fromisoformat(event.get("at") or event["fetched_at"])
