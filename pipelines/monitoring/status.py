"""How everything stands: each source, the last run, the latest release. Facts from files alone: nobody is
asked, nothing is computed anew.

`compact status` prints them, alerts.py finds in them what a person must hear of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.maintenance.accept import held
from pipelines.monitoring.run_log import runs
from schemas.definitions.source import Source
from sources.drift.results import failed_contracts
from sources.ingest.cadence import freshness_status, next_due
from sources.snapshots.store import Store
from warehouse.store.publish import SUMS, file_sha256, latest_release, read_release_metadata

Facts = dict[str, Any]
RED = "red"


def status(
    home: Path,
    sources: Mapping[str, Source],
    wanted: Mapping[str, set[str]],
    now: datetime | None = None,
) -> Facts:
    """Everything that `compact status` says. wanted: the series that are asked of each source.

    `needs_a_person` lists, in sentences, what will not mend itself; it is empty where all is well.
    """
    now = now or datetime.now(UTC)
    store, waiting = Store(home), held(home)
    found = {
        "at": now,
        "sources": [
            _source(home, store, source, wanted.get(name, set()), waiting, now)
            for name, source in sources.items()
        ],
        "held": waiting,
        "contracts_failed": failed_contracts(home),
        "last_run": next(iter(reversed(runs(home))), None),
        "release": _release(home, now),
    }
    return found | {"needs_a_person": [one.text for one in findings(found) if one.lasts]}


@dataclass(frozen=True)
class Finding:
    """What a person must hear of. key: the same while it is the same matter; lasts: it stays so until
    somebody does something, else it is news to be told once."""

    key: str
    text: str
    lasts: bool = True


def findings(found: Facts) -> list[Finding]:
    """Held snapshots, stale sources, failed contracts, a red run, a damaged release, lost coverage."""
    return [*_of_sources(found), *_of_runs(found)]


def _of_sources(found: Facts) -> Iterator[Finding]:
    for row in found["held"]:
        yield Finding(
            f"held {row['snapshot']}",
            f"{row['source']}: a snapshot of {row['resource']} is held: {row['reason']}",
        )
    for row in found["sources"]:
        if since := row["stale_since"]:
            yield Finding(
                f"stale {row['source']} {since:%Y-%m-%d}",
                f"{row['source']} is stale since {since:%Y-%m-%d}: its agency last confirmed what is stored "
                f"on {row['last_confirmed']:%Y-%m-%d}",
            )
    for name, what in found["contracts_failed"].items():
        yield Finding(f"contract {name} {what}", f"{name}: its answer is not as recorded: {what}")


def _of_runs(found: Facts) -> Iterator[Finding]:
    run, release = found["last_run"], found["release"]
    if run and run["outcome"] == RED:
        for problem in run.get("problems") or ["see the log"]:
            yield Finding(f"red {problem}", f"the last run was red: {problem}")
    if release and release["damaged"]:
        yield Finding(
            f"damaged {release['id']}", f"release {release['id']} is damaged: {release['damaged'][0]}"
        )
    if release and release["coverage_lost"]:
        yield Finding(
            f"coverage {release['id']}",
            f"release {release['id']} has lost coverage: {release['coverage_lost']} pairs of indicator and "
            "country had a value since 2015 and have none; `compact diff --rows lost` lists them",
            lasts=False,
        )


def _source(
    home: Path,
    store: Store,
    source: Source,
    wanted: set[str],
    waiting: list[dict[str, object]],
    now: datetime,
) -> Facts:
    asked = _asked(home / "status" / f"{source.id}.json")
    stands = freshness_status(source, store, wanted, now)
    at = datetime.fromisoformat(asked["at"]) if asked else None
    return {
        "source": source.id,
        "state": asked["state"] if asked else "never asked",
        "cadence": source.cadence,
        "last_asked": at,
        "last_fetched": stands.last_fetched,
        "last_confirmed": stands.last_confirmed,
        "agency_release": stands.agency_release,
        "stale_since": stands.stale_since,
        "held": sum(row["source"] == source.id for row in waiting),
        "next_due": next_due(source, at),
        "note": (asked or {}).get("note") or None,
    }


def _asked(path: Path) -> Facts | None:
    try:
        said: Facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never asked, or the file was torn off: the next run writes it anew
        return None
    return said if {"state", "at"} <= said.keys() else None


def _release(home: Path, now: datetime) -> Facts | None:
    folder = latest_release(home)
    if folder is None:
        return None
    card = read_release_metadata(folder)
    made = datetime.fromisoformat(card["created"])
    return {
        "id": folder.name,
        "made": made,
        "age_days": round((now - made).total_seconds() / 86400, 1),
        "values": card["tables"]["indicator"]["rows"],
        "damaged": _damaged(folder),
        "coverage_lost": _coverage_lost(folder),
    }


def _damaged(folder: Path) -> list[str]:
    """What does not fit SHA256SUMS; `compact verify` looks deeper."""
    if not (folder / SUMS).exists():
        return [f"{SUMS} is gone"]
    found = []
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        expected, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is gone")
        elif file_sha256(path) != expected:
            found.append(f"{name} has changed")
    return found


def _coverage_lost(folder: Path) -> int:
    path = folder / "diff.json"
    if not path.exists():
        return 0
    lost = json.loads(path.read_text(encoding="utf-8"))["coverage"]["lost"]
    return int(lost["total"]) if isinstance(lost, dict) else len(lost)


def facts(home: Path) -> dict[str, Any]:
    """The status of this checkout's sources in a home."""
    from indicators.registry import load_catalogue
    from sources.registry.sources import load_series, load_sources

    sources, catalogue = load_sources(), load_catalogue()
    wanted = {
        name: set(load_series(name)) if source.ask_for == "all" else catalogue.series_of(name)
        for name, source in sources.items()
    }
    return status(home, sources, wanted)
