"""The schedule of the whole pipeline; those of the sources come with their component."""

import dagster as dg

from pipelines.defs.jobs import everything

weekly = dg.ScheduleDefinition(
    name="weekly",
    job=everything,
    cron_schedule="0 5 * * 1",
    execution_timezone="UTC",
    description="Mondays at 05:00 UTC: the agencies publish on working days.",
)
