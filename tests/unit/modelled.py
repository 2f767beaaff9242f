"""Runs SQL models on rows made by hand, against the areas and groups of the code lists or others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from schemas.codelists.areas import area_rows, membership_rows
from schemas.columns.model import Table
from schemas.definitions.indicator import Indicator
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR
from schemas.tables.validation import validate
from tests.unit.make import catalogue, table
from warehouse.engine.duckdb_engine import engine, write_table
from warehouse.models.definition_inputs import load_model_inputs
from warehouse.release.tables import compute

Rows = list[dict[str, Any]]


def run_models(
    folder: Path,
    rows: Rows,
    definitions: Sequence[Indicator],
    *contracts: Table,
    load: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
    areas: Rows | None = None,
    members: Rows | None = None,
) -> dict[str, Rows]:
    """The rows of the models, each checked against its contract. load: further inputs for them."""
    tables = (
        (INDICATOR, rows),
        (AREA, area_rows() if areas is None else areas),
        (AREA_GROUP, membership_rows() if members is None else members),
    )
    for contract, content in tables:
        write_table(table(contract, content), contract, folder / f"{contract.name}.parquet")
    answer: dict[str, Rows] = {}
    with engine() as con:
        load_model_inputs(con, folder, catalogue(*definitions), None)
        if load is not None:
            load(con)
        for contract in contracts:
            result = compute(con, contract).read_all()
            validate(result, contract)
            answer[contract.name] = result.to_pylist()
    return answer
