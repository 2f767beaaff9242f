"""The assets: one a source, one a staged table, one an indicator, and the release. Generated from the
definitions."""

from collections.abc import Iterator

import dagster as dg

from indicators.registry import Catalogue
from pipelines.defs.asset_checks import (
    SOURCE_CHECKS,
    STAGED_CHECKS,
    indicator_checks_of,
    indicator_results,
    source_results,
    staged_results,
)
from pipelines.defs.metadata import (
    OWNERS,
    column_schema,
    describe_indicator,
    describe_source,
    fetch_metadata,
    freshness_policy,
    staged_metadata,
    stored_version,
)
from pipelines.monitoring.run_log import BY, RUN, RunLog, fetch_facts
from pipelines.steps.run_context import Workspace
from schemas.definitions.source import Source
from schemas.errors import CompactError
from schemas.tables.registry import TABLES
from sources.ingest.cadence import freshness_status

WORKSPACE = {"workspace"}


def source_key(source_id: str) -> dg.AssetKey:
    return dg.AssetKey(["source", source_id])


def staged_key(source_id: str) -> dg.AssetKey:
    return dg.AssetKey(["staged", source_id])


def indicator_key(indicator_id: str) -> dg.AssetKey:
    return dg.AssetKey(["indicator", indicator_id])


RELEASE_KEY = dg.AssetKey(["release"])
NOTHING = dg.DataVersion("nothing")


def follows() -> dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]:
    """True once an input has other data than before, not merely another run behind it; false while inputs
    are still being made, and where the run that changed the input makes this asset too."""
    condition = dg.AutomationCondition
    changed = condition.data_version_changed() & ~condition.executed_with_root_target()
    return (
        condition.any_deps_match(changed).with_label("an input has other data").since_last_handled()
        & ~condition.any_deps_in_progress()
        & ~condition.in_progress()
    )


def _red(problem: CompactError, context: dg.AssetExecutionContext, workspace: Workspace) -> dg.Failure:
    """A problem of ours as Dagster shows it: the message, without a traceback, and never tried again
    unchanged. It is put on record, unless the command line does that for the whole run."""
    if problem not in workspace.problems:
        workspace.problems.append(problem)
    if context.run.tags.get(BY) is None:
        journal_of(context, workspace).ended("red", problems=[problem.what])
    return dg.Failure(description=str(problem), allow_retries=problem.retriable)


def journal_of(context: dg.AssetExecutionContext, workspace: Workspace) -> RunLog:
    """The log of the run that a step belongs to."""
    return RunLog(workspace.home, context.run.tags.get(RUN, context.run.run_id))


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
        freshness_policy=freshness_policy(source),
        check_specs=[
            dg.AssetCheckSpec(name, asset=source_key(source.id), description=text)
            for name, text in SOURCE_CHECKS.items()
        ],
    )
    def fetch(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        workspace: Workspace = context.resources.workspace
        try:
            with journal_of(context, workspace).step("fetched", source=source.id) as said:
                report = workspace.fetch(source.id)
                said.update(fetch_facts(report))
        except CompactError as problem:
            raise _red(problem, context, workspace) from None
        stands = freshness_status(source, workspace.store, workspace.wanted_series(source.id))
        yield dg.MaterializeResult(
            metadata=fetch_metadata(report),
            data_version=stored_version(workspace.store, source.id),
            check_results=source_results(source_key(source.id), stands),
        )

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
        automation_condition=follows(),
        check_specs=[
            dg.AssetCheckSpec(name, asset=staged_key(source.id), description=text)
            for name, text in STAGED_CHECKS.items()
        ],
    )
    def stage(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        workspace: Workspace = context.resources.workspace
        try:
            with journal_of(context, workspace).step("staged", source=source.id) as said:
                staged = workspace.stage(source.id)
                said.update(rows_in=staged and staged.rows_in, rows_out=staged and staged.rows_out)
        except CompactError as problem:
            raise _red(problem, context, workspace) from None
        yield dg.MaterializeResult(
            metadata=staged_metadata(staged, said.get("seconds")),
            data_version=dg.DataVersion(staged.folder.name) if staged else NOTHING,
            check_results=staged_results(staged_key(source.id), staged),
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
            automation_condition=follows(),
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
            with journal_of(context, workspace).step("evaluated", indicators=len(selected)) as said:
                done = workspace.evaluate(sorted(selected))
                said.update(computed=sum(result.made for result in done.values()))
                found = workspace.check(sorted(selected))
        except CompactError as problem:
            raise _red(problem, context, workspace) from None
        for indicator_id, result in done.items():  # Dagster wants inputs before what is made of them
            if indicator_id not in selected:
                continue
            yield dg.MaterializeResult(
                asset_key=indicator_key(indicator_id),
                data_version=dg.DataVersion(result.fingerprint),
                metadata={
                    "dagster/row_count": dg.MetadataValue.int(result.rows),
                    "file": dg.MetadataValue.path(str(result.path)),
                    "fingerprint": dg.MetadataValue.text(result.fingerprint),
                    "areas": dg.MetadataValue.int(result.areas),
                },
                check_results=indicator_results(indicator_key(indicator_id), found[indicator_id]),
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
        automation_condition=follows(),
    )
    def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        workspace: Workspace = context.resources.workspace
        journal = journal_of(context, workspace)
        try:
            with journal.step("released") as said:
                result = workspace.release()
                said.update(release=result.id, made=result.made, rows=sum(result.tables.values()))
        except CompactError as problem:
            raise _red(problem, context, workspace) from None
        if context.run.tags.get(BY) is None:
            journal.ended("released" if result.made else "unchanged", release=result.id)
        return dg.MaterializeResult(
            metadata={
                "release": dg.MetadataValue.text(result.id),
                "made": dg.MetadataValue.bool(result.made),
                "folder": dg.MetadataValue.path(str(result.path)),
                "seconds": dg.MetadataValue.float(float(said["seconds"])),
                "summary": dg.MetadataValue.md(result.note),
                "dagster/row_count": dg.MetadataValue.int(sum(result.tables.values())),
            }
        )

    return release
