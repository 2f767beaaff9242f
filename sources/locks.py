"""Who may work in COMPACT_HOME: one run alone, or several that only add what others do not touch.

The right is a lock on a file that the system takes back when the process ends, however it ends. Reading needs
none. What a dead run left behind is removed in pipelines/maintenance/cleanup.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from schemas.errors import CompactError

try:
    import fcntl
except ImportError:  # not a POSIX system: nothing keeps two runs apart, see docs/running.md
    fcntl = None  # type: ignore[assignment,unused-ignore]

LOCK = ".at_work"


class Busy(CompactError):
    """Another process works in this COMPACT_HOME. The same call may succeed once it has ended."""

    retriable = True


@contextmanager
def home_lock(home: Path, what: str, *, alone: bool = True) -> Iterator[None]:
    """Hold the right to work in home, for what a person calls `what`; alone, or beside others that are not.
    Raises Busy at once where somebody has it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK).open("a+", encoding="utf-8") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise Busy(
                    f"another process is at work here: {file.read().strip() or 'its name is not known'}",
                    where=str(home),
                    allowed="one run at a time in one COMPACT_HOME",
                    next_step="wait until it has ended, then run again; `latest` can be read meanwhile",
                ) from None
        file.truncate(0)
        file.write(f"{what}, process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        file.flush()
        yield
