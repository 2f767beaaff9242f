"""The resources of this project and its executor: all runs share one engine, so they execute in one
process.
"""

import dagster as dg

from pipelines.components.resources import RESOURCE, CompactHome


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions(resources={RESOURCE: CompactHome()}, executor=dg.in_process_executor)
