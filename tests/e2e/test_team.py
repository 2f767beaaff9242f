"""Team mode as deploy/ describes it: PostgreSQL, code location, daemon and webserver, each a process of its
own, started by the commands of the systemd units. Runs go through the daemon's queue and are read from
PostgreSQL."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, create_engine, text

from tests.command import CHECKOUT
from tests.e2e.conftest import nobody_answers
from tests.e2e.test_ui import LAUNCH, LIMIT, until
from tests.faults.table import saw
from tests.unit.local_agency import LocalAgency, Reply

DEPLOY = CHECKOUT / "deploy"
LONG = 4 * LIMIT  # for three processes that start at once
PASSWORD = "a/p@ss:w%rd#?$ '\\\"of the test"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - inside a container of its own
UNITS = ("code", "daemon", "webserver")
Process = subprocess.Popen[bytes]
RUNS = "select run_id, status, start_time, end_time from runs order by start_time"


def unit(name: str) -> RawConfigParser:
    result = RawConfigParser(strict=False)
    result.optionxform = str  # type: ignore[assignment,method-assign]
    result.read(DEPLOY / "systemd" / f"compact-{name}.service", encoding="utf-8")
    return result


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def programs() -> Path:
    """Where PostgreSQL's programs are; Debian keeps them out of the path."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").is_file():
            return folder
    if result := shutil.which("initdb"):
        return Path(result).parent
    pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A server of the test's own. The address of an empty database."""
    bin_, folder, port = programs(), Path(tempfile.mkdtemp(prefix="compact-postgres-")), free_port()
    data, password = folder / "data", folder / "password"
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    if user:  # it refuses to run as root
        for path in (folder, password):
            shutil.chown(path, **user)
    subprocess.run(
        [
            bin_ / "initdb",
            "-D",
            data,
            "-U",
            "compact",
            "-A",
            "scram-sha-256",
            "--pwfile",
            password,
            "-E",
            "UTF8",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        **user,
    )
    server = subprocess.Popen(
        [bin_ / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-c", "fsync=off"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **user,
    )
    url = f"postgresql+psycopg2://compact@127.0.0.1:{port}"
    ready = [bin_ / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
    try:
        until(
            lambda: True if subprocess.run(ready, capture_output=True, check=False).returncode == 0 else None,
            "PostgreSQL answers",
        )
        yield f"{url}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(LIMIT)
        shutil.rmtree(folder)


@contextmanager
def started(name: str, folder: Path, environment: dict[str, str], web: int) -> Iterator[Process]:
    """The process of a unit, with its command; paths and ports are the test's. It writes to NAME.txt."""
    command = unit(name)["Service"]["ExecStart"].replace("/var/lib/compact/dagster", str(folder))
    command = re.sub(r"\$\{(\w+)\}", lambda found: environment[found[1]], command).replace("3000", str(web))
    program, *given = command.split()
    with (folder / f"{name}.txt").open("wb") as out:
        process = subprocess.Popen(
            [Path(sys.executable).with_name(Path(program).name), *given],
            cwd=CHECKOUT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(LIMIT)


@dataclass
class Team:
    """All processes. web: the port of the webserver; silent: an agency that never ends its answer."""

    folder: Path
    web: int
    silent: LocalAgency
    environment: dict[str, dict[str, str]]
    stack: ExitStack
    running: dict[str, Process] = field(default_factory=dict)

    def start(self, name: str) -> None:
        process = started(name, self.folder, self.environment[name], self.web)
        self.running[name] = self.stack.enter_context(process)

    def loaded(self) -> bool | None:
        assert [process.poll() for process in self.running.values()] == [None] * len(UNITS), said(self.folder)
        return True if location(self.web) else None


@pytest.fixture
def team(postgres: str, tmp_path: Path) -> Iterator[Team]:
    folder, web = tmp_path / "dagster", free_port()
    folder.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copyfile(DEPLOY / name, folder / name)
    shared = {k: v for k, v in os.environ.items() if not k.startswith(("COMPACT_", "DAGSTER_"))}
    shared |= {
        "HOME": str(tmp_path),
        "DAGSTER_HOME": str(folder),
        "COMPACT_POSTGRES_URL": postgres,
        "PGPASSWORD": PASSWORD,
    }
    shared |= {"COMPACT_CODE_HOST": "127.0.0.1", "COMPACT_CODE_PORT": str(free_port())}
    with LocalAgency(Reply(b"{}", drip=60.0)) as silent, ExitStack() as stack:
        alone = {"COMPACT_HOME": str(tmp_path / "home"), "COMPACT_REPORTS": "none", **nobody_answers()}
        alone["COMPACT_URL_ITU_DATAHUB"] = silent.url
        environment = {name: shared | (alone if name == "code" else {}) for name in UNITS}
        made = Team(folder, web, silent, environment, stack)
        for name in UNITS:
            made.start(name)
        until(made.loaded, "the code location is loaded", LONG)
        yield made


def said(folder: Path) -> str:
    return "\n".join(f"{path.stem}: {path.read_text()[-2000:]}" for path in folder.glob("*.txt"))


def ask(web: int, query: str, **variables: Any) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{web}/graphql",
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=LIMIT) as answer:
        return json.loads(answer.read())["data"]


RELOAD = """mutation { reloadRepositoryLocation(repositoryLocationName: "compact-tracker") {
  ... on WorkspaceLocationEntry { locationOrLoadError {
    ... on RepositoryLocation { name repositories { name } } } } } }"""


TERMINATE = """mutation($id: String!) {
  terminateRun(runId: $id, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename } }"""


def location(web: int) -> dict[str, Any] | None:
    """The code location as the webserver has it now, if it has it: name, and names of repositories."""
    try:
        result: dict[str, Any] = ask(web, RELOAD)["reloadRepositoryLocation"]["locationOrLoadError"]
    except (OSError, KeyError, TypeError):
        return None
    return result if result.get("repositories") else None


def launch(web: int, source: str) -> str:
    result = location(web)
    assert result is not None
    selector = {
        "repositoryName": result["repositories"][0]["name"],
        "repositoryLocationName": result["name"],
        "jobName": f"source_{source}",
    }
    tagged = [{"key": "compact/source", "value": source}]
    given = {"selector": selector, "mode": "default", "executionMetadata": {"tags": tagged}}
    made = ask(web, LAUNCH, given=given)["launchPipelineExecution"]
    assert made["__typename"] == "LaunchRunSuccess", made
    return str(made["run"]["runId"])


def runs(engine: Engine, *, ended: int) -> list[Any]:
    """All runs, once so many have ended."""

    def rows() -> list[Any] | None:
        with engine.connect() as con:
            results = list(con.execute(text(RUNS)))
        return results if sum(row.end_time is not None for row in results) == ended else None

    return until(rows, f"{ended} runs have ended", LONG)


@pytest.mark.fault("team mode: all of the code location is killed in a run")
def test_a_team_s_runs_wait_in_the_queue_and_are_on_record_in_postgres(
    team: Team, postgres: str, tmp_path: Path
) -> None:
    asked = {launch(team.web, "world_factbook"), launch(team.web, "world_factbook")}
    assert len(asked) == 2
    engine = create_engine(postgres, connect_args={"password": PASSWORD})
    try:
        first, second = runs(engine, ended=2)
        assert {first.run_id, second.run_id} == asked
        assert (first.status, second.status) == ("SUCCESS", "SUCCESS"), said(team.folder)
        assert first.end_time <= second.start_time, "a source is never fetched twice at once"
        with engine.connect() as con:
            events = {
                row[0] for row in con.execute(text("select distinct dagster_event_type from event_logs"))
            }
            made = con.execute(text("select asset_key from asset_keys")).scalars().all()
        assert {
            "PIPELINE_ENQUEUED",
            "PIPELINE_STARTING",
            "ASSET_MATERIALIZATION",
            "PIPELINE_SUCCESS",
        } <= events
        assert {'["snapshot", "world_factbook"]', '["observation", "world_factbook"]'} <= set(made)
        assert (tmp_path / "home" / "staged" / "world_factbook").is_dir()
        assert not list(team.folder.rglob("*.db")), "nothing is kept in SQLite"

        # an agency is being asked, and all of the code location dies at once
        lost = launch(team.web, "itu_datahub")
        until(lambda: True if team.silent.log else None, "the agency is asked", LONG)
        os.killpg(team.running["code"].pid, signal.SIGKILL)
        team.running["code"].wait(LIMIT)
        team.start("code")
        until(team.loaded, "the code location is loaded again", LONG)
        seen = len(team.silent.log)
        launch(team.web, "itu_datahub")  # waits for the one that is no more
        ask(team.web, TERMINATE, id=lost)
        assert {row.run_id: row.status for row in runs(engine, ended=3)}[lost] == "CANCELED"
        until(lambda: True if len(team.silent.log) > seen else None, "the agency is asked anew", LONG)
        saw("the run looks as if it went on, until it is terminated in the web interface; the next one works")
    finally:
        engine.dispose()


def test_compose_and_the_units_say_the_same() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert set(services) == {"postgres", *UNITS}
    for name in UNITS:
        command = unit(name)["Service"]["ExecStart"].split("/.venv/bin/")[1]
        command = command.replace("/var/lib/compact", "").replace("${COMPACT_CODE_HOST}", "code-inside")
        command = command.replace("${COMPACT_CODE_PORT}", "4266").replace(
            "-h 127.0.0.1 -p 3000", f"-h {EVERYWHERE} -p 3000"
        )
        assert services[name]["command"] == command
        assert ("/data" in str(services[name].get("volumes"))) == (name == "code")
        assert "no-new-privileges:true" in services[name]["security_opt"]
    assert services["webserver"]["ports"] == ["127.0.0.1:3000:3000"]


def test_the_instance_of_a_team_keeps_the_pools_of_the_single_one() -> None:
    single = yaml.safe_load(
        (CHECKOUT / "pipelines" / "dagster_instance" / "dagster.yaml").read_text(encoding="utf-8")
    )
    team = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
    for part in ("concurrency", "telemetry", "nux"):
        assert team[part] == single[part]
