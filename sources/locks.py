"""File locks (flock): the operating system releases them when the process ends, however it ends.

`file_lock` is the one implementation. `home_lock` locks COMPACT_HOME, `source_lock` the fetch of one source,
and `write_lock` is held for moments only. Each wait has a timeout, and its error names the holder.
pipelines/maintenance/cleanup.py removes the files of a dead run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from logging import getLogger
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Literal, Protocol, TextIO

from schemas.errors import CompactError

try:
    import fcntl
except ImportError:  # not a POSIX system: concurrent runs are not prevented, see docs/running.md
    fcntl = None  # type: ignore[assignment,unused-ignore]

HOME_LOCK = ".at_work"
DEADLINE = 4 * 3600.0  # seconds: longer than the slowest fetch takes at its agency's rate
MOMENTS = 600.0  # seconds for an operation of milliseconds: beyond them, the holder is stopped or stuck
PAUSE = 0.02  # seconds between two attempts
FETCHED = ("fetched", "confirmed", "accepted")  # events after which a resource is up to date
HOLDER = re.compile(r"(.+), process (\d+), since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")


class Locked(Exception):
    """Another process or thread holds the lock. holder: the content of the lock file."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class SourceLocked(CompactError):
    """Another process has been fetching the source for too long. The call may succeed once it has ended."""

    retriable = True


class WriterStuck(CompactError):
    """Another process has held a short-lived lock for minutes. The call may succeed once it has ended."""

    retriable = True


class HomeLocked(CompactError):
    """Another process uses this COMPACT_HOME. The call may succeed once it has ended."""

    retriable = True


@dataclass(frozen=True)
class LockHolder:
    """Holder of a lock on a home: operation, process and start."""

    what: str
    process: int
    since: datetime


def lock_holder(home: Path) -> LockHolder | None:
    """Return the holder of the exclusive lock on a home; None if there is none, or it has not written its
    name yet.

    It acquires no lock, which could block a run that starts at that moment. The holder is the process named
    in the lock file, if it is alive and, where the system lists its locks, holds this one.
    """
    try:
        text = (home / HOME_LOCK).read_text(encoding="utf-8", errors="replace")
        inode = (home / HOME_LOCK).stat().st_ino
    except OSError:
        return None
    named = HOLDER.fullmatch(text.strip())
    if named is None or not _has_lock(int(named[2]), inode):
        return None
    return LockHolder(named[1], int(named[2]), datetime.fromisoformat(f"{named[3]}+00:00"))


def _has_lock(process: int, inode: int) -> bool:
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:  # another system, or a container that hides it
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    locks = (line.split() for line in lines)
    return any(
        lock[1:4] == ["FLOCK", "ADVISORY", "WRITE"]
        and int(lock[4]) == process
        and lock[5].rpartition(":")[2] == str(inode)
        for lock in locks
        if len(lock) >= 6
    )


@contextmanager
def file_lock(
    path: Path, *, wait: float, shared: bool = False, mode: Literal["a+", "r"] = "a+"
) -> Iterator[TextIO]:
    """Hold a lock on a file until the block ends; yields the open file.

    Args:
        path: the lock file; it is created with its folder.
        wait: seconds to wait for other holders to end.
        shared: together with other shared holders, instead of alone.
        mode: `r` for a file that exists and may be on a read-only file system.

    Raises:
        Locked: another holder still has it after `wait` seconds.
        OSError: the file system does not support locks.
    """
    if mode != "r":
        path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode, encoding="utf-8") as file:
        if fcntl is not None:
            _acquire(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, wait)
        yield file  # closing the file releases the lock


def _acquire(file: TextIO, kind: int, wait: float) -> None:
    end = monotonic() + wait
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if monotonic() >= end:
                file.seek(0)
                raise Locked(file.read().strip()) from None
        sleep(PAUSE)


@contextmanager
def write_lock(
    path: Path, *, shared: bool = False, mode: Literal["a+", "r"] = "a+", deadline: float = MOMENTS
) -> Iterator[None]:
    """Hold a short-lived lock, such as while lines are appended.

    Args:
        path: the lock file.
        shared: together with other shared holders, instead of alone.
        mode: as for `file_lock`.
        deadline: seconds to wait for another process.

    Raises:
        WriterStuck: another process still holds it after the deadline.
    """
    with ExitStack() as held:
        try:
            held.enter_context(file_lock(path, wait=deadline, shared=shared, mode=mode))
        except Locked:
            raise WriterStuck(
                f"another process has held this lock for more than {deadline:.0f} seconds",
                where=str(path),
                allowed="a moment",
                next_step="see whether it was stopped (`fuser` names it), end it, and run again",
            ) from None
        yield


@contextmanager
def home_lock(home: Path, holder: str, *, alone: bool = True) -> Iterator[None]:
    """Hold the lock on COMPACT_HOME.

    Args:
        home: COMPACT_HOME.
        holder: the operation, shown to other processes.
        alone: exclusive (a run, `gc`), or shared with other operations that only append.

    Raises:
        HomeLocked: another process holds it.
    """
    with ExitStack() as held:
        try:
            file = held.enter_context(file_lock(home / HOME_LOCK, shared=not alone, wait=0))
        except Locked as locked:
            raise HomeLocked(
                f"COMPACT_HOME is locked by another process: {locked.holder or 'unknown'}",
                where=str(home),
                allowed="one run at a time in one COMPACT_HOME",
                next_step="wait until it has ended, then run again; `latest` can be read meanwhile",
            ) from None
        file.truncate(0)
        file.write(f"{holder}, process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        file.flush()
        yield


class EventLog(Protocol):
    """The part of the snapshot store that `source_lock` uses."""

    folder: Path

    def events(self, source_id: str) -> Sequence[Mapping[str, Any]]:
        """Return the source's events so far, in order."""
        ...


@contextmanager
def source_lock(store: EventLog, source_id: str, deadline: float = DEADLINE) -> Iterator[frozenset[str]]:
    """Hold the lock on fetching one source; a second process waits, and then uses the first one's snapshots.

    Yields the resources that another process fetched or confirmed while this one waited: usually none.

    Args:
        store: the snapshot store.
        source_id: the source.
        deadline: seconds to wait for another process.

    Raises:
        SourceLocked: another process still fetches it after the deadline.
    """
    path = store.folder / "crawling" / source_id
    with ExitStack() as held:
        fetched_meanwhile: frozenset[str] = frozenset()
        try:
            held.enter_context(file_lock(path, wait=0))
        except Locked:
            seen = len(store.events(source_id))
            getLogger(__name__).warning("%s: another process is fetching it; waiting", source_id)
            try:
                held.enter_context(file_lock(path, wait=deadline))
            except Locked:
                raise SourceLocked(
                    f"another process has been fetching {source_id} for more than {deadline:.0f} seconds",
                    where=str(path),
                    allowed="one fetch of a source at a time",
                    next_step="end the process that holds the lock (`fuser` names it), and run again",
                ) from None
            since = store.events(source_id)[seen:]
            fetched_meanwhile = frozenset(event["resource"] for event in since if event["event"] in FETCHED)
        yield fetched_meanwhile
