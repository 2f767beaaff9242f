"""What Dagster is given: assets, checks, jobs and the schedule; and what a run of them leaves behind.

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
import yaml

from indicators.registry import FOLDER, Catalogue, load_catalogue
from pipelines.dagster_instance.home import open_instance, prepare
from pipelines.defs.assets import RELEASE_KEY, indicator_key, source_key, staged_key
from pipelines.defs.jobs import EVALUATE_AND_RELEASE, EVERYTHING, FETCH_AND_STAGE, build
from pipelines.steps.run_context import Workspace
from schemas.columns.model import Table
from schemas.tables.registry import TABLES
from sources.settings import Settings
from tests.command import CHECKOUT, Finished
from tests.e2e.conftest import copied_home
from warehouse.store.publish import ReleaseRefused

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# Dagster's own words on itself, which no definition of ours can avoid (1.13.27).
OF_DAGSTER = (
    "Function `definitions_validate_command` is superseded",
    "Property `ScheduleDefinition.environment_",
)
SENT_HOME = {".telemetry", "id.yaml", "event.log"}


@pytest.fixture(scope="module")
def known() -> Workspace:
    """The definitions; no step is run in this one."""
    return Workspace(Settings(home=Path("not there")))


@pytest.fixture(scope="module")
def definitions(known: Workspace) -> dg.Definitions:
    return build(known)


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in definitions.resolve_all_asset_specs()}


@pytest.fixture
def home(first_run: tuple[Path, Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which the embedded source is staged and nothing else is done yet."""
    monkeypatch.setenv("COMPACT_HOME", str(tmp_path))
    return copied_home(first_run[0], tmp_path, "snapshots", "status", "staged")


@pytest.fixture
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance that the command line would use: in that home, with our dagster.yaml."""
    for name in ("DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "taken back after the test")
        monkeypatch.delenv(name)
    with open_instance(home) as found:
        yield found


def test_the_definitions_pass_dagsters_own_validation(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COMPACT_", "DAGSTER_"))}
    environment |= {
        "COMPACT_HOME": str(tmp_path),
        "DAGSTER_HOME": str(tmp_path),
        "HOME": str(tmp_path),
        "PYTHONWARNINGS": ",".join(["error", *(f"ignore:{text}" for text in OF_DAGSTER)]),
    }
    shutil.copy(CHECKOUT / "pipelines" / "dagster_instance" / "dagster.yaml", tmp_path)
    done = subprocess.run(
        [Path(sys.executable).with_name("dagster"), "definitions", "validate", "-m", "pipelines.definitions"],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validation successful for code location pipelines.definitions" in done.stdout + done.stderr
    assert "Warning" not in done.stdout + done.stderr
    left = {path.name for path in tmp_path.rglob("*")}
    assert left.isdisjoint({"snapshots", *SENT_HOME})  # to look at the definitions moves no data


# --- the graph ---


def test_one_asset_a_source_a_staged_table_and_an_indicator_and_the_release(
    known: Workspace, specs: dict[dg.AssetKey, dg.AssetSpec]
) -> None:
    assert set(specs) == {
        *map(source_key, known.sources),
        *map(staged_key, known.sources),
        *map(indicator_key, known.catalogue),
        RELEASE_KEY,
    }


def test_every_asset_says_what_it_is_and_whose(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    for key, spec in specs.items():
        assert spec.description, key
        assert list(spec.owners) == ["team:compact-tracker"], key
        assert spec.kinds, key
        assert spec.group_name not in (None, "", "default"), key


def test_an_asset_stands_in_the_group_of_its_folder(
    known: Workspace, specs: dict[dg.AssetKey, dg.AssetSpec]
) -> None:
    for indicator_id, indicator in known.catalogue.items():
        spec = specs[indicator_key(indicator_id)]
        assert spec.group_name == known.catalogue.file_of(indicator_id).parent.name
        assert indicator.title in str(spec.description)
    assert {specs[source_key(name)].group_name for name in known.sources} == {"sources"}
    assert {specs[staged_key(name)].group_name for name in known.sources} == {"staged"}


def test_the_kinds_tell_agencies_from_the_embedded_source(
    known: Workspace, specs: dict[dg.AssetKey, dg.AssetSpec]
) -> None:
    kinds = {name: specs[source_key(name)].kinds for name in known.sources}
    assert kinds["world_factbook"] == {"snapshot", "package"}
    assert kinds["worldbank_wdi"] == {"snapshot", "http"}


@pytest.mark.parametrize(("kind", "table"), [("staged", "observation"), ("indicator", "indicator")])
def test_the_column_schema_is_that_of_the_published_table(
    specs: dict[dg.AssetKey, dg.AssetSpec], kind: str, table: str
) -> None:
    mine = [spec for key, spec in specs.items() if key.path[0] == kind]
    assert mine
    for spec in mine:
        _same_columns(spec.metadata["dagster/column_schema"], TABLES[table])


def _same_columns(shown: object, table: Table) -> None:
    assert isinstance(shown, dg.TableSchema)
    assert [column.name for column in shown.columns] == list(table.names)
    for column, declared in zip(shown.columns, table.columns, strict=True):
        assert (column.type, column.description) == (declared.type, declared.description)
        assert column.constraints.nullable == declared.nullable


def test_dependencies_follow_the_definitions(
    known: Workspace, specs: dict[dg.AssetKey, dg.AssetSpec]
) -> None:
    def inputs(key: dg.AssetKey) -> set[dg.AssetKey]:
        return {dep.asset_key for dep in specs[key].deps}

    assert inputs(indicator_key("internet_use_parity")) == {
        indicator_key("internet_use_female"),
        indicator_key("internet_use_male"),
    }
    assert inputs(indicator_key("internet_use")) == {
        staged_key(item.source)
        for item in known.catalogue["internet_use"].named_inputs()["value"]
        if item.source
    }
    assert staged_key("itu_datahub") in inputs(indicator_key("internet_use"))
    assert inputs(RELEASE_KEY) == {indicator_key(name) for name in known.catalogue}
    for name in known.sources:
        assert inputs(source_key(name)) == set()
        assert inputs(staged_key(name)) == {source_key(name)}


def test_every_indicator_and_staged_table_has_its_checks(
    known: Workspace, definitions: dg.Definitions
) -> None:
    graph = definitions.resolve_asset_graph()
    checks: dict[dg.AssetKey, set[str]] = {}
    for key in graph.asset_check_keys:
        checks.setdefault(key.asset_key, set()).add(key.name)
        assert graph.get_check_spec(key).description, key
    for name, indicator in known.catalogue.items():
        expected = {"not_empty", "unique_key", "range", "areas_min", "coverage", "magnitude"}
        expected |= {"yearly_change"} if indicator.expect.yearly_change else set()
        expected |= {"disagreement"} if indicator.disagreement else set()
        assert checks.pop(indicator_key(name)) == expected
    assert checks == {staged_key(name): {"ledger"} for name in known.sources} | {
        source_key(name): {"fresh"} for name in known.sources
    }


def test_one_job_of_everything_and_its_two_halves(definitions: dg.Definitions) -> None:
    chosen = {
        name: set(definitions.resolve_job_def(name).asset_layer.selected_asset_keys)
        for name in (EVERYTHING, FETCH_AND_STAGE, EVALUATE_AND_RELEASE)
    }
    assert {job.name for job in definitions.resolve_all_job_defs() if not job.name.startswith("__")} == set(
        chosen
    )
    assert chosen[EVERYTHING] == {spec.key for spec in definitions.resolve_all_asset_specs()}
    assert chosen[FETCH_AND_STAGE] | chosen[EVALUATE_AND_RELEASE] == chosen[EVERYTHING]
    assert chosen[FETCH_AND_STAGE] & chosen[EVALUATE_AND_RELEASE] == set()
    assert {key.path[0] for key in chosen[FETCH_AND_STAGE]} == {"source", "staged"}


def test_the_schedule_is_weekly_and_runs_everything(definitions: dg.Definitions) -> None:
    (schedule,) = definitions.schedules or ()
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert schedule.job_name == EVERYTHING
    assert schedule.execution_timezone == "UTC"
    # minute and hour, any day of any month, one day of the week
    assert re.fullmatch(r"\d{1,2} \d{1,2} \* \* [0-6]", str(schedule.cron_schedule))


# --- runs ---


def test_one_indicator_computes_itself_and_what_it_is_made_of(
    definitions: dg.Definitions, home: Path, instance: dg.DagsterInstance
) -> None:
    first = _materialize(definitions, instance, "people_offline")
    files = _evaluated(home)
    assert {path.parent.name for path in files} == {"people_offline", "internet_use", "population"}
    assert not (home / "releases").exists()
    assert first.asset_materializations_for_node("indicators")[0].asset_key == indicator_key("people_offline")
    (event,) = first.get_asset_materialization_events()
    metadata = event.materialization.metadata
    path = Path(str(metadata["file"].value))
    assert path in files
    rows = pq.read_table(path)
    assert metadata["dagster/row_count"].value == rows.num_rows > 0
    assert metadata["areas"].value == len(set(rows["ref_area"].to_pylist()))
    checks = {check.check_name: check for check in first.get_asset_check_evaluations()}
    assert checks.keys() >= {"not_empty", "unique_key", "range", "areas_min"}
    assert all(check.asset_key == indicator_key("people_offline") for check in checks.values())
    assert checks["range"].passed
    assert "people_offline" in str(checks["range"].description)

    again = _materialize(definitions, instance, "people_offline")
    assert again.success
    assert _evaluated(home) == files  # names and times of writing: nothing was computed a second time


def test_the_staged_table_counts_its_rows_and_its_ledger_is_checked(
    definitions: dg.Definitions, home: Path, instance: dg.DagsterInstance
) -> None:
    job = definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        asset_selection=[staged_key("world_factbook")], instance=instance, run_config=QUIET
    )
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
    job = definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        asset_selection=[staged_key("itu_datahub")], instance=instance, run_config=QUIET
    )
    (event,) = result.get_asset_materialization_events()
    assert event.materialization.metadata["state"].value == "no snapshot of this source yet"
    assert "dagster/row_count" not in event.materialization.metadata


def test_a_failed_check_refuses_the_release_and_says_why(
    home: Path, instance: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One indicator whose expectation no value meets: all are computed, and nothing is published."""
    workspace = Workspace(Settings(home=home))
    workspace.catalogue = _with_an_impossible_range("population", tmp_path_factory.mktemp("indicators"))
    job = build(workspace, dg.ResourceDefinition.hardcoded_resource(workspace)).resolve_job_def(
        EVALUATE_AND_RELEASE
    )
    result = job.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False)
    assert not result.success
    assert {event.node_name for event in result.all_events if event.is_step_failure} == {"release"}

    logged = instance.all_logs(result.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    failed = [
        entry.dagster_event.asset_check_evaluation_data
        for entry in logged
        if entry.dagster_event and not entry.dagster_event.asset_check_evaluation_data.passed
    ]
    (check,) = [found for found in failed if found.severity == dg.AssetCheckSeverity.ERROR]
    assert (check.asset_key, check.check_name) == (indicator_key("population"), "range")
    assert re.search(r"\d+ values of population lie outside 0 to 1: [A-Z]{3} \d{4}", str(check.description))
    assert check.metadata["outside"].value > 200

    (problem,) = workspace.problems
    assert isinstance(problem, ReleaseRefused)
    assert str(check.description) in str(problem)
    failure = next(event for event in result.all_events if event.is_step_failure)
    assert str(check.description) in str(failure.step_failure_data.error)
    assert [path for path in (home / "releases").iterdir() if not path.name.startswith(".")] == []


def _with_an_impossible_range(indicator_id: str, folder: Path) -> Catalogue:
    for file in FOLDER.glob("*/*.yaml"):
        (folder / file.parent.name).mkdir(exist_ok=True)
        definition = yaml.safe_load(file.read_text(encoding="utf-8"))
        if file.stem == indicator_id:
            definition["expect"]["range"] = [0, 1]
        (folder / file.parent.name / file.name).write_text(yaml.safe_dump(definition), encoding="utf-8")
    return load_catalogue(folder)


def _materialize(
    definitions: dg.Definitions, instance: dg.DagsterInstance, indicator_id: str
) -> dg.ExecuteInProcessResult:
    """What the button Materialize of one asset does."""
    job = definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        asset_selection=[indicator_key(indicator_id)], instance=instance, run_config=QUIET
    )


def _evaluated(home: Path) -> dict[Path, int]:
    """The files of evaluated indicators, and when each was written."""
    return {path: path.stat().st_mtime_ns for path in (home / "evaluated").rglob("*.parquet")}


# --- the instance ---


def test_telemetry_is_off(instance: dg.DagsterInstance, home: Path) -> None:
    assert instance.telemetry_enabled is False
    assert instance.nux_enabled is False
    assert Path(instance.root_directory) == (home / "dagster").resolve()
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"]


def test_a_run_writes_nothing_that_could_be_sent_home(
    definitions: dg.Definitions, home: Path, instance: dg.DagsterInstance
) -> None:
    """Dagster would gather it in $DAGSTER_HOME/logs/event.log, under an id in .telemetry."""
    _materialize(definitions, instance, "population")
    left = {path.name for path in (home / "dagster").rglob("*")}
    assert left.isdisjoint(SENT_HOME)


def test_a_given_dagster_home_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "own"))
    assert prepare(tmp_path / "home") == tmp_path / "own"
    assert list(tmp_path.iterdir()) == []
