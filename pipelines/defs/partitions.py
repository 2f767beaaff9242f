"""Past months from the store, as a Dagster job with a partition a month, so that the UI can backfill them."""

import dagster as dg

from sources.settings import load_settings
from warehouse.store.as_of import reaches_back_to

FIRST_VINTAGE = "2026-01-01"  # the first month that may be rebuilt; before that there was no store


def vintages_job() -> dg.JobDefinition:
    """Past months from the store, by a backfill: the same as `compact run --as-of` at the end of each."""

    @dg.op(description="The release of what was known at the end of the month, aside from the others.")
    def rebuild(context: dg.OpExecutionContext) -> None:
        from pipelines.steps.as_of import WorkspaceAsOf

        end, settings = context.partition_time_window.end, load_settings()
        first = reaches_back_to(settings.home)
        if first is None or first > end:
            context.log.info(f"nothing to rebuild: the store does not reach back to {end:%Y-%m-%d}")
            return
        result = WorkspaceAsOf(settings, when=end).rebuild()
        context.log.info(f"release {result.id}: {result.note}; {result.path}")

    @dg.job(
        name="vintages",
        description="What was known at the end of each chosen month, rebuilt from the store.",
        partitions_def=dg.MonthlyPartitionsDefinition(start_date=FIRST_VINTAGE),
        executor_def=dg.in_process_executor,
    )
    def vintages() -> None:
        rebuild()

    return vintages
