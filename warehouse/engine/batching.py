"""Runs models that treat each indicator separately in batches of indicators, if the values exceed the memory.
Memory then does not grow with the data, and rows keep their order.

The models in models/sql/*.sql are independent of batches; release/tables.py orders them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from schemas.columns.model import Table
from schemas.tables.arrow import arrow_schema
from schemas.tables.assessment import AGGREGATE, COVERAGE, PROGRESS
from schemas.tables.gaps import GAP
from schemas.tables.projections import PROJECTION, PROJECTION_REFUSED
from schemas.tables.registry import LATEST, REVISION
from warehouse.engine.duckdb_engine import literal, memory_limit

# Bytes of DuckDB's memory limit for each value of a batch: 300 are too few for sums of groups.
BYTES = 512
BY_INDICATOR = frozenset(
    table.name
    for table in (LATEST, PROGRESS, AGGREGATE, COVERAGE, REVISION, GAP, PROJECTION, PROJECTION_REFUSED)
)
# These also read the weights of their indicators, which are values of other indicators.
WEIGHED = frozenset({AGGREGATE.name, PROJECTION.name})
NARROWED = ("indicator", "previous_indicator", "definition")
# Intermediate tables that a model leaves to the models after it.
ON_THE_WAY = (
    *("assessment_point", "area_target", "target_status", "assessment_input", "projection_series"),
    *("projection_group", "projection_weight", "likelihood_series", "method_outlook"),
)
Rows = Callable[[duckdb.DuckDBPyConnection], pa.RecordBatchReader]


def in_batches(
    con: duckdb.DuckDBPyConnection, contract: Table, rows: Rows, size: int | None = None
) -> pa.RecordBatchReader:
    """Yield the rows of a table batch by batch, if its model allows that and the values exceed one batch;
    otherwise all at once. size: values per batch; by default as many as the memory limit allows.
    """
    blocks = batch_conditions(con, size or batch_size()) if contract.name in BY_INDICATOR else []
    if len(blocks) < 2:
        return rows(con)

    def batches() -> Iterator[pa.RecordBatch]:
        for block in blocks:
            with _narrowed(con, block, weighed=contract.name in WEIGHED):
                yield from rows(con)

    return pa.RecordBatchReader.from_batches(arrow_schema(contract), batches())


def batch_size() -> int:
    """Return the values per batch: some 5 million, more with more memory."""
    return memory_limit() // BYTES


def batch_conditions(con: duckdb.DuckDBPyConnection, size: int) -> list[str]:
    """Return conditions on `indicator` that partition all indicators, in their order, with and without
    values.
    """
    if con.execute("select count(*) from indicator").fetchall()[0][0] <= size:
        return []
    ends = con.execute(f"""
        select max(indicator)
        from (
            select indicator, (sum(count(*)) over (order by indicator) - 1) // {size} as block
            from indicator
            group by indicator)
        group by block
        order by block""").fetchall()
    edges = [literal(name) for (name,) in ends[:-1]]
    after = ["true", *(f"indicator > {edge}" for edge in edges)]
    until = [*(f"indicator <= {edge}" for edge in edges), "true"]
    return [f"({low} and {high})" for low, high in zip(after, until, strict=True)]


@contextmanager
def _narrowed(con: duckdb.DuckDBPyConnection, block: str, *, weighed: bool) -> Iterator[None]:
    """Restrict the models to the values and definitions of one batch."""
    views = {name for (name,) in con.execute("select view_name from duckdb_views()").fetchall()}
    kinds = {name: "view" if name in views else "table" for name in NARROWED}
    for name, kind in kinds.items():
        con.execute(f"alter {kind} {name} rename to whole_{name}")
        con.execute(f"create temp view {name} as from whole_{name} where {block}")
    if weighed:
        weights = con.execute("select distinct weight from definition where weight is not null").fetchall()
        listed = ", ".join(literal(name) for (name,) in sorted(weights)) or "''"
        con.execute(  # two selects without `or`, for which every row group of the file would be read
            f"create or replace temp view indicator as from whole_indicator where {block} "
            f"union all from whole_indicator where indicator in ({listed}) and not {block}"
        )
    try:
        yield
    finally:
        for name, kind in kinds.items():
            con.execute(f"drop view {name}")
            con.execute(f"alter {kind} whole_{name} rename to {name}")
        for name in ON_THE_WAY:
            con.execute(f"drop table if exists {name}")
