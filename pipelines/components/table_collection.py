"""The published tables as assets: `table/<name>` for each, with its inputs taken from its SQL.

One step computes all of them or none, into the folder of the coming release; the release step publishes them.
They follow the indicators automatically, as one.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import dagster as dg

from indicators.registry import load_catalogue
from pipelines.components.asset_checks import KEY_TEXT, UNIQUE_KEY, key_result, taken_over
from pipelines.components.failures import step
from pipelines.components.keys import TABLES as GROUP
from pipelines.components.keys import indicator_key, observation_key, table_key, when_inputs_change
from pipelines.components.metadata import OWNERS, column_schema, table_metadata
from pipelines.components.resources import CompactHome
from pipelines.steps.release import write_release_tables
from schemas.tables.registry import TABLES
from sources.registry.sources import load_sources
from warehouse.models.dependencies import published_inputs
from warehouse.release.inputs import inputs_fingerprint
from warehouse.release.tables import MODEL_TABLES

OF_OBSERVATIONS = ("observation", "ledger", "quarantine", "snapshot")
OF_VALUES = ("area", "area_group", "code")  # an area or a code is listed if a value has it


class TableCollection(dg.Component, dg.Model, dg.Resolvable):
    """Assets of every published table described in schemas/tables.

    Attributes:
        sources: The folder of the agencies, below the project's root.
        indicators: The folder of the catalogue.
    """

    sources: str
    indicators: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        root = Path(context.project_root)
        return table_definitions(load_sources(root / self.sources), load_catalogue(root / self.indicators))


def table_inputs(name: str, sources: Iterable[str], indicators: Iterable[str]) -> list[dg.AssetKey]:
    """Return the assets that a table reads."""
    if name in {table.name for table in MODEL_TABLES}:
        return [table_key(other) for other in sorted(published_inputs(name))]
    if name == "indicator":
        return [indicator_key(indicator_id) for indicator_id in indicators]
    if name in OF_OBSERVATIONS:
        return [observation_key(source_id) for source_id in sources]
    return [table_key("indicator"), table_key("observation")] if name in OF_VALUES else []


def table_definitions(sources: Iterable[str], indicators: Iterable[str]) -> dg.Definitions:
    """Return the assets of all tables, for a release of these sources and indicators."""
    source_ids, indicator_ids = list(sources), list(indicators)
    specs = [
        dg.AssetSpec(
            table_key(name),
            deps=table_inputs(name, source_ids, indicator_ids),
            description=f"{table.title}. {table.description}",
            group_name=GROUP,
            owners=list(OWNERS),
            kinds={"duckdb", "parquet"},
            metadata={"dagster/column_schema": column_schema(table)},
            automation_condition=when_inputs_change() if name == "indicator" else None,
        )
        for name, table in TABLES.items()
    ]
    checks = [
        dg.AssetCheckSpec(UNIQUE_KEY, asset=table_key(name), description=KEY_TEXT, blocking=True)
        for name in TABLES
    ]

    @dg.multi_asset(name="tables", specs=specs, check_specs=checks)
    def compute(
        context: dg.AssetExecutionContext, compact: CompactHome
    ) -> Iterator[dg.MaterializeResult[None]]:
        run = compact.state
        with step(context, run, "tables computed", tables=len(TABLES)):
            inputs = run.inputs()
            version = dg.DataVersion(inputs_fingerprint(inputs)[:16])
            written = list(write_release_tables(run.context, inputs))
        for table in written:
            yield dg.MaterializeResult(
                asset_key=table_key(table.name),
                data_version=version,
                metadata=table_metadata(table),
                check_results=[
                    taken_over(table_key(table.name))
                    if table.linked
                    else key_result(table_key(table.name), TABLES[table.name], table.path)
                ],
            )

    return dg.Definitions(assets=[compute])
