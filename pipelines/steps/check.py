"""Step 4, check: runs the `expect` checks of each indicator's values, and holds the snapshots behind a
refusal. The checks themselves are in warehouse/checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipelines.steps.context import RunContext
from pipelines.steps.parallel import run_in_parallel
from pipelines.steps.system_errors import translate_system_errors
from schemas.display import counted
from sources.snapshots.store import Snapshot
from warehouse.checks.cache import cached_checks
from warehouse.checks.indicator_checks import CheckResult, staged_series
from warehouse.store.publish import ReleaseRefused, latest_release, snapshots_of

Checks = Mapping[str, Sequence[CheckResult]]  # by indicator


@translate_system_errors
def check(
    context: RunContext, values: Mapping[str, Path], staged: Mapping[str, Path]
) -> dict[str, list[CheckResult]]:
    """Check the values of indicators; results are cached per values and previous release.

    Args:
        context: The run.
        values: Indicator to the file of its values.
        staged: Source to its current observations.
    """
    previous = latest_release(context.releases_home)
    present = staged_series(tuple(path for _, path in sorted(staged.items())))

    def one(indicator_id: str) -> list[CheckResult]:
        return cached_checks(
            context.catalogue[indicator_id], values[indicator_id], present, context.catalogue, previous
        )

    results = dict(run_in_parallel({name: [] for name in values}, one))
    return {name: results[name] for name in values}


def failed_checks(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Return the failed checks that prevent publication."""
    return [result for result in results if result.severity == "error" and not result.passed]


def refusal(results: Iterable[CheckResult]) -> ReleaseRefused | None:
    """Return the reason for not publishing; None where every check of level error passes."""
    failed = failed_checks(results)
    if not failed:
        return None
    return ReleaseRefused(
        f"{counted(len(failed), 'check')} failed, so nothing was published\n  - "
        + "\n  - ".join(f"{result.name}: {result.message}" for result in failed),
        allowed="a release in which every check of level error passes",
        next_step="look at the values named; fix the source or the definition, or correct the "
        "expectation if it is wrong; then `compact run`",
    )


@translate_system_errors
def hold_offending_snapshots(
    context: RunContext, problem: ReleaseRefused, results: Iterable[CheckResult]
) -> ReleaseRefused:
    """Hold the unreleased snapshots behind the refused values. If they stayed current, they would not be
    fetched again, and the agency's correction would be held for differing from them.

    Returns:
        The problem, extended by the held snapshots; unchanged where none was held, as for a past moment.
    """
    if context.when is not None:
        return problem
    latest = latest_release(context.releases_home)
    released = snapshots_of(latest) if latest else set()
    held: list[str] = []
    for result in failed_checks(results):
        new = [s for s in _behind(context, result) if s.snapshot not in released]
        context.store.hold(new, result.message)
        held += [f"{s.source} {s.resource} ({s.snapshot[:12]})" for s in new]
    if not held:
        return problem
    return ReleaseRefused(
        f"{problem.what}\n  held, and asked for again in the next run: {', '.join(held)}",
        where=str(context.store.folder),
        allowed=problem.allowed,
        next_step=problem.next_step,
    )


def _behind(context: RunContext, result: CheckResult) -> list[Snapshot]:
    """Return the current snapshots behind a failed check: those of the refused values, or all inputs."""
    with context.store.unchanging():
        live = [s for source_id in context.sources for s in context.store.live(source_id).values()]
    if result.snapshots:
        return [s for s in live if s.snapshot in result.snapshots]
    inputs = context.catalogue.inputs_of(result.subject)
    return [s for s in live if any((s.source, series) in inputs for series in s.series)]
