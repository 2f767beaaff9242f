"""Automation: schedules, sensors and automation conditions, tested with Dagster's own tools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from indicators.registry import load_catalogue
from pipelines.components.keys import (
    RELEASE_KEY,
    indicator_key,
    observation_key,
    snapshot_key,
    table_key,
)
from pipelines.components.resources import RESOURCE, CompactHome
from pipelines.components.source_automation import source_jobs, update_sensors
from pipelines.dagster_instance.home import open_instance
from pipelines.definitions import defs
from pipelines.defs.release.partitions import release_as_of
from pipelines.defs.sensors import alerts
from pipelines.runner.in_process import run_definitions
from pipelines.steps.context import open_context
from pipelines.steps.state import RunState
from schemas.definitions.source import Source
from schemas.tables.registry import TABLES
from sources.ingest.cadence import cadences
from sources.registry.sources import load_sources
from tests.faults.tiny_bank import TinyBank, of_bank

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
WDI = "worldbank_wdi"


@dataclass
class Bench:
    """A bank of nine figures, a home, and the definitions of one source and one indicator."""

    bank: TinyBank
    home: Path
    instance: dg.DagsterInstance

    def definitions(self) -> dg.Definitions:
        """As a new run would have them: nothing is remembered but what is in files."""
        context = of_bank(self.home).context
        return run_definitions(context, {RESOURCE: CompactHome.of(RunState(context))})

    def materialize(self, *keys: dg.AssetKey) -> dg.ExecuteInProcessResult:
        job = self.definitions().resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            asset_selection=list(keys), instance=self.instance, run_config=QUIET, raise_on_error=False
        )

    def tick(
        self, before: dg.EvaluateAutomationConditionsResult | None = None
    ) -> dg.EvaluateAutomationConditionsResult:
        """One look of the daemon at what is to follow."""
        return dg.evaluate_automation_conditions(
            self.definitions(),
            self.instance,
            asset_selection=dg.AssetSelection.all(),  # else Dagster warns of itself (1.13.27)
            cursor=before.cursor if before else None,
        )

    def asks(self, cursor: str | None = None) -> tuple[dg.SensorResult | dg.SkipReason, str | None]:
        """One evaluation of the source's news sensor, and the cursor after it."""
        source = of_bank(self.home).sources[WDI]
        (sensor,) = update_sensors([source], source_jobs([source]), lambda: of_bank(self.home).context)
        context = dg.build_sensor_context(
            instance=self.instance, cursor=cursor, definitions=self.definitions()
        )
        return sensor(context), context.cursor


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with TinyBank() as bank, open_instance(tmp_path) as instance:
        monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", bank.url)
        monkeypatch.setenv("COMPACT_HOME", str(tmp_path))
        yield Bench(bank, tmp_path, instance)


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return defs().get_repository_def()


# --- what there is ---


def test_every_agency_has_a_schedule_of_its_cadence_and_none_is_on(
    repository: dg.RepositoryDefinition,
) -> None:
    sources = load_sources()
    schedules = {s.name: s for s in repository.schedule_defs}
    assert set(schedules) == {"weekly", *(f"ask_{s.id}" for s in sources.values() if s.hosts)}
    for source in sources.values():
        if source.hosts:
            schedule = schedules[f"ask_{source.id}"]
            assert schedule.cron_schedule == cadences()[source.cadence].cron
            assert schedule.job_name == f"source_{source.id}"
            assert schedule.execution_timezone == "UTC"
    assert {s.default_status for s in schedules.values()} == {dg.DefaultScheduleStatus.STOPPED}


def test_a_sensor_asks_each_agency_that_has_a_cheap_question_and_none_is_on(
    repository: dg.RepositoryDefinition,
) -> None:
    cheap = {s.id for s in load_sources().values() if s.freshness or s.validators}
    sensors = {s.name: s for s in repository.sensor_defs}
    assert set(sensors) == {"alerts", "what_follows", *(f"news_of_{name}" for name in cheap)}
    assert {s.default_status for s in sensors.values()} == {dg.DefaultSensorStatus.STOPPED}


def test_one_job_a_source_and_a_group(repository: dg.RepositoryDefinition) -> None:
    catalogue = load_catalogue()
    for name in load_sources():
        chosen = repository.get_job(f"source_{name}").asset_layer.selected_asset_keys
        assert set(chosen) == {snapshot_key(name), observation_key(name)}
        assert repository.get_job(f"source_{name}").run_tags["compact/source"] == name
    for name in catalogue:
        chosen = repository.get_job(f"group_{catalogue.group_of(name)}").asset_layer.selected_asset_keys
        assert indicator_key(name) in set(chosen)
        assert {key.path[0] for key in chosen} == {"indicator"}


def test_no_step_waits_in_a_pool_and_runs_of_one_source_wait_for_each_other(
    repository: dg.RepositoryDefinition, tmp_path: Path
) -> None:
    """A slot of a pool stays claimed by a process that was killed; our locks do not."""
    graph = repository.asset_graph
    assert {pool for key in graph.get_all_asset_keys() for pool in graph.get(key).pools or ()} == set()
    with open_instance(tmp_path) as instance:
        limits = instance.get_concurrency_config().run_queue_config.tag_concurrency_limits
        assert instance.run_monitoring_enabled
    assert [(limit["key"], limit["limit"]) for limit in limits] == [("compact/source", 1)]


def test_freshness_policies_come_from_the_cadence(repository: dg.RepositoryDefinition) -> None:
    for source in load_sources().values():
        policy = repository.asset_graph.get(snapshot_key(source.id)).freshness_policy
        limit = cadences()[source.cadence].stale_after
        if limit is None or not source.hosts:
            assert policy is None
        else:
            assert policy == dg.FreshnessPolicy.time_window(limit, limit / 2)


# --- news ---


def test_news_request_one_run_and_no_news_none(bench: Bench) -> None:
    result, cursor = bench.asks()
    assert isinstance(result, dg.SensorResult)
    (request,) = result.run_requests or ()
    assert result.cursor == "2026-07-01"  # the release that the agency names
    assert request.tags["compact/source"] == WDI
    assert bench.bank.paths() == ["/source/2?format=json"]  # one question, no data

    assert isinstance(bench.asks(cursor="2026-07-01")[0], dg.SkipReason)  # requested already
    assert bench.materialize(snapshot_key(WDI), observation_key(WDI)).success
    result, cursor = bench.asks(cursor="2026-07-01")
    assert isinstance(result, dg.SkipReason)
    assert "still 2026-07-01" in str(result.skip_message)
    assert cursor == "2026-07-01"

    bench.bank.next_release()
    result, _ = bench.asks(cursor="2026-07-01")
    assert isinstance(result, dg.SensorResult)
    assert result.cursor == "2026-10-01"


def test_an_agency_out_of_reach_is_no_news(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", "http://127.0.0.1:9")
    result, cursor = bench.asks(cursor="2026-07-01")
    assert isinstance(result, dg.SkipReason)
    assert "cannot be reached" in str(result.skip_message)
    assert cursor == "2026-07-01"


# --- what follows ---


def test_only_what_depends_on_changed_data_is_requested(bench: Bench) -> None:
    """From the source to the release in steps, and no further where the data are the same."""
    everything = [
        snapshot_key(WDI),
        observation_key(WDI),
        indicator_key("gini"),
        *map(table_key, TABLES),
        RELEASE_KEY,
    ]
    assert bench.materialize(*everything).success
    tick = bench.tick()
    tick = bench.tick(tick)
    assert tick.total_requested == 0

    assert bench.materialize(snapshot_key(WDI)).success  # asked again, and nothing is new
    tick = bench.tick(tick)
    assert tick.total_requested == 0

    bench.bank.next_release()
    assert bench.materialize(snapshot_key(WDI)).success
    tables = [table_key("indicator")], [*map(table_key, TABLES)]  # asked for as one, and made together
    for expected, made in (
        ([observation_key(WDI)], [observation_key(WDI)]),
        ([indicator_key("gini")], [indicator_key("gini")]),
        tables,
        ([RELEASE_KEY], [RELEASE_KEY]),
    ):
        tick = bench.tick(tick)
        assert {r.key for r in tick.results if r.true_subset.size} == set(expected)
        assert bench.materialize(*made).success
    tick = bench.tick(tick)
    assert tick.total_requested == 0


def test_what_one_run_made_throughout_is_not_requested_again(bench: Bench) -> None:
    everything = [
        snapshot_key(WDI),
        observation_key(WDI),
        indicator_key("gini"),
        *map(table_key, TABLES),
        RELEASE_KEY,
    ]
    assert bench.materialize(*everything).success
    tick = bench.tick()
    bench.bank.next_release()
    assert bench.materialize(*everything).success
    tick = bench.tick(tick)
    assert tick.total_requested == 0


def test_a_month_before_the_store_is_refused_in_words(bench: Bench) -> None:
    result = dg.materialize(
        [release_as_of],
        partition_key="2026-01-01",
        instance=bench.instance,
        resources={RESOURCE: CompactHome(home=str(bench.home))},
        run_config=QUIET,
        raise_on_error=False,
    )
    (event,) = [event for event in result.all_events if event.is_step_failure]
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert "nothing was accepted by 2026-02-01" in str(failure.description)
    assert not (bench.home / "as_of").exists()


def test_the_alerts_sensor_tells_nobody_by_default(bench: Bench) -> None:
    result = alerts(dg.build_sensor_context(instance=bench.instance))
    assert isinstance(result, dg.SkipReason)
    assert "COMPACT_ALERT_WEBHOOK" in str(result.skip_message)


def test_a_source_without_a_cheap_question_has_no_sensor() -> None:
    sources: list[Source] = [s for s in load_sources().values() if s.id in ("itu_datahub", "world_factbook")]
    assert update_sensors(sources, source_jobs(sources), open_context) == []
