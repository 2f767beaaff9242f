"""The site's colours, computed: contrast of text and background, and distinct classes and lines for normal
sight and three kinds of colour blindness, in the light and in the dark scheme.

Colour blindness: matrices of Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB. Contrast:
WCAG 2.2. Distance: CIE 1976 in L*a*b*, D65.
"""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from reports.site import build

CSS = (Path(build.__code__.co_filename).parent / "assets" / "site.css").read_text(encoding="utf-8")
SIGHTS = {
    "normal": (1, 0, 0, 0, 1, 0, 0, 0, 1),
    "protanopia": (
        0.152286,
        1.052583,
        -0.204868,
        0.114503,
        0.786281,
        0.099216,
        -0.003882,
        -0.048116,
        1.051998,
    ),
    "deuteranopia": (
        0.367322,
        0.860646,
        -0.227968,
        0.280085,
        0.672501,
        0.047413,
        -0.011820,
        0.042940,
        0.968881,
    ),
    "tritanopia": (
        1.255528,
        -0.076749,
        -0.178779,
        -0.078411,
        0.930809,
        0.147602,
        0.004733,
        0.691367,
        0.303900,
    ),
}  # row by row
CLASSES = ("met", "very_likely", "likely", "even", "unlikely", "very_unlikely", "not_met")
DIRECTIONS = ("improving", "no_change", "worsening")
TEXT = ("ink", "quiet", "link", "blue", "soft", "goal", "warn", "good", "fair", "weak")
GROUNDS = ("paper", "ground")
WORST = ("very_unlikely", "not_met", "met", "very_likely", "improving", "worsening")
LEAST_TEXT, LEAST_SHAPE = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
LEAST_APART = 10.0  # of classes side by side, and of the first four lines; 2.3 is just noticed; ours


def schemes() -> dict[str, dict[str, str]]:
    """Scheme to token to colour; the dark scheme replaces what it names."""
    blocks = re.findall(r":root \{(.*?)\n?\}", CSS, flags=re.S)
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks[:2]]
    return {"light": found[0], "dark": found[0] | found[1]}


def linear(colour: str) -> tuple[float, float, float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return red, green, blue


def seen(colour: str, sight: str) -> tuple[float, float, float]:
    rgb, matrix = linear(colour), SIGHTS[sight]
    mixed = [sum(m * c for m, c in zip(matrix[i : i + 3], rgb, strict=True)) for i in (0, 3, 6)]
    red, green, blue = (min(1.0, max(0.0, c)) for c in mixed)
    return red, green, blue


def luminance(rgb: tuple[float, float, float]) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def contrast(a: str, b: str, sight: str) -> float:
    low, high = sorted((luminance(seen(a, sight)), luminance(seen(b, sight))))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: tuple[float, float, float]) -> tuple[float, float, float]:
    x = (0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.95047
    z = (0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.08883
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, luminance(rgb), z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def apart(a: str, b: str, sight: str) -> float:
    pairs = zip(lab(seen(a, sight)), lab(seen(b, sight)), strict=True)
    return float(sum((x - y) ** 2 for x, y in pairs) ** 0.5)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_read_on_its_ground(scheme: str, sight: str) -> None:
    colours = schemes()[scheme]
    pairs = [(text, ground) for text in TEXT for ground in GROUNDS]
    pairs += [(f"{name}-t", name) for name in (*CLASSES, *DIRECTIONS)]
    pairs += [(f"value-{n}-t", f"value-{n}") for n in range(1, 7)]
    pairs += [("ink", "hover"), ("ink", "note"), ("link", "note")]
    weak = {
        p: round(c, 2) for p in pairs if (c := contrast(colours[p[0]], colours[p[1]], sight)) < LEAST_TEXT
    }
    assert weak == {}


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lines_and_the_ends_of_the_scale_stand_out_from_the_paper(scheme: str, sight: str) -> None:
    colours = schemes()[scheme]
    shapes = [*WORST, "focus", "edge", "goal", *(f"line-{n}" for n in range(1, 11))]
    weak = {
        s: round(c, 2) for s in shapes if (c := contrast(colours[s], colours["paper"], sight)) < LEAST_SHAPE
    }
    assert weak == {}


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_neighbours_are_told_apart(scheme: str, sight: str) -> None:
    colours = schemes()[scheme]
    pairs = [*pairwise(CLASSES), *pairwise([f"value-{n}" for n in range(1, 7)])]
    pairs += list(combinations([f"line-{n}" for n in range(1, 5)], 2))
    close = {p: round(d, 1) for p in pairs if (d := apart(colours[p[0]], colours[p[1]], sight)) < LEAST_APART}
    assert close == {}
