"""The SQL engine: DuckDB in memory with its limits, the model files, and the one function that writes a
table.

Computations are in models/sql/*.sql and evaluation/. No state is kept between calls.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Lock

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.columns.model import Table
from schemas.tables.arrow import arrow_schema, row_groups
from sources.settings import load_settings
from sources.snapshots.atomic import replacing

MODELS = Path(__file__).resolve().parent.parent / "models" / "sql"
CHECKOUT = MODELS.parent.parent
ROW_GROUP = 65_536  # small enough that reading one series touches few rows, large enough for good compression

_opening = Lock()  # threads that come at once share a database: two would have twice the memory


@contextmanager
def engine(
    temp: Path | None = None, *, threads: int | None = None, in_order: bool = True
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a DuckDB in memory, whose temporary tables and views are its own and end with it.

    The database behind it is kept for the process, as opening one takes longer than most questions; nothing
    but temporary tables may be made in it. in_order: rows without `order by` come as they stand in their
    file; where every select that counts is ordered, doing without takes a tenth of the time less.
    """
    with _opening:
        database = _database(temp, threads, in_order, os.getpid())
    with _cursor(database) as con:
        yield con


@contextmanager
def sealed_engine(reads: Iterable[Path], temp: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, in a database that reaches the files in these folders and nothing else: no other file, no
    network, no extension, and no way to change that. For SQL of which a part is written by others."""
    folders = sorted({form for path in reads for form in (str(path), str(path.resolve()))})
    with _opening:
        database = _sealed(tuple(folders), temp, os.getpid())
    with _cursor(database) as con:
        yield con


@contextmanager
def _cursor(database: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    with _opening:
        con = database.cursor()
    con.execute("set enable_progress_bar = false")  # DuckDB draws it on stdout, which is for answers
    try:
        yield con
    finally:
        con.close()


@lru_cache(maxsize=2)
def _sealed(folders: tuple[str, ...], temp: Path | None, _process: int) -> duckdb.DuckDBPyConnection:
    con = _open(temp, None)
    con.execute("set allowed_directories = $folders", {"folders": list(folders)})
    con.execute("set enable_external_access = false")  # for good: it cannot be switched on again
    return con


@cache
def _database(
    temp: Path | None, threads: int | None, in_order: bool, _process: int
) -> duckdb.DuckDBPyConnection:
    return _open(temp, threads, in_order)


def _open(temp: Path | None, threads: int | None, in_order: bool = True) -> duckdb.DuckDBPyConnection:
    """Nothing is downloaded: extensions come with the wheel or not at all."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads or min(os.cpu_count() or 1, 8),
        "memory_limit": f"{memory_limit() >> 20}MiB",
        "autoinstall_known_extensions": "false",
        "preserve_insertion_order": in_order,
        "parquet_metadata_cache": True,  # asked of a file again and again; not used where it is seconds old
        "temp_directory": str(temp or Path(tempfile.gettempdir()) / f"compact-{os.getpid()}"),
    }
    con = duckdb.connect(":memory:", config=config)
    # It reads a file once for each part, of which it takes the more the larger the file, even where a
    # condition leaves little of it to read (2.0.0: 26 times for a thirtieth of 300 million rows).
    con.execute("set disabled_optimizers = 'partitioned_execution'")
    return con


def memory_limit() -> int:
    """The bytes that DuckDB may keep in memory: the setting COMPACT_MEMORY."""
    return load_settings().memory_bytes


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def parquet(path: Path) -> str:
    """A parquet file as a table of SQL."""
    return f"read_parquet({literal(str(path))})"


def load_models(con: duckdb.DuckDBPyConnection, names: Sequence[str], *, again: bool = False) -> None:
    """Models that others read, as temporary tables of their names, in this order. again: even where the
    tables are there, whose inputs are others now."""
    for name in names:
        how = "create or replace temp table" if again else "create temp table if not exists"
        con.execute(f"{how} {name} as\n{model_sql(name)}")


def model_sql(name: str) -> str:
    """The text of a model file: one select statement, its reasoning in comments at the top."""
    return (MODELS / f"{name}.sql").read_text(encoding="utf-8")


def run_sql(con: duckdb.DuckDBPyConnection, sql: str, contract: Table) -> pa.Table:
    """The rows of a select in the columns, types and order of a published table.

    The columns are taken by name, so a model may list them in any order; one too few is an error of DuckDB's.
    """
    return con.sql(_in_order(sql, contract)).to_arrow_table().cast(arrow_schema(contract))


def stream_sql(con: duckdb.DuckDBPyConnection, sql: str, contract: Table) -> pa.RecordBatchReader:
    """The same rows, as they come: never all of them in memory. The connection is busy until the last one."""
    return con.sql(_in_order(sql, contract)).to_arrow_reader(ROW_GROUP).cast(arrow_schema(contract))


def _in_order(sql: str, contract: Table) -> str:
    columns = ", ".join(f'"{name}"' for name in contract.names)
    order = ", ".join(f'"{name}" nulls last' for name in contract.key)
    return f"select {columns}\nfrom (\n{sql.strip().rstrip(';')}\n)\norder by {order}"


def write_table(
    rows: pa.Table | pa.RecordBatchReader, contract: Table, path: Path, *, check: bool = True
) -> int:
    """Write rows that are sorted by their key, checked against their contract. The same rows give the same
    bytes, however they come in batches. Returns how many they are.

    check is switched off only where the file is read back and checked afterwards.
    """
    if check:
        from schemas.tables.validation import validate  # Pandera and pandas take half a second to import

        rows = rows if isinstance(rows, pa.Table) else rows.read_all()
        validate(rows.cast(arrow_schema(contract)), contract)
    written = 0
    with (
        replacing(path, durable=False) as partial,
        pq.ParquetWriter(partial, arrow_schema(contract), compression="zstd", compression_level=3) as file,
    ):
        for group in row_groups(rows, arrow_schema(contract), ROW_GROUP):
            file.write_table(group, row_group_size=ROW_GROUP)
            written += group.num_rows
    return written


def sort_by_key(table: pa.Table, contract: Table) -> pa.Table:
    """The rows in the order in which they are written."""
    return table.sort_by([(name, "ascending") for name in contract.key])


@cache
def code_fingerprint(*patterns: str) -> str:
    """sha256 of the code that values depend on, and of the libraries that compute and write them."""
    digest = sha256()
    for path in sorted({path for pattern in patterns for path in CHECKOUT.glob(pattern)}):
        digest.update(path.relative_to(CHECKOUT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for library in ("duckdb", "numpy", "pyarrow"):
        digest.update(f"{library} {version(library)}\0".encode())
    return digest.hexdigest()
