"""Bars and pairs of points as SVG text, drawn when the site is built; lines and strips are in charts.py and
target_strip.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from reports.site.drawing.charts import svg

WIDTH, ROW, NAMES = 800, 26, 330  # pixels: of the drawing, of a row, of the names before the bars
CUT = 44  # letters of a name that fit


def _name(text: str, y: float) -> str:
    short = text if len(text) <= CUT else f"{text[: CUT - 17].rstrip()}… {text[-15:].lstrip()}"
    return f'<text class="b e" x="{NAMES - 10}" y="{y:.0f}">{escape(short)}</text>'


def stacked_bars(
    rows: Sequence[tuple[str, Sequence[tuple[int, str]]]], *, kinds: Sequence[int], title: str
) -> str:
    """Draw a row of bars for each name, one after another, followed by the number.

    rows: name, and for each kind its number and that number in words; kinds: the colour of each.
    """
    most = max(sum(n for n, _ in parts) for _, parts in rows)
    drawn = []
    for at, (name, parts) in enumerate(rows):
        y, x = at * ROW, float(NAMES)
        drawn.append(_name(name, y + 17))
        for (n, _), colour in zip(parts, kinds, strict=True):
            wide = (WIDTH - NAMES - 120) * n / (most or 1)
            if n:
                drawn.append(
                    f'<rect class="d c{colour}" x="{x:.1f}" y="{y + 5}" height="16" '
                    f'width="{max(wide, 1):.1f}"/>'
                )
            x += wide
        said = " + ".join(words for n, words in parts if n) or "0"
        drawn.append(f'<text class="b" x="{x + 7:.0f}" y="{y + 17}">{escape(said)}</text>')
    return svg(WIDTH, ROW * len(rows) + 6, "bars", title, "", "".join(drawn))


def before_after(rows: Sequence[tuple[str, float, float, str]], *, title: str) -> str:
    """Draw old (ring) and new value (dot), each row from zero to the larger of the two.

    rows: name, old and new value, both in words.
    """
    drawn = []
    for at, (name, old, new, said) in enumerate(rows):
        low, high = min(old, new, 0.0), max(old, new, 0.0)
        span = (WIDTH - NAMES - 190) / ((high - low) or 1)
        y, a, b = at * ROW + 13, NAMES + (old - low) * span, NAMES + (new - low) * span
        drawn += [
            _name(name, y + 4),
            f'<path class="g" d="M{NAMES} {y}H{WIDTH - 190}"/><path class="l c1" d="M{a:.1f} {y}H{b:.1f}"/>'
            f'<circle class="ring" cx="{a:.1f}" cy="{y}" r="4"/>'
            f'<circle class="d c1" cx="{b:.1f}" cy="{y}" r="5"/>'
            f'<text class="b" x="{WIDTH - 178}" y="{y + 4}">{escape(said)}</text>',
        ]
    return svg(WIDTH, ROW * len(rows) + 6, "bars", title, "", "".join(drawn))
