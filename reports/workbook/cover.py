"""The workbook's cover and its sheet of verdicts: the release's findings on all targets, with native charts.

Counts are those of the site (reports/shared/standing.py): pairs of a UN Member State and a numeric target.
"""

from __future__ import annotations

from typing import Any

from reports.shared.figures import Figures
from reports.shared.localisation import Words
from reports.shared.standing import ON_TARGET, UNKNOWN, Standing
from reports.workbook.sheets import Column, Sheet

COVER = "cover"
CLASSES = (*ON_TARGET, UNKNOWN)
# As in the site's light scheme; a test of the site computes their contrast.
COLOURS = ("#0b3c5d", "#1c6f99", "#86bcd6", "#ecdca0", "#e8a24c", "#b5382a", "#7a1f2b", "#cfd5db")
ROW_PIXELS, LEAST_PIXELS = 24, 220


def verdict_sheet(words: Words) -> Sheet:
    """Return the sheet of verdicts: a row for each target, a column for each class."""
    return Sheet(
        "verdicts",
        "Every numeric target and how the UN Member States stand on it, the furthest from being met first. "
        "The count has one denominator: a State without enough data has too little data, and is counted.",
        "",
        (),
        (
            Column("target", "The indicator that has the target.", 44),
            Column("indicator", "Its identifier, as in the other sheets.", 24),
            Column("owner", "Who set the target.", 24),
            Column("value", "The target.", 10),
            Column("year", "Its year.", 8, "year"),
            Column("on course", "Share of the States that have met it or are likely to.", 10, "share"),
            *(
                Column(words.t(f"category.{name}"), "Number of UN Member States in this class.", 14)
                for name in CLASSES
            ),
        ),
        frozen=1,
    )


def verdict_rows(figures: Figures) -> list[tuple[Any, ...]]:
    """Return the rows of the sheet of verdicts; none if the release has no verdict on a target."""
    ranked: list[tuple[float, tuple[Any, ...]]] = []
    for item in figures.release.indicators.values():
        s = figures.standing([item.id])
        if not s.decided or not s.asked:
            continue
        share = s.good / s.asked
        counts = (s.counts[name] for name in CLASSES)
        row = (item.title, item.id, item.owner, item.target_value, item.target_year, share, *counts)
        ranked.append((share, row))
    return [row for _, row in sorted(ranked, key=lambda pair: (pair[0], pair[1][1]))]


def verdict_chart(book: Any, sheet: Sheet, rows: int) -> Any:
    """Create a native chart of stacked bars, one for each target, from the sheet of verdicts."""
    chart = book.add_chart({"type": "bar", "subtype": "percent_stacked"})
    first = len(sheet.columns) - len(CLASSES)
    for number, colour in enumerate(COLOURS, first):
        chart.add_series(
            {
                "name": [sheet.name, 0, number],
                "categories": [sheet.name, 1, 0, rows, 0],
                "values": [sheet.name, 1, number, rows, number],
                "fill": {"color": colour},
                "border": {"color": "#ffffff", "width": 0.5},
                "gap": 35,
            }
        )
    chart.set_title({"name": "UN Member States by verdict, target by target", "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True, "num_font": {"size": 8}, "interval_unit": 1})
    chart.set_x_axis({"num_format": "0%", "major_gridlines": {"visible": True, "line": {"color": "#d5dbe1"}}})
    chart.set_legend({"position": "bottom", "font": {"size": 8}})
    chart.set_size({"width": 980, "height": max(LEAST_PIXELS, 130 + ROW_PIXELS * rows)})
    return chart


def total_chart(book: Any, cover_row: int) -> Any:
    """Create a native doughnut chart of all pairs by class, from the cover's own table, which starts at a
    row.
    """
    chart = book.add_chart({"type": "doughnut"})
    last = cover_row + len(CLASSES) - 1
    chart.add_series(
        {
            "categories": [COVER, cover_row, 0, last, 0],
            "values": [COVER, cover_row, 1, last, 1],
            "points": [{"fill": {"color": colour}} for colour in COLOURS],
        }
    )
    chart.set_title({"name": "All targets, all UN Member States", "name_font": {"size": 12}})
    chart.set_legend({"position": "right", "font": {"size": 9}})
    chart.set_size({"width": 620, "height": 300})
    return chart


def finding(words: Words, standing: Standing) -> str:
    """Return the sentence of the cover."""
    if not standing.asked:
        return words.t("page.index.nothing_assessed")
    shares = {
        name: words.percent(standing.share(getattr(standing, name)))
        for name in ("good", "even", "bad", "unknown")
    }
    return words.t("page.index.all_text", n=words.number(standing.asked), **shares)
