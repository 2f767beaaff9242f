"""The assets: one a source, one a staged table, one an indicator, and the release. Generated from the
definitions."""

from collections.abc import Iterator

import dagster as dg

from indicators.catalogue import Catalogue
from pipelines.checks import STAGED_CHECKS, indicator_checks_of, indicator_results, staged_results
from pipelines.metadata import (
    OWNERS,
    column_schema,
    describe_indicator,
    describe_source,
    fetch_metadata,
    staged_metadata,
)
from pipelines.workspace import Workspace
from schemas.definitions import Source
from schemas.errors import CompactError
from schemas.tables import TABLES

WORKSPACE = {"workspace"}


def source_key(source_id: str) -> dg.AssetKey:
    return dg.AssetKey(["source", source_id])


def staged_key(source_id: str) -> dg.AssetKey:
    return dg.AssetKey(["staged", source_id])


def indicator_key(indicator_id: str) -> dg.AssetKey:
    return dg.AssetKey(["indicator", indicator_id])


RELEASE_KEY = dg.AssetKey(["release"])


def _red(problem: CompactError) -> dg.Failure:
    """A problem of ours as Dagster shows it: the message, without a traceback, and never tried again
    unchanged."""
    return dg.Failure(description=str(problem), allow_retries=problem.retriable)


def source_asset(source: Source) -> dg.AssetsDefinition:
    @dg.asset(
        key=source_key(source.id),
        description=describe_source(source),
        group_name="sources",
        owners=list(OWNERS),
        kinds={"snapshot", "http" if source.hosts else "package"},
        required_resource_keys=WORKSPACE,
        metadata={"homepage": dg.MetadataValue.url(source.homepage), "licence": source.licence.name},
        op_tags={"compact/source": source.id},
    )
    def fetch(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        workspace: Workspace = context.resources.workspace
        try:
            return dg.MaterializeResult(metadata=fetch_metadata(workspace.fetch(source.id)))
        except CompactError as problem:
            raise _red(problem) from None

    return fetch


def staged_asset(source: Source) -> dg.AssetsDefinition:
    @dg.asset(
        key=staged_key(source.id),
        deps=[source_key(source.id)],
        description=f"Observations of {source.title}: contract-checked, with ledger and quarantine.",
        group_name="staged",
        owners=list(OWNERS),
        kinds={"duckdb", "parquet"},
        required_resource_keys=WORKSPACE,
        metadata={"dagster/column_schema": column_schema(TABLES["observation"])},
        check_specs=[
            dg.AssetCheckSpec(name, asset=staged_key(source.id), description=text)
            for name, text in STAGED_CHECKS.items()
        ],
    )
    def stage(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        workspace: Workspace = context.resources.workspace
        try:
            staged = workspace.stage(source.id)
        except CompactError as problem:
            raise _red(problem) from None
        yield dg.MaterializeResult(
            metadata=staged_metadata(staged), check_results=staged_results(staged_key(source.id), staged)
        )

    return stage


def indicator_assets(catalogue: Catalogue) -> dg.AssetsDefinition:
    """All indicators in one definition, each of which can be materialized alone: only the chosen ones are
    computed."""
    specs = [
        dg.AssetSpec(
            indicator_key(indicator.id),
            deps=[
                *(staged_key(source_id) for source_id in catalogue.sources_of(indicator.id)),
                *(indicator_key(other) for other in catalogue.indicators_of(indicator.id)),
            ],
            description=describe_indicator(indicator),
            group_name=catalogue.group_of(indicator.id),
            owners=list(OWNERS),
            kinds={"duckdb", "parquet"},
            metadata={"dagster/column_schema": column_schema(TABLES["indicator"])},
        )
        for indicator in catalogue.values()
    ]
    checks = [
        dg.AssetCheckSpec(name, asset=indicator_key(indicator_id), description=text)
        for indicator_id, indicator in catalogue.items()
        for name, text in indicator_checks_of(indicator).items()
    ]

    @dg.multi_asset(
        name="indicators",
        specs=specs,
        check_specs=checks,
        can_subset=True,
        required_resource_keys=WORKSPACE,
    )
    def evaluate(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        workspace: Workspace = context.resources.workspace
        selected = {key.path[-1] for key in context.selected_asset_keys}
        try:
            done = workspace.evaluate(sorted(selected))
        except CompactError as problem:
            if problem not in workspace.problems:
                workspace.problems.append(problem)
            raise _red(problem) from None
        for indicator_id, result in done.items():  # Dagster wants inputs before what is made of them
            if indicator_id not in selected:
                continue
            yield dg.MaterializeResult(
                asset_key=indicator_key(indicator_id),
                metadata={
                    "dagster/row_count": dg.MetadataValue.int(result.rows),
                    "file": dg.MetadataValue.path(str(result.path)),
                    "fingerprint": dg.MetadataValue.text(result.fingerprint),
                    "areas": dg.MetadataValue.int(result.areas),
                },
                check_results=indicator_results(indicator_key(indicator_id), workspace.check(indicator_id)),
            )

    return evaluate


def release_asset(catalogue: Catalogue) -> dg.AssetsDefinition:
    @dg.asset(
        key=RELEASE_KEY,
        deps=[indicator_key(indicator_id) for indicator_id in catalogue],
        description="The checked, versioned release; `latest` moves to it in one step, or not at all.",
        group_name="release",
        owners=list(OWNERS),
        kinds={"duckdb", "parquet"},
        required_resource_keys=WORKSPACE,
    )
    def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        workspace: Workspace = context.resources.workspace
        try:
            result = workspace.release()
        except CompactError as problem:
            raise _red(problem) from None
        return dg.MaterializeResult(
            metadata={
                "release": dg.MetadataValue.text(result.id),
                "made": dg.MetadataValue.bool(result.made),
                "folder": dg.MetadataValue.path(str(result.path)),
                "dagster/row_count": dg.MetadataValue.int(sum(result.tables.values())),
            }
        )

    return release
