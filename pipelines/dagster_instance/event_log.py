"""How Dagster's log reaches SQLite in a run of ours: on kept connections, without waiting for the disk.

Where its records are is said in instance.py. Imported where Dagster is used: a run in which nothing changed
needs neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event

if TYPE_CHECKING:
    from dagster import DagsterInstance


@event.listens_for(Engine, "connect")
def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
    """Dagster commits some thousand times a run, and each commit would wait for the disk (measured 2026-11:
    most of a run's time). A killed process loses nothing by this, a power cut at worst Dagster's own log of
    the run: never data, which the store and the releases sync themselves."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("pragma synchronous = off")


def keep_connections(instance: DagsterInstance) -> None:
    """Let the log of a run keep its connections to SQLite. Dagster opens one for every event, with an engine
    of its own that has to compile each statement anew (measured 2026-11-23: a quarter of a whole run). The
    lock is Dagster's, one connection at a time; another kind of storage is left as it is."""
    from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
    from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS

    storage: Any = instance.event_log_storage
    if type(storage) is not SqliteEventLogStorage:
        return
    engines: dict[str, Engine] = {}

    @contextmanager
    def connect(shard: str) -> Iterator[Connection]:
        with storage._db_lock:
            if shard not in engines:
                wait = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
                engines[shard] = create_engine(storage.conn_string_for_shard(shard), connect_args=wait)
            if shard not in storage._initialized_dbs:
                storage._initdb(engines[shard])
                storage._initialized_dbs.add(shard)
            with engines[shard].connect() as connection, connection.begin():
                yield connection

    setattr(storage, "_connect", connect)  # noqa: B010  # a method of an object, which mypy would not have assigned
