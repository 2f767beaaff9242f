"""The status of each source, the current run, the last run and the latest release, read from files alone.

`compact status` prints it; alerts.py sends what requires action. It sends no request and computes nothing.
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
from sources.locks import lock_holder
from sources.snapshots.store import Store
from warehouse.store.publish import latest_release, read_release_metadata
from warehouse.verification.files import checksum_findings

Facts = dict[str, Any]
RED = "red"
RUN_HOURS = 4  # as TimeoutStartSec in deploy/systemd/compact-run.service; a first run takes below 1 h


def status(
    home: Path,
    sources: Mapping[str, Source],
    series: Mapping[str, set[str]],
    now: datetime | None = None,
) -> Facts:
    """Collect everything that `compact status` prints.

    Args:
        home: COMPACT_HOME.
        sources: the definitions of the sources.
        series: the series requested from each source.
        now: the moment to judge freshness and running time by.

    Returns:
        The facts; `action_required` lists in sentences the issues that do not resolve by themselves.
        `needs_a_person` is its former name, kept for one release.
    """
    now = now or datetime.now(UTC)
    store, held_snapshots = Store(home), held(home)
    facts: Facts = {
        "at": now,
        "sources": [
            _source(home, store, source, series.get(name, set()), held_snapshots, now)
            for name, source in sources.items()
        ],
        "held": held_snapshots,
        "contracts_failed": failed_contracts(home),
        "running": lock_holder(home),
        "last_run": next(iter(reversed(runs(home))), None),
        "release": _release(home, now),
    }
    action_required = list(dict.fromkeys(finding.text for finding in findings(facts) if finding.lasts))
    return facts | {"action_required": action_required, "needs_a_person": action_required}


@dataclass(frozen=True)
class Finding:
    """An issue for the operator.

    Attributes:
        key: identifies the issue, so that it is reported once while it lasts.
        text: the issue in a sentence.
        lasts: it remains until an operator acts; otherwise it is an event, reported once.
    """

    key: str
    text: str
    lasts: bool = True


def findings(facts: Facts) -> list[Finding]:
    """List held snapshots, stale sources, failed contracts, an overdue or failed run, a damaged release and
    lost coverage.
    """
    return [*_of_sources(facts), *_of_runs(facts)]


def _of_sources(facts: Facts) -> Iterator[Finding]:
    for row in facts["held"]:
        yield Finding(
            f"held {row['snapshot']}",
            f"{row['source']}: a snapshot of {row['resource']} is held: {row['reason']}",
        )
    for row in facts["sources"]:
        if since := row["stale_since"]:
            yield Finding(
                f"stale {row['source']} {since:%Y-%m-%d}",
                f"{row['source']} is stale since {since:%Y-%m-%d}: its agency last confirmed the stored data "
                f"on {row['last_confirmed']:%Y-%m-%d}",
            )
    for name, what in facts["contracts_failed"].items():
        yield Finding(
            f"contract {name} {what}", f"{name}: its response does not match the recorded contract: {what}"
        )


def _of_runs(facts: Facts) -> Iterator[Finding]:
    run, release, running = facts["last_run"], facts["release"], facts.get("running")
    if running and (hours := (facts["at"] - running.since).total_seconds() / 3600) > RUN_HOURS:
        yield Finding(
            f"running {running.since.isoformat()}",
            f"{running.what} (process {running.process}) has been running for {hours:.1f} hours, more than "
            f"{RUN_HOURS}: it hangs, or an agency responds very slowly; see the log, then stop it",
        )
    if run and run["outcome"] == RED:
        for problem in run.get("problems") or ["see the log"]:
            yield Finding(f"red {problem}", f"the last run failed: {problem}")
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
    series: set[str],
    held_snapshots: list[dict[str, object]],
    now: datetime,
) -> Facts:
    asked = _asked(home / "status" / f"{source.id}.json")
    stands = freshness_status(source, store, series, now)
    at = datetime.fromisoformat(asked["at"]) if asked and asked["at"] else None
    return {
        "source": source.id,
        "state": asked["state"] if asked else "never asked",
        "cadence": source.cadence,
        "last_asked": at if source.hosts else None,  # an embedded package is read without a request
        "last_fetched": stands.last_fetched,
        "last_confirmed": stands.last_confirmed,
        "agency_release": stands.agency_release,
        "stale_since": stands.stale_since,
        "held": sum(row["source"] == source.id for row in held_snapshots),
        "next_due": next_due(source, at),
        "note": (asked or {}).get("note") or None,
    }


def _asked(path: Path) -> Facts | None:
    try:
        said: Facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never fetched, or truncated by a crash: the next run writes it again
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
    """Return the files that do not match SHA256SUMS; `compact verify` checks more."""
    return [f"{finding.file} {finding.what}" for finding in checksum_findings(folder)]


def _coverage_lost(folder: Path) -> int:
    path = folder / "diff.json"
    if not path.exists():
        return 0
    lost = json.loads(path.read_text(encoding="utf-8"))["coverage"]["lost"]
    return int(lost["total"]) if isinstance(lost, dict) else len(lost)


def facts(home: Path) -> dict[str, Any]:
    """Return the status of this checkout's sources in a home."""
    from indicators.registry import load_catalogue
    from sources.registry.sources import load_series, load_sources

    sources, catalogue = load_sources(), load_catalogue()
    series = {
        name: set(load_series(name)) if source.ask_for == "all" else catalogue.series_of(name)
        for name, source in sources.items()
    }
    return status(home, sources, series)
