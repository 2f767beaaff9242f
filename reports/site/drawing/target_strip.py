"""One quantity on one line: where it was (ring), where it is (dot), the projection with its interval, and the
target (bar): as SVG for the overview, and as numbers that the style sheet draws for profiles, which have some
twenty strips in each of three languages (a strip of SVG is three times as long).
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

WIDTH, HEIGHT, EDGE = 220, 26, 8


def _scale(span: tuple[float, float], *others: float | None) -> Callable[[float], str]:
    values = [*span, *(value for value in others if value is not None)]
    low, high = min(values), max(values)
    return lambda value: f"{EDGE + (WIDTH - 2 * EDGE) * (value - low) / ((high - low) or 1):.0f}"


def short_strip(
    before: float | None,
    now: float,
    *,
    span: tuple[float, float],
    target: float | None = None,
    ahead: tuple[float, float, float] | None = None,
) -> str:
    """A strip as an element whose style has the places in pixels: from, now, ahead, its bounds, target."""
    x = _scale(span, now, before, target, *(ahead or ()))
    places = {"n": now, "b": before, "t": target}
    places |= dict(zip("alh", ahead or (), strict=False))
    style = ";".join(f"--{name}:{x(value)}" for name, value in places.items() if value is not None)
    return f'<i style="{style}"></i>'


def strip(
    before: float | None,
    now: float,
    *,
    span: tuple[float, float],
    target: float | None = None,
    ahead: tuple[float, float, float] | None = None,
    title: str = "",
) -> str:
    """A strip as SVG text.

    Args:
        before: The value of the first year.
        now: The newest value.
        span: What the line has to cover; wider values widen it.
        target: The target, where there is one.
        ahead: Median and bounds of the projection for the target's year.
        title: What a screen reader says; without it the text beside says all.
    """
    x = _scale(span, now, before, target, *(ahead or ()))
    parts = [f'<path class=g d="M{EDGE} 13H{WIDTH - EDGE}"/>']
    if ahead:
        parts.append(
            f'<path class=iv d="M{x(ahead[1])} 13H{x(ahead[2])}"/><circle class=ahead cx={x(ahead[0])} />'
        )
    if before is not None:
        parts.append(f'<path class="l c1" d="M{x(before)} 13H{x(now)}"/><circle class=ring cx={x(before)} />')
    parts.append(f'<circle class="d c1" cx={x(now)} />')
    if target is not None:
        parts.append(f'<path class=goal-bar d="M{x(target)} 3v20"/>')
    said = f'role=img aria-label="{escape(title, quote=True)}"' if title else "aria-hidden=true"
    return f'<svg class="drawn strip" viewBox="0 0 {WIDTH} {HEIGHT}" {said}>{"".join(parts)}</svg>'
