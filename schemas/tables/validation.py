"""Contracts: Pandera models generated from the tables, and the one function that validates a table.

Strict, ordered and without coercion: an extra or missing column, another order or another type is a
violation. Rows are validated in batches, so that memory stays bounded, and at most one batch of a file is in
memory: in a table sorted by its key, the order itself shows that keys are unique.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.columns.model import Column, Table
from schemas.errors import CompactError
from schemas.tables.arrow import ARROW_TYPES, arrow_schema
from schemas.tables.pandera_backend import pandera

BATCH_ROWS = 250_000
EXAMPLES = 10


class ContractViolation(CompactError):
    """A table violates its contract."""


def validate(table: pa.Table, contract: Table) -> None:
    """Raise ContractViolation, naming table, column, check, count and at most ten examples, if a row or
    column is wrong."""
    _check_columns(table.schema, contract)
    batches = (table.slice(start, BATCH_ROWS) for start in range(0, table.num_rows, BATCH_ROWS))
    _validate(batches, contract, table)


def validate_file(path: Path, contract: Table, *, of_its_day: bool = False) -> pa.Schema:
    """Validate a parquet file with at most one batch in memory. Returns its schema.

    of_its_day: columns that the contract got after the first releases may be missing.
    """
    file = pq.ParquetFile(path)
    if of_its_day:
        contract = contract.as_of_its_day(file.schema_arrow.names)
    _check_columns(file.schema_arrow, contract)
    batches = (pa.Table.from_batches([batch]) for batch in file.iter_batches(BATCH_ROWS))
    _validate(batches, contract, path)
    return file.schema_arrow


def _validate(batches: Iterable[pa.Table], contract: Table, whole: pa.Table | Path) -> None:
    counts: dict[tuple[str, str], int] = {}
    failures: dict[tuple[str, str], list[str]] = {}
    last, ascending = None, True
    for batch in batches:
        frame = batch.to_pandas(types_mapper=pd.ArrowDtype)
        for column, check, rows, cases in _row_failures(frame, contract):
            counts[column, check] = counts.get((column, check), 0) + rows
            examples = failures.setdefault((column, check), [])
            examples.extend(cases[: EXAMPLES - len(examples)])
        if ascending:
            keys = batch.select(list(contract.key))
            ascending = _ascending(pa.concat_tables([last, keys]) if last is not None else keys)
            last = keys.slice(max(len(keys) - 1, 0))
    repeated = None if ascending else _repeated_keys(whole, contract)
    if repeated:
        counts["+".join(contract.key), "unique key"], failures["+".join(contract.key), "unique key"] = (
            repeated
        )
    if counts:
        raise ContractViolation(
            "\n".join(
                f"table {contract.name}, column {column}, check {check}: {counts[column, check]} rows, "
                f"for example {', '.join(cases)}"
                for (column, check), cases in failures.items()
            ),
            where=f"contract of {contract.name}",
            allowed="; ".join(_promise(contract, c) for c, _ in failures),
            next_step="look at the rows named; fix the source, its definition or the step that wrote it",
        )


def _ascending(keys: pa.Table) -> bool:
    """Return whether every row comes after the previous one, by the columns from left to right. False if
    one is null.
    """
    if len(keys) < 2:
        return not any(column.null_count for column in keys.columns)
    keys = keys.combine_chunks()
    after: pa.ChunkedArray | bool = False
    for column in reversed(keys.columns):
        one, next_one = column.slice(0, len(column) - 1), column.slice(1)
        after = pc.or_(pc.less(one, next_one), pc.and_(pc.equal(one, next_one), after))
    return bool(pc.all(after, skip_nulls=False).as_py())


def _check_columns(actual: pa.Schema, contract: Table) -> None:
    expected = arrow_schema(contract)
    if actual.names != expected.names:
        raise ContractViolation(
            f"table {contract.name}: the columns differ: found {actual.names}",
            where=f"contract of {contract.name}",
            allowed=f"exactly, in this order: {expected.names}",
            next_step="the step that wrote the table is wrong",
        )
    for field, promise in zip(actual, expected, strict=True):
        if field.type != promise.type:
            raise ContractViolation(
                f"table {contract.name}, column {field.name}, check type: found {field.type}",
                where=f"contract of {contract.name}",
                allowed=str(promise.type),
                next_step="types are never converted silently: fix the step that wrote the column",
            )


@cache
def pandera_schema(contract: Table) -> pandera.DataFrameSchema:
    """Return the Pandera model of a table, on pandas columns with Arrow types."""
    return pandera.DataFrameSchema(
        {
            column.name: pandera.Column(
                pd.ArrowDtype(ARROW_TYPES[column.type]), _checks(column), nullable=column.nullable
            )
            for column in contract.columns
        },
        strict=True,
        ordered=True,
        coerce=False,
        name=contract.name,
    )


def _checks(column: Column) -> list[pandera.Check]:
    checks = []
    if column.minimum is not None:
        checks.append(pandera.Check.ge(column.minimum))
    if column.maximum is not None:
        checks.append(pandera.Check.le(column.maximum))
    if column.allowed:
        checks.append(pandera.Check.isin(list(column.allowed)))
    if column.pattern:
        checks.append(pandera.Check.str_matches(column.pattern))
    if column.type == "float64":  # NaN and infinity are never valid; a missing value is null
        checks.append(
            pandera.Check(lambda s: s.between(-1.7976931348623157e308, 1.7976931348623157e308), name="finite")
        )
    return checks


def _row_failures(batch: pd.DataFrame, contract: Table) -> Iterator[tuple[str, str, int, list[str]]]:
    """Return for each failing check: column, check, number of failing rows and some examples."""
    try:
        pandera_schema(contract).validate(batch, lazy=True)
    except pandera.errors.SchemaErrors as error:
        for (column, check), cases in error.failure_cases.groupby(["column", "check"], sort=True):
            some = cases.head(EXAMPLES)
            yield (
                str(column),
                str(check),
                len(cases),
                [
                    f"{case!r} at {_key_of(batch, contract, index)}"
                    for case, index in zip(some["failure_case"], some["index"], strict=True)
                ],
            )


def _key_of(batch: pd.DataFrame, contract: Table, index: object) -> str:
    if not isinstance(index, int) or index >= len(batch):
        return "the whole column"
    row = batch.iloc[index]
    return "/".join(str(row[name]) for name in contract.key)


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"autoinstall_known_extensions": False})


def _repeated_keys(whole: pa.Table | Path, contract: Table) -> tuple[int, list[str]] | None:
    with _engine().cursor() as con:
        if isinstance(whole, Path):
            con.execute("create temp table judged as select * from read_parquet($file)", {"file": str(whole)})
        else:
            con.register("judged", whole.select(list(contract.key)))
        key = ", ".join(f'"{name}"' for name in contract.key)
        repeated = con.execute(
            f"select {key}, count(*) as n from judged group by all having n > 1 order by all"
        ).fetchall()
    if not repeated:
        return None
    return len(repeated), ["/".join(map(str, row[:-1])) for row in repeated[:EXAMPLES]]


def _promise(contract: Table, name: str) -> str:
    if "+" in name:
        return f"{name} unique"
    column = contract.column(name)
    parts = [column.type, "may be null" if column.nullable else "never null"]
    parts += [f"one of {', '.join(column.allowed)}"] if column.allowed else []
    parts += [f"matching {column.pattern}"] if column.pattern else []
    parts += [f"from {column.minimum}"] if column.minimum is not None else []
    parts += [f"to {column.maximum}"] if column.maximum is not None else []
    return f"{name}: {', '.join(parts)}"
