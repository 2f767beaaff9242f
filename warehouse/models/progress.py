"""Progress by every method in one table: loads the inputs, runs each file of models/sql/progress, and
combines them.

A method is computed by its SQL file; schemas/definitions/methods.py defines its header.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb
import pyarrow as pa

from schemas.definitions.default_method import DEFAULT_METHOD
from schemas.definitions.methods import (
    COMMON_CLASSES,
    OUTLOOKS,
    Method,
    component_columns,
    methods,
)
from schemas.tables.arrow import arrow_schema
from schemas.tables.assessment import METHOD, PROGRESS
from warehouse.engine.duckdb_engine import literal, load_models, model_sql, sort_by_key, stream_sql

OUTLOOK = "method_outlook"  # results of the other methods, for the agreement of the default
INPUTS = ("assessment_point", "area_target", "target_status", "assessment_input")
# Columns that a method's file selects: these, from assessment_input or its own, then its components.
SELECTED = (
    "indicator", "ref_area", "baseline_year", "baseline_value", "latest_year", "latest_value", "target_value",
    "target_year", "measure", "score", "category", "reason",
)  # fmt: skip
CONFIDENCE = ("evidence", "agreement", "confidence")  # of the default method only


def load_assessment_inputs(con: duckdb.DuckDBPyConnection) -> None:
    """Load the temporary tables that every method reads, made from the inputs of the models."""
    load_models(con, INPUTS, again=True)


def progress_rows(con: duckdb.DuckDBPyConnection, only: Collection[str] = ()) -> pa.RecordBatchReader:
    """Return the published table: one row for each method, indicator and area with a total value. only:
    these methods.
    """
    load_assessment_inputs(con)
    if not only or DEFAULT_METHOD in only:
        con.execute(f"create or replace temp table {OUTLOOK} as\n{outlook_sql()}")
    return stream_sql(con, progress_sql(only), PROGRESS)


def progress_sql(only: Collection[str] = ()) -> str:
    """Return the rows of all methods, or of these only; a component that a method lacks is null."""
    chosen = [method for method in methods().values() if not only or method.id in only]
    return "\nunion all\n".join(method_sql(method) for method in chosen)


def outlook_sql() -> str:
    """Count for each indicator and area the directions of the non-default methods, and how many have their
    best class, that is, on course. The default method derives its agreement from it.
    """
    others = "\nunion all\n".join(
        f"select *, category in ({literal(next(iter(one.classes)))}, 'target_met') as best_class\n"
        f"from (\n{method_sql(one)}\n) as rows_of_method"
        for one in methods().values()
        if one.id != DEFAULT_METHOD
    )
    counts = ",\n    ".join(
        f"count(*) filter (where outlook = {literal(name)}) as {name}" for name in OUTLOOKS
    )
    return (
        f"select indicator, ref_area,\n    {counts},\n    count(*) filter (where best_class) as on_course\n"
        f"from (\n{others}\n) as every\nwhere outlook is not null\ngroup by indicator, ref_area"
    )


def method_sql(method: Method) -> str:
    """Return one method's rows in the columns of the published table."""
    columns = [f"{name}::double as {name}" if name in ("measure", "score") else name for name in SELECTED]
    components = [
        f"{column.name}::double as {column.name}"
        if column.name in method.components
        else f"null::double as {column.name}"
        for column in component_columns()
    ]
    chosen = ",\n    ".join(
        [
            f"{literal(method.id)} as method",
            *columns,
            f"{_outlook(method)} as outlook",
            "note",
            *(name if method.id == DEFAULT_METHOD else f"null::varchar as {name}" for name in CONFIDENCE),
            *components,
        ]
    )
    return f"select\n    {chosen}\nfrom (\n{model_sql(f'progress/{method.id}')}\n) as assessed"


def _outlook(method: Method) -> str:
    """Return the direction of a class, as the header declares it."""
    said = []
    for name, outlook in (COMMON_CLASSES | dict(method.classes)).items():
        if outlook == "by_measure":
            said.append(f"when {literal(name)} then if(coalesce(measure, -1) < 0, 'negative', 'neutral')")
        elif outlook is not None:
            said.append(f"when {literal(name)} then {literal(outlook)}")
    return f"case category {' '.join(said)} end"


def method_table() -> pa.Table:
    """Return the published table of the methods themselves."""
    rows = [
        {
            "method": one.id,
            "title": one.title,
            "publication": one.publication,
            "edition": one.edition,
            "provisional": one.provisional or None,
            "measure": one.measure,
            "score": one.score or None,
        }
        for one in methods().values()
    ]
    return sort_by_key(pa.Table.from_pylist(rows, schema=arrow_schema(METHOD)), METHOD)
