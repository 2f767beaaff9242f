"""A run on two made-up sources and three small indicators, without network.

The reader is made of what a test says the agency has; staging, store, evaluation and release are the real
ones. The fixtures `agencies` and `make` are in conftest.py.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.session import Session
from sources.model import (
    Page,
    Resource,
    SnapshotFiles,
    SourceResponse,
)
from tests.steps import Steps
from tests.unit.wired import SCHEMA

Cell = tuple[str, int, float]
AREAS = ("KEN", "UGA", "TZA", "RWA", "BDI")
GOOD: list[Cell] = [(area, year, 10.0 + n) for n, area in enumerate(AREAS) for year in range(2015, 2025)]
SERIES = {"one": ("S1", "S2", "UNUSED"), "two": ("T1",)}


class Agencies:
    """The reader of both sources, with what each series answers now, and the series that were asked for."""

    def __init__(self) -> None:
        self.has: dict[str, list[Cell] | CompactError] = {"S1": GOOD, "S2": GOOD, "T1": GOOD, "UNUSED": GOOD}
        self.asked: list[str] = []

    def plan(self, source: Source, series: Sequence[str]) -> list[Resource]:
        return [Resource(code, (code,)) for code in series]

    def fetch(self, source: Source, resource: Resource, session: Session) -> SourceResponse:
        self.asked.append(resource.key)
        result = self.has[resource.key]
        if isinstance(result, CompactError):
            raise result
        body = json.dumps({"series": resource.key, "cells": result}).encode()
        content = hashlib.sha256(json.dumps(sorted(result)).encode()).hexdigest()
        return SourceResponse(
            resource, (Page(f"https://example.org/{resource.key}", body),), 1, len(result), content
        )

    def raw_rows(
        self, con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]
    ) -> None:
        rows = []
        for file in files:
            page = json.loads(file.pages[0].read_bytes())
            rows += [
                {
                    "snapshot": file.snapshot,
                    "row": number,
                    "series": page["series"],
                    "area": area,
                    "time_period": str(year),
                    "value": str(value),
                }
                for number, (area, year, value) in enumerate(page["cells"])
            ]
        con.register("given", pa.Table.from_pylist(rows, schema=SCHEMA))
        con.execute("create temp table raw_row as from given")


def indicator(id: str, *inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "title": id.capitalize(),
        "description": "For tests.",
        "frameworks": {"sdg": "17.8.1"},
        "unit": "PT",
        "direction": "higher_is_better",
        "inputs": list(inputs),
        "aggregate": {"method": "none", "reason": "a test"},
        "expect": {"range": [0, 100]},
    } | more


S1, S2, T1 = ({"source": s, "series": c} for s, c in (("one", "S1"), ("one", "S2"), ("two", "T1")))
FIRST, SECOND = indicator("first", S1, T1), indicator("second", S2)
MADE = indicator("made", formula="a + b") | {
    "inputs": {"a": [{"indicator": "first"}], "b": [{"indicator": "second"}]},
    "expect": {"range": [0, 200], "areas_min": 0},
}

Make = Callable[..., Steps]


def take_in(workspace: Steps) -> Steps:
    """The first half of a run."""
    for source_id in workspace.sources:
        workspace.fetch(source_id)
    for source_id in workspace.sources:
        workspace.stage(source_id)
    return workspace


def run(workspace: Steps) -> Steps:
    """The steps of a run in their order."""
    take_in(workspace).release()
    return workspace


def begin(workspace: Steps) -> None:
    """A first run with the definitions above: made once for all tests of a process, and copied."""
    made = workspace.home.parent.parent / "begun"
    if made.exists():
        shutil.copytree(made, workspace.home, symlinks=True)
    else:
        run(workspace)
        shutil.copytree(workspace.home, made, symlinks=True)


def live(workspace: Steps) -> dict[str, str]:
    """Series to live snapshot."""
    results = [s for source_id in workspace.sources for s in workspace.store.live(source_id).values()]
    return {snapshot.resource: snapshot.snapshot for snapshot in results}


def values(workspace: Steps, indicator_id: str, area: str = "KEN", year: int = 2020) -> list[Any]:
    rows = pq.read_table(workspace.evaluate([indicator_id])[indicator_id].path).to_pylist()
    return [(r["value"], r["source"]) for r in rows if (r["ref_area"], r["time_period"]) == (area, year)]


def times(cells: list[Cell], factor: float) -> list[Cell]:
    return [(area, year, value * factor) for area, year, value in cells]
