"""What a refused release takes back: the snapshots that brought the refused values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.snapshots.store import Snapshot
from warehouse.checks.indicator_checks import CheckResult
from warehouse.store.publish import ReleaseRefused, latest_release, snapshots_of

if TYPE_CHECKING:
    from pipelines.steps.run_context import Workspace


def hold_offending_snapshots(workspace: Workspace, problem: ReleaseRefused) -> ReleaseRefused:
    """Hold the snapshots that no release has yet and that gave the refused values. Were they to stay
    live, the agency would not be asked again, and its correction would be held for differing from
    them. Returns the problem with what was held, or as it is where nothing was."""
    latest = latest_release(workspace.releases_home)
    released = snapshots_of(latest) if latest else set()
    taken: list[str] = []
    for check in [check for check in workspace.checks() if check.severity == "error" and not check.passed]:
        new = [s for s in _behind(workspace, check) if s.snapshot not in released]
        workspace.store.hold(new, check.message)
        taken += [f"{s.source} {s.resource} ({s.snapshot[:12]})" for s in new]
    if not taken:
        return problem
    return ReleaseRefused(
        f"{problem.what}\n  held, and asked for again in the next run: {', '.join(taken)}",
        where=str(workspace.store.folder),
        allowed=problem.allowed,
        next_step=problem.next_step,
    )


def _behind(workspace: Workspace, check: CheckResult) -> list[Snapshot]:
    """The live snapshots that a failed check speaks of: those of the refused values, or all inputs."""
    live = [s for source_id in workspace.sources for s in workspace.store.live(source_id).values()]
    if check.snapshots:
        return [s for s in live if s.snapshot in check.snapshots]
    inputs = workspace.catalogue.inputs_of(check.subject)
    return [s for s in live if any((s.source, series) in inputs for series in s.series)]
