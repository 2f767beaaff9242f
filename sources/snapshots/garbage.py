"""Which stored pages nothing needs any more. Nothing is removed here.

Needed are the pages of: every snapshot of a kept release; those that are live, could be live again, wait to
be judged or are held; and all that were live at any moment since the oldest of the last releases, so that
each moment since can be rebuilt (`compact run --as-of`). An unusable answer is needed until a usable one has
come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from sources.snapshots.events import Event
from sources.snapshots.store import Store


def needed_snapshots(store: Store, released: Collection[str], since: datetime | None) -> set[str]:
    """The ids of the snapshots that are needed. released: those of kept releases; since: the moment from
    which on all that was live is needed, None for all."""
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
    """What is to be recorded of the pages that nothing needs, one line a snapshot or unusable answer."""
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
    """Files in the store of which no line of the manifest speaks, or only to say that they were removed: a
    crash left them."""
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
