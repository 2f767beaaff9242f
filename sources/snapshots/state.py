"""The state of one resource after the events of the manifest: which snapshot is live, waiting or held.

The events come from journal.py; docs/snapshots.md explains each to a reader.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sources.snapshots.events import Event, Snapshot, from_event

NO_STATE = ("refused", "dropped")  # they tell of pages, not of snapshots that could be used


@dataclass
class ResourceState:
    """accepted: each once, the last one is live; waiting: fetched after it and not yet judged; held: judged
    to differ too much; release: what the agency calls its release now, if the live one was confirmed under
    it."""

    fetched: dict[str, Snapshot] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)
    waiting: str | None = None
    held: str | None = None
    release: str | None = None

    @property
    def live(self) -> str | None:
        return self.accepted[-1] if self.accepted else None

    @property
    def usable(self) -> set[str]:
        """Those that may still be used: live, the one before it to fall back to, not yet judged, or held."""
        return {name for name in (*self.accepted[-2:], self.waiting, self.held) if name}

    def apply(self, event: Event) -> None:
        """Take in the next event. Raises KeyError or ValueError where it makes no sense."""
        kind = event["event"]
        if kind == "fetched":
            snapshot = from_event(event)
            self.fetched[snapshot.snapshot] = snapshot
            self.waiting = snapshot.snapshot
        elif kind in ("accepted", "held", "confirmed"):
            self._judged(kind, self.fetched[event["snapshot"]].snapshot, event)
        elif kind not in NO_STATE:
            raise ValueError(f"unknown event {kind!r}: was it written by a newer version?")

    def _judged(self, kind: str, name: str, event: Event) -> None:
        if kind == "accepted" or (kind == "held" and name == self.live):
            self.accepted = [n for n in self.accepted if n != name]
            self.accepted += [name] if kind == "accepted" else []
            self.release = None
        if kind == "confirmed":  # the agency has again what is live: what came between is past
            self.waiting = self.held = None
            self.release = event.get("agency_release") or self.release
        else:
            self.waiting = None if self.waiting == name else self.waiting
            self.held = name if kind == "held" else None
