"""Every model gives the same table on DuckDB and on Spark with two worker processes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.benchmarks.engine_comparison import Compared, compare
from tests.e2e.engines_made import load_made_release
from warehouse.distributed.backend import ON_DUCKDB
from warehouse.engine.duckdb_engine import engine
from warehouse.release.tables import MODEL_TABLES

pytest.importorskip("pyspark", reason="PySpark is not installed: make spark")
pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java, which is not there")
# Tables of a few hundred rows: one partition, and no code compiled for each query, which is most of the time.
SMALL = ";".join(
    (
        "spark.sql.shuffle.partitions=1",
        "spark.default.parallelism=1",
        "spark.sql.adaptive.enabled=false",
        "spark.sql.codegen.wholeStage=false",
        "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    )
)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Compared]]:
    from warehouse.distributed.spark import SparkConnection, spark_session

    folder = tmp_path_factory.mktemp("release")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPACT_SPARK_MASTER", "local-cluster[2,1,1024]")
        patch.setenv("COMPACT_SPARK_CONF", SMALL)
        with engine() as con, spark_session() as session:
            load_made_release(con, folder)
            other = SparkConnection(session)
            yield {one.table: one for one in compare(con, other, folder, folder / "before")}
            other.close()


@pytest.mark.parametrize("name", [one.name for one in MODEL_TABLES if one.name not in ON_DUCKDB])
def test_same_table_on_both_engines(compared: dict[str, Compared], name: str) -> None:
    one = compared[name]
    assert one.differences == ()
    assert one.rows > 0
