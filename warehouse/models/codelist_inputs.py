"""Code lists that the SQL models read as tables: pairs of groups, bands of parity, indicators to compare.

The lists are files in schemas/codelists, each line with its reason; the models in models/sql/*.sql use them.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from schemas.codelists.reader import read_codelist

GAP_PAIR = pa.schema(
    [(name, pa.string()) for name in ("dimension", "group_a", "group_b", "label_a", "label_b")]
)
PARITY_BAND = pa.schema([("convention", pa.string()), ("lowest", pa.float64()), ("highest", pa.float64())])
BETWEEN_COUNTRY = pa.schema([("indicator", pa.string())])
LIKELIHOOD_CLASS = pa.schema([("category", pa.string()), ("at_least", pa.float64())])
CONFIDENCE_CRITERION = pa.schema(
    [
        ("criterion", pa.string()),
        ("level", pa.float64()),
        ("at_least", pa.float64()),
        ("at_most", pa.float64()),
    ]
)
GROUP_ERROR = pa.schema(
    [
        ("family", pa.string()),
        *((name, pa.float64()) for name in ("coverage_from", "age_from", "half", "eighty")),
    ]
)
CONFIDENCE_LEVEL = pa.schema([(name, pa.string()) for name in ("evidence", "agreement", "confidence")])


def load_reference(con: duckdb.DuckDBPyConnection) -> None:
    """Load the code lists as temporary tables, each with the name below."""
    for name, codelist, schema in (
        ("gap_pair", "gap_pairs", GAP_PAIR),
        ("parity_band", "parity_bands", PARITY_BAND),
        ("between_country", "between_country", BETWEEN_COUNTRY),
        ("likelihood_class", "likelihood_classes", LIKELIHOOD_CLASS),
        ("confidence_criterion", "confidence_criteria", CONFIDENCE_CRITERION),
        ("confidence_level", "confidence_levels", CONFIDENCE_LEVEL),
        ("group_error", "group_errors", GROUP_ERROR),
    ):
        con.register("arriving", _table(codelist, schema))
        con.execute(f"create or replace temp table {name} as select * from arriving")
        con.unregister("arriving")


def _table(codelist: str, schema: pa.Schema) -> pa.Table:
    """Return the columns of a code list that a model reads, numbers as numbers."""
    rows = [
        {
            field.name: _number(row[field.name]) if pa.types.is_floating(field.type) else row[field.name]
            for field in schema
        }
        for row in read_codelist(codelist)
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def _number(text: str) -> float | None:
    """Parse a number of a code list; an empty field is null, which means no limit."""
    return float(text) if text else None
