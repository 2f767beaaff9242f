# ruff: noqa: E501 - one row a line or two reads as the table it is
"""A tiny release, made by hand, for the tests of the site: four countries, two groups, three indicators."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import TABLES

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
    "score",
    "inequality",
    "lorenz",
    "method_disagreement",
    "disagreement",
    "ledger",
    "pledge",
    "national_figure",
    "company_rating",
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
CHECKS = [
    {"indicator": "internet_use", "check": "range", "level": "error", "passed": True, "what": "all values lie from 0 to 100"},
    {"indicator": "internet_use", "check": "yearly_change", "level": "warn", "passed": False, "what": "KEN 2015-2024 rose by 18"},
]  # fmt: skip
CLASSES = {"KEN": "unlikely", "TZA": "insufficient_data", "FRA": "met"}
SURE = {"unlikely": {"probability": 0.2, "confidence": "medium"}, "likely": {"probability": 0.8, "confidence": "high"},
        "met": {"probability": 0.97, "confidence": "high"}, "insufficient_data": {"probability": 0.4}}  # fmt: skip


def write_release(
    folder: Path, *, without: tuple[str, ...] = (), classes: Mapping[str, str] = CLASSES, world: float = 72.5
) -> Path:
    """Write it. without: tables that it lacks; classes: verdicts on internet_use; world: its newest value."""
    folder.mkdir(parents=True)
    for name, rows in _tables(classes, world).items():
        if name not in without:
            schema = (
                pa.schema([f.with_nullable(True) for f in arrow_schema(TABLES[name])]) if not rows else None
            )
            pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{name}.parquet")
    card = {"id": "2026-11-23-0123abcd", "created": "2026-11-23T09:00:00Z", "previous": "2026-11-22-0123abcd",
            "sources": {"one": {"state": "stored", "note": None, "snapshots": 1, "stale_since": "2026-10-01", "last_confirmed": "2026-09-01T08:00:00Z"}}}  # fmt: skip
    (folder / "release.json").write_text(json.dumps(card))
    (folder / "SHA256SUMS").write_text("")
    (folder / "briefs").mkdir()
    for code in (*COUNTRIES, *(code.replace(":", "-") for _, code, *_ in GROUPS)):
        (folder / "briefs" / f"{code}.pdf").write_bytes(b"")  # the site links to it
    (folder / "chart-data").mkdir()
    for name in VALUES:
        (folder / "chart-data" / f"{name}.zip").write_bytes(b"")
    (folder / "checks.json").write_text(json.dumps(CHECKS))
    return folder


def _tables(classes: Mapping[str, str], world: float) -> dict[str, list[dict[str, Any]]]:
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
        "indicator": [{"indicator": i, "ref_area": a, "time_period": y, **total, "value": v, "lower_bound": None, "upper_bound": None, "obs_status": "A", **origin} for i, a, y, v in series],
        "latest": [{"indicator": i, "ref_area": a, "time_period": y, "value": v, "obs_status": "E" if a == "KEN" else "A", **origin} for i, a, y, v in newest],
        "progress": [{"indicator": "internet_use", "ref_area": a, "method": "likelihood-2026", "baseline_year": 2015, "baseline_value": 16.6, "measure": 0.2,
                      "category": c, "projected_value": 60.0, "target_value": 100.0, "target_year": 2030, **SURE.get(c, {})} for a, c in classes.items()]
                    + [{"indicator": "internet_use", "ref_area": "KEN", "method": "eurostat", "category": "significant_progress"}],
        "aggregate": [{"indicator": "internet_use", "group": "M49:001", "time_period": y, "value": v, "weight_share": 0.91, "areas_used": 3,
                       "areas_total": 4, "official_value": None, "official_status": None, "official_source": None, "method": "unweighted"} for y, v in ((2015, 40.0), (2024, world))],
        "coverage": [{"indicator": i, "ref_area": a, "available": a in VALUES[i]} for i, *_ in INDICATORS for a in COUNTRIES],
        "projection": [{"indicator": "internet_use", "ref_area": "KEN", "time_period": 2024 + n, "value": 35.0 + 3 * n, "lower_80": 34.0 + 2 * n,
                        "upper_80": 36.0 + 4 * n, "lower_95": 33.0 + n, "upper_95": 37.0 + 5 * n, "probability_target_met": 0.2, "model": "m", "last_year": 2024} for n in range(1, 7)],
        "gap": [{"indicator": "internet_use", "ref_area": a, "time_period": 2024, "dimension": "sex", "group_a": "F", "group_b": "M", "value_a": v - 4,
                 "value_b": v, "difference": -4.0, "ratio": (v - 4) / v, "latest": True, "parity_unesco": v > 90} for a, v in (("KEN", 37.0), ("FRA", 94.0))],
        "target": [{"target": "A-T01", "owner": "ITU", "text_ref": "1", "indicator": "internet_use", "value": 100.0, "year": 2030, "status": "measured",
                    "reason": "itself", "text": "Universal use", "compact_brief": "A", "compact_adopted": "1"},
                   {"target": "H-T01", "owner": "Brief", "text_ref": "2", "indicator": None, "value": None, "year": None, "status": "not_measurable",
                    "reason": "nobody counts it", "text": "A commons", "compact_brief": "H", "compact_adopted": "2"}],
        "claim": [{"claim": "offline_people", "target": "A-C01", "text": "2.7 billion people are offline", "quoted_value": 2.7, "year": 2022,
                   "document": "Brief", "computed_as": "p - q", "value_now": 2.9, "difference": 0.2, "verdict": "revised", "reason": "later data",
                   "unit": "NUMBER", "source": "one", "vintage": "2026-11-23"}],
        "availability": [{"universe": "catalogue", "goal": g, "scope": "M49:001", "breakdown": "_T", "share_one": 0.7, "share_two": 0.6, "share_recent": 0.5,
                          "median_latest_year": 2023, "cells": 100, "indicators": 2, "areas": 4,
                          "measured": 1} for g in ("all", "4", "17")],
        "source": [{"source": "one", "title": "Source One", "licence": "CC BY 4.0", "citation": "One (2026)", "agency": "Agency One", "homepage": "https://one.example/"}],
        "snapshot": [{"snapshot": SNAP, "source": "one", "url": "https://one.example/api", "fetched_at": datetime(2026, 11, 23, tzinfo=UTC), "bytes": 10,
                      "resource": "S", "pages": 1, "agency_release": "2026-07", "licence": "CC BY 4.0"}],
        "ledger": [{"source": "one", "snapshot": SNAP, "rows_in": 10, "rows_out": 9, "rows_rejected": 1, "reasons": '{"empty_value": 1}'}],
        "revision": [{"indicator": "internet_use", "ref_area": "KEN", "time_period": 2024, "old_value": 34.0, "new_value": 35.0, "previous_release": "r"}],
        "score": [{"framework": f, "component": c, "ref_area": a, "time_period": y, "score": s + y - 2025, "rank": r, "rank_low": r, "rank_high": r + 1,
                   "coverage_share": 0.9, "indicators_used": 4, "indicators_total": 5, "oldest_year": 2021, "reason": None}
                  for f, c in (("compact_brief", "A"), ("esg", "social")) for y in (2020, 2025) for r, (a, s) in enumerate((("FRA", 90.0), ("KEN", 50.0)), 1)]
                 + [{"framework": "compact_brief", "component": "F", "ref_area": "KEN", "time_period": 2025, "score": None, "rank": None, "rank_low": None,
                     "rank_high": None, "coverage_share": 0.1, "indicators_used": 0, "indicators_total": 4, "oldest_year": None, "reason": "too little"}],
        "inequality": [{"measure": m, "scope": scope, "time_period": y, "value": v, "areas_used": n, "distribution": d, "unit": "INDEX", "published_value": p, "source": "one"}
                       for d, scope, n, p in (("internet_use", "M49:001", 3, None), ("consumption", "KEN", 1, 40.1)) for m, v in (("gini", 38.5), ("theil", 0.2)) for y in (2015, 2022)],
        "lorenz": [{"distribution": d, "scope": scope, "time_period": 2022, "point": n, "population_share": n / 4, "value_share": (n / 4) ** 2, "member": None, "source": "one"}
                   for d, scope in (("internet_use", "M49:001"), ("consumption", "KEN")) for n in range(5)],
        "method_disagreement": [{"scope": scope, "method_a": a, "method_b": b, "compared": 40, "opposed": 4, "differing": 8, "share_opposed": 0.1, "share_differing": 0.2}
                                for scope, a, b in (("all", "any", "any"), ("all", "likelihood-2026", "eurostat"), ("internet_use", "any", "any"))],
        "disagreement": [{"indicator": "internet_use", "ref_area": "KEN", "time_period": 2022, "source_a": "one", "source_b": "one", "series_a": "S", "series_b": "T",
                          "value_a": 30.0, "value_b": 33.0, "relative_difference": 0.0909}],
        "pledge": [{"pledge_id": "P1", "who": "A firm", "what": "=Connect a school", "target": "A-T01", "amount": 5.0, "unit": "NUMBER", "year_made": 2025, "deadline": 2030,
                    "evidence": "https://firm.example/", "contributor": "A firm"}],
        "national_figure": [],
        "company_rating": [{"company": c, "country": "FRA", "year": y, "measure": m, "score": v, "source": "one", "snapshot": SNAP}
                           for c, y, m, v in (("BIG_ONE", 2020, "TOTAL", 41.0), ("BIG_ONE", 2022, "TOTAL", 44.0), ("BIG_ONE", 2022, "G", 53.0),
                                              ("BIG_ONE", 2020, "P", 77.0), ("ORANGE", 2020, "TOTAL", 27.0), ("ORANGE", 2020, "F", 11.0))],
    }  # fmt: skip


def explained(names: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is told of the values of these indicators: internet_use in full, and gini without a place."""
    snapshot = {"source": "one", "snapshot": SNAP, "resource": "S", "url": "https://one.example/api", "pages": 1, "bytes": 10, "agency_release": "2026-07",
                "licence": "CC BY 4.0", "fetched_at": "2026-11-23T00:00:00+00:00", "rows": [10, 9, 1], "reasons": {"empty_value": 1}}  # fmt: skip
    inputs = {"value": [{"source": "none", "series": "X"}, {"source": "one", "series": "i99H"}]}
    made = {i: {"title": title, "formula": "value", "inputs": inputs} for i, title, *_ in INDICATORS}
    shared = {"fingerprint": "f" * 64, "method": "weighted_mean", "checks": [["range", True, "error", "all values lie from 0 to 100"]], "snapshots": [snapshot],
              "texts": ["Aged 3 and older.", "<b>no markup</b>"], "sql": ["select value from indicator where ref_area = '{area}' and time_period = {year}"]}  # fmt: skip
    observation = {"k": 1, "s": "E", "at": 0, "note": 0, "detail": 1}
    record = {"place": [0, 1234, 42, 1], "record": '{"iso":"KEN","value":35.0}'}
    use = {"KEN": {"y": 2024, "v": 35.0, "s": "E", "same": True, "sql": 0, "in": {"value": {"v": 35.0, **observation, **record}}},
           "M49:001": {"y": 2024, "v": 72.5, "group": True, "share": 0.91, "used": 3, "total": 4, "how": "weighted_mean by population", "sql": 0}}  # fmt: skip
    gini = {
        "KEN": {"y": 2022, "v": 38.5, "s": "A", "same": True, "in": {"value": {"v": 38.5, **observation}}}
    }
    expected, pages = set(names), [[SNAP, "https://one.example/api?page=1", 1, 1, None]]
    for name, values in (("internet_use", use), ("gini", gini)):
        if name in expected:
            yield (
                name,
                {
                    **shared,
                    "formula": "value",
                    "made_of": {name: made[name]},
                    "pages": pages,
                    "store": name != "gini",
                    "values": values,
                },
            )
