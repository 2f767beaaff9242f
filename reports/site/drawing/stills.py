"""Static pictures of the chart block for readers without scripts and for print, drawn when the site is built.

They are the default views of block.js: the world and its regions over the years with the world's fan, and the
map of the newest values. Without both, the countries' newest values are drawn on one line. charts.py and
map_still.py make the drawings.
"""

from __future__ import annotations

from reports.shared.figures import Figures
from reports.shared.localisation import Words
from reports.shared.release_reader import FIRST_YEAR, INCOME, REGIONS, WORLD, Indicator
from reports.site.drawing.charts import Line, after_breaks, line_chart, ticks_chart
from reports.site.drawing.map_still import FEWEST, MapStill, map_still

HORIZON = 2030
LOGGED = ("USD", "INTL", "PS")  # units with values over powers of ten


def fan_of(
    figures: Figures, indicator: str, area: str
) -> list[tuple[int, float, float, float, float, float]]:
    """Return projected years of an area: median, bounds of 80 and of 95 per cent."""
    rows = figures.projections.get(indicator, {}).get(area, [])
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def lines_of(figures: Figures, item: Indicator) -> list[str]:
    """Return the groups that the block can draw together: the world, its regions, and income groups."""
    known = figures.groups.get(item.id, {})
    return [group for group in (WORLD, *REGIONS, *INCOME) if group in known]


def still_map(figures: Figures, item: Indicator) -> MapStill | None:
    """Return the map of an indicator; None if too few countries have a value."""
    return map_still(figures.latest.get(item.id, {}), item.unit)


def still(figures: Figures, words: Words, item: Indicator) -> str:
    """Draw the lines of an indicator, or its countries on one line; empty if it has only the map, or no
    value.
    """
    groups = lines_of(figures, item)
    shown = [g for g in groups if g.startswith("M49")] or groups
    if shown:
        return group_chart(figures, words, item, shown)
    values = figures.latest.get(item.id, {})
    if not values or len(values) >= FEWEST:
        return ""
    points = sorted((v.value, words.area(figures.release.areas[a])) for a, v in values.items())
    goal = (
        None
        if item.target_value is None
        else (item.target_value, words.t("table.target") + " " + words.figure(item.target_value, item.unit))
    )
    return ticks_chart(
        points, title=words.title(item), label=lambda v: words.figure(v, item.unit), target=goal,
        logged=item.unit.startswith(LOGGED) and points[0][0] > 0,
    )  # fmt: skip


def group_chart(figures: Figures, words: Words, item: Indicator, groups: list[str]) -> str:
    """Draw lines of groups to the target's year, the world's with its fan; empty without a value."""
    lines = []
    for number, group in enumerate(groups, 1):
        values = [v for v in figures.groups.get(item.id, {}).get(group, []) if v.year >= FIRST_YEAR]
        points = [(v.year, v.value) for v in values]
        cast = frozenset(v.year for v in values if v.nowcast)
        area = figures.release.areas.get(group)
        fan = fan_of(figures, item.id, group) if group == WORLD else []
        name = words.area(area) if area else group
        broken = after_breaks([year for year, _ in points], figures.breaks_of(item.id, group))
        lines.append(Line(name, points, fan, number, strong=group == WORLD, breaks=broken, nowcasts=cast))
    goal = None
    if item.target_value is not None:
        target = words.figure(item.target_value, item.unit)
        goal = (item.target_value, words.t("js.target", n=target, year=item.target_year))
    return line_chart(
        lines, title=words.title(item), label=lambda v: words.figure(v, item.unit), target=goal,
        until=item.target_year or HORIZON, floor=0 if item.unit == "PT" else None,
        width=620 if len(lines) < 2 else 900, height=330 if len(lines) < 2 else 380,
        nowcast=words.t("table.nowcast"),
    )  # fmt: skip
