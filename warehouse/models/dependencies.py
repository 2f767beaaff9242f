"""Finds the published tables that a model reads, from its SQL. The execution order is in
warehouse/release/tables.py; a test compares the two.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlglot import exp, parse_one

from schemas.tables.registry import TABLES
from warehouse.engine.duckdb_engine import MODELS, model_sql

# Tables that need more than one select statement, with their files; every other has one file.
FILES = {
    "progress": ("assessment_input", "assessment_point", "progress/*"),
    "claim": ("claim", "claim_part"),
    "score": ("score_input",),
    "projection": ("projection_series", "projection_group", "projection_weight"),
    "projection_refused": ("projection_refused", "projection_series"),
    "projection_skill": (),  # measured by a back-test: warehouse/projections/skill.csv
}

# Tables loaded for the models, with the published table that has the same rows.
LOADED: dict[str, str] = {
    "overlap": "indicator",
    "survey": "observation",
    "unsd_value": "observation",
    "newest_snapshot": "snapshot",
    "as_of": "snapshot",
    "fetched": "snapshot",
    "projection_rule": "snapshot",
}


@cache
def published_inputs(table: str) -> frozenset[str]:
    """Return the published tables that a model reads, including through its intermediate tables.

    Args:
        table: A published table that a model computes.
    """
    read: set[str] = set()
    for pattern in FILES.get(table, (table,)):
        for path in sorted(MODELS.glob(f"{pattern}.sql")):
            read |= _inputs(path)
    return frozenset(read - {table})


@cache
def _inputs(path: Path) -> frozenset[str]:
    name = path.relative_to(MODELS).with_suffix("").as_posix()
    query = parse_one(model_sql(name), dialect="duckdb")
    local = {cte.alias_or_name for cte in query.find_all(exp.CTE)}
    read: set[str] = set()
    for source in {one.name for one in query.find_all(exp.Table)} - local:
        intermediate = MODELS / f"{source}.sql"
        name = LOADED.get(source, source)
        if name in TABLES:
            read.add(name)
        elif intermediate.is_file():
            read |= _inputs(intermediate)
    return frozenset(read)
