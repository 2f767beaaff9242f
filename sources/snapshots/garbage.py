"""Finds unreferenced stored pages. Removes nothing.

Referenced are the pages of: every snapshot of a kept release; snapshots that are current, may become current
again, are pending or held; and all that were current at any moment since the oldest of the last releases, so
that each moment since can be rebuilt (`compact run --as-of`). An unusable response is kept until a usable one
arrives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from sources.snapshots.events import Event
from sources.snapshots.store import Store


def needed_snapshots(store: Store, released: Collection[str], since: datetime | None) -> set[str]:
    """Return the ids of the needed snapshots. released: those of kept releases; since: keep all snapshots
    that were current after this moment, None for always.
    """
    needed = set(released)
    for source_id in store.source_ids:
        needed |= store.kept(source_id)
        live: dict[str, str] = {}
        for event in store.events(source_id):
            if event["event"] == "accepted":
                before = live.get(event["resource"])
                if since is None or datetime.fromisoformat(event["at"]) >= since:
                    needed |= {event["snapshot"]} | ({before} if before else set())
                live[event["resource"]] = event["snapshot"]
        needed |= set(live.values())
    return needed


def unneeded_lines(store: Store, needed: Collection[str]) -> list[Event]:
    """Return the events for the removal of unneeded pages, one line per snapshot or unusable response."""
    lines = [
        (event, _is_needed(event, needed, store.events(source_id)[number + 1 :]))
        for source_id in store.source_ids
        for number, event in enumerate(store.events(source_id))
        if event["event"] in ("fetched", "refused")
    ]
    spared = {
        page["sha256"] for event, is_needed in lines if is_needed for page in event["pages"]
    } | store.dropped
    latest: dict[tuple[str, ...], Event] = {}
    for event, _ in lines:
        pages = [{"sha256": p["sha256"]} for p in event["pages"] if p["sha256"] not in spared]
        if pages:
            key = (event["source"], event["resource"], *(page["sha256"] for page in pages))
            latest[key] = {
                "source": event["source"],
                "resource": event["resource"],
                "pages": pages,
                "reason": "no kept release needs it"
                if event["event"] == "fetched"
                else "a usable answer came since",
            }
    return list(latest.values())


def _is_needed(event: Event, needed: Collection[str], later: list[Event]) -> bool:
    if event["event"] == "fetched":
        return event["snapshot"] in needed
    return not any(
        other["resource"] == event["resource"] and other["event"] in ("accepted", "confirmed")
        for other in later
    )


def unnamed_objects(store: Store) -> Iterator[Path]:
    """Find stored files that no line of the manifest mentions, except as removed: a crash left them."""
    gone = store.dropped
    named = {
        page["sha256"]
        for source_id in store.source_ids
        for event in store.events(source_id)
        for page in event.get("pages", ())
    }
    for path in sorted(store.objects.folder.glob("??/*")):
        if path.name not in named or path.name in gone:
            yield path
