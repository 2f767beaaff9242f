"""Dagster components that read our YAML and SQL: a folder of definitions becomes assets, checks, jobs,
schedules and sensors. The folders are named in pipelines/defs; the steps are in pipelines/steps."""

from pipelines.components.indicator_collection import IndicatorCollection
from pipelines.components.source_collection import SourceCollection
from pipelines.components.table_collection import TableCollection

__all__ = ["IndicatorCollection", "SourceCollection", "TableCollection"]
