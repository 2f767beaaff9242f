"""Sections shared by briefs of countries and groups: frame, bar of classes, gaps, changes, footer."""

from __future__ import annotations

from typing import Any

from reports.brief.figures import Facts
from reports.brief.localisation import Words
from reports.shared.figures import Figures
from reports.shared.release_reader import Area
from reports.shared.standing import CATEGORIES, Standing

Content = dict[str, Any]
OLD = 5  # years older than the newest value of the indicator
GAPS = 6  # rows of the table of gaps
NAMED = 9  # number of notable indicators named
CHANGES = 5  # number of sentences about changes
STRIPS = 7  # indicators with a strip of peers
# The gaps shown first: connectivity, skills and accounts; then the rest by name.
FIRST_GAPS = ("internet_use", "mobile_ownership", "ict_skills_email", "account_ownership", "digital_payments")
LABELS = (
    "title", "group_title", "where", "objective", "score", "rank_column", "coverage", "years",
    "pace_of_all", "key", "indicator", "since_2000", "value", "year", "peers", "target", "pace",
    "projected", "chance", "gaps", "no_gaps", "difference", "place", "changed", "missing_title",
    "sources", "no_target", "not_assessed", "own_mark", "median_mark", "old_note", "score_note",
    "reading_note", "chance_note", "projection_note", "weight", "members", "group_value", "page",
    "no_composite", "gap_mark",
)  # fmt: skip


def frame(facts: Facts, words: Words, area: Area) -> Content:
    """Return title, words of the layout, notes and footer."""
    card = facts.release.card
    return {
        "language": words.language,
        "name": words.area(area),
        "iso": area.code,
        "words": {name: words.raw(f"brief.{name}") for name in LABELS},
        "classes": {name: words.t(f"category.{name}") for name in CATEGORIES},
        "document": words.t("brief.document", area=words.area(area)),
        "release": words.t("brief.release", id=card["id"], day=words.day(card["created"])),
        "footer": words.t("brief.footer", id=card["id"]),
        "method": facts.release.method,
        "method_note": words.t("brief.method_note", method=facts.release.method or "–"),
        "flags": " ".join(filter(None, (flags(facts, words), breaks(facts, words, area)))),
        "licence": licence(facts, words),
        "disclaimer": words.t("brief.disclaimer"),
        "not_un": words.t("site.not_un"),
    }


def bar(words: Words, standing: Standing) -> list[Content]:
    """Return the classes that occur, in order, with their number and share."""
    return [
        {"class": name, "words": words.t(f"category.{name}"), "n": n, "share": share}
        for name, n, share in standing.bar
    ]


def counted(words: Words, standing: Standing) -> dict[str, str]:
    """Return the numbers of a headline: all targets, and the number per status."""
    numbers = {"n": standing.asked, "good": standing.good, "even": standing.even, "bad": standing.bad}
    return {name: words.number(n) for name, n in (numbers | {"unknown": standing.unknown}).items()}


def standing(
    facts: Facts, words: Words, part: str, category: str, ids: list[str], none: str = "none_stands_out"
) -> Content:
    """Return notable indicators, the key ones first, as many as fit."""
    key = [i for listed in facts.key.values() for i in listed]
    ordered = [i for i in key if i in ids] + sorted(i for i in ids if i not in key)
    return {
        "title": words.t(f"brief.{part}"),
        "class": category,
        "items": [words.title(facts.release.indicators[i]) for i in ordered[:NAMED]],
        "more": words.t("brief.and_more", n=len(ordered) - NAMED) if len(ordered) > NAMED else None,
        "none": words.t(f"brief.{none}"),
    }


def old_after(figures: Figures, indicator: str) -> int:
    """Return the last year that counts as old for an indicator."""
    return max((v.year for v in figures.latest.get(indicator, {}).values()), default=0) - OLD


def flags(facts: Facts, words: Words) -> str:
    """Return the status letters that occur among the key indicators, in words."""
    key = [i for ids in facts.key.values() for i in ids]
    letters = {v.status for i in key for v in facts.figures.latest.get(i, {}).values()} - {"A"}
    listed = ", ".join(f"{letter} {words.status(letter)}" for letter in sorted(letters))
    return words.t("brief.flags", listed=listed) if listed else ""


def breaks(facts: Facts, words: Words, area: Area) -> str:
    """The declared breaks inside the series of the area that the brief draws, with their reasons."""
    told = []
    for item in (i for ids in facts.key.values() for i in ids):
        if inside := breaks_inside(facts.figures, item, area.code):
            years = ", ".join(f"{year} ({words.text(why)})" for year, why in inside)
            told.append(f"{words.title(facts.release.indicators[item])} {years}")
    return words.t("brief.breaks", listed="; ".join(told)) if told else ""


def breaks_inside(figures: Figures, indicator: str, area: str) -> list[tuple[int, str]]:
    """Declared breaks between the first and the last year of an area's series: year and reason."""
    years = [point[0] for point in figures.series.get(indicator, {}).get(area, [])]
    years = years or [v.year for v in figures.groups.get(indicator, {}).get(area, [])]
    declared = figures.breaks_of(indicator, area) if years else []
    return [(year, why) for year, why in declared if min(years) < year <= max(years)]


def licence(facts: Facts, words: Words) -> str:
    """Return the terms of the key indicators' sources; a source that forbids commercial use is named."""
    key = [i for ids in facts.key.values() for i in ids]
    used = {s for i in key for v in facts.figures.latest.get(i, {}).values() for s in v.source.split(";")}
    known = [facts.release.sources[s] for s in sorted(used) if s in facts.release.sources]
    closed = [s["title"] for s in known if "NonCommercial" in s["licence"] or "-NC-" in s["licence"]]
    said = words.t("brief.licence")
    return f"{said} {words.t('brief.licence_nc', titles=', '.join(closed))}" if closed else said


def gap_rows(facts: Facts, words: Words, gaps: list[dict[str, Any]]) -> list[Content]:
    """Return gaps as rows of a table, the first by FIRST_GAPS, as many as fit."""
    order = {name: n for n, name in enumerate(FIRST_GAPS)}
    ranked = sorted(
        (row for row in gaps if row["indicator"] in facts.release.indicators),
        key=lambda row: (order.get(row["indicator"], 99), row["indicator"], row["dimension"], row["group_a"]),
    )
    rows = []
    for row in ranked[:GAPS]:
        item = facts.release.indicators[row["indicator"]]
        rows.append(
            {
                "title": words.title(item),
                "unit": words.unit(item.unit),
                "unit_difference": words.unit("PP" if item.unit == "PT" else item.unit),
                "year": str(row["year"]),
                "label_a": words.group(row["group_a"]),
                "label_b": words.group(row["group_b"]),
                "a": row["a"],
                "b": row["b"],
                "a_text": words.number(row["a"]),
                "b_text": words.number(row["b"]),
                "difference": signed(words, row["difference"]),
            }
        )
    return rows


def signed(words: Words, value: float) -> str:
    """Format a difference with its sign, and a true minus."""
    return ("+" if value > 0 else "\u2212" if value < 0 else "") + words.number(abs(value))


def changes(facts: Facts, words: Words, areas: list[str]) -> list[str]:
    """Return the changes since the previous release: a summary sentence; for one area also the largest."""
    previous = facts.release.card.get("previous")
    if not previous:
        return [words.t("brief.first_release")]
    rows = [row for area in areas for row in facts.revisions.get(area, [])]
    new = sum(1 for r in rows if r[2] is None)
    gone = sum(1 for r in rows if r[3] is None)
    counts = {"new": new, "revised": len(rows) - new - gone, "gone": gone}
    numbers = {name: words.number(n) for name, n in counts.items()}
    said = [words.t("brief.changed_n", previous=previous, **numbers)]
    classes, whole = facts.classes_changed
    for row in classes.get(areas[0], []) if len(areas) == 1 else []:
        item = facts.release.indicators.get(row["indicator"])
        if item and row["before"] != row["after"]:
            before, after = (words.t(f"category.{row[k]}") for k in ("before", "after"))
            said.append(words.t("brief.class_changed", title=words.title(item), before=before, after=after))
    said += _largest(facts, words, rows) if len(areas) == 1 else []
    return said[:CHANGES] + ([] if whole or len(areas) > 1 else [words.t("brief.changes_cut")])


def _largest(
    facts: Facts, words: Words, rows: list[tuple[str, int, float | None, float | None]]
) -> list[str]:
    """Return key indicators with revised values, the largest relative change first."""
    key = {i for ids in facts.key.values() for i in ids}
    both = [(i, y, a, b) for i, y, a, b in rows if i in key and a is not None and b is not None]
    both.sort(key=lambda r: (-abs(r[3] - r[2]) / max(abs(r[2]), abs(r[3]), 1e-12), r[0], r[1]))
    return [
        words.t(
            "brief.revised", title=words.title(facts.release.indicators[i]), year=y,
            before=words.number(a), after=words.number(b),
        )
        for i, y, a, b in both
        if words.number(a) != words.number(b)
    ]  # fmt: skip
