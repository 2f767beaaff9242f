"""The Dagster definitions (assets, checks, jobs, schedule) and the records of a run.

The UI is in test_ui.py; the command line's own runs are in test_offline.py and test_stand_in.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from indicators.registry import Catalogue, load_catalogue
from pipelines.components.keys import (
    AS_OF_KEY,
    RELEASE_KEY,
    indicator_key,
    observation_key,
    report_key,
    snapshot_key,
    table_key,
)
from pipelines.components.resources import RESOURCE, CompactHome
from pipelines.dagster_instance.home import open_instance, prepare
from pipelines.definitions import defs
from pipelines.runner.in_process import run_definitions
from pipelines.steps.context import RunContext, open_context
from pipelines.steps.reports import REPORTS
from pipelines.steps.state import RunState
from schemas.columns.model import Table
from schemas.definitions.source import Source
from schemas.tables.registry import TABLES
from sources.registry.sources import load_sources
from sources.settings import Settings
from tests.command import CHECKOUT, Finished
from tests.e2e.conftest import copied_home
from tests.faults.bench import entry
from tests.steps import Steps, steps_of
from warehouse.models.dependencies import published_inputs
from warehouse.release.defined_tables import DEFINED_TABLES
from warehouse.release.tables import MODEL_TABLES
from warehouse.store.publish import ReleaseRefused

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
LIMIT = 600  # seconds for one command, many times what it takes on an idle machine
# Dagster's own words on itself, which no definition of ours can avoid (1.13.27).
OF_DAGSTER = (
    "Function `definitions_validate_command` is superseded",
    "Property `ScheduleDefinition.environment_",
)
SENT_HOME = {".telemetry", "id.yaml", "event.log"}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    """What the UI loads."""
    return defs()


@pytest.fixture(scope="module")
def sources() -> dict[str, Source]:
    return load_sources()


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in definitions.resolve_all_asset_specs()}


@pytest.fixture
def home(first_run: tuple[Path, Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which the embedded source is staged and nothing else is done yet."""
    monkeypatch.setenv("COMPACT_HOME", str(tmp_path))
    return copied_home(first_run[0], tmp_path, "snapshots", "status", "staged")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance that the command line would use: on disk, with our dagster.yaml."""
    for name in ("DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "taken back after the test")
        monkeypatch.delenv(name)
    with open_instance(tmp_path) as found:
        yield found


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COMPACT_", "DAGSTER_"))}
    environment |= {"COMPACT_HOME": str(home), "DAGSTER_HOME": str(home), "HOME": str(home)}
    environment |= {"DAGSTER_DISABLE_TELEMETRY": "1", "NO_COLOR": "1"}
    environment["PYTHONWARNINGS"] = ",".join(["error", *(f"ignore:{text}" for text in OF_DAGSTER)])
    shutil.copy(prepare(home / "own") / "dagster.yaml", home)
    executable, *rest = arguments
    return subprocess.run(
        [Path(sys.executable).with_name(executable), *rest],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dagster", "definitions", "validate", "-m", "pipelines.definitions"), "Validation successful"),
        (("dg", "check", "defs"), "definitions loaded successfully"),
        (("dg", "check", "yaml"), "All component YAML validated successfully"),
    ],
)
def test_the_definitions_pass_dagsters_own_validation(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = command(tmp_path, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Warning" not in done.stdout + done.stderr
    left = {path.name for path in tmp_path.rglob("*")}
    assert left.isdisjoint({"snapshots", *SENT_HOME})  # to look at the definitions moves no data


def test_dg_lists_what_the_components_make(tmp_path: Path) -> None:
    done = command(tmp_path, "dg", "list", "defs", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("snapshot/gci", "observation/gci", "indicator/internet_use", "table/progress", "release"):
        assert f'"{name}"' in done.stdout
    listed = command(tmp_path, "dg", "list", "components")
    assert listed.returncode == 0, listed.stdout + listed.stderr
    for name in ("SourceCollection", "IndicatorCollection", "TableCollection"):
        assert f"pipelines.components.{name}" in listed.stdout


# --- the graph ---


def test_the_assets_are_the_way_of_the_data(
    sources: dict[str, Source], catalogue: Catalogue, specs: dict[dg.AssetKey, dg.AssetSpec]
) -> None:
    assert set(specs) == {
        *map(snapshot_key, sources),
        *map(observation_key, sources),
        *map(indicator_key, catalogue),
        *map(table_key, TABLES),
        RELEASE_KEY,
        *map(report_key, REPORTS),
        AS_OF_KEY,
    }


def test_every_asset_says_what_it_is_and_whose(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    for key, spec in specs.items():
        assert spec.description, key
        assert list(spec.owners) == ["team:compact-tracker"], key
        assert spec.kinds, key
        assert spec.group_name not in (None, "", "default"), key


def test_an_indicator_is_in_the_group_of_its_folder(
    catalogue: Catalogue, specs: dict[dg.AssetKey, dg.AssetSpec]
) -> None:
    for indicator_id, indicator in catalogue.items():
        spec = specs[indicator_key(indicator_id)]
        assert spec.group_name == catalogue.file_of(indicator_id).parent.name
        assert indicator.title in str(spec.description)


def test_the_kinds_tell_agencies_from_the_embedded_source(
    specs: dict[dg.AssetKey, dg.AssetSpec],
) -> None:
    assert specs[snapshot_key("world_factbook")].kinds == {"snapshot", "package"}
    assert specs[snapshot_key("worldbank_wdi")].kinds == {"snapshot", "http"}


def test_the_column_schema_is_that_of_the_published_table(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    for key, spec in specs.items():
        kind, *name = key.path
        table = {"observation": "observation", "indicator": "indicator", "table": name[0] if name else ""}
        if kind in table:
            _same_columns(spec.metadata["dagster/column_schema"], TABLES[table[kind]])


def _same_columns(shown: object, table: Table) -> None:
    assert isinstance(shown, dg.TableSchema)
    assert [column.name for column in shown.columns] == list(table.names)
    for column, declared in zip(shown.columns, table.columns, strict=True):
        assert (column.type, column.description) == (declared.type, declared.description)
        assert column.constraints.nullable == declared.nullable


def test_dependencies_follow_the_definitions_and_the_sql(
    sources: dict[str, Source], catalogue: Catalogue, specs: dict[dg.AssetKey, dg.AssetSpec]
) -> None:
    def inputs(key: dg.AssetKey) -> set[dg.AssetKey]:
        return {dep.asset_key for dep in specs[key].deps}

    assert inputs(indicator_key("internet_use_parity")) == {
        indicator_key("internet_use_female"),
        indicator_key("internet_use_male"),
    }
    assert observation_key("itu_datahub") in inputs(indicator_key("internet_use"))
    assert inputs(table_key("indicator")) == {indicator_key(name) for name in catalogue}
    assert inputs(table_key("method_disagreement")) == {table_key("progress")}
    assert inputs(table_key("inequality")) >= {table_key("lorenz"), table_key("aggregate")}
    assert inputs(RELEASE_KEY) == {table_key(name) for name in TABLES}
    for name in REPORTS:
        assert inputs(report_key(name)) == {RELEASE_KEY}
    for name in sources:
        assert inputs(snapshot_key(name)) == set()
        assert inputs(observation_key(name)) == {snapshot_key(name)}


def test_every_table_is_computed_after_those_that_it_reads() -> None:
    order = [table.name for table in (*DEFINED_TABLES, *MODEL_TABLES)]
    assert set(order) == set(TABLES)
    for table in MODEL_TABLES:
        for read in published_inputs(table.name):
            assert order.index(read) < order.index(table.name), (table.name, read)


def test_what_a_failed_check_would_publish_is_blocked_by_it(
    sources: dict[str, Source], catalogue: Catalogue, definitions: dg.Definitions
) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {key.asset_key for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
    assert blocking == {
        *map(observation_key, sources),
        *map(indicator_key, catalogue),
        *map(table_key, TABLES),
    }
    for key in graph.asset_check_keys:
        assert graph.get_check_spec(key).description, key


def test_one_job_of_everything_and_its_two_halves(definitions: dg.Definitions) -> None:
    chosen = {
        name: set(definitions.resolve_job_def(name).asset_layer.selected_asset_keys)
        for name in ("everything", "fetch_and_stage", "evaluate_and_release")
    }
    assert chosen["everything"] == {spec.key for spec in definitions.resolve_all_asset_specs()} - {AS_OF_KEY}
    assert chosen["fetch_and_stage"] | chosen["evaluate_and_release"] == chosen["everything"]
    assert {key.path[0] for key in chosen["fetch_and_stage"]} == {"snapshot", "observation"}
    assert chosen["fetch_and_stage"].isdisjoint(chosen["evaluate_and_release"])


def test_the_schedule_is_weekly_and_runs_everything(definitions: dg.Definitions) -> None:
    schedule = definitions.get_repository_def().get_schedule_def("weekly")
    assert schedule.job_name == "everything"
    assert schedule.execution_timezone == "UTC"
    # minute and hour, any day of any month, one day of the week
    assert re.fullmatch(r"\d{1,2} \d{1,2} \* \* [0-6]", str(schedule.cron_schedule))


def test_past_months_are_partitions_of_an_asset(definitions: dg.Definitions) -> None:
    partitions = definitions.resolve_asset_graph().get(AS_OF_KEY).partitions_def
    assert isinstance(partitions, dg.MonthlyPartitionsDefinition)


# --- runs ---


def materialize(
    of: dg.Definitions | RunContext, instance: dg.DagsterInstance, *keys: dg.AssetKey
) -> dg.ExecuteInProcessResult:
    """What the button Materialize of these assets does; every time in a run that knows of no other."""
    definitions = definitions_of(of) if isinstance(of, RunContext) else of
    job = definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        asset_selection=list(keys), instance=instance, run_config=QUIET, raise_on_error=False
    )


def definitions_of(context: RunContext) -> dg.Definitions:
    return run_definitions(context, {RESOURCE: CompactHome.of(RunState(context))})


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    (event,) = [event for event in result.all_events if event.is_step_failure]
    data = event.step_failure_data
    return str(data.user_failure_data.description if data.user_failure_data else data.error)


@pytest.fixture
def small(home: Path) -> Steps:
    """The embedded source and three indicators of it, on a home where it is staged."""
    context = open_context(Settings(home=home))
    return steps_of(
        home,
        [context.sources["world_factbook"]],
        map(entry, ("internet_use", "population", "people_offline")),
    )


def test_the_release_alone_on_an_empty_home_fails_and_makes_nothing(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMPACT_HOME", str(tmp_path))
    result = materialize(definitions, instance, RELEASE_KEY)
    assert not result.success
    assert "upstream not materialized: indicator/" in failure_of(result)
    assert result.get_asset_materialization_events() == []
    for folder in ("staged", "evaluated", "tables", "releases"):
        assert not (tmp_path / folder).exists(), folder


def test_what_is_upstream_is_never_made_unseen(small: Steps, instance: dg.DagsterInstance) -> None:
    """Each kind of asset alone, on a home in which only the one before it is missing."""
    made = small.context
    alone = materialize(made, instance, indicator_key("people_offline"))
    assert "upstream not materialized: indicator/" in failure_of(alone)
    assert not (small.home / "evaluated" / "internet_use").exists()

    for path in (small.home / "staged" / "world_factbook").iterdir():
        path.rename(path.with_name("of-other-code"))
    unstaged = materialize(made, instance, indicator_key("internet_use"))
    assert "upstream not materialized: observation/world_factbook" in failure_of(unstaged)
    assert [path.name for path in (small.home / "staged" / "world_factbook").iterdir()] == ["of-other-code"]


def test_an_indicator_has_rows_a_check_and_seconds_of_its_own(
    small: Steps, instance: dg.DagsterInstance
) -> None:
    made = small.context
    result = materialize(made, instance, *map(indicator_key, small.catalogue))
    assert result.success
    events = {e.asset_key: e.materialization.metadata for e in result.get_asset_materialization_events()}
    assert set(events) == {indicator_key(name) for name in small.catalogue}
    metadata = events[indicator_key("people_offline")]
    rows = pq.read_table(Path(str(metadata["file"].value)))
    assert metadata["dagster/row_count"].value == rows.num_rows > 0
    assert metadata["areas"].value == len(set(rows["ref_area"].to_pylist()))
    assert TypeAdapter(float).validate_python(metadata["seconds"].value) >= 0
    checks = {check.asset_key: check for check in result.get_asset_check_evaluations()}
    check = checks[indicator_key("people_offline")]
    assert check.check_name == "expect"
    assert set(check.metadata) >= {"not_empty", "unique_key", "range", "areas_min", "coverage", "magnitude"}
    assert not (small.home / "releases").exists()

    before = {path: path.stat().st_mtime_ns for path in (small.home / "evaluated").rglob("*.parquet")}
    assert materialize(made, instance, *map(indicator_key, small.catalogue)).success
    assert {path: path.stat().st_mtime_ns for path in before} == before  # nothing was computed a second time


def test_tables_release_and_lineage_in_the_order_of_the_graph(
    small: Steps, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPACT_REPORTS", "none")
    made = small.context
    assert materialize(made, instance, *map(indicator_key, small.catalogue)).success
    alone = materialize(made, instance, RELEASE_KEY)
    assert "upstream not materialized: table/" in failure_of(alone)
    tables = materialize(made, instance, *map(table_key, TABLES))
    assert tables.success
    rows = {e.asset_key: e.materialization.metadata for e in tables.get_asset_materialization_events()}
    assert set(rows) == {table_key(name) for name in TABLES}
    assert str(rows[table_key("area")]["preview"].value).startswith("| ref_area |")
    released = materialize(made, instance, RELEASE_KEY)
    assert released.success
    (event,) = released.get_asset_materialization_events()
    latest = small.home / "releases" / "latest"
    for name in TABLES:
        assert (
            rows[table_key(name)]["dagster/row_count"].value
            == pq.read_metadata(latest / f"{name}.parquet").num_rows
        )
    assert event.materialization.metadata["release"].value == latest.resolve().name
    assert not (small.home / "tables").exists()


def test_an_observation_counts_its_rows_and_its_ledger_is_checked(
    definitions: dg.Definitions, home: Path, instance: dg.DagsterInstance
) -> None:
    result = materialize(definitions, instance, observation_key("world_factbook"))
    (event,) = result.get_asset_materialization_events()
    metadata = event.materialization.metadata
    rejected = metadata["rows rejected"].value
    assert metadata["dagster/row_count"].value > 10_000
    assert metadata["rows in"].value == metadata["dagster/row_count"].value + rejected
    assert sum(metadata["reasons"].value.values()) == rejected
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("ledger", True)
    assert f"{metadata['rows in'].value:,} rows in" in str(check.description)


def test_a_source_without_a_snapshot_is_staged_as_nothing_and_says_so(
    definitions: dg.Definitions, home: Path, instance: dg.DagsterInstance
) -> None:
    result = materialize(definitions, instance, observation_key("itu_datahub"))
    (event,) = result.get_asset_materialization_events()
    assert event.materialization.metadata["state"].value == "no snapshot of this source yet"
    assert "dagster/row_count" not in event.materialization.metadata


def with_change(steps: Steps, indicator_id: str, **changes: object) -> Steps:
    """The same run with another definition of one indicator."""
    entries = dict(steps.catalogue.entries)
    one = entries[indicator_id]
    entries[indicator_id] = type(one)(one.indicator.model_copy(update=changes), one.file)
    return steps.with_flags(catalogue=Catalogue(entries))


def test_a_failed_check_withholds_the_release_and_names_it(
    small: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One indicator whose expectation no value meets: all are materialized, and nothing is published."""
    monkeypatch.setenv("COMPACT_REPORTS", "none")
    expect = small.catalogue["population"].expect.model_copy(update={"range": [0.0, 1.0]})
    run = with_change(small, "population", expect=expect)
    outcome = run.run()
    assert not outcome.succeeded
    (problem,) = run.problems
    assert isinstance(problem, ReleaseRefused)
    assert re.search(r"\d+ values of population lie outside 0 to 1: [A-Z]{3} \d{4}", str(problem))
    with open_instance(run.home) as instance:
        assert {name: state(instance, name) for name in small.catalogue} == {
            "population": ("materialized", False),
            "internet_use": ("materialized", True),
            "people_offline": ("materialized", True),
        }
        assert not instance.fetch_materializations(RELEASE_KEY, limit=1).records
    assert not [*run.home.glob("releases/*-*")]


def test_one_indicator_that_fails_fails_alone_and_the_release_is_withheld(
    small: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPACT_REPORTS", "none")
    (small.home / "evaluated").mkdir()
    (small.home / "evaluated" / "internet_use").write_text("a file where a folder must be")
    run = small
    outcome = run.run()
    assert not outcome.succeeded
    assert "internet_use" in run.problems[0].what
    with open_instance(run.home) as instance:
        assert state(instance, "population")[0] == "materialized"
        assert state(instance, "internet_use")[0] == "not materialized"
        assert state(instance, "people_offline")[0] == "not materialized"  # it is made of it
    assert not [*run.home.glob("releases/*-*")]


def state(instance: dg.DagsterInstance, indicator_id: str) -> tuple[str, bool | None]:
    """Whether an indicator was materialized, and whether what it is checked for held or may pass."""
    records = instance.fetch_materializations(indicator_key(indicator_id), limit=1).records
    key = dg.AssetCheckKey(indicator_key(indicator_id), "expect")
    summary = instance.event_log_storage.get_asset_check_summary_records([key])[key]
    record = summary.last_check_execution_record
    evaluation = record.evaluation if record else None
    if not isinstance(evaluation, dg.AssetCheckEvaluation):  # planned at most
        return "materialized" if records else "not materialized", None
    fine = evaluation.passed or evaluation.severity == dg.AssetCheckSeverity.WARN
    return "materialized" if records else "not materialized", fine


def test_a_run_without_changes_is_a_run_in_dagster_too(
    first_run: tuple[Path, Finished], tmp_path: Path, small: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPACT_REPORTS", "none")
    assert small.run().succeeded
    before = small.released
    again = small.with_flags()
    assert again.run().succeeded
    assert again.released is None
    with open_instance(small.home) as instance:
        runs = instance.get_runs()
        assert runs[0].job_name == "unchanged_sources"
        assert runs[0].status == dg.DagsterRunStatus.SUCCESS
        (record,) = instance.fetch_materializations(snapshot_key("world_factbook"), limit=1).records
        assert record.run_id == runs[0].run_id
    assert before is not None


# --- the instance ---


def test_telemetry_is_off(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    assert instance.telemetry_enabled is False
    assert instance.nux_enabled is False
    assert Path(instance.root_directory) == (tmp_path / "dagster").resolve()
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"]


def test_a_run_writes_nothing_that_could_be_sent_home(small: Steps, instance: dg.DagsterInstance) -> None:
    """Dagster would gather it in $DAGSTER_HOME/logs/event.log, under an id in .telemetry."""
    assert materialize(small.context, instance, indicator_key("population")).success
    left = {path.name for path in (small.home / "dagster").rglob("*")}
    assert left.isdisjoint(SENT_HOME)


def test_a_given_dagster_home_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "own"))
    assert prepare(tmp_path / "home") == tmp_path / "own"
    assert list(tmp_path.iterdir()) == []
