"""What tiles cost: generated quarters in Ookla's published layout, and the figures of countries made of them.

    python -m tests.benchmarks tiles FOLDER --quarters 2 --rows 10000000 [--spark]

Tiles are invented, with a seed: near coasts and borders, most of them slow, some very fast. What is
measured is time and peak memory; no figure made of them means anything.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

SEED = 8
TYPES = ("fixed", "mobile")


def make_tiles(con: duckdb.DuckDBPyConnection, folder: Path, kind: str, number: int, rows: int) -> Path:
    """Write one quarter of a type where Ookla publishes it, unless it is there. con: with load_cells."""
    year, quarter = 2019 + number // 4, number % 4 + 1
    place = folder / f"type={kind}" / f"year={year}" / f"quarter={quarter}"
    path = place / f"{year}-{3 * quarter - 2:02d}-01_performance_{kind}_tiles.parquet"
    if path.exists():
        return path
    place.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    con.execute(
        """create temp table if not exists land as
        select row_number() over (order by prefix) - 1 as place, prefix from fine_cell"""
    )
    cells = con.execute("select count(*) from land").fetchall()[0][0]
    con.execute(f"""
        copy (
            with drawn as (
                select
                    i,
                    hash(i * 64 + {number * 2 + TYPES.index(kind)}, {SEED}) as one,
                    hash(i * 64 + {number * 2 + TYPES.index(kind)}, {SEED + 1}) as two
                from range({rows}) as made(i)
            ),
            placed as (
                select
                    i,
                    land.prefix || to_base((one % 256)::bigint, 4, 4) as quadkey,
                    -- nearly normal: four even draws less their mean, on the scale of one deviation
                    ((two & 65535)::double + (two >> 16 & 65535) + (two >> 32 & 65535) + (two >> 48 & 65535)
                        - 131070) / 37837.0 as z,
                    ((one >> 40) & 1023) / 1024.0 as u
                from drawn
                join land on land.place = ((one >> 8) % {cells})::bigint
            )
            select
                quadkey,
                'POLYGON((' || quadkey || '))' as tile,
                greatest(exp(9.8 + 1.3 * z)::int, 1)::bigint as avg_d_kbps,
                greatest(exp(9.0 + 1.2 * z + u)::int, 1)::bigint as avg_u_kbps,
                greatest(exp(3.2 - 0.4 * z + u)::int, 1)::bigint as avg_lat_ms,
                (1 + floor(30 * u * u * u))::bigint as tests,
                (1 + floor(10 * u * u * u))::bigint as devices
            from placed
            order by i)
        to '{partial}' (format parquet, compression zstd)""")
    return partial.rename(path)


def figures(con: duckdb.DuckDBPyConnection, path: Path, kind: str, period: str) -> int:
    """The figures of one quarter; how many rows they are."""
    from sources.readers.ookla.tiles import COLUMNS, tile_speed_sql

    con.execute(
        f"create or replace temp view tile as select {', '.join(COLUMNS)}, '{kind}' as type, "
        f"'{period}' as period from read_parquet('{path}')"
    )
    return int(con.sql(tile_speed_sql()).to_arrow_table().num_rows)


def on_duckdb(folder: Path, quarters: int, rows: int) -> Iterator[dict[str, Any]]:
    """One row for each quarter: seconds to make it, seconds for the figures, peak memory until then."""
    from sources.readers.ookla.tiles import load_cells
    from warehouse.engine.duckdb_engine import engine

    with engine(folder / "temp") as con:
        load_cells(con)
        for number in range(quarters):
            kind = TYPES[number % 2]
            year, quarter = 2019 + number // 4, number % 4 + 1
            started = time.perf_counter()
            path = make_tiles(con, folder, kind, number, rows)
            made = time.perf_counter()
            count = figures(con, path, kind, f"{year}Q{quarter}")
            ended = time.perf_counter()
            yield {
                "engine": "duckdb",
                "quarter": f"{kind} {year}Q{quarter}",
                "rows": rows,
                "bytes": path.stat().st_size,
                "figures": count,
                "made_seconds": round(made - started, 1),
                "seconds": round(ended - made, 1),
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "load": os.getloadavg()[0],
            }


def on_spark(folder: Path, quarters: int) -> Iterator[dict[str, Any]]:
    """The figures of the first quarters that are there, all in one query."""
    import pyarrow.parquet as pq

    from sources.readers.ookla.tiles import cell_tables, tile_speed_sql
    from warehouse.distributed.spark import SparkConnection, spark_session

    with spark_session() as session:
        con = SparkConnection(session)
        for name, table in zip(("coarse_cell", "fine_cell"), cell_tables(), strict=True):
            con.register(name, table)
        started = time.perf_counter()
        paths = sorted(folder.rglob("*_tiles.parquet"))[:quarters]
        con.read("published", folder, paths)
        con.execute(
            "create temp table tile as "
            "select *, year::varchar || 'Q' || quarter::varchar as period from published"
        )
        rows = con.sql(tile_speed_sql()).to_arrow_table().num_rows
        yield {
            "engine": "spark",
            "quarter": f"{len(paths)} files",
            "rows": sum(pq.read_metadata(path).num_rows for path in paths),
            "figures": rows,
            "seconds": round(time.perf_counter() - started, 1),
            "load": os.getloadavg()[0],
        }
