"""The assets of a workspace, its jobs and the weekly schedule, as Dagster definitions; what else runs by
itself is in automation.py."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.assets import indicator_assets, release_asset, source_asset, staged_asset
from pipelines.steps.run_context import Workspace
from sources.locks import home_lock
from sources.settings import load_settings

EVERYTHING = "everything"
FETCH_AND_STAGE, EVALUATE_AND_RELEASE = "fetch_and_stage", "evaluate_and_release"  # its two halves


@dg.resource(
    description="The definitions, the store and the steps; COMPACT_* settings are read when a run starts."
)
def workspace(_context: dg.InitResourceContext) -> Iterator[Workspace]:
    settings = load_settings()
    with home_lock(settings.home, "a run of Dagster", alone=False):
        yield Workspace(settings)


def build(
    known: Workspace, resource: dg.ResourceDefinition = workspace, *, automated: bool = False
) -> dg.Definitions:
    """The definitions of one workspace; resource gives the workspace to the steps. automated: with what runs
    by itself, which a single run needs none of."""
    sources = list(known.sources.values())
    if automated:
        return dg.Definitions.merge(build(known, resource), _automation(known))
    everything = dg.define_asset_job(
        EVERYTHING,
        selection=dg.AssetSelection.all(),
        description="Fetch what changed, stage, evaluate, and release if all checks pass.",
    )
    weekly = dg.ScheduleDefinition(
        name="weekly",
        job=everything,
        cron_schedule="0 5 * * 1",
        execution_timezone="UTC",
        description="Mondays at 05:00 UTC: the agencies publish on working days.",
    )
    incoming = dg.AssetSelection.groups("sources", "staged")
    halves = [
        dg.define_asset_job(FETCH_AND_STAGE, selection=incoming, description="What comes in."),
        dg.define_asset_job(
            EVALUATE_AND_RELEASE, selection=dg.AssetSelection.all() - incoming, description="What goes out."
        ),
    ]
    return dg.Definitions(
        assets=[
            *map(source_asset, sources),
            *map(staged_asset, sources),
            indicator_assets(known.catalogue),
            release_asset(known.catalogue),
        ],
        jobs=[everything, *halves],
        schedules=[weekly],
        resources={"workspace": resource},
        executor=dg.in_process_executor,
    )


def _automation(known: Workspace) -> dg.Definitions:
    """The jobs, schedules and sensors of automation.py."""
    from pipelines.defs import automation
    from pipelines.defs.partitions import vintages_job

    sources = list(known.sources.values())
    jobs = automation.source_jobs(sources)
    groups = sorted({known.catalogue.group_of(name) for name in known.catalogue})
    make = automation.a_workspace
    return dg.Definitions(
        jobs=[*jobs.values(), *automation.group_jobs(groups), vintages_job()],
        schedules=automation.schedules(sources, jobs),
        sensors=[
            *automation.news_sensors(sources, jobs, make),
            automation.what_follows(),
            automation.alerts_sensor(make),
        ],
    )
