"""What Dagster loads: the assets made from the definition files, one job for all, one weekly schedule."""

from __future__ import annotations

import os

import dagster as dg

from pipelines.assets import indicator_assets, release_asset, source_asset, staged_asset
from pipelines.workspace import Workspace
from sources.settings import Settings

EVERYTHING = "everything"


@dg.resource(
    description="The definitions, the store and the steps; COMPACT_* settings are read when a run starts."
)
def workspace(_context: dg.InitResourceContext) -> Workspace:
    return Workspace(Settings())


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
    return dg.Definitions(
        assets=[
            *map(source_asset, sources),
            *map(staged_asset, sources),
            indicator_assets(known.catalogue),
            release_asset(known.catalogue),
        ],
        jobs=[everything],
        schedules=[weekly],
        resources={"workspace": resource},
        executor=dg.in_process_executor,
    )


# The UI's processes run elsewhere than the shell that set a relative COMPACT_HOME.
if home := os.environ.get("COMPACT_HOME"):
    os.environ["COMPACT_HOME"] = os.path.abspath(home)  # noqa: PTH100
defs = build(Workspace(Settings()))
