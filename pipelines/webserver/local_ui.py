"""`compact ui`: code server, guarded web server and daemon on this machine, until one of them ends or the
operator stops them.

Replaces `dagster dev`, which always starts Dagster's web server without a guard.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml
from dagster._cli.proxy_server_manager import ProxyServerManager
from dagster._core.instance import DagsterInstance
from dagster._core.workspace.load_target import ModuleTarget

MODULE, LOCATION, HOST = "pipelines.definitions", "compact-tracker", "127.0.0.1"
POLL_SECONDS, STOP_SECONDS = 0.5, 60.0
Processes = Mapping[str, "subprocess.Popen[bytes]"]


def run_local_ui(port: int) -> int:
    """Run the web server and the daemon on one code server.

    Args:
        port: port of the web interface on 127.0.0.1.

    Returns:
        The exit code: 0 if the operator stopped them, 1 if one of them ended by itself.
    """
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopped.append(received))
    with _code_server() as workspace:
        web = ["-m", "pipelines.webserver", "-w", str(workspace), "-h", HOST, "-p", str(port)]
        daemon = ["-m", "dagster._daemon", "run", "-w", str(workspace)]
        with _processes({"web server": web, "daemon": daemon}) as processes:
            print(f"Web interface: http://{HOST}:{port} (Ctrl-C ends it)", flush=True)
            ended = _wait(processes, stopped)
    for name, code in ended.items():
        print(f"The {name} ended by itself with exit code {code}.", file=sys.stderr)
    return 1 if ended else 0


@contextmanager
def _code_server() -> Iterator[Path]:
    """Start one code server for both, and yield the workspace file that names it.

    It ends by itself once this process stops sending heartbeats.
    """
    target = ModuleTarget(module_name=MODULE, attribute=None, working_directory=None, location_name=LOCATION)
    with (
        DagsterInstance.get() as instance,
        ProxyServerManager(instance, target, code_server_log_level="WARNING") as server,
        tempfile.TemporaryDirectory(prefix="compact-ui-") as folder,
    ):
        workspace = Path(folder) / "workspace.yaml"
        workspace.write_text(yaml.safe_dump({"load_from": server.get_code_server_specs()}), encoding="utf-8")
        yield workspace


@contextmanager
def _processes(arguments: Mapping[str, Sequence[str]]) -> Iterator[Processes]:
    started = {name: subprocess.Popen([sys.executable, *command]) for name, command in arguments.items()}  # noqa: S603
    try:
        yield started
    finally:
        for process in started.values():
            process.terminate()
        end = time.monotonic() + STOP_SECONDS
        for process in started.values():
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(processes: Processes, stopped: Sequence[int]) -> dict[str, int]:
    """Wait until the operator stops them or one ends. Returns those that ended by themselves."""
    while not stopped:
        ended = {name: code for name, process in processes.items() if (code := process.poll()) is not None}
        if ended and not stopped:
            return ended
        time.sleep(POLL_SECONDS)
    return {}
