"""The static content of a country's or group's page: its key indicators as strips, strengths and weaknesses,
and missing data.

Verdicts and group values are the release's; it makes no assessment. The table of all indicators is drawn by
pages.js.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from reports.shared.figures import Figures
from reports.shared.key_indicators import key_indicators
from reports.shared.localisation import Words
from reports.shared.release_reader import Area, Indicator
from reports.shared.standing import BAD, CATEGORIES, GOOD
from reports.site.drawing.stills import fan_of
from reports.site.drawing.target_strip import short_strip

SINCE = 2015  # first year of strips: the Goals'
NAMED = 4  # number of indicators named in a sentence
OLD = 5  # years behind the newest value of all countries after which a value is marked as old


def profile(figures: Figures, words: Words, area: Area) -> dict[str, Any]:
    """Return the values for the template area.html."""
    key = key_indicators(figures.release.indicators)
    rows, missing = {}, []
    for code, ids in key.items():
        items = [figures.release.indicators[i] for i in ids]
        pairs = [(item, _row(figures, area, item)) for item in items]
        rows[code] = [row for _, row in pairs if row]
        missing += [item for item, row in pairs if not row]
    well, badly = _sides(figures, area)
    known = _years(figures, area)
    return {
        "key": {code: pairs for code, pairs in rows.items() if pairs},
        "key_count": sum(len(ids) for ids in key.values()),
        "missing": missing,
        "well": [words.title(item) for item in well],
        "badly": [words.title(item) for item in badly],
        "known": len(known),
        "usual": int(median(known)) if known else None,
        "catalogue": sum(1 for i in figures.release.indicators if figures.latest.get(i)),
    }


def _years(figures: Figures, area: Area) -> list[int]:
    """Return the year of the newest value of each indicator that has one."""
    if area.kind == "country":
        return sorted(values[area.code].year for values in figures.latest.values() if area.code in values)
    return sorted(groups[area.code][-1].year for groups in figures.groups.values() if area.code in groups)


def _sides(figures: Figures, area: Area) -> tuple[list[Indicator], list[Indicator]]:
    """Return targets that are met or likely to be, the surest first; and the others, the worst first."""
    if area.kind != "country":
        return [], []
    paces = [(i, p[area.code]) for i, p in figures.pace.items() if area.code in p and p[area.code].on_target]
    ordered = sorted(paces, key=lambda pair: (CATEGORIES.index(pair[1].category), pair[0]))
    names = figures.release.indicators
    well = [names[i] for i, p in ordered if p.category in GOOD]
    badly = [names[i] for i, p in reversed(ordered) if p.category in BAD]
    return well[:NAMED], badly[:NAMED]


def _row(figures: Figures, area: Area, item: Indicator) -> dict[str, Any] | None:
    """Return one key indicator of an area; None if it has no value."""
    if area.kind == "country":
        value = figures.latest.get(item.id, {}).get(area.code)
        if value is None:
            return None
        points = figures.series.get(item.id, {}).get(area.code, [])
        year, now, status = value.year, value.value, value.status
        newest = max(v.year for v in figures.latest[item.id].values())
        pace = figures.pace.get(item.id, {}).get(area.code)
        standing = None
    else:
        groups = figures.groups.get(item.id, {}).get(area.code, [])
        if not groups:
            return None
        points = [(v.year, v.value) for v in groups]
        year, now, status = points[-1][0], points[-1][1], "A"
        newest, pace = year, None
        standing = figures.standing([item.id], figures.judged(area))
    first = next((p for p in points if SINCE <= p[0] < year), None)
    fan = fan_of(figures, item.id, area.code)
    return {
        "item": item,
        "year": year,
        "value": now,
        "status": status.split(";")[0],
        "old": year <= newest - OLD,
        "first": first,
        "pace": pace,
        "standing": standing,
        "ahead": fan[-1] if fan else None,
        "drawn": short_strip(
            first[1] if first else None, now, span=_span(figures, item, now), target=item.target_value,
            ahead=fan[-1][1:4] if fan else None,
        ),
    }  # fmt: skip


def _span(figures: Figures, item: Indicator, now: float) -> tuple[float, float]:
    """Return the range of a strip: from zero for a share; else the middle nine tenths of all countries."""
    if item.unit == "PT" and item.target_value is not None:
        return (0.0, now)
    values = sorted(v.value for v in figures.latest.get(item.id, {}).values())
    if not values:
        return (now, now)
    edge = len(values) // 20
    return (values[edge], values[-1 - edge])
