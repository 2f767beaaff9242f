"""A run in which nothing changed, answered without Dagster, which takes longer to start than that answer.

Every agency is asked all the same. Only what leaves nothing to materialize ends here; all else, and every
problem, goes the whole way through the assets (run.py): there too, sources without news are put on record
here, and Dagster has nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.monitoring.run_log import RunLog, fetch_facts
from pipelines.steps.run_context import Workspace
from schemas.errors import CompactError
from warehouse.store.publish import ReleaseResult, latest_release


def unchanged(workspace: Workspace, journal: RunLog) -> ReleaseResult | None:
    """The latest release, if no agency has anything new or unusable, if all that is stored is accepted and
    staged, and if snapshots, definitions and code are those that the release was made from. The fetches go on
    record; Dagster has no run of it."""
    if latest_release(workspace.releases_home) is None:
        return None
    try:
        quiet = workspace.quiet()
        every = quiet == [source_id for source_id in workspace.sources if workspace.there(source_id)]
        same = workspace.nothing_changed() if every else None
    except (CompactError, OSError):  # OSError: a full disk, say
        workspace.problems.clear()  # it is met again, and told, on the whole way
        return None
    if same is not None:
        record(workspace, quiet, journal.run)
    return same


def record(workspace: Workspace, quiet: Iterable[str], run: str) -> None:
    """Put the fetches of sources without news on record."""
    journal = RunLog(workspace.home, run)
    for source_id in quiet:
        report = workspace.fetch(source_id)
        journal.event("fetched", source=source_id, **fetch_facts(report))
