"""A small world for the tests of targets, claims and scores: four UN members, two groups."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from schemas.definitions.targets import Targets
from schemas.tables.assessment import AGGREGATE
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR, SNAPSHOT_TABLE
from tests.unit.make import snapshot, table
from warehouse.engine.duckdb_engine import write_table
from warehouse.models.definition_inputs import load, load_model_inputs
from warehouse.models.target_inputs import load_commitments
from warehouse.release.tables import compute

AREAS = ("KEN", "RWA", "TZA", "UGA")
WORLD, LDC = "M49:001", "M49:199"


def area(name: str, kind: str) -> dict[str, Any]:
    member = kind == "country"
    return {"ref_area": name, "name": name, "m49": None, "iso2": None, "kind": kind, "un_member": member}


def member(group: str, name: str) -> dict[str, Any]:
    return {
        "grouping": "test",
        "group": group,
        "ref_area": name,
        "valid_from": None,
        "valid_to": None,
        "group_name": group,
        "source": "test",
    }


def load_world(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    defined: Mapping[str, Any],
    rows: list[dict[str, Any]],
    commitments: Targets,
    *,
    year: int,
) -> None:
    """Everything that the models read, with the group values computed; year: that of the newest bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    areas = [*(area(name, "country") for name in AREAS), area(WORLD, "group"), area(LDC, "group")]
    groups = [*(member(WORLD, name) for name in AREAS), member(LDC, "RWA"), member(LDC, "UGA")]
    fetched = snapshot("a") | {"fetched_at": datetime(year, 3, 1, tzinfo=UTC)}
    for contract, found in (
        (AREA, areas),
        (AREA_GROUP, groups),
        (INDICATOR, rows),
        (SNAPSHOT_TABLE, [fetched]),
    ):
        write_table(table(contract, found), contract, folder / f"{contract.name}.parquet")
    load_model_inputs(con, folder, defined, None)
    load_commitments(con, folder, commitments)
    load(con, "aggregate", compute(con, AGGREGATE).read_all())
