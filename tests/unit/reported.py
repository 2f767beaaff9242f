"""A small hand-made release with the content of briefs and workbook: values, paces, projections, gaps,
scores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.make import SNAP, value
from tests.unit.released import meta, released

INDICATORS = ("internet_use", "coverage_4g", "electricity", "account_ownership")
# Internet use in 2020 and 2024; Rwanda has none
COUNTRIES = {"KEN": (30.0, 35.5), "UGA": (8.0, 10.3), "TZA": (21.0, 31.9)}
DANGER = '=HYPERLINK("https://example.org","x")'


def _progress(area: str, category: str, indicator: str = "internet_use", **more: Any) -> dict[str, Any]:
    first, last = COUNTRIES.get(area, (1.0, 2.0))
    return {
        "indicator": indicator, "ref_area": area, "method": "likelihood-2026", "baseline_year": 2020,
        "baseline_value": first, "latest_year": 2024, "latest_value": last, "category": category,
    } | more  # fmt: skip


def report_release(folder: Path, **given: Any) -> Path:
    """The release folder. given: rows of tables in place of those here."""
    latest = [
        {"indicator": "internet_use", "ref_area": area, "time_period": 2024, "value": last, "source": "one",
         "obs_status": "E" if area == "KEN" else "A", "series": "S",
         "snapshot": SNAP["a"]}
        for area, (_, last) in COUNTRIES.items()
    ]  # fmt: skip
    metas = [
        meta(
            name,
            title=DANGER if name == "electricity" else name.replace("_", " ").capitalize(),
            frameworks='{"compact_adopted": "1"}',
            target_value=100.0,
            target_origin="ITU/OSET 2022, target 1; 100 is our reading",
        )
        for name in INDICATORS
    ]
    kenya = {"indicator": "internet_use", "ref_area": "KEN"}
    projected = {
        **kenya, "time_period": 2030, "value": 48.2, "lower_80": 40.1, "upper_80": 56.3, "lower_95": 36.0,
        "upper_95": 60.0, "probability_target_met": 0.81, "model": "test",
    }  # fmt: skip
    gap = {
        **kenya, "time_period": 2024, "dimension": "sex", "group_a": "F",
        "group_b": "M", "value_a": 30.2, "value_b": 40.9, "difference": -10.7, "ratio": 0.738, "latest": True,
        "label_a": "women", "label_b": "men", "source": "one",
    }  # fmt: skip
    scored = {
        "framework": "compact_adopted", "component": "1", "time_period": 2025, "coverage_share": 0.9,
        "indicators_used": 5, "indicators_total": 6, "oldest_year": 2021,
    }  # fmt: skip
    grouped = [
        {"grouping": grouping, "group": group, "ref_area": area, "group_name": name, "source": "test"}
        for grouping, group, name in (
            ("m49_subregion", "M49:202", "Sub-Saharan Africa"),
            ("wb_income", "WB:LMC", "Lower middle income"),
        )
        for area in ("KEN", "UGA", "TZA", "RWA")
    ]
    return released(
        folder,
        {},
        **{
            "indicator": [
                value("internet_use", area, year, number)
                for area, numbers in COUNTRIES.items()
                for year, number in zip((2020, 2024), numbers, strict=True)
            ],
            "indicator_meta": metas,
            "latest": latest,
            "progress": [
                _progress("KEN", "likely", probability=0.81, confidence="high"),
                _progress("UGA", "very_unlikely", probability=0.004),
                _progress("TZA", "met"),
            ],
            "projection": [projected],
            "gap": [gap],
            "score": [
                {**scored, "ref_area": "KEN", "score": 55.0, "rank": 2, "rank_low": 1, "rank_high": 3},
                {**scored, "ref_area": "UGA", "score": 40.0, "rank": 3, "rank_low": 2, "rank_high": 3},
                {**scored, "ref_area": "TZA", "score": None, "coverage_share": 0.4, "indicators_used": 2},
            ],
            "area_group": grouped,
            "aggregate": [
                {"indicator": "internet_use", "group": "M49:202", "time_period": 2024, "value": 27.7,
                 "weight_share": 0.83, "areas_used": 3, "areas_total": 4, "method": "weighted_mean"}
            ],
            "coverage": [
                {"indicator": name, "ref_area": area, "points_since_2015": 2 * (name == "internet_use"),
                 "available": name == "internet_use" and area in COUNTRIES}
                for name in INDICATORS
                for area in ("KEN", "UGA", "TZA", "RWA")
            ],
            "target": [],
        }
        | given,
    )  # fmt: skip
