"""Arrow schemas made from the tables: types, nullability, and for each field its description, unit and role;
and how columns of a file are read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.columns import Table

ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def arrow_schema(table: Table) -> pa.Schema:
    """The schema that a published parquet file of this table has, metadata included."""
    fields = []
    for column in table.columns:
        about = {"description": column.description, "role": column.role}
        about |= {"unit": column.unit} if column.unit else {}
        fields.append(
            pa.field(column.name, ARROW_TYPES[column.type], nullable=column.nullable, metadata=about)
        )
    return pa.schema(
        fields,
        metadata={"title": table.title, "description": table.description, "primary_key": ",".join(table.key)},
    )


def read_columns(path: Path, *columns: str) -> pa.Table:
    """These columns of a parquet file, or all. What pyarrow's own read_table does with one file; but that one
    imports its datasets and with them pandas, a fifth of a second in which nothing is read."""
    with pq.ParquetFile(path) as file:
        return file.read(list(columns) or None)
