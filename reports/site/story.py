"""The story of an edition: changes since the previous one and their reasons, with three charts.

Counted from the release's revision table and its diff.json; without a previous edition there is none. The
sentences are messages (page.changes.*), so that each language has its own.
"""

from __future__ import annotations

from typing import Any

from reports.shared.localisation import Words
from reports.shared.release_reader import Release
from reports.site import overview_rows as overviews
from reports.site.drawing.bars import before_after, stacked_bars

MOST = 10  # rows of a chart
NAMED = 5  # number of indicators named in a sentence
WAYS = ("better", "worse", "assessed", "not_assessed")
LEAST_BASE = 1e-3  # a relative change of a value closer to zero has little meaning; ours


def story(release: Release, words: Words) -> dict[str, Any] | None:
    """Return the content of the page of changes; None for a first edition."""
    changes = overviews.changes(release)
    if changes is None:
        return None
    diff = release.diff or {}
    counts: dict[str, tuple[int, int, int]] = changes["counts"]
    sums = [sum(n[part] for n in counts.values()) for part in range(3)]
    return changes | {
        "headline": words.t(
            "page.changes.headline",
            revised=words.number(sums[0]), added=words.number(sums[1]), withdrawn=words.number(sums[2]),
            n=len(counts), previous=changes["previous"],
        ),
        "classes": [_moved(release, words, row) for row in changes["classes"]],
        "classes_left": max(diff.get("categories", {}).get("total", 0) - len(changes["classes"]), 0),
        "why": _reasons(release, diff, words) + _applied(diff, words, any(sums)),
        "values_chart": _values(release, counts, words),
        "verdicts_chart": _verdicts(diff, words),
        "revisions_chart": _revisions(release, diff, words),
    }  # fmt: skip


def _title(release: Release, words: Words, indicator: str, title: str = "") -> str:
    item = release.indicators.get(indicator)
    return words.title(item) if item else title or indicator


def _moved(release: Release, words: Words, row: dict[str, Any]) -> dict[str, str]:
    """A verdict that changed."""
    area = release.areas.get(row["ref_area"])
    return {
        "area": words.area(area) if area else row["area"],
        "title": _title(release, words, row["indicator"], row["title"]),
        "indicator": row["indicator"],
        "before": words.or_code(f"category.{row['before']}", row["before"]),
        "after": words.or_code(f"category.{row['after']}", row["after"]),
    }


def _values(release: Release, counts: dict[str, tuple[int, int, int]], words: Words) -> str:
    """Return values revised, new and withdrawn, of the indicators with most of them."""
    ordered = sorted(counts.items(), key=lambda row: (-sum(row[1]), row[0]))[:MOST]
    rows = [(_title(release, words, i), [(k, words.number(k)) for k in n]) for i, n in ordered]
    return stacked_bars(rows, kinds=(2, 1, 6), title=words.t("page.changes.values_chart")) if rows else ""


def _verdicts(diff: dict[str, Any], words: Words) -> str:
    """Return verdicts that improved or worsened, appeared and disappeared; else countries that gained and
    lost data.
    """
    ways = diff.get("categories", {}).get("ways") or {}
    rows = [(words.t(f"page.changes.way.{way}"), ways.get(way, 0)) for way in WAYS]
    if not any(n for _, n in rows):
        coverage = diff.get("coverage", {})
        rows = [
            (words.t(f"page.changes.way.{w}"), coverage.get(w, {}).get("total", 0))
            for w in ("gained", "lost")
        ]
    if not any(n for _, n in rows):
        return ""
    parts = [(name, [(n, words.number(n))]) for name, n in rows]
    return stacked_bars(parts, kinds=(1,), title=words.t("page.changes.verdicts_chart"))


def _revisions(release: Release, diff: dict[str, Any], words: Words) -> str:
    """Return the largest revision of each of the most revised indicators, relative to the value before."""
    best: dict[str, dict[str, Any]] = {}
    for row in diff.get("revised", {}).get("listed", []):
        old, new = row["old_value"], row["new_value"]
        if row.get("dimensions") or abs(old) < LEAST_BASE:
            continue
        row = row | {"share": abs(new - old) / abs(old)}
        if row["share"] > best.get(row["indicator"], {"share": 0.0})["share"]:
            best[row["indicator"]] = row
    ordered = sorted(best.values(), key=lambda row: (-row["share"], row["indicator"]))[:MOST]
    rows = []
    for row in ordered:
        area = release.areas.get(row["ref_area"])
        where = words.area(area) if area else row["area"]
        name = f"{_title(release, words, row['indicator'], row['title'])}, {where} {row['time_period']}"
        said = f"{words.number(row['old_value'])} → {words.number(row['new_value'])}"
        rows.append((name, row["old_value"], row["new_value"], said))
    return before_after(rows, title=words.t("page.changes.revisions_chart")) if rows else ""


def _applied(diff: dict[str, Any], words: Words, revised: bool) -> list[str]:
    """Explain in a sentence why verdicts differ although no value does."""
    moved = diff.get("categories", {}).get("total", 0)
    if revised or not moved:
        return []
    return [words.t("page.changes.why.applied", n=words.number(moved))]


def _reasons(release: Release, diff: dict[str, Any], words: Words) -> list[str]:
    """Explain in sentences why values differ: indicators, definitions, targets, series, coverage,
    statuses.
    """
    indicators = diff.get("indicators", [])
    said = []
    for key, chosen in (
        ("new", [r for r in indicators if r["state"] == "new"]),
        ("gone", [r for r in indicators if r["state"] == "gone"]),
        ("defined", [r for r in indicators if r["state"] == "kept" and r.get("definition_changed")]),
        ("gained_year", [r for r in indicators if r.get("years_gained")]),
    ):
        if chosen:
            names = [_title(release, words, r["indicator"], r["title"]) for r in chosen[:NAMED]]
            more = len(chosen) - len(names)
            listed = "; ".join(names) + (" " + words.t("page.changes.why.more", n=more) if more else "")
            said.append(words.t(f"page.changes.why.{key}", n=len(chosen), names=listed))
    for row in diff.get("targets", []):
        old, new = row["old_target"], row["new_target"]
        kind = "target_gone" if new is None else "target_new" if old is None else "target"
        filled = {"old": words.number(old), "new": words.number(new), "year": row["new_target_year"] or "–"}
        title = _title(release, words, row["indicator"], row["title"])
        said.append(words.t(f"page.changes.why.{kind}", title=title, **filled))
    for row in diff.get("series", []):
        filled = {"n": words.number(row["values"]), "differ": words.number(row["differ"])}
        filled |= {"old": row["old_title"], "new": row["new_title"]}
        title = _title(release, words, row["indicator"], row["title"])
        said.append(words.t("page.changes.why.series", title=title, **filled))
    coverage = {key: diff.get("coverage", {}).get(key, {}).get("total") for key in ("gained", "lost")}
    said += [words.t(f"page.changes.why.{key}", n=words.number(n)) for key, n in coverage.items() if n]
    if n := diff.get("status", {}).get("total"):
        said.append(words.t("page.changes.why.status", n=words.number(n)))
    return said
