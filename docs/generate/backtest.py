"""The figures of docs/methods/projection.md and aggregates.md, and the two pictures, from the output of
`compact backtest --write`: the same numbers in tables and pictures.

A page marks the place of a table with `<!-- backtest: NAME -->` and `<!-- end -->`; this module writes the
text between them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
MEASURED = CHECKOUT / "warehouse" / "projections"
GROUP_ERRORS = CHECKOUT / "schemas" / "codelists" / "group_errors.csv"
PAGES = (Path("docs/methods/projection.md"), Path("docs/methods/aggregates.md"))
RELIABILITY, COVERAGE = Path("docs/pictures/reliability.svg"), Path("docs/pictures/coverage.svg")
PLACE = re.compile(r"(<!-- backtest: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
AIM, NEAR = (0.76, 0.84), 0.07
FEWEST = 50  # minimum cases of a tenth
INK, FAINT, GOOD, BAD = "#1b2733", "#c9d2da", "#0b6e99", "#b3541e"
Row = Mapping[str, str]


def files() -> dict[Path, str]:
    """Return the pages with their tables, and the pictures, by their path in the checkout."""
    made = {path: filled((CHECKOUT / path).read_text(encoding="utf-8")) for path in PAGES}
    return made | {
        RELIABILITY: reliability(_read("reliability.csv")),
        COVERAGE: coverage(_read("families.csv")),
    }


def filled(text: str) -> str:
    """Return a page with the tables of the current files inserted."""
    return PLACE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", text)


def _read(name: str) -> list[Row]:
    with (MEASURED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _many(number: str) -> str:
    return f"{int(number):,}"


def methods() -> str:
    """Return the mean error of the four indicators, by method and horizon."""
    rows = [row for row in _read("skill.csv") if row["measured_on"] == "all_four"]
    names = list(dict.fromkeys(row["method"] for row in rows))
    steps = sorted({row["horizon"] for row in rows}, key=int)
    at = {(row["method"], row["horizon"]): float(row["mean_absolute_error"]) for row in rows}
    body = [[f"`{name}`", *(f"{at[name, step]:,.2f}" for step in steps)] for name in names]
    return _table(["method", *steps], body)


def five() -> str:
    """Return the four indicators five years ahead."""
    rows = [row for row in _read("skill.csv") if row["horizon"] == "5"]
    four = ["internet_use", "electricity", "coverage_4g", "gini"]
    shown = ("naive", "unsd_in_range", "damped_trend", "theta", "pooled_drift")
    body = []
    for name in four:
        of = {row["method"]: row for row in rows if row["measured_on"] == name}
        ours = of["pooled_drift"]
        body.append(
            [
                name,
                _many(ours["forecasts"]),
                *(f"{float(of[one]['mean_absolute_error']):.2f}" for one in shown),
                f"{float(ours['relative_to_unsd']):.2f}",
                f"{float(ours['coverage_80']):.4f}",
            ]
        )
    return _table(["indicator", "forecasts", *shown, "share of unsd_in_range", "80 % interval held"], body)


def families() -> str:
    """Return coverage and error of countries by family of indicators."""
    body = [
        [
            row["family"],
            _many(row["forecasts"]),
            row["coverage_80"],
            row["coverage_95"],
            row["relative_to_naive"],
            row["indicators"],
            _misses(row),
        ]
        for row in _read("families.csv")
    ]
    head = ["family", "forecasts", "80 % interval held", "95 % interval held"]
    return _table([*head, "error at five years, of no change", "indicators", "misses"], body)


def _misses(row: Row) -> str:
    said = []
    if int(row["forecasts"]) >= 300 and not AIM[0] <= float(row["coverage_80"]) <= AIM[1]:
        said.append("coverage")
    if row["relative_to_naive"] and float(row["relative_to_naive"]) > 1:
        said.append("error")
    return ", ".join(said)


def tenths(learned_from: str) -> str:
    """Return predicted and observed frequency, by tenth of the probability."""
    body = [
        [
            row["tenth"],
            _many(row["cases"]),
            row["said"],
            row["came"],
            row["said_raw"],
            "yes" if _off(row) > NEAR and int(row["cases"]) >= FEWEST else "",
        ]
        for row in _read("reliability.csv")
        if row["learned_from"] == learned_from
    ]
    return _table(["said", "cases", "mean said", "came true", "raw", "misses"], body)


def _off(row: Row) -> float:
    return abs(float(row["said"]) - float(row["came"]))


def groups() -> str:
    """Return coverage and error of simulated groups, by family."""
    body = [
        [
            row["family"],
            _many(row["forecasts"]),
            row["coverage_80"],
            _many(row["late_forecasts"]),
            row["late_coverage_80"],
            row["relative_to_naive"],
            row["indicators"],
            _misses(row),
        ]
        for row in _read("groups.csv")
    ]
    head = ["family", "forecasts", "80 % interval held", "made since 2013", "80 % interval held"]
    return _table([*head, "error at five years, of no change", "indicators", "misses"], body)


def group_errors() -> str:
    """Return how often the error of a group value was covered, by family, over its cells."""
    with GROUP_ERRORS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["held"]]
    body = []
    for family in dict.fromkeys(row["family"] for row in rows):
        of = [row for row in rows if row["family"] == family]
        pairs = sum(int(row["pairs"]) for row in of)
        held = sum(int(row["pairs"]) * float(row["held"]) for row in of) / pairs
        least = min((float(row["held"]) for row in of if int(row["pairs"]) >= 100), default=held)
        body.append([family, f"{pairs:,}", f"{100 * held:.1f}", f"{100 * least:.1f}"])
    return _table(["family", "pairs", "`error_80` held, per cent", "in its worst cell of 100 pairs"], body)


TABLES = {
    "methods": methods,
    "five": five,
    "families": families,
    "other_countries": lambda: tenths("other_countries"),
    "earlier_years": lambda: tenths("earlier_years"),
    "not_met_yet": lambda: tenths("not_met_yet"),
    "not_met_yet_other_countries": lambda: tenths("not_met_yet_other_countries"),
    "of_groups": lambda: tenths("groups"),
    "groups": groups,
    "group_errors": group_errors,
}


# --- pictures
# -------------------------------------------------------------------------------------------------------
def reliability(rows: Sequence[Row]) -> str:
    """Draw predicted against observed frequency: one line for a map learned from other countries, one from
    earlier years.
    """
    size, left, top = 360, 60, 40

    def at(said: float, came: float) -> tuple[float, float]:
        return round(left + size * said, 1), round(top + size * (1 - came), 1)

    low, high = at(0, 0), at(1, 1)
    band = [at(0, NEAR), at(1 - NEAR, 1), at(1, 1), at(1, 1 - NEAR), at(NEAR, 0), at(0, 0)]
    parts = [
        f'<polygon points="{_points(band)}" fill="{FAINT}" fill-opacity="0.4"/>',
        f'<line x1="{low[0]}" y1="{low[1]}" x2="{high[0]}" y2="{high[1]}" stroke="{INK}" stroke-dasharray="4 4"/>',
    ]
    for share in (0, 0.2, 0.4, 0.6, 0.8, 1):
        x, y = at(share, share)
        parts.append(_text(x, top + size + 18, f"{share:g}", "middle"))
        parts.append(_text(left - 8, y + 4, f"{share:g}", "end"))
    kinds = (
        ("other_countries", GOOD, "map from other countries"),
        ("earlier_years", BAD, "map from earlier years"),
    )
    for number, (kind, colour, words) in enumerate(kinds):
        points = [
            (at(float(row["said"]), float(row["came"])), int(row["cases"]))
            for row in rows
            if row["learned_from"] == kind
        ]
        line = _points([place for place, _ in points])
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [
            f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"><title>{cases:,} cases</title></circle>'
            for (x, y), cases in points
        ]
        parts.append(f'<circle cx="{left + 16}" cy="{top + 14 + 20 * number}" r="4" fill="{colour}"/>')
        parts.append(_text(left + 28, top + 18 + 20 * number, words, "start"))
    parts.append(f'<rect x="{left}" y="{top}" width="{size}" height="{size}" fill="none" stroke="{INK}"/>')
    parts.append(_text(left + size / 2, top + size + 40, "probability that was said", "middle"))
    parts.append(_text(left, top - 14, "share that came true; grey: within seven points", "start"))
    return _svg(
        left + size + 40, top + size + 56, "Reliability of the probability that a target is met", parts
    )


def coverage(rows: Sequence[Row]) -> str:
    """Draw the coverage of the 80 per cent interval, by family; grey: the nominal level."""
    left, top, width, step = 130, 40, 360, 26

    def x(share: float) -> float:
        return round(left + width * (share - 0.5) / 0.5, 1)

    height = step * len(rows)
    parts = [
        f'<rect x="{x(AIM[0])}" y="{top}" width="{round(x(AIM[1]) - x(AIM[0]), 1)}" height="{height}" '
        f'fill="{FAINT}" fill-opacity="0.5"/>',
        f'<line x1="{x(0.8)}" y1="{top}" x2="{x(0.8)}" y2="{top + height}" stroke="{INK}" stroke-dasharray="4 4"/>',
    ]
    for number, row in enumerate(rows):
        y = top + step * number + step / 2
        share = float(row["coverage_80"])
        colour = GOOD if AIM[0] <= share <= AIM[1] else BAD
        parts.append(_text(left - 10, y + 4, row["family"], "end"))
        parts.append(f'<circle cx="{x(share)}" cy="{y}" r="5" fill="{colour}"/>')
        parts.append(_text(x(share) + 10, y + 4, f"{100 * share:.1f}", "start"))
    parts += [
        _text(x(share), top + height + 18, f"{100 * share:.0f}", "middle")
        for share in (0.5, 0.6, 0.7, 0.8, 0.9, 1)
    ]
    parts.append(
        _text(left, top - 14, "per cent of values inside the 80 per cent interval; grey: 76 to 84", "start")
    )
    return _svg(
        left + width + 40, top + height + 36, "How often the 80 per cent interval held, by family", parts
    )


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{round(x, 1)}" y="{round(y, 1)}" text-anchor="{anchor}" fill="{INK}">{escape(words)}</text>'


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'font-family="sans-serif" font-size="12">'
    )
    background = f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", background, *parts, "</svg>\n"])
