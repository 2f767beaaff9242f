"""Hand-made release folders: the tables that are compared and explained, without a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import TABLES
from tests.unit.make import SNAP, observation, snapshot, value

NAMES = {"KEN": "Kenya", "UGA": "Uganda", "TZA": "United Republic of Tanzania", "RWA": "Rwanda"}
ISO2 = {"KEN": "KE", "UGA": "UG", "TZA": "TZ", "RWA": "RW"}
M49 = {"KEN": "404", "UGA": "800", "TZA": "834", "RWA": "646"}
Figures = Mapping[tuple[str, int], float]


def meta(name: str = "use", **more: Any) -> dict[str, Any]:
    """A row of indicator_meta."""
    return {
        "indicator": name,
        "title": "Internet use" if name == "use" else name.capitalize(),
        "description": "For tests.",
        "unit": "PT",
        "direction": "higher_is_better",
        "frameworks": "{}",
        "group": "connectivity",
        "target_value": 95.0,
        "target_year": 2030,
        "target_origin": "test",
        "formula": "value",
        "inputs": json.dumps({"value": [{"source": "one", "series": "S"}]}),
        "aggregate_method": "weighted_mean",
        "notes": None,
        "fingerprint": "0" * 64,
    } | more


def judged(figures: Figures, category: Mapping[str, str], target: float = 95.0) -> list[dict[str, Any]]:
    """Rows of progress: baseline and latest are the first and the last year, the class is as given."""
    rows = []
    for area in sorted({area for area, _ in figures}):
        years = sorted(year for one, year in figures if one == area)
        rows.append(
            {
                "indicator": "use",
                "ref_area": area,
                "method": "likelihood-2026",
                "baseline_year": years[0],
                "baseline_value": figures[area, years[0]],
                "latest_year": years[-1],
                "latest_value": figures[area, years[-1]],
                "target_value": target,
                "target_year": 2030,
                "category": category.get(area, "likely"),
            }
        )
    return rows


def released(folder: Path, figures: Figures, **given: Any) -> Path:
    """A release folder. given: rows of any table by its name, in place of what follows from the figures;
    values: what is changed in every row of indicator."""
    folder.mkdir(parents=True)
    changed = given.pop("values", {})
    indicator = [
        value("use", area, year, number) | changed for (area, year), number in sorted(figures.items())
    ]
    coverage = [
        {
            "indicator": "use",
            "ref_area": area,
            "points_since_2015": len(years),
            "first_year": min(years, default=None),
            "latest_year": max(years, default=None),
            "available": bool(years),
        }
        for area in NAMES
        for years in [[year for one, year in figures if one == area and year >= 2015]]
    ]
    rows: dict[str, list[dict[str, Any]]] = {
        "indicator": indicator,
        "observation": [
            observation("one", "S", area, year, number) for (area, year), number in sorted(figures.items())
        ],
        "coverage": coverage,
        "progress": judged(figures, {}),
        "indicator_meta": [meta()],
        "area": [
            {"ref_area": area, "name": name, "m49": M49[area], "iso2": ISO2[area], "kind": "country"}
            for area, name in NAMES.items()
        ],
        "area_group": [
            {"grouping": "m49", "group": "M49:014", "ref_area": area, "group_name": "Eastern Africa",
             "source": "test"}
            for area in NAMES
        ],
        "source": [{"source": "one", "title": "Source one", "licence": "CC BY 4.0", "citation": "One"}],
        "snapshot": [snapshot("a")],
        "ledger": [
            {"source": "one", "snapshot": SNAP["a"], "rows_in": 9, "rows_out": 9, "rows_rejected": 0,
             "reasons": "{}"}
        ],
    } | given  # fmt: skip
    for name in (*rows, "quarantine", "revision", "aggregate", "latest"):
        # what a test does not give is null, whatever the contract wants
        schema = pa.schema([field.with_nullable(True) for field in arrow_schema(TABLES[name])])
        pq.write_table(pa.Table.from_pylist(rows.get(name, []), schema=schema), folder / f"{name}.parquet")
    card = {
        "id": folder.name,
        "created": "2026-11-01T12:00:00Z",
        "fingerprint": folder.name,
        "previous": None,
        "indicators": 1,
        "sources": {},
        "tables": {name: {"rows": len(rows.get(name, []))} for name in ("indicator", "revision")},
    }
    (folder / "release.json").write_text(json.dumps(card))
    return folder
