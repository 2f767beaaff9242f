"""Synthetic values of realistic shape: the series, years, gaps and breakdowns of the latest release,
replicated under other names with other numbers. Seeded: the same release and size give the same file.

scale.py measures on them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from schemas.tables.arrow import arrow_schema, read_columns
from schemas.tables.registry import INDICATOR

if TYPE_CHECKING:
    import duckdb

SEED = 2026
BETWEEN = "_copy_"  # a name and the number of its copy
BESIDE = ("area", "area_group", "snapshot")  # tables that the models read and that do not grow
REPEATED = ("definition", "declared_break", "framework")  # what is said of an indicator, of each copy too


def make_values(release: Path, folder: Path, rows: int) -> int:
    """Write indicator.parquet with at least so many values, in the order of a release, and the tables beside
    it. Returns the number of copies of the release in it."""
    from warehouse.engine.duckdb_engine import write_table

    folder.mkdir(parents=True, exist_ok=True)
    for name in BESIDE:
        shutil.copyfile(release / f"{name}.parquet", folder / f"{name}.parquet")
    given = read_columns(release / "indicator.parquet").combine_chunks()
    copies = -(-rows // given.num_rows)
    values = pa.RecordBatchReader.from_batches(arrow_schema(INDICATOR), _copied(given, copies))
    write_table(values, INDICATOR, folder / "indicator.parquet", check=False)
    return int(copies)


def _copied(given: pa.Table, copies: int) -> Iterator[pa.RecordBatch]:
    """Every indicator as often as wanted, in the order of the names of all copies. A series keeps its shape
    and stays in its range: all its values are a little smaller."""
    runs = given["indicator"].combine_chunks().dictionary_encode()
    codes = runs.indices.to_numpy()
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    originals = [given.slice(start, end - start) for start, end in pairwise([*starts, len(given)])]
    areas = [table["ref_area"].combine_chunks().dictionary_encode() for table in originals]
    names = runs.dictionary.to_pylist()
    for name, original, copy in sorted(
        (name if copy == 0 else f"{name}{BETWEEN}{copy}", place, copy)
        for place, name in enumerate(names)
        for copy in range(copies)
    ):
        table = originals[original]
        if copy:
            draw = np.random.default_rng((SEED, original, copy))
            shrunk = 1 - draw.integers(1000, size=len(areas[original].dictionary)) / 10_000
            value = table["value"].to_numpy() * shrunk[areas[original].indices.to_numpy()]
            for column, made in (("indicator", pa.repeat(name, len(table))), ("value", pa.array(value))):
                at = table.schema.get_field_index(column)
                table = table.set_column(at, table.schema.field(at), made)
        yield from table.to_batches()


def named(copy: str) -> str:
    """The name of an indicator in a copy, as SQL; the first copy has the real names."""
    return f"if({copy} = 0, indicator, indicator || '{BETWEEN}' || {copy})"


def repeat_definitions(con: duckdb.DuckDBPyConnection, copies: int) -> None:
    """What is defined of the real indicators, for each copy of them."""
    for name in REPEATED if copies > 1 else ():
        con.execute(
            f"create or replace temp table {name} as "
            f"select given.* replace ({named('copy')} as indicator) "
            f"from {name} as given, range({copies}) as copies(copy)"
        )
