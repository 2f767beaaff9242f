"""A quantity on one line: first value (ring), current value (dot), the projection with its interval, and the
target (bar).

The overview gets SVG. Profiles get numbers that the style sheet draws, because they have some twenty strips
in each of three languages, and a strip of SVG is three times as long.
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
    """Return a strip as an element with the places in pixels in its style: from, now, ahead, its bounds,
    target.
    """
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
    """Return a strip as SVG text.

    Args:
        before: The value of the first year.
        now: The newest value.
        span: Range of the line; wider values widen it.
        target: The target, if there is one.
        ahead: Median and bounds of the projection for the target's year.
        title: Text for screen readers; omitted if the neighbouring text suffices.
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
