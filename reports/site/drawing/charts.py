"""Charts as SVG text, drawn when the site is built: they work without scripts, in print and in cards.

A drawing has its numbers in words (title, desc) and takes its colours from the style sheet, so that it
follows the reader's colour scheme. Maps and interactive charts are drawn by charts.js.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

Number = Callable[[float], str]
Scale = Callable[[float], float]
STEPS = (1, 2, 2.5, 5, 10)
LABEL_HEIGHT = 15  # pixels of a label at the end of a line
LABEL_WIDTH = 6.6  # approximate width of a character: the font is the reader's
OLD = 5  # years that a line ends before the others, from which on its name says when
GAP = 2  # years without a value after which a line is interrupted and bridged by dots


@dataclass(frozen=True)
class Line:
    """A series. fan: year, median, lower and upper 80, lower and upper 95; number: its colour; breaks: the
    first years with a value after a break, each with the reason; nowcasts: years whose value is no
    observation but its agency's own nowcast or projection."""

    name: str
    points: Sequence[tuple[int, float]]
    fan: Sequence[tuple[int, float, float, float, float, float]] = ()
    number: int = 1
    strong: bool = False
    breaks: Mapping[int, str] = field(default_factory=dict)
    nowcasts: frozenset[int] = frozenset()


def after_breaks(years: Sequence[int], breaks: Sequence[tuple[int, str]]) -> dict[int, str]:
    """Return the first year with a value after each break inside a series, with its reason."""
    inside = [(year, why) for year, why in breaks if years and years[0] < year <= years[-1]]
    return {next(one for one in years if one >= year): why for year, why in inside}


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return about so many round numbers that cover the range."""
    span = (high - low) or abs(high) or 1.0
    size = 10 ** math.floor(math.log10(span / about))
    step = next(s * size for s in STEPS if s * size >= span / about)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]


def line_chart(
    lines: Sequence[Line],
    *,
    title: str,
    label: Number,
    target: tuple[float, str] | None = None,
    until: int | None = None,
    floor: float | None = None,
    width: int = 620,
    height: int = 330,
    nowcast: str = "nowcast",
) -> str:
    """Draw lines over years with names at their ends, fans, breaks, and a target. Empty if there is no value.

    nowcast: name of an agency's nowcast in the key, which is drawn if there is one.
    """
    shown = [line for line in lines if line.points]
    if not shown:
        return ""
    values = [v for line in shown for _, v in line.points]
    values += [bound for line in shown for row in line.fan for bound in row[2:4]]
    values += [target[0]] if target else []
    years = [y for line in shown for y, _ in line.points] + [row[0] for line in shown for row in line.fan]
    first, last = min(years), max(*years, until or 0)
    newest = max(line.points[-1][0] for line in shown)
    marks = ticks(min(values) if floor is None else min(floor, *values), max(values))
    room = min(200, 16 + LABEL_WIDTH * max(len(_named(line, newest)) for line in shown))
    left, right, top, bottom = 44, width - room, 16, height - 26

    def x(year: float) -> float:
        return left + (right - left) * (year - first) / ((last - first) or 1)

    def y(value: float) -> float:
        return bottom - (bottom - top) * (value - marks[0]) / (marks[-1] - marks[0])

    grid = "".join(f"M{left} {y(m):.0f}H{right:.0f}" for m in marks)
    parts = [f'<path class="g" d="{grid}"/>']
    parts += ['<g class="t e">']
    parts += [f'<text x="{left - 6}" y="{y(m) + 4:.0f}">{escape(label(m))}</text>' for m in marks]
    parts += ['</g><g class="t m">']
    parts += [
        f'<text x="{x(year):.0f}" y="{height - 8}">{year}</text>'
        for year in _years(first, last, right - left)
    ]
    parts += ["</g>"]
    if target:
        at = y(target[0])
        parts.append(
            f'<path class="goal" d="M{left} {at:.0f}H{right:.0f}"/>'
            f'<text class="goal-t" x="{left + 4}" y="{at - 5:.0f}">{escape(target[1])}</text>'
        )
    for line in shown:
        parts += _fan(line, x, y)
        parts += _path(line, x, y)
    parts += _ends(shown, x, y, bottom)
    cast = sorted({year for line in shown for year in line.nowcasts})
    if cast:
        parts.append(_nowcast_key(left, height + 4, nowcast))
    said = "; ".join(f"{n.name}: {label(n.points[-1][1])}, {n.points[-1][0]}" for n in shown)
    said += "".join(
        f"; | {year}: {why}" for year, why in sorted({b for n in shown for b in n.breaks.items()})
    )
    said += f"; {nowcast}: {', '.join(map(str, cast))}" if cast else ""
    return svg(width, height + (16 if cast else 0), "chart", title, said, "".join(parts))


def _years(first: int, last: int, width: float) -> list[int]:
    step = next(s for s in (1, 2, 5, 10, 20, 50) if (last - first) / s <= width / 52)
    return [year for year in range(first, last + 1) if year % step == 0] or [first]


def _path(line: Line, x: Scale, y: Scale) -> list[str]:
    """Draw the line in pieces: years without a value are bridged by dots, a declared break is a gap, the
    line to a nowcast is dashed.
    """
    pieces: list[list[tuple[int, float]]] = [[line.points[0]]]
    bridges, ways = [], []
    for before, here in pairwise(line.points):
        if here[0] in line.breaks:
            pieces.append([here])
        elif here[0] - before[0] > GAP:
            bridges.append((before, here))
            pieces.append([here])
        elif line.nowcasts & {before[0], here[0]}:
            ways.append((before, here))
            pieces.append([here])
        else:
            pieces[-1].append(here)
    strong = " s" if line.strong else ""
    style = f'class="l c{line.number}{strong}"'
    drawn = [f'<path {style} d="M{_d(piece, x, y)}"/>' for piece in pieces if len(piece) > 1]
    drawn += [f'<path class="l c{line.number} gap" d="M{_d(pair, x, y)}"/>' for pair in bridges]
    drawn += [f'<path class="l c{line.number}{strong} cast" d="M{_d(pair, x, y)}"/>' for pair in ways]
    dots = dict.fromkeys([*(piece[0] for piece in pieces if len(piece) == 1), line.points[-1]])
    drawn += [_dot(x(a), y(b), line.number, hollow=a in line.nowcasts) for a, b in dots]
    drawn += [
        f'<path class="break" d="M{x(year):.1f} {y(value) - 9:.1f}v18">'
        f"<title>{year}: {escape(line.breaks[year])}</title></path>"
        for year, value in line.points
        if year in line.breaks
    ]
    return drawn


def _dot(x: float, y: float, number: int, *, hollow: bool = False) -> str:
    kind = f"l c{number} hollow" if hollow else f"d c{number}"
    return f'<circle class="{kind}" cx="{x:.0f}" cy="{round(y, 1):g}" r="3"/>'


def _nowcast_key(x: float, y: float, words: str) -> str:
    way = f'<path class="l c1 cast" d="M{x} {y}h24"/>{_dot(x + 24, y, 1, hollow=True)}'
    return f'{way}<text class="t" x="{x + 34}" y="{y + 4}">{escape(words)}</text>'


def _fan(line: Line, x: Scale, y: Scale) -> list[str]:
    """Draw the intervals of 95 and of 80 per cent, and the dashed median, from the last value on."""
    if not line.fan:
        return []
    year, value = line.points[-1]
    rows = [(year, value, value, value, value, value), *line.fan]
    bands = []
    for low, high in ((4, 5), (2, 3)):
        around = [(r[0], r[high]) for r in rows] + [(r[0], r[low]) for r in reversed(rows)]
        bands.append(f'<path class="f c{line.number}" d="M{_d(around, x, y)}Z"/>')
    median = _d([(r[0], r[1]) for r in rows], x, y)
    return [*bands, f'<path class="l c{line.number} ahead" d="M{median}"/>']


def _d(points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    """The way through the points: where it begins, then steps, which are shorter to write than places."""
    places = [(round(x(a)), round(y(b), 1)) for a, b in points]
    steps = "".join(f"{c - a:+d}{round(d - b, 1):+g}" for (a, b), (c, d) in pairwise(places))
    first = f"{places[0][0]} {places[0][1]:g}"
    return f"{first}l{steps.replace('+', ' ').strip()}" if steps else first


def _ends(lines: Sequence[Line], x: Scale, y: Scale, bottom: float) -> list[str]:
    """Draw names at the ends of the lines, separated to be legible, with a leader for a moved one."""
    ends = []
    for line in lines:
        year, value = line.fan[-1][:2] if line.fan else line.points[-1]
        ends.append((y(value), x(year), line))
    ends.sort(key=lambda end: end[0])
    heights = [end[0] for end in ends]
    for n in range(1, len(heights)):
        heights[n] = max(heights[n], heights[n - 1] + LABEL_HEIGHT)
    for n in reversed(range(len(heights))):
        heights[n] = min(heights[n], bottom - LABEL_HEIGHT * (len(heights) - 1 - n))
    right = max(end[1] for end in ends)
    parts = []
    newest = max(line.points[-1][0] for line in lines)
    for (true, at, line), moved in zip(ends, heights, strict=True):
        if at < right - 1 or abs(moved - true) > 3:
            parts.append(f'<path class="lead" d="M{at + 4:.0f} {true:.0f}L{right + 7:.0f} {moved:.0f}"/>')
        strong = " s" if line.strong else ""
        parts.append(
            f'<text class="n c{line.number}{strong}" x="{right + 10:.0f}" y="{moved + 4:.0f}">'
            f"{escape(_named(line, newest))}</text>"
        )
    return parts


def _named(line: Line, newest: int) -> str:
    """Name of a line, with the year of its last value where others go on much longer."""
    last = line.points[-1][0]
    return f"{line.name} {last}" if last <= newest - OLD else line.name


def ticks_chart(
    points: Sequence[tuple[float, str]],
    *,
    title: str,
    label: Number,
    target: tuple[float, str] | None = None,
    logged: bool = False,
) -> str:
    """Draw one tick per country on one line, from the lowest to the highest; label these two and the median.

    points: value and name, in order; target: value and words; logged: equal ratios are equal lengths.
    """
    scaled = math.log10 if logged else float
    width, height, edge = 900, 104, 8
    ends = [points[0][0], points[-1][0], *([target[0]] if target and (target[0] > 0 or not logged) else [])]
    low, high = scaled(min(ends)), scaled(max(ends))

    def x(value: float) -> float:
        return edge + (width - 2 * edge) * (scaled(value) - low) / ((high - low) or 1)

    path = "".join(f"M{x(value):.1f} 40v26" for value, _ in points)
    parts = [f'<path class="g" d="M{edge} 66H{width - edge}"/><path class="peer" d="{path}"/>']
    for at, (value, name) in ((0, points[0]), (len(points) - 1, points[-1])):
        side = "" if at == 0 else " e"
        parts.append(
            f'<text class="t{side}" x="{edge if at == 0 else width - edge}" y="30">'
            f"{escape(name)} {escape(label(value))}</text>"
        )
    middle = points[len(points) // 2]
    here = min(max(x(middle[0]), 120), width - 120)
    parts.append(
        f'<path class="l c1" d="M{x(middle[0]):.1f} 36v34"/>'
        f'<text class="n c1 m" x="{here:.1f}" y="86">{escape(middle[1])} {escape(label(middle[0]))}</text>'
    )
    if target and low <= scaled(target[0]) <= high:
        at_target = x(target[0])
        side = " e" if at_target > width / 2 else ""
        parts.append(
            f'<path class="goal-bar" d="M{at_target:.1f} 34v38"/>'
            f'<text class="goal-t{side}" x="{at_target:.1f}" y="12">{escape(target[1])}</text>'
        )
    said = "; ".join(f"{name}: {label(value)}" for value, name in (points[0], middle, points[-1]))
    return svg(width, height, "ticks", title, said, "".join(parts))


def tile_map(tiles: Sequence[tuple[str, int, int, str, str, str]], *, title: str, size: int = 38) -> str:
    """Draw every country as a square of the same size, linked to its page. tiles: code, column, row,
    class, words, address.
    """
    columns, lines = max(t[1] for t in tiles) + 1, max(t[2] for t in tiles) + 1
    half, side = size / 2, f'width="{size - 2}" height="{size - 2}" rx="3"'
    parts = [
        f'<a href="{escape(address)}"><title>{escape(words)}</title>'
        f'<rect class="k-{kind}" x="{size * column + 1}" y="{size * line + 1}" {side}/>'
        f'<text class="k-{kind}" x="{size * column + half:g}" y="{size * line + half + 4:g}">'
        f"{code}</text></a>"
        for code, column, line, kind, words, address in tiles
    ]
    return svg(size * columns, size * lines, "tiles", title, "", "".join(parts), role="group")


def svg(width: int, height: int, kind: str, title: str, said: str, body: str, *, role: str = "img") -> str:
    label = escape(f"{title}. {said}" if said else title, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawn {kind}" viewBox="0 0 {width} {height}" '
        f'role="{role}" aria-label="{label}">{body}</svg>'
    )
