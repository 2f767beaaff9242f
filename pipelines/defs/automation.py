"""What runs by itself: schedules by cadence, sensors that ask the agencies for news, what follows from a
changed snapshot, and alerts. All of it is off until somebody turns it on, in the UI or with `dagster`.

When a source is asked stands in sources/ingest/cadences.yaml; docs/operations.md tells which of these to
turn on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.defs.assets import source_key, staged_key
from pipelines.monitoring.status import facts
from pipelines.steps.run_context import Workspace
from schemas.definitions.source import Source
from sources.ingest.cadence import cadences
from sources.ingest.freshness import UpdateCheck, check_for_update, has_question
from sources.model import SourceUnavailable
from sources.registry.sources import reader_of
from sources.settings import load_settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as Job

SOURCE_TAG = (
    "compact/source"  # runs with the same value wait for each other: pipelines/dagster_instance/dagster.yaml
)
WHY_TAG = "compact/why"
ALERT_SECONDS = 600
Make = Callable[[], Workspace]


def a_workspace() -> Workspace:
    return Workspace(load_settings())


def source_jobs(sources: list[Source]) -> dict[str, Job]:
    """A job a source: fetch and stage it. What is made of it follows by the sensor `what_follows`, or by a
    job of indicators."""
    return {
        source.id: dg.define_asset_job(
            f"source_{source.id}",
            selection=dg.AssetSelection.assets(source_key(source.id), staged_key(source.id)),
            description=f"Fetch and stage {source.title}.",
            run_tags={SOURCE_TAG: source.id},
        )
        for source in sources
    }


def group_jobs(groups: list[str]) -> list[Job]:
    """A job a folder of indicators: compute them from what is staged; nothing is asked, nothing released."""
    return [
        dg.define_asset_job(
            f"group_{group}",
            selection=dg.AssetSelection.groups(group),
            description=f"Evaluate the indicators of {group} from what is staged.",
        )
        for group in groups
    ]


def schedules(sources: list[Source], jobs: dict[str, Job]) -> list[dg.ScheduleDefinition]:
    """A schedule a source, by its cadence."""
    return [
        dg.ScheduleDefinition(
            name=f"ask_{source.id}",
            job=jobs[source.id],
            cron_schedule=cadences()[source.cadence].cron,
            execution_timezone="UTC",
            tags={SOURCE_TAG: source.id, WHY_TAG: f"cadence: {source.cadence}"},
            description=f"{source.title} is {source.cadence}.",
        )
        for source in sources
        if source.hosts
    ]


def news_sensors(sources: list[Source], jobs: dict[str, Job], make: Make) -> list[dg.SensorDefinition]:
    """A sensor for each source that has a cheap question."""
    return [_news_sensor(source, jobs[source.id], make) for source in sources if has_question(source)]


def _news_sensor(source: Source, job: Job, make: Make) -> dg.SensorDefinition:
    def ask(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            news = _news(make(), source)
        except SourceUnavailable as error:
            return dg.SkipReason(error.what)
        if not news.changed:
            context.update_cursor(news.mark)
            return dg.SkipReason(news.why)
        if context.cursor == news.mark:  # once; what came of it is in that run, and the schedule asks again
            return dg.SkipReason(f"{news.why}: a run was requested for that already")
        run = dg.RunRequest(
            run_key=f"{source.id} {news.mark}", tags={SOURCE_TAG: source.id, WHY_TAG: f"news: {news.why}"}
        )
        return dg.SensorResult(run_requests=[run], cursor=news.mark)

    return dg.SensorDefinition(
        name=f"news_of_{source.id}",
        job=job,
        evaluation_fn=ask,
        minimum_interval_seconds=int(cadences()[source.cadence].sensor.total_seconds()),
        description=f"Asks {source.agency} what its present release is, and requests a run if it is new.",
    )


def _news(workspace: Workspace, source: Source) -> UpdateCheck:
    return check_for_update(
        source,
        workspace.wanted_series(source.id),
        workspace.store,
        reader_of(source),
        optional=workspace.optional_series(source.id),
    )


def what_follows() -> dg.AutomationConditionSensorDefinition:
    """Requests what depends on data that have changed: see `follows` in assets.py."""
    return dg.AutomationConditionSensorDefinition(
        "what_follows",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Recomputes what depends on a source whose data have changed, up to the release.",
    )


def alerts_sensor(make: Make) -> dg.SensorDefinition:
    def tell(_context: dg.SensorEvaluationContext) -> dg.SkipReason:
        from pipelines.monitoring.alerts import receivers, send_news

        if not receivers():
            return dg.SkipReason(
                "nobody is to be told: COMPACT_ALERT_WEBHOOK and COMPACT_ALERT_SMTP are not set"
            )
        home = make().home
        failed = send_news(home, facts(home))
        return dg.SkipReason("; ".join(failed) or "told what was new, if anything was")

    return dg.SensorDefinition(
        name="alerts",
        evaluation_fn=tell,
        minimum_interval_seconds=ALERT_SECONDS,
        description="Sends what requires action to the receivers that COMPACT_ALERT_* name.",
    )
