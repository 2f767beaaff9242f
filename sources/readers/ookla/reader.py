"""Reader of Ookla's quarterly tables of tiles (parquet, some 200 to 400 MB each), aggregated to countries.

options: types (fixed, mobile), first_year, last_year, quarter: the quarter that represents each year. One
file is one resource. Reading every used value checks that it is complete. `raw_row` has a row for each
country and figure of tile_speed.sql; each tile is one row of the ledger, counted as `tile`.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from schemas.definitions.base import Model
from schemas.definitions.source import Source
from sources.model import Page, Resource, SnapshotFiles, SourceResponse
from sources.readers.common.paging import refuse
from sources.readers.common.python_rows import Row, number_rows, write_raw_rows
from sources.readers.ookla.tiles import COLUMNS, load_cells, tile_speed_sql

if TYPE_CHECKING:
    import duckdb

    from sources.http.session import Session

COUNTED = "tile"
TYPES = {name: "VARCHAR" if name == "quadkey" else "BIGINT" for name in COLUMNS}
NUMBERS = tuple(name for name, kind in TYPES.items() if kind == "BIGINT")
LARGEST = 10**9  # limit of each number of a tile; products of larger ones overflow 64 bits
NAME = re.compile(r"(fixed|mobile) ([0-9]{4})Q([1-4])")
# Each series of a type: the measure and the figure of tile_speed.sql, and the divisor that converts it to its
# unit.
SERIES = {
    "download_median": ("download", "median", 1000),
    "upload_median": ("upload", "median", 1000),
    "latency_median": ("latency", "median", 1),
    "download_share_10": ("download", "share_10", 1),
    "download_gini": ("download", "gini", 1),
    "download_p90_p10": ("download", "p90", None),  # over p10
    "tests": ("download", "tests", 1),
}


class Options(Model):
    """Options of source.yaml for this reader."""

    types: list[Literal["fixed", "mobile"]]
    first_year: int = Field(ge=2019)
    last_year: int = Field(le=2100)
    quarter: int = Field(ge=1, le=4)


def plan(source: Source, series: Sequence[str]) -> list[Resource]:
    """Return one file for each type that the series name and each year."""
    options = Options.model_validate(source.options)
    resources = []
    for kind in options.types:
        mine = tuple(sorted(name for name in series if name.startswith(f"{kind}_")))
        years = range(options.first_year, options.last_year + 1) if mine else ()
        resources += [Resource(f"{kind} {year}Q{options.quarter}", mine) for year in years]
    return resources


def fetch(source: Source, resource: Resource, session: Session) -> SourceResponse:  # noqa: ARG001 - as every reader
    """Fetch one file and check that it is complete."""
    kind, year, quarter = _name(resource.key)
    month = f"{year}-{3 * int(quarter) - 2:02d}-01"
    page = session.get(f"/type={kind}/year={year}/quarter={quarter}/{month}_performance_{kind}_tiles.parquet")
    rows = _rows(page)
    return SourceResponse(resource, (page,), 1, rows, hashlib.sha256(page.body).hexdigest())


def _rows(page: Page) -> int:
    """Count the tiles of the table after reading every used value with the engine that stages it."""
    import duckdb

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, duckdb.connect() as con:
        file.write(page.body)
        file.flush()
        table = f"read_parquet('{file.name}')"
        try:
            types = {str(row[0]): str(row[1]) for row in con.execute(f"describe from {table}").fetchall()}
            wrong = [f"{name} {kind}" for name, kind in TYPES.items() if types.get(name) != kind]
            if not wrong:
                sound = " and ".join(f"{name} between 0 and {LARGEST}" for name in NUMBERS)
                rows, unsound, _ = con.execute(f"""
                    select count(*), count(*) filter (where coalesce(not ({sound}), true) or quadkey is null),
                        bit_xor(hash({", ".join(TYPES)})) -- so that every value is read
                    from {table}""").fetchall()[0]
        except (duckdb.Error, UnicodeDecodeError) as fault:
            raise refuse(
                f"the answer is no whole parquet file: {str(fault).splitlines()[0][:200]}",
                [page],
                allowed="a table of tiles",
            ) from None
    if wrong or not rows:
        raise refuse(
            f"the table lacks {', '.join(wrong)}" if wrong else "the table has no rows",
            [page],
            allowed=f"the columns {', '.join(TYPES)}",
        )
    if unsound:
        raise refuse(
            f"{unsound} of {rows} tiles lack a value, or have one that cannot be",
            [page],
            allowed=f"a quadkey, and from 0 to {LARGEST} for {', '.join(NUMBERS)}",
        )
    return int(rows)


def raw_rows(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]) -> None:
    """Write the figures of each country, a file at a time, and each tile to raw_row_counted."""
    load_cells(con)
    tiles: dict[str, int] = {}

    def rows() -> Iterator[Row]:
        for one in files:
            figures, tiles[one.snapshot] = _figures(con, one)
            yield from number_rows(one, _series_rows(figures))

    write_raw_rows(con, source, rows())
    con.executemany(
        "insert into raw_row_counted values ($1, $2, $3)",
        [(name, COUNTED, count) for name, count in tiles.items()],
    )


def _figures(con: duckdb.DuckDBPyConnection, one: SnapshotFiles) -> tuple[list[dict[str, Any]], int]:
    kind, year, _ = _name(one.resource)
    columns = ", ".join(COLUMNS)
    con.execute(
        f"create or replace temp view tile as select {columns}, '{kind}' as type, '{year}' as period "
        f"from read_parquet('{one.pages[0]}')"
    )
    sql = f"select * from ({tile_speed_sql()}) order by ref_area, measure"
    figures = con.sql(sql).to_arrow_table().to_pylist()
    counted = con.execute("select count(*) from tile").fetchall()
    return figures, int(counted[0][0])


def _series_rows(figures: list[dict[str, Any]]) -> Iterator[Row]:
    for row in figures:
        for name, (measure, figure, scale) in SERIES.items():
            if row["measure"] != measure:
                continue
            value = row[figure] / (scale or row["p10"]) if scale or row["p10"] else None
            yield {
                "series": f"{row['type']}_{name}",
                "area": row["ref_area"],
                "time_period": row["period"],
                "value": "" if value is None else repr(float(value)),
                "unit": name,
            }


def _name(key: str) -> tuple[str, str, str]:
    match = NAME.fullmatch(key)
    if match is None:
        raise ValueError(f"{key!r} is no quarter of a type")
    return match[1], match[2], match[3]
