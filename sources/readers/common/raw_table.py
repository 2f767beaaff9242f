"""Shared by readers that write large tables: batches of snapshots, and the table `raw_row` itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sources.model import RAW_COLUMNS, SnapshotFiles

if TYPE_CHECKING:
    import duckdb

# bytes read at a time: enough for both cores, small compared to the memory limit
BATCH_BYTES = 96 * 1024 * 1024
TYPES = {"row": "bigint", "dims": "map(varchar, varchar)"}
ROOM = 64 * 1024  # beyond the largest page, as DuckDB's JSON reader requires


def make_wire(con: duckdb.DuckDBPyConnection) -> None:
    """Create empty tables `raw_row` and `raw_row_counted`, as described in sources/model.py."""
    columns = ", ".join(f'"{name}" {TYPES.get(name, "varchar")}' for name in RAW_COLUMNS)
    con.execute(f"create or replace temp table raw_row ({columns})")
    con.execute(
        "create or replace temp table raw_row_counted (snapshot varchar, reason varchar, rows bigint)"
    )


def batches(files: Sequence[SnapshotFiles], limit: int = BATCH_BYTES) -> Iterator[list[SnapshotFiles]]:
    """Group snapshots into batches of about `limit` bytes; the pages of one snapshot stay together."""
    group: list[SnapshotFiles] = []
    weight = 0
    for one in files:
        size = sum(path.stat().st_size for path in one.pages)
        if group and weight + size > limit:
            yield group
            group, weight = [], 0
        group.append(one)
        weight += size
    if group:
        yield group


def make_pages(con: duckdb.DuckDBPyConnection, group: Sequence[SnapshotFiles]) -> dict[str, object]:
    """Create the table `pages` (snapshot, number, path) of a batch. Returns the parameters for reading
    them: the paths, each once, and the size of the largest, which DuckDB allocates for each thread.
    """
    rows = [(one.snapshot, number, str(path)) for one in group for number, path in enumerate(one.pages)]
    con.execute("create or replace temp table pages (snapshot varchar, number integer, path varchar)")
    con.executemany("insert into pages values ($1, $2, $3)", rows)
    largest = max(path.stat().st_size for one in group for path in one.pages)
    return {"paths": sorted({path for _, _, path in rows}), "largest": largest + ROOM}
