"""Automation of a source: a job, a schedule by its cadence, and a sensor that checks its agency for updates.
All are off until an operator turns them on.

The cadences are in sources/ingest/cadences.yaml; docs/operations.md recommends which to turn on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg

from pipelines.components.keys import observation_key, snapshot_key
from pipelines.steps.context import RunContext
from schemas.definitions.source import Source
from sources.ingest.cadence import cadences
from sources.ingest.freshness import UpdateCheck, check_for_update, has_question
from sources.model import SourceUnavailable

SOURCE_TAG = "compact/source"  # runs with the same value wait for each other: dagster_instance/dagster.yaml
WHY_TAG = "compact/why"
Job = Any  # return type of define_asset_job, which Dagster does not export
Make = Callable[[], RunContext]


def source_jobs(sources: list[Source]) -> dict[str, Job]:
    """Return one job per source: fetch and stage it.

    The sensor `what_follows`, or a job of indicators, updates the assets downstream.
    """
    return {
        source.id: dg.define_asset_job(
            f"source_{source.id}",
            selection=dg.AssetSelection.assets(snapshot_key(source.id), observation_key(source.id)),
            description=f"Fetch and stage {source.title}.",
            run_tags={SOURCE_TAG: source.id},
        )
        for source in sources
    }


def schedules(sources: list[Source], jobs: dict[str, Job]) -> list[dg.ScheduleDefinition]:
    """Return one schedule per source, by its cadence."""
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


def update_sensors(sources: list[Source], jobs: dict[str, Job], make: Make) -> list[dg.SensorDefinition]:
    """Return a sensor for each source that has a cheap update check."""
    return [_update_sensor(source, jobs[source.id], make) for source in sources if has_question(source)]


def _update_sensor(source: Source, job: Job, make: Make) -> dg.SensorDefinition:
    def ask(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            news = _check(make(), source)
        except SourceUnavailable as error:
            return dg.SkipReason(error.what)
        if not news.changed:
            context.update_cursor(news.mark)
            return dg.SkipReason(news.why)
        if context.cursor == news.mark:  # requested once; that run has the result
            return dg.SkipReason(f"{news.why}: a run was requested for that already")
        request = dg.RunRequest(
            run_key=f"{source.id} {news.mark}", tags={SOURCE_TAG: source.id, WHY_TAG: f"news: {news.why}"}
        )
        return dg.SensorResult(run_requests=[request], cursor=news.mark)

    return dg.SensorDefinition(
        name=f"news_of_{source.id}",
        job=job,
        evaluation_fn=ask,
        minimum_interval_seconds=int(cadences()[source.cadence].sensor.total_seconds()),
        description=f"Asks {source.agency} what its present release is, and requests a run if it is new.",
    )


def _check(context: RunContext, source: Source) -> UpdateCheck:
    return check_for_update(
        source,
        context.wanted_series(source.id),
        context.store,
        context.reader_of(source),
        optional=context.optional_series(source.id),
    )
