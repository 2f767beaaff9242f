"""The release and its reports, in one step: reports are part of the release, so they are written before it is
published.
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.components.failures import run_log, step
from pipelines.components.keys import RELEASE, RELEASE_KEY, report_key, table_key, when_inputs_change
from pipelines.components.metadata import OWNERS
from pipelines.components.resources import CompactHome
from pipelines.monitoring.run_log import BY
from pipelines.steps.check import hold_offending_snapshots, refusal
from pipelines.steps.release import release
from pipelines.steps.reports import REPORTS, ReportFiles, write_latest_reports
from schemas.tables.registry import TABLES
from warehouse.store.publish import ReleaseResult

RELEASE_TEXT = "The checked, versioned release; `latest` is switched to it in one step, or not at all."
REPORT_TEXTS = {
    "site": "The static site: overviews, a page an indicator, and where each value comes from.",
    "briefs": "A PDF brief of every country and group.",
    "workbook": "The tables as one workbook.",
}


@dg.multi_asset(
    name="release",
    specs=[
        dg.AssetSpec(
            RELEASE_KEY,
            deps=[table_key(name) for name in TABLES],
            description=RELEASE_TEXT,
            group_name=RELEASE,
            owners=list(OWNERS),
            kinds={"duckdb", "parquet"},
            automation_condition=when_inputs_change(),
        ),
        *(
            dg.AssetSpec(
                report_key(name),
                deps=[RELEASE_KEY],
                description=REPORT_TEXTS[name],
                group_name=RELEASE,
                owners=list(OWNERS),
                kinds={"html"} if name == "site" else {"pdf"} if name == "briefs" else {"excel"},
                skippable=True,  # COMPACT_REPORTS=none
            )
            for name in REPORTS
        ),
    ],
    can_subset=True,
)
def publish(context: dg.AssetExecutionContext, compact: CompactHome) -> Iterator[dg.MaterializeResult[None]]:
    """Publish the tables. Reports without the release are made from the latest one, in a separate folder."""
    run = compact.state
    selected = set(context.selected_asset_keys)
    reports = [name for name in REPORTS if report_key(name) in selected]
    if RELEASE_KEY not in selected:
        with step(context, run, "reports written", reports=len(reports)):
            written = write_latest_reports(run.context.home, reports)
        yield from (_report(one) for one in written)
        return
    with step(context, run, "released") as logged:
        inputs = run.inputs()
        if refused := refusal(inputs.checks or ()):
            raise hold_offending_snapshots(run.context, refused, inputs.checks or ())
        result, written = release(run.context, inputs)
        run.released = result
        logged.update(release=result.id, made=result.made, rows=sum(result.tables.values()))
    if context.run.tags.get(BY) is None:
        run_log(context, run).ended("released" if result.made else "unchanged", release=result.id)
    yield _release(result, float(logged["seconds"]))
    yield from (_report(one) for one in written if report_key(one.name) in selected)


def _release(result: ReleaseResult, seconds: float) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=RELEASE_KEY,
        data_version=dg.DataVersion(result.id),
        metadata={
            "release": dg.MetadataValue.text(result.id),
            "made": dg.MetadataValue.bool(result.made),
            "folder": dg.MetadataValue.path(str(result.path)),
            "seconds": dg.MetadataValue.float(seconds),
            "summary": dg.MetadataValue.md(result.note),
            "dagster/row_count": dg.MetadataValue.int(sum(result.tables.values())),
        },
    )


def _report(report: ReportFiles) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=report_key(report.name),
        metadata={
            "folder": dg.MetadataValue.path(str(report.folder)),
            "files": dg.MetadataValue.int(report.files),
            "bytes": dg.MetadataValue.int(report.bytes),
            "seconds": dg.MetadataValue.float(round(report.seconds, 3)),
        },
    )
