"""Fetch intervals and staleness of sources: applies cadences.yaml to the store's records.

This module sends no request and creates no schedule; pipelines/components/source_automation.py does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from croniter import croniter

from schemas.definitions.source import Source
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import CompactError
from sources.snapshots.store import Store

FILE = Path(__file__).with_name("cadences.yaml")


@dataclass(frozen=True)
class Cadence:
    """A cadence. stale_after: None if a source never becomes stale."""

    cadence: str
    cron: str  # UTC
    sensor: timedelta  # between two freshness requests
    stale_after: timedelta | None


@cache
def cadences() -> dict[str, Cadence]:
    """Return every cadence of a source.yaml."""
    by_source = {}
    for name, line in load_yaml(FILE).data.items():
        days = line["stale_days"]
        if not line.get("reason"):
            raise CompactError(
                f"{name} has no reason", where=str(FILE), allowed="a reason beside the numbers"
            )
        by_source[name] = Cadence(
            name,
            line["cron"],
            timedelta(hours=line["sensor_hours"]),
            None if days is None else timedelta(days=days),
        )
    return by_source


@dataclass(frozen=True)
class Freshness:
    """Age of a source's stored data. last_confirmed: the last moment when the agency was known to have
    nothing newer than the current snapshots, for the series where it is earliest; None without a current
    snapshot. stale_since: when the cadence was exceeded; None if it was not.
    """

    last_fetched: datetime | None
    last_confirmed: datetime | None
    stale_since: datetime | None
    agency_release: str | None


def freshness_status(
    source: Source, store: Store, series: Collection[str], now: datetime | None = None
) -> Freshness:
    """Return the freshness of a source. wanted: the requested series; others do not age."""
    live = store.live(source.id)
    used = {key: s for key, s in live.items() if not series or set(s.series) & set(series)} or live
    if not used:
        return Freshness(None, None, None, None)
    confirmed = {key: snapshot.fetched_at for key, snapshot in used.items()}
    for event in store.events(source.id):
        key = event["resource"]
        if event["event"] == "confirmed" and key in used and event["snapshot"] == used[key].snapshot:
            confirmed[key] = max(confirmed[key], datetime.fromisoformat(event["at"]))
    oldest = min(confirmed.values())
    names = {release for key in used if (release := store.releases(source.id).get(key))}
    return Freshness(
        max(snapshot.fetched_at for snapshot in used.values()),
        oldest,
        _stale_since(source, oldest, now or datetime.now(UTC)),
        max(names) if names else None,
    )


def standing_facts(source: Source, store: Store, series: Collection[str]) -> dict[str, str | None]:
    """Return the freshness as text, for release.json."""
    freshness = freshness_status(source, store, series)
    return {
        "cadence": source.cadence,
        "agency_release": freshness.agency_release,
        "last_confirmed": _text(freshness.last_confirmed),
        "stale_since": _text(freshness.stale_since),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def _stale_since(source: Source, confirmed: datetime, now: datetime) -> datetime | None:
    limit = cadences()[source.cadence].stale_after
    # data embedded in a package do not change
    if limit is None or not source.hosts or confirmed + limit >= now:
        return None
    return confirmed + limit


def next_due(source: Source, asked: datetime | None) -> datetime | None:
    """Return when its schedule next fetches, given the last fetch; None (never fetched) means it is due
    now.
    """
    if asked is None:
        return None
    due: datetime = croniter(cadences()[source.cadence].cron, asked.astimezone(UTC)).get_next(datetime)
    return due
