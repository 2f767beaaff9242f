"""Made-up values of the real shape: the series, years, gaps and breakdowns of the latest release again and
again under other names, with other numbers. Seeded: the same release and size give the same file.

What is measured on them is in bench_scale.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.arrow import arrow_schema
from schemas.tables import INDICATOR

if TYPE_CHECKING:
    import duckdb

SEED = 2026
BESIDE = ("area", "area_group", "snapshot")  # tables that the models read and that do not grow
REPEATED = ("definition", "declared_break", "framework")  # what is said of an indicator, of each copy too


def make_values(release: Path, folder: Path, rows: int) -> int:
    """Write indicator.parquet with at least so many values, and the tables beside it. Returns the number of
    copies of the release in it."""
    from warehouse.engine import ROW_GROUP, engine, parquet

    folder.mkdir(parents=True, exist_ok=True)
    for name in BESIDE:
        shutil.copyfile(release / f"{name}.parquet", folder / f"{name}.parquet")
    given = pq.read_metadata(release / "indicator.parquet").num_rows
    copies = -(-rows // given)
    schema = arrow_schema(INDICATOR)
    with (
        engine() as con,
        pq.ParquetWriter(folder / "indicator.parquet", schema, compression="zstd") as writer,
    ):
        for copy in range(copies):
            # a series keeps its shape and stays in its range: all its values are a little smaller
            shrunk = f"value * (1 - 0.1::double * (hash(indicator, ref_area, {copy}, {SEED}) % 1000) / 1000)"
            made: pa.Table = con.sql(f"""
                select * replace (
                    {named(copy)} as indicator,
                    {shrunk if copy else "value"} as value)
                from {parquet(release / "indicator.parquet")}""").to_arrow_table()
            writer.write_table(made.cast(schema), row_group_size=ROW_GROUP)
    return int(copies)


def named(copy: int | str) -> str:
    """The name of an indicator in a copy, as SQL; the first copy has the real names."""
    return f"if({copy} = 0, indicator, indicator || '_' || {copy})"


def repeat_definitions(con: duckdb.DuckDBPyConnection, copies: int) -> None:
    """What is defined of the real indicators, for each copy of them."""
    for name in REPEATED if copies > 1 else ():
        con.execute(
            f"create or replace temp table {name} as "
            f"select given.* replace ({named('copy')} as indicator) "
            f"from {name} as given, range({copies}) as copies(copy)"
        )
