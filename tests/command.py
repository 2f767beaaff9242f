"""Runs the command line as a user does, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def compact(*arguments: str, home: Path, env: dict[str, str] | None = None) -> Finished:
    """`compact ARGUMENTS` with COMPACT_HOME=home, without reports; env adds to the environment."""
    return module("pipelines.cli", *arguments, home=home, env=env)


def module(name: str, *arguments: str, home: Path, env: dict[str, str] | None = None) -> Finished:
    """`python -m NAME ARGUMENTS` in the same way."""
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith("COMPACT_") or k.startswith("COMPACT_URL_")
    }
    environment |= {"COMPACT_HOME": str(home), "COMPACT_REPORTS": "none", "PYTHONWARNINGS": "default"}
    environment |= env or {}
    environment.pop("DAGSTER_HOME", None)
    done = subprocess.run(
        [sys.executable, "-m", name, *arguments],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Finished(done.returncode, done.stdout, done.stderr)
