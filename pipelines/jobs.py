"""The assets of a workspace, one job for all of them and one weekly schedule, as Dagster definitions."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.assets import indicator_assets, release_asset, source_asset, staged_asset
from pipelines.workspace import Workspace
from sources.at_work import at_work
from sources.settings import Settings

EVERYTHING = "everything"
FETCH_AND_STAGE, EVALUATE_AND_RELEASE = "fetch_and_stage", "evaluate_and_release"  # its two halves


@dg.resource(
    description="The definitions, the store and the steps; COMPACT_* settings are read when a run starts."
)
def workspace(_context: dg.InitResourceContext) -> Iterator[Workspace]:
    settings = Settings()
    with at_work(settings.home, "a run of Dagster", alone=False):
        yield Workspace(settings)


def build(known: Workspace, resource: dg.ResourceDefinition = workspace) -> dg.Definitions:
    """The definitions of one workspace; resource gives the workspace to the steps."""
    sources = list(known.sources.values())
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
