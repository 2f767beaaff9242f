"""One offline release for all read-only tests, and URLs of unavailable agencies."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from sources.registry.sources import load_sources
from tests.command import Finished, compact


def nobody_answers() -> dict[str, str]:
    """Every agency at a closed port of this machine: refused at once, as behind a firewall."""
    return {f"COMPACT_URL_{s.id.upper()}": "http://127.0.0.1:9" for s in load_sources().values() if s.hosts}


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A home in which `compact run` was called once with no agency within reach, and how that ended."""
    return shared_home(
        tmp_path_factory, "first_run", lambda home: compact("run", home=home, env=nobody_answers())
    )


def shared_home(
    factory: pytest.TempPathFactory, name: str, run: Callable[[Path], Finished]
) -> tuple[Path, Finished]:
    """A home made once for all workers of pytest-xdist: the first to come makes it, the others wait."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    folder = (factory.getbasetemp().parent if worker else factory.getbasetemp()) / name
    folder.mkdir(exist_ok=True)
    outcome, home = folder / "outcome.json", folder / "home"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not outcome.exists():
            outcome.write_text(json.dumps(asdict(run(home))), encoding="utf-8")
    return home, Finished(**json.loads(outcome.read_text(encoding="utf-8")))


def copied_home(home: Path, to: Path, *folders: str) -> Path:
    """A copy of a home that a test may change: these folders of it, or all."""
    if not folders:
        return Path(shutil.copytree(home, to, symlinks=True, dirs_exist_ok=True))
    for name in folders:
        shutil.copytree(home / name, to / name, symlinks=True)
    return to
