"""Apache Spark as the engine of the SQL models: a session, and a connection with DuckDB's interface.

It offers the calls that the models use (execute, sql, register, unregister) and translates each statement
with translate.py, so that release/tables.py, models/progress.py and models/claims.py run on both engines.
backend.py lists the tables computed here.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import sqlglot
from sqlglot import exp

from schemas.errors import CompactError
from sources.settings import load_settings
from warehouse.distributed.required import pyspark_version
from warehouse.distributed.translate import translate

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TYPES = {
    "string": "varchar", "smallint": "smallint", "int": "integer", "bigint": "bigint", "double": "double",
    "boolean": "boolean", "date": "date", "timestamp": "timestamptz", "array<string>": "varchar[]",
    "void": "integer",
}  # fmt: skip


@contextmanager
def spark_session() -> Iterator[SparkSession]:
    """Open a session on the master of COMPACT_SPARK_MASTER, by default this machine's cores; stop it at
    the end. Raises CompactError if PySpark or Java are missing.
    """
    pyspark_version()
    import pyspark
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    # folder for logs of local-cluster workers: not the library's own
    os.environ.setdefault(
        "SPARK_WORKER_DIR", str(Path(tempfile.gettempdir()) / f"compact-spark-{os.getpid()}")
    )
    builder = SparkSession.builder.appName("Compact Tracker").master(load_settings().spark_master)
    for name, value in configuration().items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as fault:
        raise CompactError(
            f"Spark did not start: {fault}",
            where=load_settings().spark_master,
            next_step="see that Java 17 or 21 is there (`java -version`), and the address of the master",
        ) from fault
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield session
    finally:
        session.stop()


def configuration() -> dict[str, str]:
    """Return Spark's configuration: strict types, UTC, no web page; COMPACT_SPARK_CONF takes precedence."""
    defaults = {
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.shuffle.partitions": "16",  # adaptive execution joins small partitions
        "spark.driver.memory": "2g",
        "spark.driver.maxResultSize": "0",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # it turns the plan of lorenz.sql into one that Spark itself calls invalid (4.3.0, November 2026)
        "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.RemoveRedundantAliases",
    }
    return {**defaults, **load_settings().spark_conf}


@dataclass
class SparkConnection:
    """Tables by name, and the calls of a DuckDB connection that the models use."""

    session: SparkSession
    tables: dict[str, DataFrame] = field(default_factory=dict)

    def read(self, name: str, path: str | Path, files: Sequence[Path] = ()) -> None:
        """Read parquet as a table: a file, a folder, or a URL that Spark's workers can read. files: only
        these files of a folder, with the columns in their paths.
        """
        reader = self.session.read.option("basePath", str(path)) if files else self.session.read
        self._name(name, reader.parquet(*map(str, files or (path,))))

    def register(self, name: str, rows: pa.Table) -> None:
        """Register rows of this process as a table."""
        plain = (
            pa.table({column: _plain(rows[column]) for column in rows.column_names})
            if rows.num_columns
            else rows
        )
        self._name(name, self.session.createDataFrame(plain))

    def unregister(self, name: str) -> None:
        """Remove a table."""
        self.tables.pop(name)
        self.session.catalog.dropTempView(name)

    def execute(self, sql: str) -> SparkRows:
        """Run a select and return its rows; or `create [or replace] temp table … as select`, which stores
        them for later selects.
        """
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        if not isinstance(tree, exp.Create):
            return self.sql(sql)
        name = tree.this.name
        if not (tree.args.get("exists") and name in self.tables):
            frame = self._frame(tree.expression.sql("duckdb"))
            # a checkpoint, not a cache: the plan of a cached table is part of every plan that reads it, and
            # nested plans take all memory before a row is read
            self._name(name, frame.localCheckpoint(eager=True))
        return SparkRows(self.tables[name])

    def view(self, name: str, sql: str) -> None:
        """Define a select that is recomputed for each reader."""
        self._name(name, self._frame(sql))

    def sql(self, sql: str) -> SparkRows:
        """Return a select's rows, in the select's own order only."""
        return SparkRows(self._frame(sql))

    def schema(self) -> Mapping[str, Mapping[str, str]]:
        """Return the tables with their columns and DuckDB's names of the types."""
        return {
            name: {column: TYPES.get(kind, kind) for column, kind in frame.dtypes}
            for name, frame in self.tables.items()
        }

    def close(self) -> None:
        """Remove every table and its storage."""
        for name, frame in self.tables.items():
            frame.unpersist()
            self.session.catalog.dropTempView(name)
        self.tables.clear()

    def _frame(self, sql: str) -> DataFrame:
        return self.session.sql(translate(sql, self.schema()))

    def _name(self, name: str, frame: DataFrame) -> None:
        if old := self.tables.get(name):
            old.unpersist()
        frame.createOrReplaceTempView(name)
        self.tables[name] = frame


@dataclass(frozen=True)
class SparkRows:
    """The rows of a select."""

    frame: DataFrame

    def to_arrow_table(self) -> pa.Table:
        """Return all rows, in this process."""
        return self.frame.toArrow()

    def to_arrow_reader(self, batch_size: int) -> pa.RecordBatchReader:
        """Return all rows in batches of so many rows."""
        return self.to_arrow_table().to_reader(max_chunksize=batch_size)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows as tuples."""
        return [tuple(row) for row in self.frame.collect()]


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert to types that Spark has: no dictionaries, no large strings."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    return column
