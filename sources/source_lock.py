"""One crawl of a source at a time: whoever comes second waits, and then takes what the first has brought.

It holds for whatever asks, in any process. The lock is a file's (flock): the system gives it back however the
process ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from time import monotonic, sleep
from typing import TextIO

from sources.locks import Busy
from sources.snapshots.store import Store

try:
    import fcntl
except ImportError:  # not a POSIX system: one run at a time, see docs/snapshots.md
    fcntl = None  # type: ignore[assignment,unused-ignore]

BROUGHT = ("fetched", "confirmed", "accepted")
DEADLINE = 4 * 3600.0  # seconds: longer than the slowest crawl takes at its agency's pace
PAUSE = 0.1


@contextmanager
def source_lock(store: Store, source_id: str, deadline: float = DEADLINE) -> Iterator[frozenset[str]]:
    """Hold the only right to crawl this source. Gives the resources that another crawl has fetched or
    confirmed while this one waited: none, mostly. Raises Busy after `deadline` seconds."""
    folder = store.folder / "crawling"
    folder.mkdir(parents=True, exist_ok=True)
    brought: frozenset[str] = frozenset()
    with (folder / source_id).open("a") as lock:
        if fcntl is not None and not _free(lock):
            seen = len(store.events(source_id))
            _wait_for(lock, source_id, deadline)
            since = store.events(source_id)[seen:]
            brought = frozenset(event["resource"] for event in since if event["event"] in BROUGHT)
        yield brought


def _free(lock: TextIO) -> bool:
    """Take the lock, if nobody has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for(lock: TextIO, source_id: str, deadline: float) -> None:
    getLogger(__name__).warning("%s: another process is fetching it; waiting for it to end", source_id)
    end = monotonic() + deadline
    while not _free(lock):
        if monotonic() > end:
            raise Busy(
                f"another process has been fetching {source_id} for more than {deadline:.0f} seconds",
                where=lock.name,
                allowed="one crawl of a source at a time",
                next_step="end the process that holds the lock (`fuser` on that file names it); run again",
            )
        sleep(PAUSE)
