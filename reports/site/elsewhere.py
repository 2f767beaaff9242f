"""Data shown next to the indicators of countries: ratings of companies, and measures by others that no
release may carry.

The rest of the page of sources is in overview_rows.py.
"""

from __future__ import annotations

from typing import Any

from indicators.closed_sources import closed_for, closed_sources
from reports.shared.release_reader import Release

__all__ = ["closed_for", "company_ratings", "measured_elsewhere"]

TOTAL = "TOTAL"
PARTS = ("G", "F", "P")  # governance, freedom of expression, privacy


def measured_elsewhere(release: Release) -> dict[str, Any]:
    """Return the two sections: ratings of companies by edition, and every source that is named but not
    carried.
    """
    return {"closed": closed_sources(), "companies": company_ratings(release)}


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
