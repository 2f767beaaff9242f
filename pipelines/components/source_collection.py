"""A folder of agencies as assets: `snapshot/<source>` and `observation/<source>` for every source.yaml, with
checks, and a job, a schedule and a sensor that keep it up to date.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import dagster as dg

from pipelines.components.asset_checks import (
    OBSERVATION_CHECKS,
    SNAPSHOT_CHECKS,
    observation_results,
    snapshot_results,
)
from pipelines.components.failures import step
from pipelines.components.keys import (
    OBSERVATIONS,
    SOURCES,
    observation_key,
    snapshot_key,
    when_inputs_change,
)
from pipelines.components.metadata import (
    OWNERS,
    column_schema,
    describe_source,
    fetch_metadata,
    freshness_policy,
    staged_metadata,
    stored_version,
)
from pipelines.components.resources import CompactHome
from pipelines.components.source_automation import schedules, source_jobs, update_sensors
from pipelines.monitoring.run_log import fetch_facts
from pipelines.steps.context import RunContext, open_context
from pipelines.steps.fetch import usable
from pipelines.steps.stage import stage
from schemas.definitions.source import Source
from schemas.tables.registry import TABLES
from sources.ingest.cadence import freshness_status
from sources.ingest.report import FetchReport
from sources.registry.sources import load_sources

NOTHING = dg.DataVersion("nothing")


class SourceCollection(dg.Component, dg.Model, dg.Resolvable):
    """Assets of every source in a folder.

    Attributes:
        path: The folder of the agencies, below the project's root.
    """

    path: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        sources = load_sources(Path(context.project_root) / self.path)
        return dg.Definitions.merge(source_definitions(sources), source_automation(sources))


def source_definitions(sources: Mapping[str, Source]) -> dg.Definitions:
    """Return the assets of some sources."""
    return dg.Definitions(
        assets=[
            *(snapshot_asset(source) for source in sources.values()),
            *(observation_asset(source) for source in sources.values()),
        ]
    )


def source_automation(
    sources: Mapping[str, Source], make: Callable[[], RunContext] = open_context
) -> dg.Definitions:
    """Return the jobs, schedules and sensors of some sources; make: creates the context in which a sensor
    runs.
    """
    listed = list(sources.values())
    jobs = source_jobs(listed)
    return dg.Definitions(
        jobs=list(jobs.values()),
        schedules=schedules(listed, jobs),
        sensors=update_sensors(listed, jobs, make),
    )


def snapshot_asset(source: Source) -> dg.AssetsDefinition:
    """The responses of one agency, unchanged."""
    key = snapshot_key(source.id)

    @dg.asset(
        key=key,
        description=describe_source(source),
        group_name=SOURCES,
        owners=list(OWNERS),
        kinds={"snapshot", "http" if source.hosts else "package"},
        metadata={"homepage": dg.MetadataValue.url(source.homepage), "licence": source.licence.name},
        op_tags={"compact/source": source.id},
        freshness_policy=freshness_policy(source),
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, description=text) for name, text in SNAPSHOT_CHECKS.items()
        ],
    )
    def fetch(context: dg.AssetExecutionContext, compact: CompactHome) -> dg.MaterializeResult:  # type: ignore[type-arg]
        run = compact.state
        with step(context, run, "fetched", source=source.id) as logged:
            report = run.fetch(source.id)
            logged.update(fetch_facts(report))
            usable(report)
        return dg.MaterializeResult(
            metadata=fetch_metadata(report),
            data_version=stored_version(run.context.store, source.id),
            check_results=snapshot_results(
                key, freshness_status(source, run.context.store, run.context.wanted_series(source.id))
            ),
        )

    return fetch


def unchanged_materialization(context: RunContext, report: FetchReport) -> dg.AssetMaterialization:
    """Confirm the snapshots of a source that has nothing new; their version stays the same."""
    version = stored_version(context.store, report.source)
    return dg.AssetMaterialization(
        snapshot_key(report.source),
        description="asked, and nothing is new",
        metadata=fetch_metadata(report),
        tags={"dagster/data_version": version.value},
    )


def observation_asset(source: Source) -> dg.AssetsDefinition:
    """The rows of one source, staged and accepted."""
    key = observation_key(source.id)

    @dg.asset(
        key=key,
        deps=[snapshot_key(source.id)],
        description=f"Observations of {source.title}: contract-checked, with ledger and quarantine.",
        group_name=OBSERVATIONS,
        owners=list(OWNERS),
        kinds={"duckdb", "parquet"},
        metadata={"dagster/column_schema": column_schema(TABLES["observation"])},
        automation_condition=when_inputs_change(),
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, description=text, blocking=True)
            for name, text in OBSERVATION_CHECKS.items()
        ],
    )
    def stage_and_accept(context: dg.AssetExecutionContext, compact: CompactHome) -> dg.MaterializeResult:  # type: ignore[type-arg]
        run = compact.state
        with step(context, run, "staged", source=source.id) as logged:
            if run.prestage is not None:
                run.prestage.wait(source.id)
                logged["seconds"] = round(run.prestage.seconds.get(source.id, 0.0), 3)
            run.changed()
            staged = stage(run.context, source.id)
            logged.update(rows_in=staged and staged.rows_in, rows_out=staged and staged.rows_out)
        return dg.MaterializeResult(
            metadata=staged_metadata(staged, logged["seconds"]),
            data_version=dg.DataVersion(staged.folder.name) if staged else NOTHING,
            check_results=observation_results(key, staged),
        )

    return stage_and_accept
