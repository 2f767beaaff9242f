"""The same models on two engines: compares every table of a release on DuckDB and on Spark.

Tables are equal if they have the same rows in the same order, with doubles equal to one part in a
thousand million (of one, if they are smaller than one): engines add in different orders, and their
logarithms differ in the last digits.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.columns.model import Table
from warehouse.distributed.backend import MADE_IN_PYTHON, ON_DUCKDB, carry_over
from warehouse.engine.batching import in_batches
from warehouse.models.definition_inputs import stored
from warehouse.release.tables import MODEL_TABLES, compute

if TYPE_CHECKING:
    from warehouse.distributed.spark import SparkConnection

Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]
CLOSE = 1e-9
EXAMPLES = 3
# What is left of large numbers taken from each other is as exact as they are: 0.0005 of two of 10 ^ 13.
SUBTRACTED = {"difference": "value"}
# Roots of such a rest: the square of a deviation is a mean square less the square of the value.
ROOTS = dict.fromkeys(("standard_deviation", "expected_error", "error_80"), "value")


@dataclass(frozen=True)
class Compared:
    """One table: its rows on DuckDB, the seconds that each engine took, and the differences in words."""

    table: str
    rows: int
    duckdb_seconds: float
    spark_seconds: float
    differences: tuple[str, ...]


def compare(
    con: duckdb.DuckDBPyConnection,
    other: SparkConnection,
    folder: Path,
    previous: Path | None,
    only: Collection[str] = (),
) -> Iterator[Compared]:
    """Every table made by SQL, in the order of a run. con: has the inputs (assemble.load_inputs); folder:
    where indicator.parquet is, and where what is made is put for those after it."""
    carry_over(con, other, folder, previous)
    for contract in MODEL_TABLES:
        if contract.name in MADE_IN_PYTHON:
            continue
        started = time.perf_counter()
        here = in_batches(con, contract, partial(compute, contract=contract)).read_all()
        between = time.perf_counter()
        if contract.name not in ON_DUCKDB and (not only or contract.name in only):
            there = compute(cast(duckdb.DuckDBPyConnection, other), contract).read_all()
            ended = time.perf_counter()
            yield Compared(
                contract.name,
                here.num_rows,
                between - started,
                ended - between,
                tuple(differences(here, there, contract)),
            )
        made = folder / f"made-{contract.name}.parquet"
        pq.write_table(here, made)
        stored(con, contract.name, made)
        other.read(contract.name, made)


def differences(here: pa.Table, there: pa.Table, contract: Table) -> list[str]:
    """How two tables of one contract differ, in words; empty if they are the same."""
    if here.num_rows != there.num_rows:
        return [f"{here.num_rows} rows and {there.num_rows}"]
    results = []
    for name in contract.names:
        one, other = here[name], there[name]
        if pa.types.is_floating(one.type):
            of, power = (SUBTRACTED | ROOTS).get(name, ""), 2 if name in ROOTS else 1
            size = np.abs(_numbers(here[of])) if of in contract.names else np.zeros(here.num_rows)
            apart = _apart(_numbers(one) ** power, _numbers(other) ** power, size**power)
            unlike = np.nonzero(apart)[0]
        elif one.equals(other):
            continue
        else:
            pairs = zip(one.to_pylist(), other.to_pylist(), strict=True)
            unlike = np.array([place for place, (a, b) in enumerate(pairs) if a != b])
        if len(unlike):
            shown = "; ".join(
                f"{tuple(here.slice(at, 1).select(contract.key).to_pylist()[0].values())}: "
                f"{one[at].as_py()!r} and {other[at].as_py()!r}"
                for at in unlike[:EXAMPLES].tolist()
            )
            results.append(f"{name} differs in {len(unlike)} rows, as {shown}")
    return results


def _numbers(column: pa.ChunkedArray) -> Numbers:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _apart(one: Numbers, other: Numbers, size: Numbers) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    with np.errstate(invalid="ignore"):
        largest = np.fmax(np.fmax(np.abs(one), np.abs(other)), np.fmax(size, 1))
        near = np.abs(one - other) <= CLOSE * largest
    apart: np.ndarray[tuple[int], np.dtype[np.bool_]] = ~(
        near | (np.isnan(one) & np.isnan(other)) | (one == other)
    )
    return apart
