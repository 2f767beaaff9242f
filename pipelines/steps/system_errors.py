"""Translates system faults into messages: a full disk, a read-only folder, an unsuitable file system. Each
library reports them in its own way; the operator gets one sentence and a remedy.
"""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from schemas.errors import CompactError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}
BROKEN = {errno.EIO, errno.ENOLCK, errno.ENOTSUP}
MANY = {errno.EMFILE, errno.ENFILE}
MEMORY = {errno.ENOMEM}
LONG = {errno.ENAMETOOLONG}
NOT_MAPPED = "failed to map segment"  # ImportError: a library of Python's found no room
# Messages of DuckDB, Arrow and SQLite, where they pass no error number on.
SAID = (
    (FULL, ("No space left on device", "Disk quota exceeded", "File too large", "disk is full")),
    (CLOSED, ("Read-only file system", "Permission denied", "readonly database", "unable to open database")),
    (BROKEN, ("disk I/O error", "Input/output error")),
    (MANY, ("Too many open files",)),
    (MEMORY, ("Out of Memory", "bad allocation", "bad_alloc", "malloc of size", "out of memory", NOT_MAPPED)),
    (LONG, ("File name too long",)),
)
NO_THREAD = "can't start new thread"  # Python's RuntimeError where no stack can be allocated
SQLITE_WRITE = "disk I/O error"
LIBRARIES = ("duckdb", "_duckdb", "pyarrow", "sqlite3", "sqlalchemy")


class SystemFault(CompactError):
    """A fault of the machine: no data are to blame, and the same run may succeed later."""

    retriable = True


def system_fault(error: BaseException, home: Path) -> SystemFault | None:
    """Return the SystemFault for an exception or its cause; None for any other exception."""
    for one in _causes(error):
        if isinstance(one, SystemFault):
            return one
        numbers, said = _numbers(one), str(one).strip().splitlines()
        where = str(getattr(one, "filename", None) or home)
        if numbers & FULL:
            return SystemFault(
                f"the disk is full, or a file may not grow further ({said[0]})",
                where=where,
                next_step="make room (`compact gc` removes what nothing needs), then run again: "
                "`latest` is as it was, and what is already stored is not fetched again",
            )
        if numbers & CLOSED:
            return SystemFault(
                f"this user may not read or write there ({said[0]})",
                where=where,
                next_step="give this user the right to write there, or set COMPACT_HOME to another folder",
            )
        if numbers & BROKEN:
            return SystemFault(
                f"the file system did not do what was asked ({said[0]})",
                where=where,
                next_step="see whether the disk is full or damaged (`df`), then run again",
            )
        if numbers & MANY:
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            return SystemFault(
                f"too many files are open: this process may have {most} at once ({said[0]})",
                where=where,
                next_step="raise the limit (`ulimit -n 1024`, LimitNOFILE of the unit), then run again",
            )
        if numbers & MEMORY:
            return SystemFault(
                f"memory is exhausted ({said[0] if said else type(one).__name__})",
                where=where,
                next_step="raise the limit of this process (`ulimit -v`, MemoryMax of the unit) or lower "
                "COMPACT_MEMORY, then run again: `latest` is as it was",
            )
        if numbers & LONG:
            return SystemFault(
                "a path is longer than the file system allows",
                where=f"{where[:200]}…" if len(where) > 200 else where,
                next_step="set COMPACT_HOME to a shorter path",
            )
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]


def _numbers(error: BaseException) -> set[int]:
    """Return the error numbers in an exception."""
    if isinstance(error, OSError) and error.errno in {*FULL, *CLOSED, *BROKEN, *MANY, *MEMORY, *LONG}:
        return {error.errno}
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and NO_THREAD in str(error)):
        return {errno.ENOMEM}
    if isinstance(error, SystemError) and resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        return {errno.ENOMEM}  # Python lost the MemoryError on its way
    if isinstance(error, OSError | ImportError) or type(error).__module__.split(".")[0] in LIBRARIES:
        text = str(error)
        if SQLITE_WRITE in text and resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
            return {errno.EFBIG}  # SQLite does not pass the number on
        for numbers, phrases in SAID:
            if any(phrase in text for phrase in (*phrases, *map(os.strerror, numbers))):
                return numbers
    return set()


class AtHome(Protocol):
    """An object with the home that a step uses."""

    @property
    def home(self) -> Path: ...


P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=AtHome)


def translate_system_errors(step: Callable[Concatenate[C, P], R]) -> Callable[Concatenate[C, P], R]:
    """Wrap a step of a run to raise system faults as SystemFault."""

    @wraps(step)
    def within(context: C, /, *positional: P.args, **options: P.kwargs) -> R:
        try:
            return step(context, *positional, **options)
        except CompactError:
            raise
        except Exception as error:
            if fault := system_fault(error, context.home):
                raise fault from error
            raise

    return within
