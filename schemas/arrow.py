"""Arrow schemas made from the tables: types, nullability, and for each field its description, unit and
role."""

from __future__ import annotations

import pyarrow as pa

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
