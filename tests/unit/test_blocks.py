"""Block by block or all at once: the same tables."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.columns.model import Table
from schemas.tables.registry import LATEST
from tests.e2e.engines_made import load_made_release
from warehouse.engine.batching import BY_INDICATOR, batch_conditions, batch_size, in_batches
from warehouse.engine.duckdb_engine import engine
from warehouse.release.tables import MODEL_TABLES, make

pytestmark = pytest.mark.slow


def made(folder: Path, batch: int | None = None) -> dict[str, pa.Table]:
    with engine(folder / "spill", in_order=False) as con:
        load_made_release(con, folder)
        for contract in MODEL_TABLES:
            make(con, contract, folder / "made", batch=batch)
        assert con.execute(
            "select count(*) from duckdb_views() where view_name like 'whole_%'"
        ).fetchall() == [(0,)]
    return {c.name: pq.read_table(folder / "made" / f"{c.name}.parquet") for c in MODEL_TABLES}


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    return made(tmp_path_factory.mktemp("at_once"))


@pytest.mark.parametrize("size", [pytest.param(1, marks=pytest.mark.long), 900, 4000])
def test_blocks_of_any_size_give_the_same_tables(
    size: int, at_once: dict[str, pa.Table], tmp_path: Path
) -> None:
    tables = made(tmp_path, size)
    assert {name for name in tables if not tables[name].equals(at_once[name])} == set()
    filled = {name for name in BY_INDICATOR if len(at_once[name])}
    assert filled == BY_INDICATOR, "a model without rows proves nothing"


def test_the_blocks_part_the_indicators_in_their_order(tmp_path: Path) -> None:
    with engine(tmp_path / "spill") as con:
        load_made_release(con, tmp_path)
        names = [name for (name,) in con.execute("select distinct indicator from indicator").fetchall()]
        assert batch_conditions(con, batch_size()) == [], "today's releases are one block"
        conditions = batch_conditions(con, 900)
        assert len(conditions) > 2
        parts = [
            [
                n
                for (n,) in con.execute(
                    f"select distinct indicator from definition where {c} order by 1"
                ).fetchall()
            ]
            for c in conditions
        ]
        every = con.execute("select indicator from definition order by 1").fetchall()
        assert [name for part in parts for name in part] == [name for (name,) in every]
        assert set(names) <= {name for (name,) in every}


def test_a_model_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    def fails(con: duckdb.DuckDBPyConnection, contract: Table = LATEST) -> pa.RecordBatchReader:
        raise RuntimeError(contract.name)

    with engine(tmp_path / "spill") as con:
        load_made_release(con, tmp_path)
        before = con.execute("select count(*) from indicator").fetchall()
        with pytest.raises(RuntimeError, match="latest"):
            in_batches(con, LATEST, fails, 900).read_all()
        assert con.execute("select count(*) from indicator").fetchall() == before
