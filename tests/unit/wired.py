"""A reader made of rows written in the test, to test staging on a handful of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.definitions.source import Source
from sources.model import RAW_COLUMNS, SnapshotFiles
from sources.staging.stage import StagedSource, stage_source

SNAPSHOT, OTHER = "a" * 64, "b" * 64
LIMIT = {"limit": 0.1, "reason": "made up for a test"}
DEFINITION: dict[str, Any] = {
    "id": "made_up",
    "title": "Made up",
    "agency": "Nobody",
    "homepage": "https://example.org",
    "description": "",
    "licence": {"name": "CC0", "commercial_use": True, "redistribution": True},
    "citation": "Nobody",
    "cadence": "yearly",
    "contract_verified": False,
    "reader": "world_factbook",
    "base_url": "https://example.org",
    "areas": {"scheme": "iso3", "not_carried": {"SUN": "dissolved in 1991"}},
    "dimensions": {
        "Sex": {"to": "sex", "codes": {"FEMALE": "F", "BOTHSEX": "_T"}},
        "Gender": {"to": "sex", "codes": {"W": "F"}},
        "Place": {"to": "urbanisation"},
        "Zone": {"to": "ZONE"},
        "Activity": {"to": "ACTIVITY", "codes": {"TOTAL": "_T"}},
    },
    "units": {"KILO": "KG"},
    "statuses": {"est": "E", "G": "E", "C": "A"},
    "missing": {"N": "M", "NaN": "O", "..": "O"},
    "counted_only": {"empty_cell": "a grid of areas and years"},
    "acceptance": {
        "rows_lost_share": LIMIT,
        "areas_lost": {"limit": 0, "reason": "none may go"},
        "median_ratio": {"limit": 2, "reason": "not by a factor of two"},
        "years_back": {"limit": 0, "reason": "time goes on"},
    },
}
SCHEMA = pa.schema(
    [
        (name, {"row": pa.int64(), "dims": pa.map_(pa.string(), pa.string())}.get(name, pa.string()))
        for name in RAW_COLUMNS
    ]
)


def source(**changes: Any) -> Source:
    return Source.model_validate(DEFINITION | changes)


def row(**changes: Any) -> dict[str, Any]:
    """A row that nothing is wrong with, but for the changes."""
    return {
        "snapshot": SNAPSHOT,
        "series": "S1",
        "area": "KEN",
        "time_period": "2020",
        "value": "1.5",
    } | changes


class MadeUp:
    """The reader: its rows as given; refused and counted rows as a reader may add them."""

    def __init__(
        self,
        rows: Sequence[dict[str, Any]],
        refused: Sequence[tuple[Any, ...]] = (),
        counted: Sequence[tuple[Any, ...]] = (),
    ) -> None:
        self.rows, self.refused, self.counted, self.calls = rows, refused, counted, 0

    def raw_rows(
        self, con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]
    ) -> None:
        self.calls += 1
        number_rows = [
            {"row": n} | r | {"dims": list(r.get("dims", {}).items())} for n, r in enumerate(self.rows)
        ]
        con.register("given", pa.Table.from_pylist(number_rows, schema=SCHEMA))
        con.execute("create temp table raw_row as from given")
        for table, rows in (("raw_row_rejected", self.refused), ("raw_row_counted", self.counted)):
            for values in rows:
                con.execute(f"insert into {table} values ({', '.join('?' * len(values))})", list(values))


class Stage:
    """Stages rows with the reader above, in a folder of its own."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.patch, self.folder = patch, folder
        self.home, self.definitions = folder / "home", folder / "sources"
        (self.definitions / "made_up").mkdir(parents=True)
        self.series("code,title,unit\nS1,First,PT\n")

    def series(self, text: str) -> None:
        (self.definitions / "made_up" / "series.csv").write_text(text)

    def corrections(self, text: str) -> None:
        (self.definitions / "made_up" / "corrections.yaml").write_text(text)

    def __call__(
        self,
        rows: Sequence[dict[str, Any]],
        *,
        definition: Source | None = None,
        home: Path | None = None,
        **reader: Any,
    ) -> StagedSource:
        self.reader = MadeUp(rows, **reader)
        self.patch.setattr("sources.staging.stage.reader_of", lambda _: self.reader)
        snapshots = sorted({r["snapshot"] for r in rows} | {c[0] for c in self.reader.counted}) or [SNAPSHOT]
        files = [SnapshotFiles(snapshot, "resource", ()) for snapshot in snapshots]
        return stage_source(definition or source(), files, home or self.home, self.definitions)

    def rows(self, *args: Any, **named: Any) -> list[dict[str, Any]]:
        return kept(self(*args, **named))


def kept(staged: StagedSource) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(staged.observation).to_pylist()
    return rows


def refused(staged: StagedSource) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(staged.quarantine).to_pylist()
    return rows
