"""Rows of the overview pages: availability, sources, methods, downloads, changes, targets.

Each function is empty without its table in the release; the template says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from reports.shared.figures import Figures
from reports.shared.release_reader import Indicator, Release
from schemas.definitions.methods import methods as known_methods
from schemas.tables.registry import TABLES

# Text that the model of claims adds to a reason if a release cannot compute the claim.
ADDED = re.compile(r" This release(?: has no value for: (.*)\.|: the formula gives no number\.)$", re.DOTALL)
ON_A_PAGE = 8  # rows of an indicator; the table revision has all
MOST_CLASSES = 40  # changed verdicts on the page; diff.json has more
OTHER_FILES = (
    "warehouse.duckdb",
    "compact-tracker.xlsx",
    "datapackage.json",
    "croissant.json",
    "CITATION.cff",
    "SHA256SUMS",
    "release.json",
    "diff.json",
    "NOTES.md",
)


def targets(release: Release) -> dict[str, list[dict[str, Any]]]:
    """Return targets, claims and commitments by status; empty without the table."""
    by_framework: dict[str, list[dict[str, Any]]] = {}
    for row in release.dicts("target", "target"):
        by_framework.setdefault(row["status"], []).append(row)
    return by_framework


def _all_targets(release: Release) -> Iterable[dict[str, Any]]:
    for rows in targets(release).values():
        yield from rows


def targets_of(release: Release, framework: str, code: str) -> list[dict[str, Any]]:
    """Return the targets that a framework sorts under an objective."""
    return [row for row in _all_targets(release) if code in (row.get(framework) or "").split(";")]


def parts_of_reason(reason: str) -> dict[str, str | None]:
    """Return the reason of a claim from its file (why), and the parts without a value that the release
    names (lacks): empty if the formula gave no number, None if the claim was computed.
    """
    added = ADDED.search(reason)
    return {"why": ADDED.sub("", reason), "lacks": (added[1] or "") if added else None}


def measured_directly(release: Release, framework: str, code: str) -> bool:
    """Return whether an indicator of ours measures a target of the objective itself: a proxy makes no
    headline. True without the table of targets, which alone has that information.
    """
    if not release.has("target"):
        return True
    return any(
        row["status"] == "measured" and row["indicator"] for row in targets_of(release, framework, code)
    )


def targets_for(release: Release, indicator: str) -> list[dict[str, Any]]:
    """Return the targets that an indicator measures or approximates."""
    return [row for row in _all_targets(release) if indicator in (row["indicator"] or "").split(";")]


def stated_inputs(figures: Figures, item: Indicator) -> list[dict[str, Any]]:
    """Return the inputs of an indicator in order of preference, with the source's statement and their
    share of the newest values.
    """
    used: dict[str, int] = {}
    for value in figures.latest.get(item.id, {}).values():
        for name in value.source.split(";"):
            used[name] = used.get(name, 0) + 1
    return [_stated(figures, name, entry, used) for name, entries in item.inputs.items() for entry in entries]


def _stated(figures: Figures, name: str, entry: dict[str, Any], used: dict[str, int]) -> dict[str, Any]:
    """Return one input. Without a source it is another indicator, or groups, and is named after it."""
    source: str | None = entry.get("source")
    if source is None:
        return {"name": name, "text": entry.get("indicator") or entry.get("series") or "", "source": None}
    return {
        "name": name,
        "text": entry.get("series", ""),
        "source": source,
        "about": figures.release.sources.get(source, {}),
        "vintage": figures.vintages.get(source),
        "used": used.get(source, 0),
    }


def availability(figures: Figures) -> dict[str, Any]:
    """Return coverage by indicator, and the 90 per cent pledge if the release measures it."""
    names = figures.release.indicators
    rows: list[dict[str, Any]] = [
        {"item": names[i], "available": n, "of": of} for i, (n, of) in figures.coverage.items() if i in names
    ]
    rows.sort(key=lambda row: (-row["available"], row["item"].title))
    pledge = [
        r
        for r in figures.release.dicts("availability", "universe, goal, scope, breakdown")
        if r["scope"] == "M49:001" and r["breakdown"] == "_T"
    ]
    goals = sorted(
        pledge, key=lambda r: (r["universe"], r["goal"] == "all", int(r["goal"]) if r["goal"] != "all" else 0)
    )
    total = sum(row["available"] for row in rows) / max(1, sum(row["of"] for row in rows))
    return {"rows": rows, "pledge": goals, "total": total}


def field_frameworks(release: Release) -> dict[str, list[dict[str, Any]]]:
    """Return the measurement frameworks of the field: the requirement of each part, the indicators that
    measure it, and the objectives of the Compact that we propose for it.
    """
    if "measured" not in release.columns("crosswalk"):
        return {}
    sql = """select from_framework, from_code, any_value(from_level), any_value(from_title),
             any_value(measured), any_value(indicator),
             list(to_code order by to_framework, to_code) filter (where to_code <> 'none')
             from {crosswalk} where origin = 'proposed' group by 1, 2 order by 1, 2"""
    names = ("code", "level", "asks", "measured", "indicators", "objectives")
    by_framework: dict[str, list[dict[str, Any]]] = {}
    for framework, *row in release.rows(sql, "crosswalk"):
        part = dict(zip(names, row, strict=True))
        part["indicators"] = (part["indicators"] or "").split(";") if part["indicators"] else []
        by_framework.setdefault(framework, []).append(part)
    return by_framework


def methods(release: Release) -> list[dict[str, Any]]:
    """Return the methods of assessment of the release, in their own words, with the classes they gave
    countries.
    """
    sql = "select method, category, count(*) from {progress} group by all order by all"
    by_method: dict[str, dict[str, int]] = {}
    for method, category, n in release.rows(sql, "progress"):
        by_method.setdefault(method, {})[category] = n
    default = release.method
    return [
        {"id": name, "about": known_methods().get(name), "counts": counts, "default": name == default}
        for name, counts in sorted(by_method.items(), key=lambda pair: (pair[0] != default, pair[0]))
    ]


def sources(figures: Figures) -> dict[str, Any]:
    """Return sources with their status in the run, and every snapshot."""
    states = figures.release.card.get("sources", {})
    snapshots: dict[str, list[dict[str, Any]]] = {}
    for row in figures.release.dicts("snapshot", "source, resource, snapshot"):
        snapshots.setdefault(row["source"], []).append(row)
    ledger: dict[str, list[int]] = {}
    for row in figures.release.dicts("ledger", "source, snapshot"):
        sums = ledger.setdefault(row["source"], [0, 0])
        sums[0], sums[1] = sums[0] + row["rows_out"], sums[1] + row["rows_rejected"]
    return {
        "rows": [
            {
                "about": about,
                "state": states.get(name, {}).get("state", "absent"),
                "snapshots": snapshots.get(name, []),
                "note": states.get(name, {}).get("note"),
                "kept": ledger.get(name),
            }
            for name, about in figures.release.sources.items()
        ]
    }


def files(release: Release) -> list[dict[str, Any]]:
    """Return the files of the release folder, with size and, for a table, its title."""
    listed = []
    for path in sorted(release.folder.glob("*.parquet")):
        table = TABLES.get(path.stem)
        listed.append(
            {"name": path.name, "bytes": path.stat().st_size, "title": table.description if table else ""}
        )
    for name in OTHER_FILES:
        path = release.folder / name
        if path.is_file() or name == "SHA256SUMS":  # the sums are written last, including the site
            size = path.stat().st_size if path.is_file() else None
            listed.append({"name": name, "bytes": size, "title": "", "about": name})
    return listed


def changes(release: Release) -> dict[str, Any] | None:
    """Return the changes since the previous release: diff.json if there is one, else counts of revised
    values.
    """
    previous = release.card.get("previous")
    if not previous:
        return None
    counted = revised(release)
    classes = [
        r
        for r in (release.diff or {}).get("categories", {}).get("listed", [])
        if r["method"] == release.method
    ]
    return {
        "previous": previous,
        "counts": {i: counted[i] for i in release.indicators if i in counted},
        "indicators": release.indicators,
        "classes": classes[:MOST_CLASSES],
    }


def largest_revisions(release: Release) -> dict[str, list[tuple[Any, ...]]]:
    """Return indicator to area, year, value before and now of the largest revisions."""
    sql = f"""select indicator, ref_area, time_period, old_value, new_value from {{revision}}
              where old_value is not null and new_value is not null qualify row_number() over (partition by
              indicator order by abs(new_value - old_value) desc, ref_area, time_period) <= {ON_A_PAGE}
              order by indicator, abs(new_value - old_value) desc, ref_area, time_period"""
    revisions: dict[str, list[tuple[Any, ...]]] = {}
    for indicator, *row in release.rows(sql, "revision"):
        revisions.setdefault(indicator, []).append(tuple(row))
    return revisions


def used_sources(figures: Figures, item: Indicator) -> list[dict[str, Any]]:
    """Return the sources of an indicator's newest values."""
    used = {name for value in figures.latest.get(item.id, {}).values() for name in value.source.split(";")}
    return [about for name, about in figures.release.sources.items() if name in used]


def cited(figures: Figures, item: Indicator) -> list[str]:
    """Return the requested citations of the sources of an indicator's newest values."""
    return [about["citation"].rstrip(".") for about in used_sources(figures, item)]


def caveats(figures: Figures, item: Indicator) -> float | None:
    """Return the share of an indicator's newest values that are not normal: estimated, provisional and so
    on.
    """
    values = figures.latest.get(item.id, {}).values()
    return sum(v.status != "A" for v in values) / len(values) if values else None


def revised(release: Release) -> dict[str, tuple[int, int, int]]:
    """Return indicator to the number of its totals that are revised, new and withdrawn since the previous
    release.
    """
    sql = """select indicator, count(*) filter (where old_value is not null and new_value is not null),
             count(*) filter (where old_value is null), count(*) filter (where new_value is null)
             from {revision} group by 1 order by 1"""
    return {i: (a, b, c) for i, a, b, c in release.rows(sql, "revision")}
