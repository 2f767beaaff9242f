"""Preconditions of a run, checked before it starts: the limit of open files, and a path that SQLite can open.
Faults during a run are in system_errors.py.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path

from pipelines.steps.system_errors import SystemFault

# bytes of COMPACT_HOME: SQLite opens paths of 511, and Dagster's names below it have up to 80
MOST_PATH = 420
# Dagster puts the path into a URL, sqlite:///..., where these characters have another meaning
REFUSED_SIGNS = "%?"
# A run of all sources was seen with 181 open files (2026-11-30). With none left, SQLite says "unable to open
# database file", and DuckDB 2.0 ends the whole process (std::terminate).
LEAST_FILES = 256
ENOUGH_FILES = 1024


class UnfitSurroundings(SystemFault):
    """A run cannot start here until an operator changes a setting."""

    retriable = False


def check_surroundings(home: Path) -> None:
    """Raise this process's limit of open files as far as needed, and reject an unfit environment.

    Raises:
        UnfitSurroundings: the limit of open files is too low and may not be raised, or Dagster cannot open
            its records in that path.
    """
    _allow_open_files()
    _check_path(home)


def _allow_open_files() -> None:
    """Raise the soft limit, which any process may raise up to the hard limit; `ulimit -n` sets both."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if soft != resource.RLIM_INFINITY and soft < LEAST_FILES:
        raise UnfitSurroundings(
            f"this process may have {soft} files open at once, too few for a run",
            where="ulimit -n",
            allowed=f"at least {LEAST_FILES}",
            next_step=f"raise it (`ulimit -n {ENOUGH_FILES}`, LimitNOFILE of the unit), then run again",
        )


def _check_path(home: Path) -> None:
    """Reject paths for which SQLite's own messages mislead; with `?`, it opens a file in another folder."""
    setting = "DAGSTER_HOME" if "DAGSTER_HOME" in os.environ else "COMPACT_HOME"
    path = str(Path(os.environ.get("DAGSTER_HOME", home)).resolve())
    if signs := [sign for sign in REFUSED_SIGNS if sign in path]:
        raise UnfitSurroundings(
            f"{setting} has a path with {' and '.join(signs)}, in which Dagster cannot open its records",
            where=setting,
            allowed=f"a path without {' and '.join(REFUSED_SIGNS)}",
            next_step=f"set {setting} to another folder",
        )
    if setting == "COMPACT_HOME" and (size := len(os.fsencode(home.resolve()))) > MOST_PATH:
        raise UnfitSurroundings(
            f"COMPACT_HOME has a path of {size} bytes, in which SQLite cannot open Dagster's records",
            where="COMPACT_HOME",
            allowed=f"at most {MOST_PATH} bytes",
            next_step="set COMPACT_HOME to a shorter path, or DAGSTER_HOME to another folder",
        )
