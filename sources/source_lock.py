"""One crawl of a source at a time: whoever comes second waits, and then takes what the first has brought.

Dagster's pools say the same for its own runs; this holds for whatever else asks, in any process. The lock is
a file's (flock): the system gives it back however the process ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from sources.snapshots.store import Store

try:
    import fcntl
except ImportError:  # not a POSIX system: one run at a time, see docs/snapshots.md
    fcntl = None  # type: ignore[assignment,unused-ignore]

BROUGHT = ("fetched", "confirmed", "accepted")


@contextmanager
def source_lock(store: Store, source_id: str) -> Iterator[frozenset[str]]:
    """Hold the only right to crawl this source. Gives the resources that another crawl has fetched or
    confirmed while this one waited: none, mostly."""
    folder = store.folder / "crawling"
    folder.mkdir(parents=True, exist_ok=True)
    brought: frozenset[str] = frozenset()
    with (folder / source_id).open("a") as lock:
        if fcntl is not None and not _free(lock):
            seen = len(store.events(source_id))
            fcntl.flock(lock, fcntl.LOCK_EX)
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
