"""The differences between two releases as sentences, for NOTES.md and `compact diff`: names, no codes.

Nothing is computed here; document.py provides the differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.codelists.obs_status import STATUS_WORDS
from schemas.definitions.default_method import DEFAULT_METHOD
from schemas.display import counted

Row = Mapping[str, Any]

NAMED = 4  # names in a list, before "and 7 more"
TOLD = 12  # single countries' changes in full sentences; the rest are counted


def sentences(diff: Row) -> list[str]:
    """Return the sentences in order of importance."""
    if diff["before"] is None:
        return ["This is the first release here, so there is nothing to compare it with."]
    said = [
        *(f"A snapshot that had been held was accepted by {row['reason']}." for row in diff["accepted"]),
        *_indicators(diff["indicators"]),
        *_years(diff["indicators"]),
        *_revisions(diff),
        *_withdrawn(diff["indicators"]),
        *_origins(diff["series"]),
        *_statuses(diff["status"]),
        *_targets(diff["targets"]),
        *_coverage(diff["coverage"]),
        *_classes(diff["categories"]),
        *_tables(diff["tables"]),
    ]
    return said or [f"Nothing that is published differs from release {diff['before']}."]


def because(row: Row) -> str:
    """Explain a change of class by the inputs that changed."""
    words_of = {"value": _value, "target": _target, "baseline": _baseline}
    other = {
        "series": "values between baseline and latest year changed",
        "method": "the method is applied in another way",
    }
    return " and ".join(
        words_of[reason](row) if reason in words_of else other[reason] for reason in row["reasons"]
    )


def _value(row: Row) -> str:
    if row["new_year"] is None:
        return "its values were withdrawn"
    if row["old_year"] is None:
        return f"it has values now, the latest {number(row['new_value'])} ({row['new_year']})"
    old, new = numbers(row["old_value"], row["new_value"])
    if row["old_year"] == row["new_year"]:
        return f"its value of {row['new_year']} was revised from {old} to {new}"
    return f"its latest value is now {new} ({row['new_year']}), before {old} ({row['old_year']})"


def _target(row: Row) -> str:
    old, new = numbers(row["old_target"], row["new_target"])
    if row["new_target"] is None:
        return "there is no target any more"
    if row["old_target"] is None:
        return f"there is a target now, {new} by {row['new_target_year']}"
    return f"the target is now {new} by {row['new_target_year']}, before {old} by {row['old_target_year']}"


def _baseline(row: Row) -> str:
    old, new = numbers(row["old_baseline"], row["new_baseline"])
    if row["new_baseline_year"] is None or row["old_baseline_year"] is None:
        return f"the baseline is now {new}" if row["new_baseline_year"] else "there is no baseline any more"
    return (
        f"the baseline is now {new} ({row['new_baseline_year']}), before {old} ({row['old_baseline_year']})"
    )


def _indicators(rows: Sequence[Row]) -> list[str]:
    said = []
    for state, text in (
        ("new", "{} new: {}."),
        ("gone", "{} no longer published: {}."),
        ("first_values", "{} with values for the first time: {}."),
    ):
        titles = [row["title"] for row in rows if row["state"] == state]
        if titles:
            said.append(text.format(counted(len(titles), "indicator"), _names(titles)))
    changed = [row["title"] for row in rows if row["definition_changed"]]
    if changed:
        said.append(
            f"The definition (inputs, formula, unit or direction) of {counted(len(changed), 'indicator')} "
            f"changed: {_names(changed)}."
        )
    return said


def _years(rows: Sequence[Row]) -> list[str]:
    gained: dict[int, list[str]] = {}
    for row in rows:
        if row["state"] == "kept":
            for year in row["years_gained"]:
                gained.setdefault(year, []).append(row["title"])
    return [
        f"{counted(len(titles), 'indicator')} gained {year}: {_names(titles)}."
        if len(titles) > 1
        else f"{titles[0]} gained {year}."
        for year, titles in sorted(gained.items(), reverse=True)
    ]


def _revisions(diff: Row) -> list[str]:
    limit = f"{100 * diff['beyond']:g} per cent"
    large = sorted(
        (row for row in diff["indicators"] if row["revised_beyond"]),
        key=lambda row: -int(row["areas_beyond"]),
    )
    said = []
    for row in large[:TOLD]:
        where = counted(row["areas_beyond"], "country or group", "countries or groups")
        text = f"{row['title']} was revised by more than {limit} in {where}"
        listed = [one for one in diff["revised"]["listed"] if one["indicator"] == row["indicator"]]
        largest = next((one for one in listed if one["beyond"]), None)
        said.append(f"{text}{_largest(largest)}.")
    if len(large) > TOLD:
        said.append(f"{counted(len(large) - TOLD, 'further indicator')} were revised by more than {limit}.")
    small = [row["title"] for row in diff["indicators"] if row["revised"] and not row["revised_beyond"]]
    if small:
        said.append(f"{counted(len(small), 'indicator')} had smaller revisions only: {_names(small)}.")
    return said


def _largest(row: Row | None) -> str:
    if row is None:
        return ""
    old, new = numbers(row["old_value"], row["new_value"])
    where = f"{row['area']} {row['time_period']}" + (f", {row['dimensions']}" if row["dimensions"] else "")
    return f"; the largest: {where}, from {old} to {new}"


def _withdrawn(rows: Sequence[Row]) -> list[str]:
    lost = [row for row in rows if row["removed"] and row["state"] != "gone"]
    total = sum(row["removed"] for row in lost)
    titles = [row["title"] for row in sorted(lost, key=lambda row: -int(row["removed"]))]
    return [f"{counted(total, 'value')} withdrawn, of {_names(titles)}."] if lost else []


def _origins(rows: Sequence[Row]) -> list[str]:
    """List changed series one by one, other sources by pairs."""
    said = []
    for row in [row for row in rows if row["kind"] != "other_source"][:TOLD]:
        values = counted(row["values"], "value")
        if row["kind"] == "renamed":
            said.append(
                f"{row['title']}: the agency renamed its series; {values} follow it ({row['known']})."
            )
        else:
            said.append(
                f"{row['title']}: {values} come from the series {row['new_series']} of the same source, "
                f"before from {row['old_series']}."
            )
    pairs: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["kind"] == "other_source":
            pairs.setdefault((row["old_title"], row["new_title"]), []).append(row)
    for (old, new), moves in list(pairs.items())[:TOLD]:
        values, differ = (sum(row[name] for row in moves) for name in ("values", "differ"))
        titles = list(dict.fromkeys(row["title"] for row in moves))
        said.append(
            f"{counted(values, 'value')} come from {new}, before from {old}; {differ:,} of them differ: "
            f"{_names(titles)}."
        )
    return said


def _statuses(status: Row) -> list[str]:
    if not status["total"]:
        return []
    first = status["listed"][0]
    old, new = (STATUS_WORDS.get(first[name], first[name]) for name in ("old_status", "new_status"))
    return [
        f"The status of {counted(status['total'], 'value')} changed, as that of {first['title']} in "
        f"{first['area']} {first['time_period']} from {old} to {new}."
    ]


def _targets(rows: Sequence[Row]) -> list[str]:
    return [f"{row['title']}: {_target(row)}." for row in rows]


def _coverage(coverage: Row) -> list[str]:
    return [
        f"{counted(change['total'], 'pair')} of country and indicator {text}: "
        f"{counted(change['indicators'], 'indicator')}, "
        f"{counted(change['areas'], 'country or territory', 'countries or territories')}."
        for way, text in (("gained", "now with a value since 2015"), ("lost", "without one now"))
        if (change := coverage[way])["total"]
    ]


WAYS = {
    "better": "to a better class",
    "worse": "to a worse class",
    "assessed": "from insufficient data to a class",
    "not_assessed": "to insufficient data",
}


def _classes(categories: Row) -> list[str]:
    """List changed classes of the default method; the others are in the table."""
    ways = categories["ways"]
    parts = [f"{ways[way]:,} {text}" for way, text in WAYS.items() if ways[way]]
    if not parts:
        return []
    moved = [row for row in categories["listed"] if row["direction"] in ("better", "worse")]
    moved = [row for row in moved if row["method"] == DEFAULT_METHOD]
    said = [f"Progress: of the assessments, {', '.join(parts)}."]
    said += [
        f"{row['area']} moved from {_words(row['before'])} to {_words(row['after'])} on {row['title']}, "
        f"because {row['because']}."
        for row in moved[:TOLD]
    ]
    if (more := ways["better"] + ways["worse"] - TOLD) > 0:
        said.append(f"{more:,} more such moves: `compact diff --rows categories`.")
    return said


def _words(category: str) -> str:
    """Format a class in words: about_as_likely_as_not has no others."""
    return category.replace("_", " ")


def _tables(rows: Sequence[Row]) -> list[str]:
    said = []
    for state, text in (("new", "New"), ("gone", "No longer there")):
        names = [f"{row['table']}.parquet" for row in rows if row["state"] == state]
        if names:
            said.append(f"{text}: {', '.join(names)}.")
    said += [
        f"{row['table']}.parquet has {'a new column' if len(row[way]) == 1 else 'new columns'}: "
        f"{', '.join(row[way])}."
        if way == "columns_added"
        else f"{row['table']}.parquet no longer has: {', '.join(row[way])}."
        for row in rows
        for way in ("columns_added", "columns_removed")
        if row[way]
    ]
    return said


def number(value: float | None) -> str:
    """Format a number for a sentence."""
    if value is None:
        return "nothing"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def numbers(old: float | None, new: float | None) -> tuple[str, str]:
    """Format two numbers with enough digits to tell them apart."""
    if old is None or new is None or number(old) != number(new) or old == new:
        return number(old), number(new)
    digits = next((d for d in range(5, 17) if f"{old:.{d}g}" != f"{new:.{d}g}"), 17)
    return f"{old:.{digits}g}", f"{new:.{digits}g}"


def _names(names: Sequence[str]) -> str:
    if len(names) <= NAMED:
        return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED:,} more"
