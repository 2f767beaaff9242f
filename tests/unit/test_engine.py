"""The only way to write tables, and DuckDB's permissions."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import CompactError
from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import LATEST
from tests.unit.make import table
from warehouse.engine import duckdb_engine as engine_module
from warehouse.engine.duckdb_engine import engine, memory_limit, stream_sql, write_table

ROWS = [
    {
        "indicator": "one",
        "ref_area": f"OWN:{number:03}",
        "time_period": 2000 + number % 20,
        "value": number / 7,
        "source": "made",
        "obs_status": "A",
        "series": "S",
        "snapshot": "0" * 64,
    }
    for number in range(120)
]


@given(cuts=st.lists(st.integers(0, len(ROWS)), max_size=12))
def test_the_same_rows_give_the_same_bytes_however_they_come(
    cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("written")
    rows = table(LATEST, ROWS)
    edges = [0, *sorted(cuts), len(ROWS)]
    batches = [rows.slice(a, b - a).to_batches() for a, b in pairwise(edges)]
    reader = pa.RecordBatchReader.from_batches(
        arrow_schema(LATEST), [one for some in batches for one in some]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_module, "ROW_GROUP", 50)
        whole = write_table(rows, LATEST, folder / "whole.parquet", check=False)
        streamed = write_table(reader, LATEST, folder / "streamed.parquet", check=False)
    assert whole == streamed == len(ROWS)
    assert (folder / "whole.parquet").read_bytes() == (folder / "streamed.parquet").read_bytes()
    file = pq.ParquetFile(folder / "whole.parquet")
    assert [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)] == [50, 50, 20]
    assert file.read().equals(rows)


def test_a_write_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> object:
        yield table(LATEST, ROWS[:5]).to_batches()[0]
        raise RuntimeError("the disk is full")

    reader = pa.RecordBatchReader.from_batches(arrow_schema(LATEST), broken())
    with pytest.raises(RuntimeError, match="the disk is full"):
        write_table(reader, LATEST, tmp_path / "latest.parquet", check=False)
    assert list(tmp_path.iterdir()) == []


def test_streamed_rows_are_in_the_order_of_the_key(tmp_path: Path) -> None:
    write_table(table(LATEST, ROWS), LATEST, tmp_path / "latest.parquet")
    with engine(tmp_path / "spill", in_order=False) as con:
        backward = f"select * from read_parquet('{tmp_path / 'latest.parquet'}') order by ref_area desc"
        assert stream_sql(con, backward, LATEST).read_all().equals(table(LATEST, ROWS))


@pytest.mark.parametrize("given", ["lots", "8", "-1GiB", "8 gigabytes", "0GiB"])
def test_an_amount_of_memory_that_is_none_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPACT_MEMORY", given)
    with pytest.raises(CompactError) as caught:
        memory_limit()
    assert caught.value.where == "COMPACT_MEMORY"


def test_memory_is_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPACT_MEMORY", "300MiB")
    with engine(tmp_path / "of its own") as con:
        assert con.execute("select current_setting('memory_limit')").fetchall() == [("300.0 MiB",)]
