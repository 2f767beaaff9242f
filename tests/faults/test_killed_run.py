"""`compact run` killed while it writes a release, with Dagster's records on disk: the next run finishes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from pipelines.dagster_instance.dead_runs import OPEN
from pipelines.dagster_instance.home import open_instance
from tests.command import CHECKOUT
from tests.e2e.conftest import nobody_answers
from tests.faults.bench import must_succeed
from tests.faults.table import saw
from tests.faults.tiny_bank import TinyBank, of_bank

LIMIT = 420.0  # seconds for a run that takes ten on an idle machine
COMMAND = [sys.executable, "-m", "pipelines.cli", "run", "--offline"]


def environment(home: Path) -> dict[str, str]:
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("COMPACT_", "DAGSTER_"))}
    return ours | {"COMPACT_HOME": str(home), "COMPACT_REPORTS": "none", **nobody_answers()}


def kill_while_building(home: Path) -> None:
    """Start a run and kill all of it once the folder of the release that it builds is there."""
    process = subprocess.Popen(
        COMMAND,
        cwd=CHECKOUT,
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + LIMIT
    while not [*home.glob("releases/.building-*")]:
        assert process.poll() is None, "the run ended before it was killed"
        assert time.monotonic() < end, "the run never came to building a release"
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(LIMIT) == -signal.SIGKILL


def open_runs(home: Path) -> tuple[list[str], set[str]]:
    """The runs that look as if they were under way, and those that claim a slot."""
    with open_instance(home) as instance:
        runs = instance.get_runs(dg.RunsFilter(statuses=list(OPEN)))
        return [run.run_id for run in runs], set(instance.event_log_storage.get_concurrency_run_ids())


@pytest.mark.fault("kill -9 while a release is built, Dagster's records on disk")
def test_the_run_after_a_killed_one_ends_by_itself(tmp_path: Path) -> None:
    kill_while_building(tmp_path)
    killed, claimed = open_runs(tmp_path)
    assert len(killed) == 1
    assert claimed == set()
    done = subprocess.run(
        COMMAND, cwd=CHECKOUT, env=environment(tmp_path), capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "releases" / "latest" / "release.json").is_file()
    assert [*tmp_path.glob("releases/.building-*")] == []
    assert open_runs(tmp_path) == ([], set())
    with open_instance(tmp_path) as instance:
        run = instance.get_run_by_id(killed[0])
        assert run is not None
        assert run.status == dg.DagsterRunStatus.FAILURE
    saw("the next run published the release")


@pytest.mark.fault("a slot that a killed run of an earlier version still claims")
def test_a_slot_that_a_dead_run_claims_is_freed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_REPORTS", "none")
    with open_instance(tmp_path) as instance:
        log = instance.event_log_storage
        log.set_concurrency_slots("release", 1)
        assert log.claim_concurrency_slot("release", "a dead run", "release").is_claimed
    with TinyBank() as bank:
        monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", bank.url)
        must_succeed(of_bank(tmp_path))
    assert open_runs(tmp_path) == ([], set())
