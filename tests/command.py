"""Runs the command line: `compact` in a process of its own, as a user does; `in_process` in that of the test,
which saves the start of Python and its imports where nothing depends on the process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

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


def in_process(*arguments: str, home: Path, env: dict[str, str] | None = None) -> Finished:
    """What `compact` returns, without a process of its own."""
    from pipelines.cli.app import main

    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        mock.patch.dict(os.environ, _environment(home, env), clear=True),
        mock.patch.object(sys, "argv", ["compact", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        contextlib.chdir(CHECKOUT),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Finished(code, out.getvalue(), err.getvalue())


def _environment(home: Path, env: dict[str, str] | None) -> dict[str, str]:
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith("COMPACT_") or k.startswith("COMPACT_URL_")
    }
    kept |= {"COMPACT_HOME": str(home), "COMPACT_REPORTS": "none", "PYTHONWARNINGS": "default"}
    kept |= env or {}
    kept.pop("DAGSTER_HOME", None)
    return kept


def module(name: str, *arguments: str, home: Path, env: dict[str, str] | None = None) -> Finished:
    """`python -m NAME ARGUMENTS` in the same way."""
    done = subprocess.run(
        [sys.executable, "-m", name, *arguments],
        cwd=CHECKOUT,
        env=_environment(home, env),
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Finished(done.returncode, done.stdout, done.stderr)
