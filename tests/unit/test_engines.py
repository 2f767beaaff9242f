"""The models' SQL on every engine: the allowed subset, and its translation."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot

from schemas.errors import CompactError
from schemas.tables.registry import INDICATOR
from tests.unit.make import table, value
from warehouse.distributed.backend import engine_name, engine_version, on_spark
from warehouse.distributed.portable_sql import faults, model_names
from warehouse.distributed.translate import translate
from warehouse.engine.duckdb_engine import engine, model_sql, write_table
from warehouse.export.partitioned_parquet import write_lake
from warehouse.export.sql_models import export_sql, translated

pytestmark = pytest.mark.slow

SCHEMA = {
    "a": {"k": "varchar", "n": "integer", "x": "double"},
    "b": {"k": "varchar", "n": "integer", "y": "double"},
    "c": {"k": "varchar", "z": "double"},
}


@pytest.mark.parametrize("name", model_names())
def test_a_model_keeps_to_the_portable_subset(name: str) -> None:
    assert faults(model_sql(name)) == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select quantile_cont(x, 0.5) as q from a", "not in the portable subset"),
        ("select approx_count_distinct(k) as q from a", "not in the portable subset"),
        ("select k from a semi join b using (k)", "semi join"),
        ("select k, x from a asof join b using (k, n)", "asof join"),
        ("select k from a limit 3", "limit"),
        ("select cast(x / 2 as integer) as q from a", "say floor or round"),
        ("select x::decimal(18, 3) as q from a", "type DECIMAL(18, 3)"),
        ("select strftime(now(), '%Y') as q from a", "not in the portable subset"),
        ("select reservoir(x) as q from a", "function reservoir"),
    ],
)
def test_what_is_outside_the_subset_is_named(sql: str, said: str) -> None:
    assert any(said in fault for fault in faults(sql))


def test_every_model_is_written_in_the_dialect_of_spark_and_parsed_by_it(tmp_path: Path) -> None:
    models = dict(translated("spark"))
    assert {"latest", "progress", "aggregate", "gap", "lorenz", "inequality", "claim"} <= set(models)
    for sql in models.values():
        assert sqlglot.parse_one(sql, dialect="spark")
    names = {name.rpartition("/")[2] for name in model_names() if not name.startswith("progress/")}
    written = {path.stem.partition("_")[2] for path in export_sql("spark", tmp_path)}
    # the inputs of the simulation of groups, a NumPy program that the export leaves out
    assert names - {"projection_group", "projection_weight"} <= written


def test_a_dialect_that_does_not_exist_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(CompactError) as caught:
        export_sql("cobol", tmp_path)
    assert (caught.value.where, caught.value.allowed) == ("--dialect", "duckdb, spark")


# --- what sqlglot alone would get wrong
def test_a_window_of_another_tables_column_stays_that_tables() -> None:
    sql = """
        select a.k, a.n, b.n as first
        from a
        join b using (k)
        qualify row_number() over (partition by a.k order by abs(a.n - b.n)) = 1"""
    spark = translate(sql, SCHEMA)
    assert "ABS(`a`.`n` - `b`.`n`)" in spark
    assert "QUALIFY" not in spark


def test_the_key_after_a_full_join_is_that_of_either_side() -> None:
    sql = "select k, x, y, z from a full join b using (k) join c using (k)"
    assert "COALESCE(`a`.`k`, `b`.`k`) = `c`.`k`" in translate(sql, SCHEMA)


def test_common_tables_of_the_same_name_stay_apart() -> None:
    part = "select v from (with t as (select {0} as v from {1}) select v from t) as s"
    spark = translate(f"{part.format('x', 'a')} union all {part.format('y', 'b')}", SCHEMA)
    assert "FROM `a`" in spark
    assert "FROM `b`" in spark
    assert spark.count("`t` AS (") == 1


def test_a_division_by_zero_is_infinite_on_spark_too() -> None:
    sql = "select x / n as q from a"
    assert "TRY_DIVIDE" in translate(sql, SCHEMA)
    assert "TRY_DIVIDE" not in translate("select x / 2 as q from a", SCHEMA)


def test_a_double_is_no_text_before_it_is_rounded() -> None:
    with pytest.raises(ValueError, match="round it"):
        translate("select 'x' || x as q from a", SCHEMA)
    assert "REGEXP_REPLACE" in translate("select 'x' || round(x, 2) as q from a", SCHEMA)


def test_no_exact_measure_becomes_an_approximate_one() -> None:
    sql = translate("select k, median(x) as m from a group by k", SCHEMA)
    assert "APPROX" not in sql.upper()


# --- engines
def test_duckdb_is_the_engine_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert engine_name() == "duckdb"
    with engine() as con, on_spark(con, tmp_path, None) as other:
        assert other is None


# --- lake
def lake_table(folder: Path, name: str) -> str:
    """A table of a lake as DuckDB reads it: a condition on source or year skips whole folders."""
    kinds = "{'source': varchar, 'year': smallint}"
    return f"read_parquet('{folder / name}/**/*.parquet', hive_partitioning = true, hive_types = {kinds})"


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[tuple[Path, duckdb.DuckDBPyConnection]]:
    rows = [
        value("use", area, year, float(year), source=source)
        for area in ("KEN", "UGA")
        for year in range(2015, 2025)
        for source in ("one", "two;three")
        if (area == "KEN") == (source == "one")
    ]
    write_table(table(INDICATOR, rows), INDICATOR, tmp_path / "release" / "indicator.parquet")
    write_lake(tmp_path / "release", tmp_path / "lake", ("indicator",))
    with engine() as con:
        yield tmp_path, con


def test_a_lake_has_every_row_once(lake: tuple[Path, duckdb.DuckDBPyConnection]) -> None:
    folder, con = lake
    names = ", ".join(INDICATOR.names)
    here = con.execute(f"select {names} from '{folder}/release/indicator.parquet' order by all").fetchall()
    there = con.execute(
        f"select {names} from {lake_table(folder / 'lake', 'indicator')} order by all"
    ).fetchall()
    assert len(here) == 20
    assert here == there


def test_a_condition_on_source_and_year_leaves_out_files(
    lake: tuple[Path, duckdb.DuckDBPyConnection],
) -> None:
    folder, con = lake
    sql = f"""explain analyze select count(*) from {lake_table(folder / "lake", "indicator")}
        where source = 'one' and year >= 2023"""
    plan = con.execute(sql).fetchall()[0][1]
    assert "2/20" in plan


def test_a_lake_is_not_written_over(lake: tuple[Path, duckdb.DuckDBPyConnection]) -> None:
    folder, _ = lake
    with pytest.raises(CompactError, match="already"):
        write_lake(folder / "release", folder / "lake", ("indicator",))


def test_spark_without_pyspark_is_an_error_that_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_ENGINE", "spark")
    monkeypatch.setattr(sys, "path", [])  # no installed package is found
    with pytest.raises(CompactError) as raised:
        engine_version()
    assert "PySpark" in raised.value.what
    assert raised.value.where == "COMPACT_ENGINE=spark"
    assert "make spark" in raised.value.next_step


@pytest.mark.parametrize("home", [None, "nowhere"])
def test_spark_without_java_is_an_error_that_names_java(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str | None
) -> None:
    pytest.importorskip("pyspark", reason="PySpark is not installed: make spark")
    monkeypatch.setenv("COMPACT_ENGINE", "spark")
    monkeypatch.setenv("PATH", str(tmp_path))
    if home is None:
        monkeypatch.delenv("JAVA_HOME", raising=False)
    else:
        monkeypatch.setenv("JAVA_HOME", str(tmp_path / home))
    with pytest.raises(CompactError, match="JAVA_HOME") as raised:
        engine_version()
    assert raised.value.where == "COMPACT_ENGINE=spark"
    assert "Java 17 or 21" in raised.value.next_step


def test_duckdb_needs_neither_pyspark_nor_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPACT_ENGINE", "duckdb")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "path", [])
    assert engine_version() == ""
