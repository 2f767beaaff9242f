"""Past months of the store, one partition each, so that the UI can backfill them."""

import dagster as dg

from pipelines.components.failures import step
from pipelines.components.keys import AS_OF_KEY, VINTAGES
from pipelines.components.metadata import OWNERS
from pipelines.components.resources import CompactHome
from pipelines.steps.as_of import rebuild
from pipelines.steps.context import open_context

FIRST_VINTAGE = "2026-01-01"  # the first month that can be rebuilt; before that there was no store


@dg.asset(
    key=AS_OF_KEY,
    partitions_def=dg.MonthlyPartitionsDefinition(start_date=FIRST_VINTAGE),
    description="What was known at the end of the month, rebuilt from the store in a folder of its own: "
    "`compact run --as-of` does the same.",
    group_name=VINTAGES,
    owners=list(OWNERS),
    kinds={"duckdb", "parquet"},
)
def release_as_of(context: dg.AssetExecutionContext, compact: CompactHome) -> dg.MaterializeResult:  # type: ignore[type-arg]
    run = compact.state
    moment = context.partition_time_window.end
    with step(context, run, "rebuilt", as_of=moment.isoformat()) as logged:
        result = rebuild(open_context(run.context.settings, when=moment))
    return dg.MaterializeResult(
        metadata={
            "release": dg.MetadataValue.text(result.id),
            "folder": dg.MetadataValue.path(str(result.path)),
            "seconds": dg.MetadataValue.float(float(logged["seconds"])),
            "summary": dg.MetadataValue.md(result.note),
            "dagster/row_count": dg.MetadataValue.int(sum(result.tables.values())),
        }
    )
