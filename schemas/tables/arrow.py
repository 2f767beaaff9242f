"""Arrow schemas generated from the tables: types, nullability, and for each field its description, unit
and role. Also reads columns of a file and splits rows into row groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.columns.model import Table

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
    """Return the schema of this table's published parquet file, including metadata."""
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
    """Read these columns of a parquet file, or all.

    Equivalent to pyarrow's read_table for one file; but that one imports its datasets and with them pandas,
    which takes a fifth of a second.
    """
    with pq.ParquetFile(path) as file:
        return file.read(list(columns) or None)


def row_groups(rows: pa.Table | pa.RecordBatchReader, schema: pa.Schema, size: int) -> Iterator[pa.Table]:
    """Yield the rows as tables of one chunk and `size` rows each, the last one shorter: the content of a
    file then does not depend on the incoming batches.
    """
    waiting = schema.empty_table()
    for batch in rows.to_batches() if isinstance(rows, pa.Table) else rows:
        waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch]).cast(schema)])
        while waiting.num_rows >= size:
            yield waiting.slice(0, size).combine_chunks()
            waiting = waiting.slice(size)
    if waiting.num_rows:
        yield waiting.combine_chunks()
