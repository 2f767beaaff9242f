"""Data for the drawing scripts: of an indicator, of a country or group, and a summary of all.

Figures are rounded to the precision of a chart or table; the exact ones are in the release's tables and in
the data file of each chart. packing.py writes the files.
"""

from __future__ import annotations

from typing import Any

from reports.shared.figures import Figures, GroupValue
from reports.shared.localisation import LANGUAGES, Words
from reports.shared.release_reader import Area, Indicator
from reports.shared.standing import CATEGORIES, Pace
from reports.site.packing import by_column

Spark = list[Any]  # first year, then one value for each year, null where there is none


def significant(value: float | None, digits: int = 5) -> float | int | None:
    """Round to significant digits; whole numbers are written as such."""
    if value is None:
        return None
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded == int(rounded) else rounded


def drawn(value: float | None) -> float | int | None:
    return significant(value, 4 if value is None or abs(value) >= 100 else 3)


def spark(points: list[tuple[int, float]]) -> Spark:
    """Encode a series by year without repeating the years, in a chart's digits: one decimal from 10 on,
    two below.
    """
    if not points:
        return []
    by_year = dict(points)
    first, last = points[0][0], points[-1][0]
    return [first, *(drawn(by_year.get(year)) for year in range(first, last + 1))]


def class_number(pace: Pace | None) -> int | None:
    """Return the number of the class among CATEGORIES; None for classes of another method."""
    return CATEGORIES.index(pace.category) if pace and pace.category in CATEGORIES else None


def areas(figures: Figures, words: dict[str, Words]) -> dict[str, Any]:
    """Return every area: kind, names in the languages' order, and its groups."""
    release = figures.release
    return {
        area.code: {
            "k": area.kind[0],
            "n": [words[language].area(area) for language in LANGUAGES],
            "g": sorted(release.groups_of.get(area.code, {}).values()),
            **({"s": release.grouping_of[area.code]} if area.kind == "group" else {"i": area.iso2}),
        }
        for area in release.areas.values()
    }


def indicators(figures: Figures, words: dict[str, Words]) -> dict[str, Any]:
    """Return every indicator: titles, unit, direction, target, objectives; words for search are separate."""
    return {
        item.id: {
            "n": [words[language].title(item) for language in LANGUAGES],
            "u": item.unit,
            "d": item.direction[0],
            "t": item.target_value,
            "ty": item.target_year,
            "o": [item.frameworks.get("compact_brief"), item.frameworks.get("compact_adopted")],
            "c": len(figures.ranks.get(item.id, {})),
        }
        for item in figures.release.indicators.values()
    }


def indicator(figures: Figures, item: Indicator) -> dict[str, Any]:
    """Return an indicator's table, series with their statuses, group values, gaps and projections."""
    values, paces = figures.latest.get(item.id, {}), figures.pace.get(item.id, {})
    sources = sorted({v.source for v in values.values()})
    ranks = figures.ranks.get(item.id, {})
    rows = []
    for area, v in values.items():
        rows.append([
            area, v.year, significant(v.value), v.status, sources.index(v.source), ranks.get(area),
            class_number(paces.get(area)),
        ])  # fmt: skip
    document: dict[str, Any] = {
        "sources": sources,
        "rows": by_column(rows),
        "series": {area: spark(points) for area, points in figures.series.get(item.id, {}).items()},
        "groups": {g: group_rows(vs) for g, vs in figures.groups.get(item.id, {}).items()},
    }
    if statuses := figures.statuses.get(item.id):
        document["st"] = statuses
    if breaks := figures.breaks.get(item.id):
        document["breaks"] = [list(row) for row in breaks]
    if gaps := figures.gaps.get(item.id):
        document["gaps"] = by_column([*row[:5], *(significant(n) for n in row[5:])] for row in gaps)
    if projections := figures.projections.get(item.id):
        document["projections"] = {area: fan(rows, paces.get(area)) for area, rows in projections.items()}
    return document


def fan(rows: list[tuple[Any, ...]], pace: Pace | None) -> list[Any]:
    """Return the first year, the probability behind the verdict, then a row of value and bounds per year."""
    return [
        rows[0][0],
        significant(pace.chance if pace else None, 2),
        by_column([significant(n, 3) for n in row[1:6]] for row in rows),
    ]


OFFICIAL = {"own": 0, "official": 1, "nowcast": 2}


def group_rows(values: list[GroupValue]) -> list[Any]:
    """Return a group's values by year; the inputs of the newest one, which only a page shows."""
    rows = [group_row(v) for v in values]
    return by_column([*([*row[:2], None, row[3], None, None] for row in rows[:-1]), rows[-1]])


def group_row(v: GroupValue) -> list[Any]:
    """Return year, value, share of the members' weight, kind, members with a value, members."""
    return [v.year, significant(v.value), significant(v.share, 3), OFFICIAL[v.kind], v.used, v.total]


def country(figures: Figures, area: Area) -> dict[str, Any]:
    """Return a country's profile: one row for each indicator with a value for it."""
    sources: dict[str, int] = {}
    groups = figures.release.groups_of.get(area.code, {})
    region, income = groups.get("m49_subregion"), groups.get("wb_income")
    rows = []
    for id_ in figures.release.indicators:
        if not (v := figures.latest.get(id_, {}).get(area.code)):
            continue
        pace = figures.pace.get(id_, {}).get(area.code)
        rows.append([
            id_, v.year, significant(v.value), v.status, sources.setdefault(v.source, len(sources)),
            figures.ranks[id_].get(area.code),
            class_number(pace),
            significant(pace.chance if pace else None, 2), pace.confidence if pace else None,
        ])  # fmt: skip
    return {"rows": by_column(rows), "sources": list(sources), "region": region, "income": income}


def medians(figures: Figures) -> dict[str, Any]:
    """Return the medians for country profiles by sub-region and income group, in the order of the
    indicators that have one.
    """
    ids = sorted(figures.medians)
    groups = sorted(
        {
            own[g]
            for own in figures.release.groups_of.values()
            for g in ("m49_subregion", "wb_income")
            if g in own
        }
    )
    return {
        "ids": ids,
        "of": {g: [significant(figures.medians[i].get(g), 4) for i in ids] for g in groups},
    }


def group(figures: Figures, area: Area) -> dict[str, Any]:
    """Return a group's profile: its value if it may be published, the median and the pace of its members."""
    members = set(figures.release.members.get(area.code, ()))
    rows = []
    for id_ in figures.release.indicators:
        values = figures.groups.get(id_, {}).get(area.code, [])
        known = [a for a in figures.latest.get(id_, {}) if a in members]
        if not known and not values:
            continue
        standing = figures.standing([id_], figures.judged(area))
        rows.append([
            id_, group_row(values[-1]) if values else None,
            significant(figures.medians.get(id_, {}).get(area.code)), len(known),
            figures.counts_by_category(standing.counts or standing.directions),
        ])  # fmt: skip
    return {"rows": by_column(rows), "members": sorted(members)}
