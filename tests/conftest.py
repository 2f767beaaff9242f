"""Fixtures for all tests: the folder of real agency data and the stand-in server, where they are beside the
checkout."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

pytest_plugins = ["tests.faults.table"]

CHECKOUT = Path(__file__).resolve().parent.parent
WHY = "the folder of real agency data is not beside the checkout (set COMPACT_SHARED to its path)"

# the same examples on every machine, however busy it is; more of them in the long form, `make faults`
FULL = os.environ.get("COMPACT_FAULTS") == "full"
EXAMPLES = 100 if FULL else 30
settings.register_profile("same", derandomize=True, deadline=None, database=None, max_examples=EXAMPLES)
settings.load_profile("same")

# processes that tests start would compile every module that they import again
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# the width of a terminal is that of the tests that ask for one
os.environ.pop("COLUMNS", None)

KEPT = ("COMPACT_SHARED", "COMPACT_REPORTS", "COMPACT_FAULTS")
os.environ["COMPACT_REPORTS"] = "none"  # they take half a minute a release: the tests of reports ask for them


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in [] if FULL else items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="long: run by `make faults`"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings must not reach a test."""
    for name in [name for name in os.environ if name.startswith("COMPACT_") and name not in KEPT]:
        monkeypatch.delenv(name)


def shared_folder() -> Path | None:
    folder = Path(os.environ.get("COMPACT_SHARED", CHECKOUT.parent / "shared"))
    return folder if (folder / "agencies" / "serve.py").exists() else None


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if folder is None:
        pytest.skip(WHY)
    return folder


class StandIn:
    """The running stand-in server: its addresses as settings, and its switches."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-B", "serve.py", "--port", str(self.port)],
            cwd=folder / "agencies",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.env: dict[str, str] = {}
        assert self.process.stdout is not None
        for line in self.process.stdout:
            name, _, url = line.strip().partition("=")
            if name.startswith("COMPACT_URL_"):
                self.env[name] = url
            if "KEEPITON" in name:
                break
        # The stand-in has its own name for one source; those that it lacks are out of reach, never asked.
        self.env["COMPACT_URL_UN_DATA_COMMONS"] = self.env["COMPACT_URL_UNDATA"]
        for path in (CHECKOUT / "sources" / "agencies").glob("*/source.yaml"):
            self.env.setdefault(f"COMPACT_URL_{path.parent.name.upper()}", "http://127.0.0.1:9")
        self._wait()

    def _wait(self) -> None:
        for _ in range(100):
            try:
                self._ask("GET", "/__log")
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the stand-in did not start")

    def _ask(self, method: str, path: str, given: Any = None) -> Any:
        body = None if given is None else json.dumps(given).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def fault(self, **fault: Any) -> None:
        self._ask("POST", "/__faults", fault)

    def reset(self) -> None:
        self._ask("POST", "/__reset", {})

    def log(self) -> list[dict[str, Any]]:
        result: list[dict[str, Any]] = self._ask("GET", "/__log")
        return result

    def vintage(self, name: str) -> None:
        self._ask("POST", "/__vintage", {"source": "unsd_sdg", "vintage": name})

    def revise(self, **change: Any) -> None:
        self._ask("POST", "/__revise", change)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="session")
def _running_stand_in(shared: Path) -> Iterator[StandIn]:
    server = StandIn(shared)
    yield server
    server.stop()


@pytest.fixture
def stand_in(_running_stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The stand-in, clean, with COMPACT_URL_* pointing to it."""
    _running_stand_in.reset()
    for name, url in _running_stand_in.env.items():
        monkeypatch.setenv(name, url)
    yield _running_stand_in
    _running_stand_in.reset()
