# ruff: noqa: E501 - one row a line or two reads as the table it is
"""A tiny release, made by hand, for the tests of the site: four countries, two groups, three indicators."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SNAP = "a" * 64
OPTIONAL = (
    "progress",
    "projection",
    "gap",
    "target",
    "claim",
    "availability",
    "revision",
    "aggregate",
    "coverage",
)
COUNTRIES = {"KEN": ("Kenya", "KE"), "TZA": ("United Republic of Tanzania", "TZ"), "FRA": ("France", "FR"), "UGA": ("Uganda", "UG")}  # fmt: skip
GROUPS = (("world", "M49:001", "World", tuple(COUNTRIES)), ("m49_subregion", "M49:202", "Sub-Saharan Africa", ("KEN", "TZA", "UGA")))  # fmt: skip
VALUES = {
    "internet_use": {"KEN": [(2015, 16.6), (2024, 35.0)], "TZA": [(2015, 10.0), (2017, 16.0)], "FRA": [(2015, 78.0), (2024, 93.0)]},
    "gini": {"KEN": [(2015, 40.8), (2022, 38.5)], "FRA": [(2021, 31.5)]},
    "skills": {},
}  # fmt: skip
INDICATORS = (
    ("internet_use", "Individuals using the Internet", "PT", "higher_is_better", {"compact_brief": "A", "compact_adopted": "1"}, 100.0),
    ("gini", "Gini index", "INDEX", "lower_is_better", {"compact_brief": "B", "compact_adopted": "2"}, None),
    ("skills", "Skills <script>alert(1)</script>", "PT", "higher_is_better", {"compact_brief": "A"}, None),
)  # fmt: skip
CLASSES = {"KEN": "marginal", "TZA": "insufficient_data", "FRA": "on_track_or_met"}


def write_release(folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """Write it. without: tables that this release lacks."""
    folder.mkdir(parents=True)
    for name, rows in _tables().items():
        if name not in without:
            pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    card = {"id": "2026-11-23-0123abcd", "created": "2026-11-23T09:00:00Z", "previous": "2026-11-22-0123abcd",
            "sources": {"one": {"state": "live", "note": None, "snapshots": 1}}}  # fmt: skip
    (folder / "release.json").write_text(json.dumps(card))
    (folder / "SHA256SUMS").write_text("")
    return folder


def _tables() -> dict[str, list[dict[str, Any]]]:
    total = dict.fromkeys(("sex", "age", "urbanisation", "quantile", "other_dims"), "_T")
    origin = {"source": "one", "series": "S", "snapshot": SNAP}
    series = [(i, a, y, v) for i, areas in VALUES.items() for a, points in areas.items() for y, v in points]
    newest = [(i, a, *points[-1]) for i, areas in VALUES.items() for a, points in areas.items()]
    return {
        "area": [{"ref_area": code, "name": name, "m49": None, "iso2": iso2, "kind": "country", "un_member": True}
                 for code, (name, iso2) in COUNTRIES.items()],
        "area_group": [{"grouping": grouping, "group": group, "ref_area": m, "valid_from": 2000, "valid_to": None, "group_name": name, "source": "s"}
                       for grouping, group, name, members in GROUPS for m in members],
        "indicator_meta": [{"indicator": i, "title": title, "description": f"What {i} is.", "unit": unit, "direction": direction,
                            "frameworks": json.dumps(frameworks), "group": "test", "target_value": target, "target_year": 2030 if target else None,
                            "target_origin": "ITU, 2022" if target else None, "formula": "value",
                            "inputs": json.dumps({"value": [{"source": "one", "series": "i99H"}]}), "aggregate_method": "weighted_mean",
                            "notes": "A note."} for i, title, unit, direction, frameworks, target in INDICATORS],
        "indicator": [{"indicator": i, "ref_area": a, "time_period": y, **total, "value": v, "obs_status": "A", **origin} for i, a, y, v in series],
        "latest": [{"indicator": i, "ref_area": a, "time_period": y, "value": v, "obs_status": "E" if a == "KEN" else "A", **origin} for i, a, y, v in newest],
        "progress": [{"indicator": "internet_use", "ref_area": a, "method": "unsd-2026", "baseline_year": 2015, "baseline_value": 16.6, "measure": 0.2,
                      "category": c, "projected_value": 60.0} for a, c in CLASSES.items()],
        "aggregate": [{"indicator": "internet_use", "group": "M49:001", "time_period": y, "value": v, "weight_share": 0.91, "areas_used": 3,
                       "areas_total": 4, "official_value": None} for y, v in ((2015, 40.0), (2024, 72.5))],
        "coverage": [{"indicator": i, "ref_area": a, "available": a in VALUES[i]} for i, *_ in INDICATORS for a in COUNTRIES],
        "projection": [{"indicator": "internet_use", "ref_area": "KEN", "time_period": 2024 + n, "value": 35.0 + 3 * n, "lower_80": 34.0 + 2 * n,
                        "upper_80": 36.0 + 4 * n, "lower_95": 33.0 + n, "upper_95": 37.0 + 5 * n, "probability_target_met": 0.01, "model": "m"} for n in range(1, 7)],
        "gap": [{"indicator": "internet_use", "ref_area": a, "time_period": 2024, "dimension": "sex", "group_a": "F", "group_b": "M", "value_a": v - 4,
                 "value_b": v, "difference": -4.0, "ratio": (v - 4) / v} for a, v in (("KEN", 37.0), ("FRA", 94.0))],
        "target": [{"target": "A-T01", "owner": "ITU", "text_ref": "1", "indicator": "internet_use", "value": 100.0, "year": 2030, "status": "measured",
                    "reason": "itself", "text": "Universal use", "compact_brief": "A", "compact_adopted": "1"},
                   {"target": "H-T01", "owner": "Brief", "text_ref": "2", "indicator": None, "value": None, "year": None, "status": "not_measurable",
                    "reason": "nobody counts it", "text": "A commons", "compact_brief": "H", "compact_adopted": "2"}],
        "claim": [{"claim": "offline_people", "target": "A-C01", "text": "2.7 billion people are offline", "quoted_value": 2.7, "year": 2022,
                   "document": "Brief", "computed_as": "p - q", "value_now": 2.9, "difference": 0.2, "verdict": "revised", "reason": "later data",
                   "unit": "NUMBER", "source": "one", "vintage": "2026-11-23"}],
        "availability": [{"universe": "catalogue", "goal": g, "scope": "M49:001", "breakdown": "_T", "share_one": 0.7, "share_two": 0.6, "share_recent": 0.5,
                          "median_latest_year": 2023, "cells": 100, "indicators": 2, "areas": 4} for g in ("all", "4", "17")],
        "source": [{"source": "one", "title": "Source One", "licence": "CC BY 4.0", "citation": "One (2026)", "agency": "Agency One", "homepage": "https://one.example/"}],
        "snapshot": [{"snapshot": SNAP, "source": "one", "url": "https://one.example/api", "fetched_at": datetime(2026, 11, 23, tzinfo=UTC), "bytes": 10,
                      "resource": "S", "pages": 1, "agency_release": "2026-07", "licence": "CC BY 4.0"}],
        "ledger": [{"source": "one", "snapshot": SNAP, "rows_in": 10, "rows_out": 9, "rows_rejected": 1, "reasons": "{}"}],
        "revision": [{"indicator": "internet_use", "ref_area": "KEN", "time_period": 2024, "old_value": 34.0, "new_value": 35.0, "previous_release": "r"}],
    }  # fmt: skip
