"""`compact run --as-of DATE`: a release as of a past moment, from the stored snapshots, in a separate folder.

It uses the snapshots that were current at that moment with the current definitions and code. Any difference
from the current release therefore comes from data that the agencies sent since. COMPACT_HOME/releases,
`latest` and the manifest do not change.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.steps.check import check, refusal
from pipelines.steps.context import RunContext
from pipelines.steps.evaluate import values_of
from pipelines.steps.release import find_unchanged, release, release_inputs, write_release_tables
from pipelines.steps.stage import observations, stage_current
from schemas.errors import CompactError
from sources.locks import home_lock
from warehouse.store.as_of import reaches_back_to
from warehouse.store.publish import ReleaseResult


def rebuild(context: RunContext) -> ReleaseResult:
    """Build the release of the moment `context.when`: all steps after fetch. Raises CompactError if the store
    does not reach back that far, or a current check rejects the past values.
    """
    if context.when is None:
        raise ValueError("a moment is needed: open_context(when=...)")
    moment = context.when.isoformat(timespec="seconds")
    if not any(context.store.live(source_id) for source_id in context.sources):
        first = reaches_back_to(context.home)
        raise CompactError(
            f"nothing was accepted by {moment}",
            where=str(context.store.folder),
            allowed=f"from {first.isoformat()} on" if first else "no snapshot was ever accepted",
            next_step="choose a later date",
        )
    known = replace(context, acknowledge=context.acknowledge or f"rebuilt as of {moment}")
    with home_lock(context.home, "compact run --as-of", alone=False):
        return run_steps(known)


def run_steps(context: RunContext) -> ReleaseResult:
    """Stage the accepted snapshots, evaluate, check and release, one after the other and without Dagster."""
    staged = observations(stage_current(context))
    values = {name: one.path for name, one in values_of(context, list(context.catalogue), staged).items()}
    checks = check(context, values, staged)
    if same := find_unchanged(context):
        return same
    if problem := refusal([result for results in checks.values() for result in results]):
        raise problem
    inputs = release_inputs(context, values, staged, checks)
    for _ in write_release_tables(context, inputs):
        """Each table is checked again when it is published."""
    return release(context, inputs)[0]
