"""Builds small staged and evaluated files by hand, in the canonical columns, for the tests of the
warehouse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from schemas.columns.model import Table
from schemas.columns.observation import OBSERVATION
from schemas.definitions.indicator import Indicator
from schemas.definitions.source import Source
from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import INDICATOR, LEDGER, QUARANTINE
from warehouse.engine.duckdb_engine import sort_by_key, write_table

SNAP = {name: character * 64 for name, character in (("a", "a"), ("b", "b"), ("c", "c"))}


def table(contract: Table, rows: list[dict[str, Any]]) -> pa.Table:
    return sort_by_key(pa.Table.from_pylist(rows, schema=arrow_schema(contract)), contract)


def observation(
    source: str, series: str, area: str, year: int, value: float | None, **more: Any
) -> dict[str, Any]:
    return {
        "source": source,
        "series": series,
        "ref_area": area,
        "time_period": year,
        **dict.fromkeys(("sex", "age", "urbanisation", "quantile", "education", "other_dims"), "_T"),
        "obs_value": value,
        "lower_bound": None,
        "upper_bound": None,
        "unit": "PERCENT",
        "unit_mult": 0,
        "obs_status": "A" if value is not None else "O",
        "nature": None,
        "source_detail": None,
        "footnote": None,
        "snapshot": SNAP["a"],
    } | more


def stage(
    folder: Path, rows: list[dict[str, Any]], refused: list[dict[str, Any]] | None = None
) -> dict[str, Path]:
    """Staged files of each source in the rows: observation, ledger and quarantine, which agree."""
    results: dict[str, Path] = {}
    for source in sorted({row["source"] for row in rows}):
        mine = [row for row in rows if row["source"] == source]
        out = [row for row in refused or [] if row["source"] == source]
        place = folder / source / "f0"
        write_table(table(OBSERVATION, mine), OBSERVATION, place / "observation.parquet")
        write_table(table(QUARANTINE, out), QUARANTINE, place / "quarantine.parquet")
        ledger = []
        for snapshot in sorted({row["snapshot"] for row in mine}):
            kept = sum(row["snapshot"] == snapshot for row in mine)
            gone = sum(row["snapshot"] == snapshot for row in out)
            ledger.append(
                {
                    "source": source,
                    "snapshot": snapshot,
                    "rows_in": kept + gone,
                    "rows_out": kept,
                    "rows_rejected": gone,
                    "reasons": json.dumps({"unknown_area": gone}) if gone else "{}",
                }
            )
        write_table(table(LEDGER, ledger), LEDGER, place / "ledger.parquet")
        results[source] = place / "observation.parquet"
    return results


def indicator(id: str = "use", **more: Any) -> Indicator:
    """An indicator of a plain series unless said otherwise."""
    return Indicator.model_validate(
        {
            "id": id,
            "title": id.capitalize(),
            "description": "For tests.",
            "frameworks": {"sdg": "17.8.1"},
            "unit": "PERCENT",
            "direction": "higher_is_better",
            "inputs": [{"source": "one", "series": "S"}],
            "aggregate": {"method": "none"},
            "expect": {"range": [0, 100]},
        }
        | more
    )


def value(name: str, area: str, year: int, number: float, **more: Any) -> dict[str, Any]:
    """A row of the table indicator."""
    return {
        "indicator": name,
        "ref_area": area,
        "time_period": year,
        **dict.fromkeys(("sex", "age", "urbanisation", "quantile", "other_dims"), "_T"),
        "value": number,
        "lower_bound": None,
        "upper_bound": None,
        "obs_status": "A",
        "source": "one",
        "series": "S",
        "snapshot": SNAP["a"],
        "footnote": None,
    } | more


def source(id: str = "one") -> Source:
    limit = {"limit": 1, "reason": "test"}
    return Source.model_validate(
        {
            "id": id,
            "title": f"Source {id}",
            "agency": "Agency",
            "homepage": "https://example.org/",
            "description": "Test.",
            "licence": {
                "name": "CC-BY-4.0",
                "url": "https://creativecommons.org/licenses/by/4.0/",
                "commercial_use": True,
                "redistribution": True,
            },
            "citation": "Agency (2026).",
            "cadence": "yearly",
            "contract_verified": True,
            "reader": "test",
            "base_url": "https://example.org",
            "areas": {"scheme": "iso3"},
            "acceptance": dict.fromkeys(
                ("rows_lost_share", "areas_lost", "median_ratio", "years_back"), limit
            ),
        }
    )


def snapshot(name: str, of: str = "one", resource: str = "S") -> dict[str, Any]:
    from datetime import UTC, datetime

    return {
        "snapshot": SNAP[name],
        "source": of,
        "url": "https://example.org/S",
        "bytes": 10,
        "resource": resource,
        "fetched_at": datetime(2026, 7, 1, tzinfo=UTC),
        "pages": 1,
        "agency_release": None,
        "licence": "CC-BY-4.0",
    }


@dataclass(frozen=True)
class Entry:
    """An indicator as the catalogue has it."""

    indicator: Indicator
    group: str = "connectivity"


def catalogue(*indicators: Indicator) -> Mapping[str, Entry]:
    return {item.id: Entry(item) for item in indicators}


def values(path: Path, rows: list[dict[str, Any]]) -> Path:
    """An evaluated file."""
    write_table(table(INDICATOR, rows), INDICATOR, path)
    return path
