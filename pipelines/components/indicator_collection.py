"""A folder of indicator files as assets: `indicator/<id>` for each, with its check, and one job per folder.

One subsettable step evaluates all of them. Each has its own outcome: one that fails is not materialized, the
others are, and nothing downstream of the step runs.
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from indicators.registry import Catalogue, load_catalogue
from pipelines.components.asset_checks import EXPECT, EXPECT_TEXT, expect_result
from pipelines.components.failures import failure, step
from pipelines.components.keys import indicator_key, observation_key, when_inputs_change
from pipelines.components.metadata import OWNERS, column_schema, describe_indicator, indicator_metadata
from pipelines.components.resources import CompactHome
from pipelines.steps.check import check, hold_offending_snapshots, refusal
from pipelines.steps.evaluate import Outcome, evaluate
from schemas.errors import CompactError
from schemas.tables.registry import TABLES

NAMED = 10  # problems that a message lists


class IndicatorsFailed(CompactError):
    """Some indicators could not be evaluated, so no release is made from the others."""


class IndicatorCollection(dg.Component, dg.Model, dg.Resolvable):
    """Assets of every indicator in a folder.

    Attributes:
        path: The folder of the catalogue, below the project's root.
    """

    path: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        catalogue = load_catalogue(Path(context.project_root) / self.path)
        groups = sorted({catalogue.group_of(indicator_id) for indicator_id in catalogue})
        return dg.Definitions.merge(
            indicator_definitions(catalogue), dg.Definitions(jobs=[group_job(group) for group in groups])
        )


def group_job(group: str):  # type: ignore[no-untyped-def]
    """Return one job per folder of indicators: compute them from staged data, without a request or a
    release.
    """
    return dg.define_asset_job(
        f"group_{group}",
        selection=dg.AssetSelection.groups(group),
        description=f"Evaluate the indicators of {group} from what is staged.",
    )


def indicator_definitions(catalogue: Catalogue) -> dg.Definitions:
    """Return the assets of a catalogue."""
    specs = [
        dg.AssetSpec(
            indicator_key(indicator.id),
            deps=[
                *(observation_key(source_id) for source_id in catalogue.sources_of(indicator.id)),
                *(indicator_key(other) for other in catalogue.indicators_of(indicator.id)),
            ],
            description=describe_indicator(indicator),
            group_name=catalogue.group_of(indicator.id),
            owners=list(OWNERS),
            kinds={"duckdb", "parquet"},
            metadata={"dagster/column_schema": column_schema(TABLES["indicator"])},
            automation_condition=when_inputs_change(),
            skippable=True,  # its outcome is its own
        )
        for indicator in catalogue.values()
    ]
    checks = [
        dg.AssetCheckSpec(EXPECT, asset=indicator_key(name), description=EXPECT_TEXT, blocking=True)
        for name in catalogue
    ]

    @dg.multi_asset(name="indicators", specs=specs, check_specs=checks, can_subset=True)
    def evaluate_and_check(
        context: dg.AssetExecutionContext, compact: CompactHome
    ) -> Iterator[dg.MaterializeResult[None]]:
        run = compact.state
        selected = sorted({key.path[-1] for key in context.selected_asset_keys})
        with step(context, run, "evaluated", indicators=len(selected)) as logged:
            staged = run.staged()
            outcomes = list(evaluate(run.context, selected, staged))
            values = {one.indicator: one.values.path for one in outcomes if one.values is not None}
            checks = check(run.context, values, staged)
            run.checks |= checks
            logged.update(computed=sum(one.values.made for one in outcomes if one.values is not None))
        for outcome in outcomes:
            if outcome.values is not None:
                key = indicator_key(outcome.indicator)
                yield dg.MaterializeResult(
                    asset_key=key,
                    data_version=dg.DataVersion(outcome.values.fingerprint),
                    metadata=indicator_metadata(outcome.values, outcome.seconds),
                    check_results=[expect_result(key, checks[outcome.indicator])],
                )
        if problems := _problems(outcomes):
            raise failure(context, run, problems)
        results = [result for of_indicator in checks.values() for result in of_indicator]
        if refused := refusal(results):
            raise failure(context, run, hold_offending_snapshots(run.context, refused, results))

    return dg.Definitions(assets=[evaluate_and_check])


def _problems(outcomes: list[Outcome]) -> CompactError | None:
    """Join the problems by indicator; a single problem is returned unchanged."""
    failed = [one for one in outcomes if one.problem is not None]
    if not failed:
        return None
    listed = [f"{one.indicator}: {one.problem.what}" for one in failed if one.problem is not None][:NAMED]
    more = [f"and {len(failed) - NAMED} more"] if len(failed) > NAMED else []
    first = failed[0].problem
    return IndicatorsFailed(
        f"{len(failed)} of {len(outcomes)} indicators could not be evaluated, so no release is made\n  - "
        + "\n  - ".join([*listed, *more]),
        where=first.where if first else "",
        allowed=first.allowed if first else "",
        next_step=first.next_step if first else "",
    )
