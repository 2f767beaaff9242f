"""Outlines of countries for the still map: the geometry of assets/geometry.js, projected and made coarser.

The projection and its frame are those of assets/atlas.js: Equal Earth (Savric, Patterson and Jenny, 2018).
What a map shows is in map_still.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from heapq import heapify, heappop, heappush
from itertools import accumulate, pairwise
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

from reports.site import packing

GEOMETRY = Path(__file__).parents[1] / "assets" / "geometry.js"
WIDTH, HEIGHT = 900, 441  # units of the drawing: the map's shape in the browser
COARSE = 24.0  # area in square units below which a triangle is dropped: invisible at this size
LEAST = 8.0  # area of a ring that is drawn; smaller countries are a dot
FRAME = ((-168.0, 0.0), (179.0, 0.0), (0.0, 82.0), (0.0, -55.0))  # longitude and latitude at the edges
POLYNOMIAL = (1.340264, -0.081106, 0.000893, 0.003796)

Point = tuple[float, float]


def equal_earth(longitude: float, latitude: float) -> Point:
    """Place of a point in degrees, in units of the globe's radius, north downwards as in a drawing."""
    a, b, c, d = POLYNOMIAL
    t = asin(sqrt(3) / 2 * sin(radians(latitude)))
    x = radians(longitude) * cos(t) / (sqrt(3) / 2 * (a + 3 * b * t**2 + t**6 * (7 * c + 9 * d * t**2)))
    return x, -t * (a + b * t**2 + t**6 * (c + d * t**2))


@cache
def _fitted() -> tuple[float, float, float]:
    """Scale and shift that put the frame in the middle of the drawing, one unit from its edges."""
    xs, ys = zip(*(equal_earth(*corner) for corner in FRAME), strict=True)
    scale = min((WIDTH - 2) / (max(xs) - min(xs)), (HEIGHT - 2) / (max(ys) - min(ys)))
    return scale, (WIDTH - scale * (max(xs) + min(xs))) / 2, (HEIGHT - scale * (max(ys) + min(ys))) / 2


def place(longitude: float, latitude: float) -> Point:
    """Place of a point in the drawing."""
    (x, y), (scale, right, down) = equal_earth(longitude, latitude), _fitted()
    return scale * x + right, scale * y + down


def area(ring: Iterable[Point]) -> float:
    """Area of a closed ring, whichever way round."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2


def coarser(line: list[Point], least: float = COARSE) -> list[Point]:
    """The line, in degrees, without the points whose triangle with their neighbours is small on the drawing;
    its ends stay.

    Visvalingam and Whyatt, Line generalisation by repeated elimination of points, 1993.
    """
    drawn = [place(*point) for point in line]
    before, after = list(range(-1, len(line) - 1)), list(range(1, len(line) + 1))

    def size(at: int) -> float:
        return area((drawn[before[at]], drawn[at], drawn[after[at]], drawn[before[at]]))

    sizes = {at: size(at) for at in range(1, len(line) - 1)}
    heap = [(one, at) for at, one in sizes.items()]
    heapify(heap)
    while heap and heap[0][0] < least:
        one, at = heappop(heap)
        if sizes.get(at) != one:
            continue  # recomputed since
        del sizes[at]
        after[before[at]], before[after[at]] = after[at], before[at]
        for other in (before[at], after[at]):
            if other in sizes:
                sizes[other] = max(one, size(other))
                heappush(heap, (sizes[other], other))
    return [line[at] for at in range(len(line)) if at in sizes or at in (0, len(line) - 1)]


def _onward(points: Iterable[Point], last: float | None = None) -> Iterator[Point]:
    """Points in degrees without a jump at the date line: longitudes go on beyond 180."""
    for longitude, latitude in points:
        turns = 0 if last is None else round((last - longitude) / 360)
        last = longitude + 360 * turns
        yield last, latitude


def _arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """The borders that countries share, once each, in degrees: TopoJSON has the steps from point to point."""
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:
        places = zip(accumulate(s[0] for s in steps), accumulate(s[1] for s in steps), strict=True)
        arcs.append(list(_onward((kx * x + dx, ky * y + dy) for x, y in places)))
    return arcs


def _rings(geometry: dict[str, Any], arcs: list[list[Point]]) -> Iterator[list[Point]]:
    """Return the rings of a country on the drawing; parts beyond the date line stay with the rest."""
    for polygon in geometry["arcs"]:
        for ring in polygon:
            points: list[Point] = []
            for number in ring:
                arc = arcs[number] if number >= 0 else arcs[~number][::-1]
                points += list(_onward(arc[1:], points[-1][0])) if points else arc
            yield [place(*point) for point in points]


def _path(ring: list[Point]) -> str:
    """A ring in whole units, as steps from point to point; a level or upright step is one number."""
    points = [(round(x), round(y)) for x, y in ring]
    said, last = "", ""
    for x, y in [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)][:-1]:
        if x or y:
            verb, step = ("h", f"{x:+d}") if not y else ("v", f"{y:+d}") if not x else ("l", f"{x:+d}{y:+d}")
            said += step if verb == last else verb + step.removeprefix("+")
            last = verb
    return f"M{points[0][0]} {points[0][1]}{said}z".replace("+", " ") if said else ""


@cache
def outlines() -> dict[str, tuple[str, bool]]:
    """Each country's outline as an SVG path, and whether it is too small for one and a place for a dot."""
    topology = packing.read(GEOMETRY)["topology"]
    fine = _arcs(topology)
    coarse = [coarser(arc) for arc in fine]
    found = {}
    for geometry in topology["objects"]["areas"]["geometries"]:
        whole = sorted(_rings(geometry, fine), key=area, reverse=True)
        drawn = "".join(_path(r) for r in _rings(geometry, coarse) if len(r) > 3 and area(r) >= LEAST)
        if not drawn or area(whole[0]) < LEAST:
            x, y = (sum(p[i] for p in whole[0]) / len(whole[0]) for i in (0, 1))
            found[geometry["id"]] = (f"M{x:.0f} {y:.0f}h0", True)
        else:
            found[geometry["id"]] = (drawn, False)
    return found
