"""The real Dagster UI: it opens on this checkout, shows our assets, and computes one indicator.

Each step waits for what it needs, and never longer than LIMIT; when the test ends, no process of it is left.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from indicators.registry import load_catalogue
from pipelines.steps.reports import REPORTS
from schemas.tables.registry import TABLES
from sources.registry.sources import load_sources
from tests.command import CHECKOUT, Finished
from tests.e2e.conftest import copied_home, nobody_answers

LIMIT = 300.0  # seconds for one step, many times what it takes on an idle machine
CHOSEN = "internet_use"
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}

SHOWN = """{
  assetNodes { assetKey { path } groupName owners { ... on TeamAssetOwner { team } } }
  repositoriesOrError { ... on RepositoryConnection { nodes {
    name location { name } jobs { name } schedules { name cronSchedule }
  } } }
}"""
LAUNCH = """mutation($given: ExecutionParams!) {
  launchPipelineExecution(executionParams: $given) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  }
}"""
RUN = """query($id: ID!) { runOrError(runId: $id) { ... on Run {
  status
  assetMaterializations { assetKey { path } metadataEntries { label ... on IntMetadataEntry { intValue } } }
} } }"""

T = TypeVar("T")


def until(ask: Callable[[], T | None], what: str, limit: float = LIMIT) -> T:
    """Ask until there is an answer; fail, and say what was waited for, after so many seconds."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if (result := ask()) is not None:
            return result
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {limit:g} seconds")


@dataclass
class Ui:
    """`compact ui` as it runs, in a session of its own, and the file with what it says."""

    port: int
    home: Path
    process: subprocess.Popen[bytes]
    said: Path

    def ask(self, path: str, given: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if given is None else json.dumps(given).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return json.loads(answer.read())

    def query(self, text: str, **variables: Any) -> Any:
        answer = self.ask("/graphql", {"query": text, "variables": variables})
        assert "errors" not in answer, answer
        return answer["data"]

    def answers(self) -> bool | None:
        assert self.process.poll() is None, self.said.read_text()
        try:
            return bool(self.ask("/server_info"))
        except OSError:
            return None

    def ended(self) -> bool | None:
        """Whether no process of its session is left."""
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def ui(first_run: tuple[Path, Finished], tmp_path: Path) -> Iterator[Ui]:
    home = copied_home(first_run[0], tmp_path / "home", "snapshots", "status", "staged")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COMPACT_", "DAGSTER_"))}
    environment |= {"COMPACT_HOME": str(home), "HOME": str(tmp_path), **nobody_answers()}
    port, said = _free_port(), tmp_path / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", "ui", "--port", str(port)],
            cwd=CHECKOUT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Ui(port, home, process, said)
    try:
        yield running
    finally:
        if not running.ended():
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(LIMIT)


def test_the_ui_shows_our_assets_and_computes_one_indicator_alone(ui: Ui) -> None:
    until(ui.answers, "the UI answers")
    shown = ui.query(SHOWN)
    paths = {tuple(node["assetKey"]["path"]) for node in shown["assetNodes"]}
    sources, indicators = set(load_sources()), set(load_catalogue())
    assert paths == {
        *(("snapshot", name) for name in sources),
        *(("observation", name) for name in sources),
        *(("indicator", name) for name in indicators),
        *(("table", name) for name in TABLES),
        ("release",),
        ("release_as_of",),
        *(("report", name) for name in REPORTS),
    }
    assert {owner["team"] for node in shown["assetNodes"] for owner in node["owners"]} == {"compact-tracker"}
    (repository,) = shown["repositoriesOrError"]["nodes"]
    assert {"everything", "fetch_and_stage", "evaluate_and_release"} <= {
        job["name"] for job in repository["jobs"]
    }
    assert {schedule["name"] for schedule in repository["schedules"]} == {
        "weekly",
        *(f"ask_{name}" for name in sources if name != "world_factbook"),
    }

    run = _materialize(ui, repository, ["indicator", CHOSEN])
    assert run["status"] == "SUCCESS", ui.said.read_text()
    (made,) = run["assetMaterializations"]
    assert made["assetKey"]["path"] == ["indicator", CHOSEN]
    assert {e["label"]: e.get("intValue") for e in made["metadataEntries"]}["dagster/row_count"] > 200
    files = [p.relative_to(ui.home / "evaluated") for p in (ui.home / "evaluated").rglob("*.parquet")]
    assert [path.parts[0] for path in files] == [CHOSEN]
    assert not (ui.home / "releases").exists()

    ui.process.send_signal(signal.SIGTERM)
    until(ui.ended, "all processes of the UI have ended")
    assert ui.process.returncode == 0, ui.said.read_text()
    assert not {path.name for path in ui.home.parent.rglob("*")} & {".telemetry", "event.log"}
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", ui.port)) != 0


def _materialize(ui: Ui, repository: dict[str, Any], path: list[str]) -> dict[str, Any]:
    """What the button Materialize does in the browser, and how the run ended."""
    selector = {
        "repositoryName": repository["name"],
        "repositoryLocationName": repository["location"]["name"],
        "jobName": "__ASSET_JOB",
        "assetSelection": [{"path": path}],
    }
    launched = ui.query(LAUNCH, given={"selector": selector, "mode": "default"})["launchPipelineExecution"]
    assert launched["__typename"] == "LaunchRunSuccess", launched

    def ended() -> dict[str, Any] | None:
        run: dict[str, Any] = ui.query(RUN, id=launched["run"]["runId"])["runOrError"]
        return run if run["status"] in ENDED else None

    return until(ended, f"the run of {'/'.join(path)} ends")
