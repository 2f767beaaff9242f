"""Executes a run's assets in this process with Dagster: the same assets that the UI shows.

There are two halves, because the indicators to evaluate are known only once everything is staged.
"""

from collections.abc import Mapping, Sequence

import dagster as dg

from pipelines.components.indicator_collection import indicator_definitions
from pipelines.components.keys import (
    RELEASE_KEY,
    indicator_key,
    observation_key,
    report_key,
    snapshot_key,
    table_key,
)
from pipelines.components.resources import RESOURCE, CompactHome
from pipelines.components.source_collection import source_definitions, unchanged_materialization
from pipelines.components.table_collection import table_definitions
from pipelines.dagster_instance.dead_runs import close_dead_runs
from pipelines.dagster_instance.home import open_instance
from pipelines.defs.jobs import evaluate_and_release, fetch_and_stage
from pipelines.defs.release.assets import publish
from pipelines.monitoring.run_log import BY, RUN
from pipelines.runner.no_change import record
from pipelines.steps.context import RunContext
from pipelines.steps.evaluate import expected_values, missing_values
from pipelines.steps.release import find_unchanged
from pipelines.steps.reports import REPORTS
from pipelines.steps.stage import Prestage
from pipelines.steps.state import RunState
from schemas.tables.registry import TABLES
from warehouse.store.publish import ReleaseResult

COMMAND_LINE = {BY: "command line"}  # runs under the exclusive lock on COMPACT_HOME
# we report each failure once ourselves
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
UNCHANGED = "unchanged_sources"  # name of the job that records unchanged sources


def run_definitions(context: RunContext, resources: Mapping[str, dg.ResourceDefinition]) -> dg.Definitions:
    """Return the assets and jobs of one run: the project's, limited to the sources and indicators of its
    context.
    """
    return dg.Definitions.merge(
        source_definitions(context.sources),
        indicator_definitions(context.catalogue),
        table_definitions(context.sources, context.catalogue),
        dg.Definitions(
            assets=[publish],
            jobs=[fetch_and_stage, evaluate_and_release],
            resources=dict(resources),
            executor=dg.in_process_executor,
        ),
    )


def materialize(run: RunState, run_id: str) -> tuple[bool, ReleaseResult | None]:
    """Return whether every step succeeded, and the release. The second half runs only if something
    changed.
    """
    with open_instance(run.context.home) as instance:
        close_dead_runs(instance, COMMAND_LINE)
        unchanged = run.prefetch.unchanged() if run.prefetch else []
        available = run.prefetch.asked if run.prefetch else list(run.context.sources)
        news = [source_id for source_id in available if source_id not in unchanged]
        record_unchanged(instance, run, unchanged, run_id)
        definitions = run_definitions(run.context, {RESOURCE: CompactHome.of(run)})
        run.prestage = Prestage(run.context, news)
        incoming = [key(source_id) for source_id in news for key in (snapshot_key, observation_key)]
        if news and not _execute(definitions, fetch_and_stage.name, instance, run, incoming, run_id):
            return False, None
        if same := find_unchanged(run.context):
            return True, same
        due = missing_values(expected_values(run.context, run.staged()))
        outgoing = [
            *map(indicator_key, due),
            *map(table_key, TABLES),
            RELEASE_KEY,
            *(report_key(name) for name in REPORTS if run.context.settings.reports == "all"),
        ]
        done = _execute(definitions, evaluate_and_release.name, instance, run, outgoing, run_id)
        return done, run.released


def record_no_change(run: RunState, run_id: str) -> None:
    """Record a run in which nothing changed."""
    with open_instance(run.context.home) as instance:
        close_dead_runs(instance, COMMAND_LINE)
        record_unchanged(instance, run, run.prefetch.unchanged() if run.prefetch else [], run_id)


def record_unchanged(
    instance: dg.DagsterInstance, run: RunState, source_ids: Sequence[str], run_id: str
) -> None:
    """Record the unchanged sources in the run log and in Dagster, which shows a run without changes too."""
    if not source_ids:
        return
    record(run, source_ids, run_id)

    @dg.op(name="record", description="The agencies that were asked and have nothing new.")
    def put_on_record(context: dg.OpExecutionContext) -> None:
        for source_id in source_ids:
            context.log_event(unchanged_materialization(run.context, run.reports[source_id]))

    @dg.job(name=UNCHANGED, executor_def=dg.in_process_executor)
    def unchanged_sources() -> None:
        put_on_record()

    unchanged_sources.execute_in_process(
        instance=instance, run_config=QUIET, tags={**COMMAND_LINE, RUN: run_id}
    )


def _execute(
    definitions: dg.Definitions,
    job: str,
    instance: dg.DagsterInstance,
    run: RunState,
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
    if not result.success and not run.problems:
        failures = [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
        raise RuntimeError("\n".join(str(error) for error in failures))
    return bool(result.success)
