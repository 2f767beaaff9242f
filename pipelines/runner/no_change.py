"""Detects a run without changes from files, before Dagster is imported. Every agency still receives its
requests. The short circuit applies only if nothing is left to materialize; any other run, and every problem,
goes through the assets.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.monitoring.run_log import RunLog, fetch_facts
from pipelines.steps.release import find_unchanged
from pipelines.steps.state import RunState
from schemas.errors import CompactError
from warehouse.store.publish import ReleaseResult, latest_release


def unchanged(run: RunState) -> ReleaseResult | None:
    """Return the latest release if nothing changed since. || Nothing changed if no agency has new or unusable
    data, all snapshots are accepted and staged, and snapshots, definitions and code are those of the release.
    """
    if run.prefetch is None or latest_release(run.context.releases_home) is None:
        return None
    try:
        every = run.prefetch.unchanged() == list(run.prefetch.asked)
        return find_unchanged(run.context) if every else None
    except (
        CompactError,
        OSError,
    ):  # OSError: a full disk, say; the full run meets and reports it again
        return None


def record(run: RunState, source_ids: Iterable[str], run_id: str) -> None:
    """Record the fetches of unchanged sources."""
    log = RunLog(run.context.home, run_id)
    for source_id in source_ids:
        log.event("fetched", source=source_id, **fetch_facts(run.fetch(source_id)))
