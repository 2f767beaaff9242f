"""Aggregates tiles to countries: the table of cells that locates a tile, and the figures of each country.

tile_speed.sql has the computation, which runs on DuckDB and Spark; cells.py builds the cells; fetching and
staging are in the reader (sources/readers/ookla/reader.py).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).parent
LEVEL, COARSE = 12, 8  # levels of cells.parquet, and of the cells that belong to one country entirely
INSIDE = 4 ** (LEVEL - COARSE)
COLUMNS = ("quadkey", "avg_d_kbps", "avg_u_kbps", "avg_lat_ms", "tests", "devices")  # in every published file


def tile_speed_sql() -> str:
    """Return one select over the tables tile, coarse_cell and fine_cell."""
    return (HERE / "tile_speed.sql").read_text(encoding="utf-8")


@cache
def cell_tables() -> tuple[pa.Table, pa.Table]:
    """Return coarse_cell and fine_cell: the prefix of a quadkey and its country."""
    runs = pq.read_table(HERE / "cells.parquet")
    names, codes = np.unique(runs["ref_area"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    first, last = runs["first"].to_numpy().astype(np.int64), runs["last"].to_numpy().astype(np.int64)
    size = last - first + 1
    cell = np.repeat(first - (np.cumsum(size) - size), size) + np.arange(size.sum())
    code = np.repeat(codes, size)
    # cells are sorted, so those of a coarse cell are adjacent: uniform if all exist and have one code
    parent = cell // INSIDE
    edge = np.concatenate([[True], (parent[1:] != parent[:-1]) | (code[1:] != code[:-1])])
    start = np.nonzero(edge)[0]
    whole = np.diff(np.append(start, len(cell))) == INSIDE
    mixed = ~np.repeat(whole, np.diff(np.append(start, len(cell))))
    return (
        _named(_quadkeys(parent[start[whole]], COARSE), names[code[start[whole]]]),
        _named(_quadkeys(cell[mixed], LEVEL), names[code[mixed]]),
    )


def load_cells(con: duckdb.DuckDBPyConnection) -> None:
    """Load the tables coarse_cell and fine_cell into a DuckDB connection."""
    for name, table in zip(("coarse_cell", "fine_cell"), cell_tables(), strict=True):
        con.register("arriving", table)
        con.execute(f"create or replace temp table {name} as select * from arriving")
        con.unregister("arriving")


def _quadkeys(cells: np.ndarray[tuple[int], np.dtype[np.int64]], level: int) -> list[str]:
    digits = np.empty((len(cells), level), dtype="S1")
    for place in range(level):
        digits[:, place] = ((cells >> (2 * (level - 1 - place))) & 3).astype("S1")
    return [key.decode("ascii") for key in digits.view(f"S{level}").ravel().tolist()]


def _named(prefixes: list[str], areas: np.ndarray[tuple[int], np.dtype[np.str_]]) -> pa.Table:
    return pa.table(
        {"prefix": pa.array(prefixes, pa.string()), "ref_area": pa.array(areas.tolist(), pa.string())}
    )
