"""The SQL engine: DuckDB in memory with its limits, the model files, and the one function that writes tables.

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
from sources.settings import CHECKOUT, load_settings
from sources.snapshots.atomic import replacing

MODELS = Path(__file__).resolve().parent.parent / "models" / "sql"
ROW_GROUP = 65_536  # small enough that reading one series touches few rows, large enough to compress well

_opening = Lock()  # concurrent threads share a database: two would have twice the memory


@contextmanager
def engine(
    temp: Path | None = None, *, threads: int | None = None, in_order: bool = True
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection to an in-memory DuckDB. Its temporary tables and views are private and end with it.

    The database behind it is kept for the process, as opening one takes longer than most queries; only
    temporary tables may be created in it. in_order: preserve the file's order of rows without `order by`; if
    every relevant select is ordered, disabling it saves a tenth of the time.
    """
    with _opening:
        database = _database(temp, threads, in_order, os.getpid())
    with _cursor(database) as con:
        yield con


@contextmanager
def sealed_engine(reads: Iterable[Path], temp: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection that reaches the files in these folders and nothing else.

    No other file, no network, no extension, and no way to change that. For SQL with parts written by others.
    """
    folders = sorted({form for path in reads for form in (str(path), str(path.resolve()))})
    with _opening:
        database = _sealed(tuple(folders), temp, os.getpid())
    with _cursor(database) as con:
        yield con


@contextmanager
def _cursor(database: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    with _opening:
        con = database.cursor()
    con.execute("set enable_progress_bar = false")  # DuckDB draws it on stdout, which is for results
    try:
        yield con
    finally:
        con.close()


@lru_cache(maxsize=2)
def _sealed(folders: tuple[str, ...], temp: Path | None, _process: int) -> duckdb.DuckDBPyConnection:
    con = _open(temp, None)
    con.execute("set allowed_directories = $folders", {"folders": list(folders)})
    con.execute("set enable_external_access = false")  # permanent: it cannot be re-enabled
    return con


@cache
def _database(
    temp: Path | None, threads: int | None, in_order: bool, _process: int
) -> duckdb.DuckDBPyConnection:
    return _open(temp, threads, in_order)


def _open(temp: Path | None, threads: int | None, in_order: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a database. Nothing is downloaded: extensions come with the wheel or not at all."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads or min(os.cpu_count() or 1, 8),
        "memory_limit": f"{memory_limit() >> 20}MiB",
        "autoinstall_known_extensions": "false",
        "preserve_insertion_order": in_order,
        # for files that are read repeatedly; not used for files that are seconds old
        "parquet_metadata_cache": True,
        "temp_directory": str(temp or Path(tempfile.gettempdir()) / f"compact-{os.getpid()}"),
    }
    con = duckdb.connect(":memory:", config=config)
    # It reads a file once per partition, with more partitions for a larger file, even if a condition selects
    # little of it (2.0.0: 26 times for a thirtieth of 300 million rows).
    con.execute("set disabled_optimizers = 'partitioned_execution'")
    return con


def memory_limit() -> int:
    """Return the bytes that DuckDB may keep in memory: the setting COMPACT_MEMORY."""
    return load_settings().memory_bytes


def literal(text: str) -> str:
    """Quote a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def parquet(path: Path) -> str:
    """Return a parquet file as a table expression in SQL."""
    return f"read_parquet({literal(str(path))})"


def load_models(con: duckdb.DuckDBPyConnection, names: Sequence[str], *, again: bool = False) -> None:
    """Load models that others read as temporary tables of the same names, in this order. again: reload
    existing tables, because their inputs changed.
    """
    for name in names:
        how = "create or replace temp table" if again else "create temp table if not exists"
        con.execute(f"{how} {name} as\n{model_sql(name)}")


def model_sql(name: str) -> str:
    """Return the text of a model file: one select statement, with its reasoning in comments at the top."""
    return (MODELS / f"{name}.sql").read_text(encoding="utf-8")


def run_sql(con: duckdb.DuckDBPyConnection, sql: str, contract: Table) -> pa.Table:
    """Return the rows of a select in the columns, types and order of a published table.

    Columns are matched by name, so a model may list them in any order; a missing one raises DuckDB's error.
    """
    return con.sql(_in_order(sql, contract)).to_arrow_table().cast(arrow_schema(contract))


def stream_sql(con: duckdb.DuckDBPyConnection, sql: str, contract: Table) -> pa.RecordBatchReader:
    """Yield the same rows as a stream: never all of them in memory. The connection is busy until the last
    one.
    """
    return con.sql(_in_order(sql, contract)).to_arrow_reader(ROW_GROUP).cast(arrow_schema(contract))


def _in_order(sql: str, contract: Table) -> str:
    columns = ", ".join(f'"{name}"' for name in contract.names)
    order = ", ".join(f'"{name}" nulls last' for name in contract.key)
    return f"select {columns}\nfrom (\n{sql.strip().rstrip(';')}\n)\norder by {order}"


def write_table(
    rows: pa.Table | pa.RecordBatchReader, contract: Table, path: Path, *, check: bool = True
) -> int:
    """Write rows, sorted by their key, after checking them against their contract. Equal rows give equal
    bytes, regardless of the batches. Returns the number of rows.

    check is disabled only if the file is read back and checked afterwards.
    """
    if check:
        from schemas.tables.validation import validate  # importing Pandera and pandas takes half a second

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
    """Return the rows in the order in which they are written."""
    return table.sort_by([(name, "ascending") for name in contract.key])


@cache
def code_fingerprint(*patterns: str) -> str:
    """Return the sha256 of the code that values depend on, and of the libraries that compute and write
    them.
    """
    digest = sha256()
    for path in sorted({path for pattern in patterns for path in CHECKOUT.glob(pattern)}):
        digest.update(path.relative_to(CHECKOUT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for library in ("duckdb", "numpy", "pyarrow"):
        digest.update(f"{library} {version(library)}\0".encode())
    return digest.hexdigest()
