"""The assets of a run, driven in this process by Dagster, in two halves."""

from __future__ import annotations

import dagster as dg

from pipelines.dagster_instance.dead_runs import close_dead_runs
from pipelines.dagster_instance.home import open_instance
from pipelines.defs.assets import RELEASE_KEY, indicator_key, source_key, staged_key
from pipelines.defs.jobs import EVALUATE_AND_RELEASE, FETCH_AND_STAGE, build
from pipelines.monitoring.run_log import BY, RUN
from pipelines.runner.no_change import record
from pipelines.steps.run_context import Workspace
from schemas.errors import CompactError
from warehouse.store.publish import ReleaseResult

COMMAND_LINE = {BY: "command line"}  # runs under the exclusive lock on COMPACT_HOME
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # what failed is said once, by us


def materialize(workspace: Workspace, run_id: str) -> tuple[bool, ReleaseResult | None]:
    """Whether every step succeeded, and the release. The second half only where something changed."""
    definitions = build(workspace, dg.ResourceDefinition.hardcoded_resource(workspace))
    with open_instance(workspace.home) as instance:
        close_dead_runs(instance, COMMAND_LINE)
        quiet = workspace.quiet()
        news = [i for i in workspace.sources if workspace.there(i) and i not in quiet]
        try:
            record(workspace, quiet, run_id)
        except CompactError:  # it is among the workspace's problems
            return False, None
        workspace.prestage(news)
        incoming = [key(source_id) for source_id in news for key in (source_key, staged_key)]
        if news and not _execute(definitions, FETCH_AND_STAGE, instance, workspace, incoming, run_id):
            return False, None
        if same := workspace.nothing_changed():
            return True, same
        outgoing = [*map(indicator_key, workspace.due()), RELEASE_KEY]
        released = _execute(definitions, EVALUATE_AND_RELEASE, instance, workspace, outgoing, run_id)
        return released, workspace.released


def _execute(
    definitions: dg.Definitions,
    job: str,
    instance: dg.DagsterInstance,
    workspace: Workspace,
    selection: list[dg.AssetKey],
    run_id: str,
) -> bool:
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        raise_on_error=False,
        run_config=QUIET,
        tags={**COMMAND_LINE, RUN: run_id},
        asset_selection=selection,
    )
    if not result.success and not workspace.problems:
        failures = [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
        raise RuntimeError("\n".join(str(error) for error in failures))
    return bool(result.success)
