"""The models' one text for every engine: what it may use, and what it becomes elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from schemas.errors import CompactError
from schemas.tables.registry import INDICATOR
from tests.unit.make import table, value
from warehouse.distributed.backend import engine_name, on_spark
from warehouse.distributed.portable_sql import faults, model_faults, model_names
from warehouse.distributed.translate import DIALECTS, reads_back, result_types, translate
from warehouse.engine.duckdb_engine import engine, model_sql, write_table
from warehouse.export.partitioned_parquet import lake_table, write_lake
from warehouse.export.sql_models import export_sql, translated

pytestmark = pytest.mark.slow

SCHEMA = {
    "a": {"k": "varchar", "n": "integer", "x": "double"},
    "b": {"k": "varchar", "n": "integer", "y": "double"},
    "c": {"k": "varchar", "z": "double"},
}
SDSN = {
    "sdsn_value": {"indicator": "varchar", "ref_area": "varchar", "value": "double"},
    "sdsn_bound": {"indicator": "varchar", "goal": "varchar"}
    | dict.fromkeys(("worst", "best", "green", "red"), "double"),
    "sdsn_region": {"ref_area": "varchar", "region": "varchar"},
}


@pytest.mark.parametrize("name", model_names())
def test_a_model_keeps_to_the_portable_subset(name: str) -> None:
    assert model_faults(name) == []


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


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_model_is_written_in_the_dialect_and_read_back_by_it(dialect: str) -> None:
    found = dict(translated(dialect))
    assert {"latest", "progress", "aggregate", "gap", "lorenz", "inequality", "claim"} <= set(found)
    assert [name for name, sql in found.items() if not reads_back(sql, dialect)] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_scores_that_no_release_has_are_translated_too(dialect: str) -> None:
    schema = dict(SDSN)
    for name in ("sdsn_indicator", "sdsn_goal", "sdsn_index"):
        sql = model_sql(f"sdsn/{name}")
        assert reads_back(translate(sql, schema, dialect), dialect)
        schema[name] = result_types(sql, schema)


def test_every_model_is_among_the_translated(tmp_path: Path) -> None:
    names = {name.rpartition("/")[2] for name in model_names()}
    methods = {name.rpartition("/")[2] for name in model_names() if name.startswith("progress/")}
    scores = {name.rpartition("/")[2] for name in model_names() if name.startswith("sdsn/")}
    written = {path.stem.partition("_")[2] for path in export_sql("trino", tmp_path)}
    assert names - methods - scores <= written


def test_a_dialect_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompactError, match="no dialect"):
        export_sql("cobol", tmp_path)


# --- what sqlglot alone would get wrong
def test_a_window_of_another_tables_column_stays_that_tables() -> None:
    sql = """
        select a.k, a.n, b.n as first
        from a
        join b using (k)
        qualify row_number() over (partition by a.k order by abs(a.n - b.n)) = 1"""
    spark = translate(sql, SCHEMA, "spark")
    assert "ABS(`a`.`n` - `b`.`n`)" in spark
    assert "QUALIFY" not in spark


def test_the_key_after_a_full_join_is_that_of_either_side() -> None:
    sql = "select k, x, y, z from a full join b using (k) join c using (k)"
    assert "COALESCE(`a`.`k`, `b`.`k`) = `c`.`k`" in translate(sql, SCHEMA, "spark")


def test_common_tables_of_the_same_name_stay_apart() -> None:
    part = "select v from (with t as (select {0} as v from {1}) select v from t) as s"
    spark = translate(f"{part.format('x', 'a')} union all {part.format('y', 'b')}", SCHEMA, "spark")
    assert "FROM `a`" in spark
    assert "FROM `b`" in spark
    assert spark.count("`t` AS (") == 1


def test_a_division_by_nought_is_said_in_each_dialects_words() -> None:
    sql = "select x / n as q from a"
    assert "TRY_DIVIDE" in translate(sql, SCHEMA, "spark")
    assert "IEEE_DIVIDE" in translate(sql, SCHEMA, "bigquery")
    assert "TRY_DIVIDE" not in translate("select x / 2 as q from a", SCHEMA, "spark")


def test_a_double_is_no_text_before_it_is_rounded() -> None:
    with pytest.raises(ValueError, match="round it"):
        translate("select 'x' || x as q from a", SCHEMA, "spark")
    assert "REGEXP_REPLACE" in translate("select 'x' || round(x, 2) as q from a", SCHEMA, "spark")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_exact_measure_becomes_an_approximate_one(dialect: str) -> None:
    found = translate("select k, median(x) as m from a group by k", SCHEMA, dialect)
    assert "APPROX" not in found.upper()


# --- engines
def test_duckdb_is_the_engine_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert engine_name() == "duckdb"
    with engine() as con, on_spark(con, tmp_path, None) as other:
        assert other is None


# --- lake
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
