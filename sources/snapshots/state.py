"""The state of one resource after the events of the manifest: its current, pending and held snapshots.

The events come from journal.py; docs/snapshots.md explains each.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sources.snapshots.events import Event, Snapshot, from_event

NO_STATE = ("refused", "dropped")  # events about pages, not about usable snapshots


@dataclass
class ResourceState:
    """accepted: each once, the last one is current; waiting: fetched after it and still pending; held: too
    different; release: the agency's name of its current release, if the current snapshot was confirmed
    under it.
    """

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
        """Return the usable snapshots: current, the previous one as a fallback, pending, or held."""
        return {name for name in (*self.accepted[-2:], self.waiting, self.held) if name}

    def apply(self, event: Event) -> None:
        """Apply the next event. Raises KeyError or ValueError if it is inconsistent."""
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
        # the agency returned to the current content: the snapshots in between are obsolete
        if kind == "confirmed":
            self.waiting = self.held = None
            self.release = event.get("agency_release") or self.release
        else:
            self.waiting = None if self.waiting == name else self.waiting
            self.held = name if kind == "held" else None
