"""`compact accept`: an operator decides, with a reason, that a held snapshot is used.

The decision overrides the thresholds of source.yaml and nothing else. A snapshot that cannot be staged is not
accepted, and the checks of indicators apply to its values as to any others. See docs/acceptance.md.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from indicators.registry import load_catalogue
from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.locks import home_lock
from sources.readers_protocol import Reader
from sources.registry.sources import SeriesInfo, load_series, load_sources, reader_of
from sources.snapshots.events import Event
from sources.snapshots.store import Snapshot, Store
from sources.staging.stage import StageProblem, check_arrived, stage_source

SHORT = 12  # characters of an id that tables show; any unambiguous prefix is valid
MOST = 10  # candidates that a message lists


@dataclass(frozen=True)
class Accepted:
    """One decision. overrides: the findings that held the snapshot, as the run reported them."""

    snapshot: str
    source: str
    resource: str
    series: tuple[str, ...]
    by: str
    reason: str
    overrides: str
    at: datetime


def held(home: Path) -> list[dict[str, object]]:
    """List the snapshots that are held for review: id, since when and why."""
    store = Store(home)
    rows = [
        _row(snapshot, store.events(source_id))
        for source_id in store.source_ids
        for snapshot in store.held(source_id).values()
    ]
    return sorted(rows, key=lambda row: (str(row["held_at"]), str(row["source"]), str(row["resource"])))


def accept(
    home: Path,
    prefix: str,
    reason: str,
    who: str | None = None,
    *,
    sources: Mapping[str, Source] | None = None,
    now: datetime | None = None,
    reader_of: Callable[[Source], Reader] = reader_of,
    series_of: Callable[[str], Mapping[str, SeriesInfo]] = load_series,
) -> Accepted:
    """Accept the held snapshot whose id begins with prefix: the next run uses it. Raises CompactError if the
    prefix matches none or several, or if the snapshot cannot be used regardless of the decision.
    """
    if not reason.strip():
        raise CompactError(
            "no reason is given",
            where="--reason",
            allowed="a sentence: it is kept with the decision",
            next_step="say what was compared with what, and who confirmed it",
        )
    by = (who or "").strip() or this_user()
    store = Store(home)
    snapshot = _one(store, prefix.strip().lower())
    with home_lock(home, "compact accept", alone=False):
        known = load_sources() if sources is None else sources
        _prove(store, snapshot, known, home, reader_of, series_of)
    overrides = _why(snapshot, store.events(snapshot.source))["reason"]
    at = (now or datetime.now(UTC)).astimezone(UTC)
    store.accept([snapshot], reason.strip(), at, by=by, overrides=overrides)
    return Accepted(
        snapshot.snapshot,
        snapshot.source,
        snapshot.resource,
        snapshot.series,
        by,
        reason.strip(),
        overrides,
        at,
    )


def _one(store: Store, prefix: str) -> Snapshot:
    """Find the held snapshot that a prefix names."""
    waiting = [s for source_id in store.source_ids for s in store.held(source_id).values()]
    matches = [s for s in waiting if prefix and s.snapshot.startswith(prefix)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise CompactError(
            f"{prefix} is the beginning of {len(matches)} held snapshots",
            allowed=_listed(matches),
            next_step="give more characters of the id",
        )
    known = store.find(prefix) if prefix else []
    raise CompactError(
        _not_held(store, known[-1]) if known else f"no snapshot's id begins with {prefix!r}",
        where=str(store.folder),
        allowed=_listed(waiting) if waiting else "no snapshot is held, so there is nothing to accept",
        next_step="`compact accept` without an id lists what is held, and why" if waiting else "",
    )


def _not_held(store: Store, snapshot: Snapshot) -> str:
    """Explain why a known snapshot needs no decision, or is past it."""
    name = f"snapshot {snapshot.snapshot[:SHORT]} of {snapshot.source} {snapshot.resource}"
    live = store.live(snapshot.source).get(snapshot.resource)
    if live is not None and live.snapshot == snapshot.snapshot:
        return f"{name} is live already"
    newer = store.held(snapshot.source).get(snapshot.resource)
    if newer is not None:
        return f"{name} is not held any more: {newer.snapshot[:SHORT]} came after it, and is held instead"
    waiting = store.candidates(snapshot.source).get(snapshot.resource)
    if waiting is not None and waiting.snapshot == snapshot.snapshot:
        return f"{name} has not been judged yet: the next run does that"
    return f"{name} is not held any more: the agency sent something else since, or took it back"


def _prove(
    store: Store,
    snapshot: Snapshot,
    sources: Mapping[str, Source],
    home: Path,
    reader_of: Callable[[Source], Reader],
    series_of: Callable[[str], Mapping[str, SeriesInfo]],
) -> None:
    """Stage the source as the next run will, with this snapshot among its current ones."""
    source = sources.get(snapshot.source)
    if source is None:
        raise CompactError(
            f"there is no source {snapshot.source} any more",
            where="sources/",
            allowed=", ".join(sorted(sources)),
            next_step="nothing would use the snapshot; restore the source's folder if it is to be used",
        )
    together = list((store.live(source.id) | {snapshot.resource: snapshot}).values())
    try:
        staged = stage_source(
            source,
            [store.files(s) for s in together],
            home,
            reader=reader_of(source),
            series=series_of(source.id),
        )
        catalogue = load_catalogue()
        optional = catalogue.series_of(source.id) - catalogue.series_of(source.id, optional=False)
        check_arrived(source, set(snapshot.series) - optional, staged)
    except StageProblem as problem:
        raise CompactError(
            f"snapshot {snapshot.snapshot[:SHORT]} of {source.id} {snapshot.resource} cannot be staged, so "
            f"that no decision makes it usable\n{problem.what}",
            where=problem.where,
            next_step=problem.next_step or "fix the definition; the next run then accepts it by itself",
        ) from None


def _row(snapshot: Snapshot, events: Sequence[Event]) -> dict[str, object]:
    why = _why(snapshot, events)
    return {
        "snapshot": snapshot.snapshot[:SHORT],
        "source": snapshot.source,
        "resource": snapshot.resource,
        "rows": snapshot.rows,
        "fetched_at": snapshot.fetched_at,
        "held_at": datetime.fromisoformat(why["at"]),
        "agency_release": snapshot.agency_release,
        "reason": why["reason"],
    }


def _why(snapshot: Snapshot, events: Sequence[Event]) -> dict[str, str]:
    """Return when and why it was held the last time."""
    mine = (
        event
        for event in reversed(events)
        if event["event"] == "held"
        and (event["resource"], event["snapshot"]) == (snapshot.resource, snapshot.snapshot)
    )
    event = next(mine)
    return {"at": str(event["at"]), "reason": str(event.get("reason", ""))}


def _listed(snapshots: Sequence[Snapshot]) -> str:
    named = [f"{s.snapshot[:SHORT]} ({s.source} {s.resource})" for s in snapshots[:MOST]]
    return ", ".join(named) + (f" and {len(snapshots) - MOST} more" if len(snapshots) > MOST else "")


def this_user() -> str:
    """Return the name of the current user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without a user database, before and since 3.13
        raise CompactError(
            "who decides is not known: this machine has no name for its user",
            where="--by",
            allowed="a name or an address",
            next_step="say it with --by",
        ) from None
