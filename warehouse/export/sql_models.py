"""Exports the models as SQL of DuckDB or Spark, in execution order: `compact export sql --dialect spark`.

Each select statement is written as a table; docs/scale.md describes loading the inputs. It runs no SQL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.codelists.areas import area_rows, membership_rows
from schemas.columns.model import Table
from schemas.definitions.targets import Targets
from schemas.errors import CompactError
from schemas.tables.arrow import arrow_schema
from schemas.tables.projections import PROJECTION_REFUSED
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR, LATEST
from schemas.tables.targets import CLAIM, SCORE
from warehouse.distributed.backend import MADE_IN_PYTHON, temporary_names
from warehouse.distributed.translate import Schema, described, translate
from warehouse.engine.duckdb_engine import engine, model_sql, sort_by_key, write_table
from warehouse.evaluation.source_overlap import load_overlaps
from warehouse.models.definition_inputs import load_model_inputs
from warehouse.models.progress import INPUTS, outlook_sql, progress_sql
from warehouse.models.sdg_database_inputs import load_sdg_database
from warehouse.models.survey_inputs import load_surveys
from warehouse.models.target_inputs import load_commitments
from warehouse.projections.projection import load_projection_series
from warehouse.release.defined_tables import SQL_TYPES
from warehouse.release.tables import MODEL_TABLES

DIALECTS = ("duckdb", "spark")
BEFORE = {
    LATEST.name: ("total_value",),
    "progress": (*INPUTS[3:], "method_outlook"),
    CLAIM.name: ("claim_part", "claim_value"),
    SCORE.name: ("score_input",),
    PROJECTION_REFUSED.name: (*INPUTS[:3], "projection_series"),
}


def export_sql(dialect: str, out: Path, commitments: Targets | None = None) -> list[Path]:
    """Write one file per table into a folder, numbered in execution order. Returns the paths."""
    if dialect not in DIALECTS:
        raise CompactError(f"Unknown dialect {dialect!r}", where="--dialect", allowed=", ".join(DIALECTS))
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for number, (name, sql) in enumerate(translated(dialect, commitments), 1):
        path = out / f"{number:02d}_{name}.sql"
        path.write_text(f"CREATE TABLE {name} AS\n{sql}\n;\n", encoding="utf-8")
        written.append(path)
    return written


def translated(dialect: str, commitments: Targets | None = None) -> Iterator[tuple[str, str]]:
    """Return each table's name and its select in the dialect, in execution order."""
    schema = dict(input_schema(commitments))
    with tempfile.TemporaryDirectory() as folder, engine() as con:
        _load(con, Path(folder), commitments or Targets())
        load_projection_series(con)
        schema["projection_rule"] = described(con, "projection_rule")
        for name, sql in _selects(con):
            yield name, sql if dialect == "duckdb" else translate(sql, schema)
            if name not in schema:
                con.execute(f"create or replace temp table {name} as\n{sql}")
                schema[name] = described(con, name)


def input_schema(commitments: Targets | None = None) -> Schema:
    """Return the tables that models read, with DuckDB's names of their types: inputs, and published
    tables.
    """
    with tempfile.TemporaryDirectory() as folder, engine() as con:
        _load(con, Path(folder), commitments or Targets())
        schema = {name: described(con, f'"{name}"') for name in temporary_names(con)}
    return schema | {table.name: _types(table) for table in MODEL_TABLES}


def _load(con: duckdb.DuckDBPyConnection, folder: Path, commitments: Targets) -> None:
    """Load the inputs without any value, and the published tables, empty."""
    for table, rows in ((INDICATOR, []), (AREA, area_rows()), (AREA_GROUP, membership_rows())):
        filled = pa.Table.from_pylist(rows, schema=arrow_schema(table))
        write_table(sort_by_key(filled, table), table, folder / f"{table.name}.parquet")
    load_model_inputs(con, folder, {}, None)
    load_surveys(con, {})
    load_commitments(con, folder, commitments)
    load_sdg_database(con, {})
    load_overlaps(con, {}, ())
    for table in MODEL_TABLES:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in _types(table).items())
        con.execute(f"drop view if exists {table.name}")
        con.execute(f"create or replace temp table {table.name} ({columns})")


def _selects(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    for table in MODEL_TABLES:
        for name in BEFORE.get(table.name, ()):
            if name == "claim_value":
                yield name, con.execute("select sql from claim_formula").fetchall()[0][0]
            elif name == "method_outlook":
                yield name, outlook_sql()
            else:
                yield name, model_sql(name)
        if table.name == "progress":
            yield table.name, progress_sql()
        elif table.name not in MADE_IN_PYTHON:
            yield table.name, model_sql(table.name)


def _types(table: Table) -> dict[str, str]:
    return {column.name: SQL_TYPES[column.type] for column in table.columns}
