"""Tables of text that fit a width: columns are shortened, then dropped from the right, and a note says so.

Neither tabulate nor rich is used: both cost a quick verb more than its work, and neither drops columns.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

GAP = "  "
LEGIBLE = 18  # characters to which a column of text is shortened before columns are left out
LEAST = 8  # characters to which it is shortened where only two columns are left
MORE = "…"


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    width: int | None,
    whole: Sequence[bool] | None = None,
) -> str:
    """Format a header, a rule and one line per row.

    Args:
        head: names of the columns.
        rows: cells as text.
        right: of each column, whether it is a column of numbers.
        width: characters of a line; None for as many as it takes.
        whole: of each column, whether it is never shortened; those of numbers by default.
    """
    widths = [max([cells(name), *(cells(row[number]) for row in rows)]) for number, name in enumerate(head)]
    shown = list(range(len(head)))
    if width is not None:
        widths, shown = _fit(widths, [cells(name) for name in head], right if whole is None else whole, width)
    lines = [
        _line([head[one] for one in shown], shown, widths, right),
        GAP.join("-" * widths[one] for one in shown),
        *(_line([row[one] for one in shown], shown, widths, right) for row in rows),
    ]
    if left_out := [head[one] for one in range(len(head)) if one not in shown]:
        lines.append(f"(not shown: {', '.join(left_out)}; --wide)")
    return "\n".join(lines)


def cells(text: str) -> int:
    """Count the columns of a terminal that a text takes: combining marks none, wide letters two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def shortened(text: str, width: int) -> str:
    """Return the text, or its beginning with an ellipsis."""
    if cells(text) <= width:
        return text
    kept = ""
    for letter in text:
        if cells(kept + letter) > width - 1:
            break
        kept += letter
    return kept.rstrip() + MORE


def _fit(
    widths: list[int], heads: list[int], whole: Sequence[bool], width: int
) -> tuple[list[int], list[int]]:
    """Compute the widths of the columns, and which are shown.

    The last columns are left out before others become illegible. The first names the row: it is never
    shortened unless it takes more than half of the line.
    """
    shown = list(range(len(widths)))
    while True:
        legible = LEGIBLE if len(shown) > 2 else LEAST
        least = {one: min(widths[one], max(legible, heads[one])) for one in shown}
        if widths[0] <= width // 2:
            least[0] = widths[0]
        fitted = _shortened(widths, shown, least, whole, width)
        if sum(fitted.values()) + len(GAP) * (len(shown) - 1) <= width or len(shown) == 1:
            return [fitted.get(one, 0) for one in range(len(widths))], shown
        shown.pop()


def _shortened(
    widths: list[int], shown: list[int], least: dict[int, int], whole: Sequence[bool], width: int
) -> dict[int, int]:
    """The widths, the longest columns of text shortened until the line fits or none may be shorter."""
    fitted = {one: widths[one] for one in shown}
    over = sum(fitted.values()) + len(GAP) * (len(shown) - 1) - width
    while over > 0 and (text := [one for one in shown if not whole[one] and fitted[one] > least[one]]):
        fitted[max(text, key=lambda one: fitted[one])] -= 1
        over -= 1
    return fitted


def _line(texts: Sequence[str], shown: Sequence[int], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = []
    for text, one in zip(texts, shown, strict=True):
        short = shortened(text, widths[one])
        space = " " * (widths[one] - cells(short))
        parts.append(space + short if right[one] else short + space)
    return GAP.join(parts).rstrip()
