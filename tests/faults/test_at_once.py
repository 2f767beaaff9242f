"""The web interface and the command line in one home at the same time: one of them gets the name of the
lock's holder, and nothing is partial.
"""

import time
from pathlib import Path

import dagster as dg
import pytest

from pipelines.components.resources import RESOURCE, CompactHome
from sources.locks import HomeLocked, home_lock
from tests.command import in_process
from tests.faults.table import saw
from tests.faults.test_web_guard import LAUNCH, LIMIT, Web, serving


def run_of_the_interface(home: Path, inside: list[str]) -> dg.ExecuteInProcessResult:
    """A run as the web interface starts it, with the resource of every asset of ours. inside: what happens
    while it lasts."""

    @dg.op(required_resource_keys={RESOURCE})
    def work(context: dg.OpExecutionContext) -> None:
        done = in_process("run", "--offline", home=home)
        inside.append(f"{done.code} {done.err}")
        assert context.resources.compact.state is not None

    @dg.job(resource_defs={RESOURCE: CompactHome(home=str(home), offline=True)})
    def job() -> None:
        work()

    return job.execute_in_process(raise_on_error=False)


@pytest.mark.fault("a run of the web interface while the command line runs")
def test_a_run_of_the_interface_is_told_that_the_command_line_works(tmp_path: Path) -> None:
    inside: list[str] = []
    with home_lock(tmp_path, "compact run"):
        result = run_of_the_interface(tmp_path, inside)
    assert not result.success
    assert inside == [], "nothing of it ran"
    said = "\n".join(str(event) for event in result.all_events)
    assert "COMPACT_HOME is locked by another process: compact run, process" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [".at_work"]
    saw("COMPACT_HOME is locked by another process: compact run")


@pytest.mark.fault("the command line while a run of the web interface goes on")
def test_the_command_line_is_told_that_a_run_of_the_interface_goes_on(tmp_path: Path) -> None:
    inside: list[str] = []
    result = run_of_the_interface(tmp_path, inside)
    assert result.success, [str(event) for event in result.all_events if event.is_failure]
    (said,) = inside
    assert "locked by another process: a run of Dagster, process" in said
    assert "wait until it has ended" in said
    assert not said.startswith("0")
    assert not (tmp_path / "releases").exists()
    saw(next(line for line in said.splitlines() if "locked" in line))
    with home_lock(tmp_path, "compact run"):
        pass  # the lock is free again


def test_two_runs_of_the_interface_share_the_home(tmp_path: Path) -> None:
    with home_lock(tmp_path, "a run of Dagster", alone=False):
        with home_lock(tmp_path, "a run of Dagster", alone=False):
            pass
        with pytest.raises(HomeLocked), home_lock(tmp_path, "compact run"):
            pass


WAITING = """
import os, time
from pathlib import Path
import dagster as dg
from pipelines.components.resources import RESOURCE, CompactHome

HERE = Path(os.environ["HERE"])

@dg.asset(required_resource_keys={RESOURCE})
def one(context) -> None:
    (HERE / "begun").touch()
    while not (HERE / "go").exists():
        time.sleep(0.05)

defs = dg.Definitions(
    assets=[one],
    jobs=[dg.define_asset_job("everything")],
    resources={RESOURCE: CompactHome(home=str(HERE / "home"), offline=True)},
)
"""
# No daemon takes runs from a queue here.
AT_ONCE = "run_coordinator: {module: dagster._core.run_coordinator, class: DefaultRunCoordinator}\n"
STATUSES = "{ runsOrError { ... on Runs { results { status } } } }"


def launched(web: Web, runs: int) -> None:
    assert web.ask(LAUNCH)["launchRun"]["__typename"] == "LaunchRunSuccess"
    assert web.runs() == runs


def status(web: Web) -> str:
    """That of the newest run."""
    return str(web.ask(STATUSES)["runsOrError"]["results"][0]["status"])


def ended(web: Web) -> str:
    end = time.monotonic() + LIMIT
    while (now := status(web)) not in ("SUCCESS", "FAILURE"):
        assert time.monotonic() < end, f"the run is still {now}"
        time.sleep(0.2)
    return now


@pytest.mark.long
@pytest.mark.fault("Dagster's web server and the command line in one home at once")
def test_a_run_that_the_web_server_launches_and_the_command_line_keep_apart(tmp_path: Path) -> None:
    """Processes of their own: the web server, its code location, the run that it launches, and this one."""
    home = tmp_path / "home"
    (tmp_path / "web").mkdir()
    with serving(tmp_path / "web", {"HERE": str(tmp_path)}, {}, WAITING, AT_ONCE) as web:
        with home_lock(home, "compact run"):
            launched(web, 1)
            assert ended(web) == "FAILURE"
            assert not (tmp_path / "begun").exists(), "nothing of it ran"
        launched(web, 2)
        end = time.monotonic() + LIMIT
        while not (tmp_path / "begun").exists():
            assert time.monotonic() < end, status(web)
            time.sleep(0.05)
        done = in_process("run", "--offline", home=home)
        assert done.code == 2, done.err
        assert "locked by another process: a run of Dagster, process" in done.err
        saw(next(line for line in done.err.splitlines() if "locked" in line))
        (tmp_path / "go").touch()
        assert ended(web) == "SUCCESS"
    with home_lock(home, "compact run"):
        pass  # the lock is free again
