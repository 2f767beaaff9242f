"""The archive COMPACT_HOME/contributions/<kind>: files as received, sender and time, and the table of
accepted rows.

```
objects/ab/<sha256>      the bytes of each file, and the accepted rows of each import, by their sha256
manifest.jsonl           one line an import: the ledger
returned/                workbooks of rejected rows
<kind>.parquet           what is accepted now: one row a key, the latest; derived from the first two
```
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.columns.model import Table
from schemas.tables.arrow import arrow_schema
from sources.locks import write_lock
from sources.snapshots.atomic import write_atomic
from sources.snapshots.events import Event
from sources.snapshots.manifest import Manifest
from sources.snapshots.objects import Objects, StoreDamaged

EVENT = "imported"


class Archive:
    """The contributions of one kind. Concurrent imports wait for each other."""

    def __init__(self, home: Path, table: Table) -> None:
        self.folder, self.table = home / "contributions" / table.name, table
        self.objects = Objects(self.folder / "objects")
        self.path = self.folder / f"{table.name}.parquet"

    def imports(self) -> list[Event]:
        """Return the ledger: every import, in order."""
        manifest = Manifest(self.folder / "manifest.jsonl")
        return [event for _, event in manifest.new_events() if event["event"] == EVENT]

    def add(self, data: bytes, rows: Sequence[Mapping[str, Any]], event: Mapping[str, Any]) -> int:
        """Store a file and its accepted rows.

        The line in the manifest commits the import; the table is derived from it. Returns the number of
        earlier rows that were replaced.
        """
        from schemas.tables.validation import validate  # importing Pandera and pandas takes half a second

        accepted = arrow_table(rows, self.table)
        validate(accepted, self.table)
        with write_lock(self.folder / "lock"):
            before = self._current(self.imports())
            self.objects.put(data)
            line = {"event": EVENT, **event, "rows": self.objects.put(_bytes(accepted))}
            after = self._current([*self.imports(), line])
            validate(after, self.table)
            Manifest(self.folder / "manifest.jsonl").append([line])
            write_atomic(self.path, _bytes(after))
        replaced: int = before.num_rows + accepted.num_rows - after.num_rows
        return replaced

    def rebuild(self) -> bool:
        """Rebuild the table from the manifest, after an import was killed.

        Returns:
            Whether the table differed from the manifest.
        """
        if not self.folder.is_dir():
            return False
        with write_lock(self.folder / "lock"):
            for partial in [*self.folder.glob("objects/*/.new-*"), *self.folder.glob(f".{self.path.name}.*")]:
                partial.unlink(missing_ok=True)  # of a dead import: a live one would hold the lock
            if not (self.folder / "manifest.jsonl").is_file():
                return False
            body = _bytes(self._current(self.imports()))
            if self.path.is_file() and self.path.read_bytes() == body:
                return False
            write_atomic(self.path, body)
        return True

    def _current(self, imports: Sequence[Event]) -> pa.Table:
        """Return one row per key, from the latest import that has it, sorted by key."""
        schema = arrow_schema(self.table)
        parts = [
            self._rows(event).append_column(
                "import_number", pa.array([number] * event["accepted"], pa.int32())
            )
            for number, event in enumerate(imports)
        ]
        if not parts:
            return schema.empty_table()
        key = ", ".join(f'"{name}"' for name in self.table.key)
        with duckdb.connect(config={"autoinstall_known_extensions": False, "TimeZone": "UTC"}) as con:
            con.register("contributed", pa.concat_tables(parts))
            current: pa.Table = con.sql(
                f"""
                select * exclude (import_number)
                from contributed
                qualify row_number() over (partition by {key} order by import_number desc) = 1
                order by {key}
                """
            ).to_arrow_table()
        return current.cast(schema)

    def _rows(self, event: Event) -> pa.Table:
        path = self.objects.path(event["rows"])
        if fault := self.objects.fault(event["rows"], path.stat().st_size if path.is_file() else 0):
            raise StoreDamaged(
                fault,
                where=str(self.folder),
                next_step=f"restore the rows of {event['file']}, imported {event['at']}, from a copy",
            )
        return pq.read_table(path, schema=arrow_schema(self.table))


def arrow_table(rows: Sequence[Mapping[str, Any]], table: Table) -> pa.Table:
    """Convert rows to a table of the contract's types, sorted by key."""
    ordered = sorted(rows, key=lambda row: [(row[name] is not None, row[name] or 0) for name in table.key])
    return pa.Table.from_pylist([dict(row) for row in ordered], schema=arrow_schema(table))


def _bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def utc(at: datetime) -> datetime:
    """Convert a moment to UTC; one without a time zone is a programming error."""
    if at.tzinfo is None:
        raise ValueError("the time of an import has no zone")
    return at.astimezone(UTC)
