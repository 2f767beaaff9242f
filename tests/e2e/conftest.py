"""One offline release for all tests that only read it, and the addresses at which nobody answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.registry import load_sources
from tests.command import Finished, compact


def nobody_answers() -> dict[str, str]:
    """Every agency at a closed port of this machine: refused at once, as behind a firewall."""
    return {f"COMPACT_URL_{s.id.upper()}": "http://127.0.0.1:9" for s in load_sources().values() if s.hosts}


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A home in which `compact run` was called once with no agency within reach, and how that ended."""
    home = tmp_path_factory.mktemp("home")
    return home, compact("run", home=home, env=nobody_answers())
