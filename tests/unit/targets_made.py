"""A small world for the tests of targets, claims and scores: four UN members, two groups."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from schemas.definitions.targets import (
    Commitment,
    CommitmentFile,
    Targets,
)
from schemas.tables.assessment import AGGREGATE
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR, SNAPSHOT_TABLE
from schemas.tables.targets import DEADLINE, TARGET
from schemas.tables.validation import validate
from tests.unit.make import catalogue, indicator, snapshot, table, value
from warehouse.engine.duckdb_engine import engine, write_table
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
    for contract, result in (
        (AREA, areas),
        (AREA_GROUP, groups),
        (INDICATOR, rows),
        (SNAPSHOT_TABLE, [fetched]),
    ):
        write_table(table(contract, result), contract, folder / f"{contract.name}.parquet")
    load_model_inputs(con, folder, defined, None)
    load_commitments(con, folder, commitments)
    load(con, "aggregate", compute(con, AGGREGATE).read_all())


PEOPLE = indicator(
    "people", unit="PS", expect={"range": [0, 1e10]}, aggregate={"method": "sum", "min_weight_share": 0}
)
USE = indicator("use", aggregate={"method": "weighted_mean", "weight": "people", "min_weight_share": 0.5})
COUNTED = indicator("counted")
DEFINED = (PEOPLE, USE, COUNTED)
WEIGHTS = [value("people", area, year, 100.0) for area in AREAS for year in range(2015, 2027)]


def target(name: str = "T-1", **more: Any) -> Commitment:
    made: dict[str, Any] = {
        "id": name,
        "reference": "para 1",
        "text": "For tests",
        "quoted": False,
        "status": "measured",
        "indicators": ["use", "counted"],
        "reason": "test",
        "public_data": "none",
        "verified": "test",
    }
    return Commitment.model_validate(made | more)


def judged(
    folder: Path, targets: list[Commitment], rows: list[dict[str, Any]], year: int = 2026
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The tests of the targets, and the targets by id."""
    commitments = Targets(targets=[CommitmentFile(owner="O", document="D", targets=targets)])
    with engine() as con:
        load_world(con, folder, catalogue(*DEFINED), [*rows, *WEIGHTS], commitments, year=year)
        tables = {contract.name: compute(con, contract).read_all() for contract in (DEADLINE,)}
        load(con, "deadline", tables["deadline"])
        tables["target"] = compute(con, TARGET).read_all()
    for contract in (DEADLINE, TARGET):
        validate(tables[contract.name], contract)
    return tables["deadline"].to_pylist(), {row["target"]: row for row in tables["target"].to_pylist()}


def everywhere(number: float, year: int, name: str = "use") -> list[dict[str, Any]]:
    return [value(name, area, year, number) for area in AREAS]


def of_world(number: float, **more: Any) -> dict[str, Any]:
    return {"indicator": "use", "group": WORLD, "comparison": "at_least", "value": number} | more
