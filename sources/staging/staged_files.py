"""The files of one staged source: written to a temporary folder, renamed into place, and verified before
reading.

The content is made in stage.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.columns.model import Table
from schemas.columns.observation import OBSERVATION
from schemas.definitions.source import Source
from schemas.tables.registry import LEDGER, QUARANTINE
from sources.model import SnapshotFiles
from sources.settings import CHECKOUT
from sources.snapshots.cache_record import file_sha256
from sources.snapshots.objects import StoreDamaged
from sources.staging.result import StageProblem

if TYPE_CHECKING:
    import duckdb


SQL = CHECKOUT / "sources" / "staging" / "sql"
STORED_PAGE = re.compile(r"[0-9a-f]{64}")
ROW_GROUP = 250_000
EXAMPLES = 10
OUR_MISTAKE = "this is a mistake of ours, in the reader or in sources/staging: please report it"


def check_pages(files: Sequence[SnapshotFiles]) -> None:
    """Raise StoreDamaged if the bytes of a stored page do not match its name: nothing is read from it.

    Args:
        files: snapshots with the pages to read; pages from outside the store, as in tests and new sources,
            have no such name and pass.
    """
    for page in (page for snapshot in files for page in snapshot.pages if STORED_PAGE.fullmatch(page.name)):
        if file_sha256(page) != page.name:
            raise StoreDamaged(
                f"stored page {page.name[:12]} has changed since it was fetched",
                where=str(page),
                allowed=f"bytes with sha256 {page.name}",
                next_step="delete that file and run again: it is fetched again",
            )


def discard(target: Path) -> None:
    """Remove a staged folder atomically, so that no reader finds a part of it."""
    aside = Path(tempfile.mkdtemp(prefix=".partial-", dir=target.parent))
    target.rename(aside / target.name)
    shutil.rmtree(aside)


def write_tables(
    con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles], aside: Path
) -> None:
    """Write the three tables, and check that every row is in one of them or counted."""
    columns = ", ".join(OBSERVATION.names[1:])
    kept = _write(
        con,
        f"select $source as source, {columns} from judged where reason is null order by "
        + ", ".join(OBSERVATION.key[1:]),
        {"source": source.id},
        OBSERVATION,
        aside / "observation.parquet",
    )
    listed = _write(
        con, statement("quarantine"), source_values(source), QUARANTINE, aside / "quarantine.parquet"
    )
    con.execute(
        "create temp table staged_snapshot as select unnest($ids) as snapshot",
        {"ids": sorted({f.snapshot for f in files})},
    )
    ledger = con.execute(statement("reconciliation")).fetchall()
    _write(
        con,
        f"select $source as source, * from ({statement('reconciliation')}) order by snapshot",
        {"source": source.id},
        LEDGER,
        aside / "ledger.parquet",
    )
    wrong = [row[0] for row in ledger if row[1] != row[2] + row[3]]
    counted = sum(
        n for row in ledger for reason, n in json.loads(row[4]).items() if reason in source.counted_only
    )
    sent = con.execute(
        "select (select count(*) from raw_row) + (select coalesce(sum(rows), 0) from raw_row_counted)"
    ).fetchone()
    if wrong or sent != (kept + listed + counted,) or sent != (sum(row[1] for row in ledger),):
        raise StageProblem(
            f"the ledger of {source.id} does not add up: {sent} rows came, {kept} were kept, {listed} "
            f"listed as refused, {counted} counted as refused; snapshots {wrong[:EXAMPLES]}",
            next_step=OUR_MISTAKE,
        )


def _write(
    con: duckdb.DuckDBPyConnection, sql: str, names: dict[str, object], table: Table, path: Path
) -> int:
    """Write a query's rows; return their number. Row groups have one size: equal rows give equal bytes."""
    import pyarrow.parquet as pq

    from schemas.tables.arrow import arrow_schema, row_groups
    from schemas.tables.validation import validate

    schema, rows = arrow_schema(table), 0
    with path.open("wb") as file:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for part in row_groups(con.sql(sql, params=names).to_arrow_reader(ROW_GROUP), schema, ROW_GROUP):
                validate(part, table)
                writer.write_table(part, row_group_size=ROW_GROUP)
                rows += part.num_rows
        file.flush()
        os.fsync(file.fileno())
    return rows


def rename_into_place(aside: Path, target: Path) -> None:
    aside.chmod(0o755)
    try:
        aside.rename(target)
    except OSError:
        if not target.is_dir():  # another run staged the same data meanwhile: use its tables
            raise


def source_values(source: Source) -> dict[str, object]:
    return {"source": source.id, "counted_only": list(source.counted_only)}


def statement(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
