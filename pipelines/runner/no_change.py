"""A run in which nothing changed: found out from files, before Dagster is imported.

Every agency is asked all the same. Only what leaves nothing to materialize ends here; all else, and every
problem, goes the whole way through the assets.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.monitoring.run_log import RunLog, fetch_facts
from pipelines.steps.release import find_unchanged
from pipelines.steps.state import RunState
from schemas.errors import CompactError
from warehouse.store.publish import ReleaseResult, latest_release


def unchanged(run: RunState) -> ReleaseResult | None:
    """The latest release, if no agency has anything new or unusable, if all that is stored is accepted and
    staged, and if snapshots, definitions and code are those that the release was made from."""
    if run.prefetch is None or latest_release(run.context.releases_home) is None:
        return None
    try:
        every = run.prefetch.unchanged() == list(run.prefetch.asked)
        return find_unchanged(run.context) if every else None
    except (
        CompactError,
        OSError,
    ):  # OSError: a full disk, say; it is met again, and reported, on the whole way
        return None


def record(run: RunState, source_ids: Iterable[str], run_id: str) -> None:
    """Put the fetches of sources without news on record."""
    log = RunLog(run.context.home, run_id)
    for source_id in source_ids:
        log.event("fetched", source=source_id, **fetch_facts(run.fetch(source_id)))
