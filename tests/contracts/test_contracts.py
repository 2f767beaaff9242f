"""Every published table has a contract that rejects violations and reports place and reason."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.generate.tables import tables_page
from schemas.columns.model import Column, Table
from schemas.tables import validation as contracts
from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import TABLES
from schemas.tables.validation import (
    BATCH_ROWS,
    EXAMPLES,
    ContractViolation,
    pandera_schema,
    validate,
    validate_file,
)

SMALL = Table(
    "small", "Small", "A table for tests.",
    (
        Column("area", "string", "dimension", "An area.", pattern=r"^[A-Z]{3}$"),
        Column("year", "int16", "dimension", "A year.", minimum=1900, maximum=2100),
        Column("value", "float64", "measure", "A value.", unit="percent", nullable=True),
        Column("status", "string", "attribute", "A status.", allowed=("A", "E")),
    ),
    ("area", "year"),
)  # fmt: skip


def small(
    areas: list[str | None] | None = None,
    years: list[int] | None = None,
    values: list[float | None] | None = None,
    statuses: list[str] | None = None,
) -> pa.Table:
    return pa.table(
        {
            "area": pa.array(areas or ["KEN", "NAM"], pa.string()),
            "year": pa.array(years or [2020, 2021], pa.int16()),
            "value": pa.array([1.5, None] if values is None else values, pa.float64()),
            "status": pa.array(statuses or ["A", "E"], pa.string()),
        }
    )


def refusal(table: pa.Table) -> str:
    with pytest.raises(ContractViolation) as caught:
        validate(table, SMALL)
    return str(caught.value)


def test_a_good_table_passes_and_an_empty_one_too() -> None:
    assert validate(small(), SMALL) is None
    assert validate(small().slice(0, 0), SMALL) is None


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (small(areas=["KEN", "kenya"]), ["column area", "str_matches", "1 rows", "'kenya' at kenya/2021"]),
        (small(areas=["KEN", None]), ["column area", "not_nullable", "never null"]),
        (small(years=[1800, 2021]), ["column year", "greater_than_or_equal_to(1900)", "KEN/1800"]),
        (small(statuses=["A", "X"]), ["column status", "isin", "'X' at NAM/2021", "one of A, E"]),
        (small(values=[float("nan"), 1.0]), ["column value", "finite", "1 rows"]),
        (small(values=[float("inf"), 1.0]), ["column value", "finite", "1 rows"]),
        (small(areas=["KEN", "KEN"], years=[2020, 2020]), ["area+year", "unique key", "KEN/2020"]),
    ],
)
def test_a_wrong_row_is_named_with_table_column_check_count_and_example(
    bad: pa.Table, words: list[str]
) -> None:
    message = refusal(bad)
    assert all(word in message for word in ["table small", *words]), message


def test_columns_are_strict_and_ordered_and_types_are_not_converted() -> None:
    table = small()
    swapped = table.select(["area", "value", "year", "status"])
    assert "exactly, in this order" in refusal(swapped)
    assert "exactly, in this order" in refusal(table.drop_columns(["value"]))
    assert "exactly, in this order" in refusal(table.append_column("more", table["area"]))
    wide = table.set_column(1, "year", table["year"].cast(pa.int64()))
    assert "column year, check type: found int64" in refusal(wide)


@given(st.integers(min_value=1, max_value=40))
def test_a_message_counts_all_and_shows_at_most_ten(bad_rows: int) -> None:
    years = list(range(1900, 1900 + bad_rows))
    message = refusal(small(["lower"] * bad_rows, years, [1.0] * bad_rows, ["A"] * bad_rows))
    assert f"{bad_rows} rows" in message
    assert message.count("'lower' at") == min(bad_rows, EXAMPLES)


def test_rows_beyond_the_first_batch_are_judged_too() -> None:
    rows = BATCH_ROWS + 2
    statuses = pa.array(["A"] * (rows - 1) + ["X"], pa.string())
    table = pa.table(
        {
            "area": pa.array(
                [chr(65 + i // 676 % 26) + chr(65 + i // 26 % 26) + chr(65 + i % 26) for i in range(rows)]
            ),
            "year": pa.array([1900 + i // 17576 for i in range(rows)], pa.int16()),
            "value": pa.nulls(rows, pa.float64()),
            "status": statuses,
        }
    )
    assert "column status" in refusal(table)


@given(
    keys=st.lists(st.tuples(st.sampled_from(["BEN", "KEN", "NAM"]), st.integers(2000, 2005)), max_size=14),
    in_order=st.booleans(),
)
def test_a_repeated_key_is_found_in_any_order_and_batch_in_memory_and_in_a_file(
    keys: list[tuple[str, int]], in_order: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = sorted(keys) if in_order else keys
    rows = [(*key, 1.0, "A") for key in keys]
    table = pa.Table.from_pylist(
        [dict(zip(SMALL.names, row, strict=True)) for row in rows], schema=arrow_schema(SMALL)
    )
    file = tmp_path_factory.mktemp("keys") / "small.parquet"
    pq.write_table(table, file)

    def found(of: pa.Table | Path) -> str:
        try:
            validate_file(of, SMALL) if isinstance(of, Path) else validate(of, SMALL)
        except ContractViolation as refused:
            return str(refused)
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contracts, "BATCH_ROWS", 3)
        message = found(table)
        assert found(file) == message
    assert ("unique key" in message) == (len(set(keys)) < len(keys))
    for key in {key for key in keys if keys.count(key) > 1}:
        assert "/".join(map(str, key)) in message


@pytest.mark.parametrize("name", sorted(TABLES))
def test_one_definition_makes_arrow_pandera_and_docs(name: str) -> None:
    table = TABLES[name]
    schema = arrow_schema(table)
    assert schema.names == list(pandera_schema(table).columns) == list(table.names)
    assert all(field.metadata[b"description"] for field in schema)
    assert all(f"| {c.description} |" in tables_page() for c in table.columns)
    empty = schema.empty_table()
    assert validate(empty, table) is None


def test_a_table_with_an_unknown_key_column_cannot_be_defined() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        Table("t", "T", "T.", SMALL.columns, ("nowhere",))
