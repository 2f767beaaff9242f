"""The charts of the notebooks, drawn from a `Release`: fan, map of verdicts, gaps, revisions.

Each function returns a `Chart`, which a notebook shows as SVG. Lines and tiles are drawn as on the site
(reports/site/drawing/charts.py); all numbers come from the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from reports.site.drawing.charts import Line, after_breaks, line_chart, tile_map
from reports.site.home import tile_places
from warehouse import Release
from warehouse.diff.notes import number
from warehouse.query.units import with_unit

WIDTH, ROW, LEFT, RIGHT = 720, 22, 230, 60
MOST = 16  # rows of a chart of gaps
LOOK = """<style>
.drawn{font:13px sans-serif;background:#fff}.drawn .g{stroke:#d5dbe1}.drawn .t{fill:#55616d;font-size:12px}
.drawn .e{text-anchor:end}.drawn .m{text-anchor:middle}.drawn .l{fill:none;stroke:#0b3c5d;stroke-width:2}
.drawn .gap{stroke-dasharray:1 5}.drawn .ahead{stroke-dasharray:4 3}.drawn .f{fill:#0b3c5d;fill-opacity:.16}
.drawn .d,.drawn .n{fill:#0b3c5d}.drawn .goal{stroke:#3d6524;stroke-dasharray:6 3}.drawn .goal-t{fill:#3d6524}
.drawn .break{stroke:#1d2733;stroke-width:1.5}.drawn .a{fill:#c2571a}.drawn .b{fill:#0b3c5d}
.drawn .up{fill:#3d6524}.drawn .down{fill:#a32f22}.drawn .whole{fill:#0b3c5d}
.tiles text{text-anchor:middle;font-size:11px}.tiles rect{stroke:#fff;fill:#e7eaee}
rect.k-met{fill:#0b3c5d}text.k-met{fill:#fff}rect.k-very_likely{fill:#14618a}text.k-very_likely{fill:#fff}
rect.k-likely{fill:#5aa9d6}rect.k-about_as_likely_as_not{fill:#ead9a6}rect.k-unlikely{fill:#f2a35e}
rect.k-very_unlikely{fill:#c2571a}text.k-very_unlikely{fill:#fff}rect.k-not_met{fill:#a32f22}text.k-not_met{fill:#fff}
</style>"""


class Chart:
    """A drawing for a notebook; if there is nothing to draw, a sentence that says so."""

    def __init__(self, svg: str, nothing: str = "") -> None:
        opening, found, rest = svg.partition(">")
        self.svg = f"{opening}>{LOOK}{rest}" if found else ""
        self.nothing = nothing

    def _repr_html_(self) -> str:
        return self.svg or f"<p>{escape(self.nothing)}</p>"


def fan(release: Release, indicator: str, area: str) -> Chart:
    """Draw a series with its breaks, its projection with intervals of 80 and 95 per cent, and the target."""
    rows = release.data(indicator, [area]).rows
    if len(rows) < 2:
        return Chart(
            "", f"{area} has {len(rows)} value of {indicator} in this release: no line can be drawn."
        )
    about = release.about(indicator)
    symbol = release.units().get(about["unit"], ("", ""))[1]
    points = [(row["time_period"], row["value"]) for row in rows]
    declared = [(row["time_period"], row["reason"]) for row in release.breaks(indicator, [area])]
    breaks = after_breaks([year for year, _ in points], declared)
    bounds = ("time_period", "value", "lower_80", "upper_80", "lower_95", "upper_95")
    ahead = [tuple(row[name] for name in bounds) for row in release.projection(indicator, [area])]
    target = about["target_value"]
    goal = None if target is None else (target, f"target {with_unit(number(target), symbol)}")
    line = Line(rows[0]["area"], points, ahead, strong=True, breaks=breaks)
    return Chart(
        line_chart(
            [line],
            title=f"{about['title']}, {rows[0]['area']}",
            label=lambda value: with_unit(number(value), symbol),
            target=goal,
            width=WIDTH,
        )
    )


def verdict_map(release: Release, indicator: str) -> Chart:
    """Draw the verdict on the target, country by country: a square of the same size for each."""
    found = {row["ref_area"]: row for row in release.progress(indicator)}
    if not found:
        return Chart("", f"{indicator} is not assessed in this release.")
    words = release.verdict_words()
    tiles = []
    for code, (column, line) in tile_places().items():
        row = found.get(code)
        kind = row["category"] if row else "unknown"
        said = f"{row['area']}: {words.get(kind, kind)}" if row else f"{code}: not assessed"
        tiles.append((code, column, line, kind, said, "#"))
    title = next(iter(found.values()))["title"]
    return Chart(tile_map(tiles, title=title))


def gaps(release: Release, indicator: str, dimension: str = "sex") -> Chart:
    """Draw the countries with the largest difference between two groups of people, newest year of each."""
    rows = [row for row in release.gaps(indicator) if row["dimension"] == dimension]
    if not rows:
        return Chart("", f"No value of {indicator} by {dimension} is in this release.")
    rows = sorted(rows, key=lambda row: -abs(row["difference"]))[:MOST]
    highest = max(max(row["value_a"], row["value_b"]) for row in rows) or 1.0
    parts = [
        f'<circle class="a" cx="{LEFT}" cy="12" r="5"/><text class="t" x="{LEFT + 10}" y="16">'
        f'{escape(rows[0]["label_a"])}</text><circle class="b" cx="{LEFT + 130}" cy="12" r="5"/>'
        f'<text class="t" x="{LEFT + 140}" y="16">{escape(rows[0]["label_b"])}</text>'
    ]
    for place, row in enumerate(rows, 1):
        y = place * ROW + 14
        a, b = (LEFT + (WIDTH - LEFT - RIGHT) * row[name] / highest for name in ("value_a", "value_b"))
        parts.append(
            f'<text class="t e" x="{LEFT - 12}" y="{y + 4}">{escape(row["area"])} {row["time_period"]}</text>'
            f'<line class="g" x1="{a:.1f}" x2="{b:.1f}" y1="{y}" y2="{y}" stroke-width="3"/>'
            f'<circle class="a" cx="{a:.1f}" cy="{y}" r="5"/><circle class="b" cx="{b:.1f}" cy="{y}" r="5"/>'
            f'<text class="t" x="{max(a, b) + 10:.1f}" y="{y + 4}">{escape(number(row["difference"]))}</text>'
        )
    said = f"{rows[0]['title']}: {rows[0]['label_a']} and {rows[0]['label_b']}"
    return Chart(_svg(len(rows) * ROW + 34, said, parts))


def revisions(release: Release, before: Release | None) -> Chart:
    """Draw the change in the number of values from one release to the next: new, withdrawn and revised."""
    if before is None:
        return Chart("", f"{release.id} is a first release: there is nothing to compare it with.")
    found = release.compare(before, most=0)["indicators"]
    added, removed, revised = (
        sum(row[name] or 0 for row in found) for name in ("added", "removed", "revised")
    )
    old, new = before.metadata["tables"]["indicator"]["rows"], release.metadata["tables"]["indicator"]["rows"]
    steps: Sequence[tuple[str, int, int, str]] = (
        (before.id, 0, old, "whole"),
        ("added", old, old + added, "up"),
        ("removed", old + added - removed, old + added, "down"),
        (release.id, 0, new, "whole"),
    )
    highest = max(high for _, _, high, _ in steps) or 1
    parts = []
    for place, (name, low, high, kind) in enumerate(steps):
        y = place * ROW * 1.6 + 10
        x, end = (LEFT + (WIDTH - LEFT - RIGHT) * value / highest for value in (low, high))
        parts.append(
            f'<text class="t e" x="{LEFT - 12}" y="{y + 15:.1f}">{escape(name)}</text>'
            f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(end - x, 1):.1f}" height="{ROW}"/>'
            f'<text class="t" x="{end + 6:.1f}" y="{y + 15:.1f}">{high - low:,}</text>'
        )
    parts.append(
        f'<text class="t" x="{LEFT}" y="{4 * ROW * 1.6 + 24:.1f}">{revised:,} of them revised</text>'
    )
    return Chart(_svg(int(4 * ROW * 1.6) + 34, f"Values of {before.id} and {release.id}", parts))


def previous(release: Release) -> Release | None:
    """Return the previous release, if it is kept."""
    earlier: Any = release.metadata["previous"]
    folder = release.folder.parent / str(earlier)
    return Release(folder) if earlier and (folder / "release.json").is_file() else None


def _svg(height: int, title: str, parts: Sequence[str]) -> str:
    label = escape(title, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawn" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{label}">{"".join(parts)}</svg>'
    )
