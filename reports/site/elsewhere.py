"""Data shown next to the indicators of countries: ratings of companies, measures by others that no release
may carry, and targets for which somebody counts something that is not in our data.

The rest of the page of sources is in overview_rows.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from indicators.closed_sources import closed_for, closed_sources
from reports.shared.release_reader import Release

__all__ = ["closed_for", "company_ratings", "measured_elsewhere", "without_data"]

COUNTED = Path(__file__).with_name("data_elsewhere.yaml")
TOTAL = "TOTAL"
PARTS = ("G", "F", "P")  # governance, freedom of expression, privacy


def measured_elsewhere(release: Release) -> dict[str, Any]:
    """Return the two sections: ratings of companies by edition, and every source that is named but not
    carried.
    """
    return {"closed": closed_sources(), "companies": company_ratings(release)}


@cache
def _counted_elsewhere() -> dict[str, str]:
    loaded: dict[str, str] = yaml.safe_load(COUNTED.read_text(encoding="utf-8"))
    return loaded


def without_data(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the targets that are not measurable in two parts: `elsewhere`, for which somebody counts
    something, and `none`.
    """
    parts: dict[str, list[dict[str, Any]]] = {"none": [], "elsewhere": []}
    for row in rows:
        parts["elsewhere" if row["target"] in _counted_elsewhere() else "none"].append(row)
    return parts


def company_ratings(release: Release) -> dict[str, Any]:
    """Return a row for each company: its total in each edition, and the parts of its newest one.

    Returns:
        editions: the years; parts: codes of the parts; rows: company, country, totals by edition with None
        where it was not rated, year and scores of the parts. No rows in a release without the table.
    """
    ratings = (
        release.dicts("company_rating", "company, year, measure") if release.has("company_rating") else []
    )
    totals = [row for row in ratings if row["measure"] == TOTAL]
    editions = sorted({row["year"] for row in totals})
    scores = {(row["company"], row["year"], row["measure"]): row["score"] for row in ratings}
    rows = []
    for company, country in sorted({(row["company"], row["country"]) for row in totals}):
        rated = [year for year in editions if (company, year, TOTAL) in scores]
        rows.append(
            {
                "company": company.replace("_", " "),
                "country": country,
                "totals": [scores.get((company, year, TOTAL)) for year in editions],
                "newest": rated[-1],
                "parts": [scores.get((company, rated[-1], part)) for part in PARTS],
            }
        )
    return {"editions": editions, "parts": PARTS, "rows": rows}
