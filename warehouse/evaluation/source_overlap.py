"""Cells with values of several agencies: the pairs of values, and their tolerance.

A side file of each evaluated file has every pair of inputs with a value for the same area and year.
models/sql/disagreement.sql selects the pairs that differ too much, for the published table and for the check.
This module changes no value: the preferred input always wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.columns.model import Table
from schemas.columns.shared import number
from schemas.definitions.indicator import Indicator
from schemas.tables.arrow import arrow_schema
from schemas.tables.assessment import DISAGREEMENT
from warehouse.engine.duckdb_engine import literal, parquet
from warehouse.evaluation.beside import beside
from warehouse.evaluation.sql import DIMENSIONS, rows_of

BOUNDS = tuple(
    number(name, "Bound of the value, if published.", nullable=True)
    for name in ("lower_a", "upper_a", "lower_b", "upper_b")
)
JUDGED = ("difference", "relative_difference", "tolerance")  # columns that the model computes from these
OVERLAP = Table(
    "overlap",
    "Cells with several values",
    "Two inputs of an indicator that have a value for the same area and year, both totals.",
    (*(column for column in DISAGREEMENT.columns if column.name not in JUDGED), *BOUNDS),
    DISAGREEMENT.key,
)
TOLERANCE = pa.schema([("indicator", pa.string()), ("relative", pa.float64()), ("absolute", pa.float64())])


def overlap_sql(indicator: Indicator, staged: Mapping[str, Path], evaluated: Mapping[str, Path]) -> str:
    """Return SQL for every pair of inputs, the preferred one first; empty if no input has an alternative."""
    parts = []
    for name, items in indicator.named_inputs().items():
        there = [(rank, item) for rank, item in enumerate(items) if item.indicator or item.source in staged]
        if len(there) > 1:
            parts += [
                f"select {literal(name)} as input, *\nfrom ({rows})"
                for rows in (rows_of(indicator, rank, item, staged, evaluated) for rank, item in there)
            ]
    if not parts:
        return ""
    cell = [name for name in DIMENSIONS if name != "education"]  # already part of other_dims here
    of_each = ", ".join(
        f"{side}.{column} as {name}_{side}"
        for column, name in (
            ("source", "source"),
            ("series", "series"),
            ("value", "value"),
            ("obs_status", "status"),
            ("lower_bound", "lower"),
            ("upper_bound", "upper"),
        )
        for side in ("a", "b")
    )
    return f"""with
input_row as (
{chr(10).join([parts[0], *(f"union all by name{chr(10)}{part}" for part in parts[1:])])}
),
total as (
    select *
    from input_row
    where {" and ".join(f"{name} = '_T'" for name in cell)}
)
select {literal(indicator.id)} as indicator, input, ref_area, time_period, {of_each}
from total as a
join total as b using (input, ref_area, time_period)
where a.preference < b.preference
-- one series may be two inputs, with different pins: then the more preferred one speaks for it
qualify row_number() over (
    partition by input, ref_area, time_period, a.source, b.source, a.series, b.series
    order by a.preference, b.preference) = 1"""


def load_overlaps(
    con: duckdb.DuckDBPyConnection, evaluated: Mapping[str, Path], indicators: Iterable[Indicator]
) -> None:
    """Load the tables that the model reads: overlap, and tolerance for the indicators that declare one."""
    paths = [path for _, of in sorted(evaluated.items()) if (path := beside(of, OVERLAP)).exists()]
    con.register("no_overlap", arrow_schema(OVERLAP).empty_table())
    con.execute("create or replace temp table overlap as select * from no_overlap")
    con.unregister("no_overlap")
    for path in paths:
        con.execute(f"insert into overlap by name select * from {parquet(path)}")
    rows = [
        {"indicator": one.id, "relative": one.disagreement.relative, "absolute": one.disagreement.absolute}
        for one in indicators
        if one.disagreement
    ]
    con.register("tolerances", pa.Table.from_pylist(rows, schema=TOLERANCE))
    con.execute("create or replace temp table tolerance as select * from tolerances")
    con.unregister("tolerances")
