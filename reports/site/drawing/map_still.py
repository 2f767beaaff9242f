"""The still of an indicator's map: each country's newest value by class, as a picture in a file of its own.

The view that assets/atlas.js opens with: the same borders of classes, old values striped, missing ones
hatched. The languages share the file, for it holds no words; its key is part of the page (`classes`).
Outlines are in outlines.py.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from math import floor
from pathlib import Path

from reports.shared.figures import Value
from reports.shared.localisation import Words
from reports.site.drawing.outlines import HEIGHT, WIDTH, outlines

STYLES = Path(__file__).parents[1] / "assets" / "site.css"
FEWEST = 10  # countries with a value, below which a map shows little but gaps
STALE = 5  # years after which a value is drawn as old
STEPS = 6  # of the blues
SHARES = (20.0, 40.0, 60.0, 80.0, 95.0)  # borders for percentages
CROWD = 0.5  # of the countries in one of the lower four classes: beyond it they show too little


@dataclass(frozen=True)
class MapStill:
    """A map: the borders between classes, the lowest first, and what falls into each."""

    values: dict[str, Value]
    borders: tuple[float, ...]

    @cached_property
    def newest(self) -> int:
        return max(v.year for v in self.values.values())

    def step(self, value: float) -> int:
        """Number of the blue of a value: the highest class has the darkest."""
        return STEPS - len(self.borders) + bisect_right(self.borders, value)

    def is_old(self, value: Value) -> bool:
        return value.year <= self.newest - STALE

    def svg(self) -> str:
        """The picture. A path for each class holds all its countries; the smallest are dots."""
        paths = defaultdict(list)
        for code, (path, dot) in outlines().items():
            value = self.values.get(code)
            name = "n" if value is None else f"v{self.step(value.value)}" + " s" * self.is_old(value)
            paths[name, dot].append(path)
        body = "".join(
            f'<path class="{name}{" o" if dot else ""}" d="{"".join(found)}"/>'
            for (name, dot), found in sorted(paths.items(), key=lambda one: (one[0][1], one[0][0]))
        )
        return _frame({part for name, _ in paths for part in name.split()}, body)

    def classes(self, words: Words, unit: str) -> list[tuple[str, str]]:
        """The key: the style of each class and its words, in the order of the classes."""
        first = STEPS - len(self.borders)
        said = [
            (f"v{first + n}", _bounds(words, self.borders, n, unit)) for n in range(len(self.borders) + 1)
        ]
        said.append(("insufficient_data", words.t("js.no_data")))
        if any(map(self.is_old, self.values.values())):
            said.append(("stale", words.t("js.stale")))
        return said


def map_still(values: dict[str, Value], unit: str) -> MapStill | None:
    """The map of the newest values; nothing where too few countries have one."""
    if len(values) < FEWEST:
        return None
    return MapStill(values, borders(unit, [v.value for v in values.values()]))


def borders(unit: str, values: list[float]) -> tuple[float, ...]:
    """Borders of classes that a reader can say: by twenties for shares, unless half the countries are in
    one of the lower classes; then, and for other units, by sixths of the countries. The rule of
    assets/atlas.js.
    """
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    steps = Counter(bisect_right(SHARES, v) for v in ordered)
    crowd = max(steps[step] for step in range(len(SHARES) - 1))
    if unit == "PT" and low >= 0 and high <= 100 and crowd <= CROWD * len(ordered):
        return SHARES
    found = {float(f"{_quantile(ordered, k / STEPS):.2g}") for k in range(1, STEPS)}
    return tuple(sorted(b for b in found if low < b < high))


def _quantile(ordered: list[float], share: float) -> float:
    """Between two values in proportion (R's type 7, as d3 has it)."""
    at = (len(ordered) - 1) * share
    below = ordered[floor(at)]
    return below + (ordered[min(floor(at) + 1, len(ordered) - 1)] - below) * (at - floor(at))


def _bounds(words: Words, found: tuple[float, ...], n: int, unit: str) -> str:
    if not found:
        return words.unit(unit)
    if n == 0:
        return words.t("js.below", n=words.figure(found[0], unit))
    if n == len(found):
        return words.t("js.from", n=words.figure(found[-1], unit))
    return words.t("js.between", a=words.number(found[n - 1]), b=words.figure(found[n], unit))


@cache
def _colours() -> tuple[dict[str, str], dict[str, str]]:
    """The style sheet's colours of the light and of the dark scheme, by token."""
    light, _, dark = STYLES.read_text(encoding="utf-8").partition("prefers-color-scheme: dark")
    token = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
    return dict(token.findall(light)), dict(token.findall(dark.partition("} }")[0]))


def _frame(names: set[str], body: str) -> str:
    """A picture that needs nothing else: colours, patterns, and the reader's colour scheme."""
    steps = sorted({name for name in names if name[0] == "v"})
    light, dark = (
        f"svg{{--p:{scheme['paper']};--a:{scheme['hatch-a']};--b:{scheme['hatch-b']}}}"
        + "".join(f".{name}{{--c:{scheme[f'value-{name[1]}']}}}" for name in steps)
        for scheme in _colours()
    )
    old = (
        ".s{mask:url(#m)}.o.s{mask:none;stroke-width:2.6}",
        f'{_stripes("w", -45, "#fff", "#000", 2.4)}<mask id="m" maskUnits="userSpaceOnUse">'
        f'<path style="fill:url(#w)" d="M0 0h{WIDTH}v{HEIGHT}H0z"/></mask>',
    )
    style, mask = old if "s" in names else ("", "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}"><style>{light}@media screen and (prefers-color-scheme:dark){{{dark}}}'
        "path{fill:var(--c);stroke:var(--p);stroke-width:.7}.n{--c:var(--b);fill:url(#h)}"
        f".o{{fill:none;stroke:var(--c);stroke-width:5;stroke-linecap:round}}{style}</style>"
        f"{_stripes('h', 45, 'var(--a)', 'var(--b)', 1.6)}{mask}{body}</svg>\n"
    )


def _stripes(name: str, turned: int, ground: str, line: str, width: float) -> str:
    return (
        f'<pattern id="{name}" width="5" height="5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({turned})"><path style="fill:{ground};stroke:none" d="M0 0h5v5H0z"/>'
        f'<path style="fill:{line};stroke:none" d="M0 0h{width}v5H0z"/></pattern>'
    )
