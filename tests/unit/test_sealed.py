"""Limits of a formula, or of SQL that passed its check: no reading of files, attaching of databases,
loading of extensions, network access, or change of settings.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indicators.formula.parser import check_formula
from schemas.tables.validation import ContractViolation
from tests.unit.make import indicator, observation, stage
from warehouse.engine.duckdb_engine import sealed_engine
from warehouse.evaluation import evaluate as evaluation
from warehouse.evaluation.evaluate import evaluate

FILES = (
    "read_csv('/etc/passwd')",
    "read_csv_auto('/etc/passwd')",
    "read_text('/etc/passwd')",
    "read_blob('/etc/passwd')",
    "read_json('/etc/passwd')",
    "read_parquet('{outside}')",
    "parquet_scan('{outside}')",
    "parquet_metadata('{outside}')",
    "glob('/etc/*')",
    "sniff_csv('/etc/passwd')",
    "'{outside}'",
    "read_parquet('http://127.0.0.1:9/a.parquet')",
    "read_parquet('s3://bucket/a.parquet')",
    "read_text('{inside}/../outside.parquet')",
)
STATEMENTS = (
    "attach '{inside}/../new.db' as other",
    "attach ':memory:' as other (type sqlite)",
    "attach 'postgres://127.0.0.1/x' as other (type postgres)",
    "install httpfs",
    "load httpfs",
    "load '{inside}/../evil.duckdb_extension'",
    "copy (select 1) to '{inside}/../stolen.csv'",
    "export database '{inside}/../stolen'",
    "import database '{inside}/../stolen'",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "set allowed_paths = ['/etc/passwd']",
    "set temp_directory = '{inside}/../spill'",
    "set allow_unsigned_extensions = true",
    "create secret (type s3, key_id 'a', secret 'b')",
)
IN_FORMULAS = (
    *(f"value + (select count(*) from {table})" for table in FILES if not table.startswith("'")),
    *(f"value + {table}" for table in FILES),
    *(f"value; {statement}" for statement in STATEMENTS),
    *STATEMENTS,
    "getenv('HOME')",
    "getvariable('x')",
    "current_setting('home_directory')",
    "query('select 1')",
    "query_table('observation')",
    "(select 1)",
    "value::blob",
    "nextval('x')",
    "which_secret('s3://a', 's3')",
    "pragma_table_info('result')",
    "value /* */ ; drop table result",
    "value -- \n; attach 'x'",
    "list_transform([value], x -> read_text('/etc/passwd'))",
    "exists (from '/etc/passwd')",
    "columns(*)",
    "value over (order by read_text('x'))",
)


@pytest.mark.parametrize("text", IN_FORMULAS)
def test_no_formula_reaches_beyond_its_inputs(text: str) -> None:
    assert check_formula(text, ["value"]), text


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A folder that may be read, with a file; beside it one that may not."""
    (tmp_path / "inside").mkdir()
    for path in (tmp_path / "inside" / "a.parquet", tmp_path / "outside.parquet"):
        pq.write_table(pa.table({"a": [1]}), path)
    return tmp_path / "inside"


@pytest.mark.parametrize("sql", [*(f"select * from {table}" for table in FILES), *STATEMENTS])
def test_the_engine_itself_refuses_what_would_get_past_the_check(sql: str, inside: Path) -> None:
    before = sorted(inside.parent.rglob("*"))
    with sealed_engine([inside]) as con:
        assert con.execute(f"from read_parquet('{inside}/a.parquet')").fetchall() == [(1,)]
        with pytest.raises(duckdb.Error):
            con.execute(sql.format(inside=inside, outside=inside.parent / "outside.parquet"))
        assert con.execute(
            "select value from duckdb_settings() where name = 'enable_external_access'"
        ).fetchone() == ("false",)
    assert sorted(inside.parent.rglob("*")) == before


def test_an_indicator_is_evaluated_in_such_an_engine(
    inside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the check of formulas had let it pass."""
    staged = stage(tmp_path / "home" / "staged", [observation("one", "S", "KEN", 2015, 20.0)])
    out = tmp_path / "home" / "evaluated" / "use" / "a.parquet"
    assert evaluate(indicator(), staged, {}, out) == 0
    right = evaluation.evaluation_sql

    def planted(*given: object) -> str:
        return f"{right(*given)}\nwhere exists (from '{inside.parent / 'outside.parquet'}')"  # type: ignore[arg-type]

    monkeypatch.setattr(evaluation, "evaluation_sql", planted)
    with pytest.raises((duckdb.PermissionException, ContractViolation), match="Cannot access file"):
        evaluate(indicator(), staged, {}, out.with_name("b.parquet"))
    assert not out.with_name("b.parquet").exists()
