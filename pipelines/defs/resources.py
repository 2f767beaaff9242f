"""The resources of this project, and how its runs are executed: in one process, as they share one engine."""

import dagster as dg

from pipelines.components.resources import RESOURCE, CompactHome


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions(resources={RESOURCE: CompactHome()}, executor=dg.in_process_executor)
