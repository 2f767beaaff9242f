"""NOTES.md: one page for readers of a release, generated from release.json.

Everything shortened here is complete in a machine-readable file, which the page names: release.json (sources
and warnings), checks.json (checks), diff.json and revision.parquet (changes), datapackage.json (tables).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.definitions.source import Source
from schemas.display import counted
from warehouse.release.datapackage import DESCRIPTION, TITLE

AS_OF = (
    "Rebuilt as of {as_of}: from the snapshots that were accepted by then, with the definitions and the code "
    "of the day on which it was made."
)
SENTENCES = 12  # number of changes that fit on the page
ROWS = 10  # of the table of changes, the indicators with most changed values
WARNINGS = 8
LONGEST = 240  # characters of a sentence; a longer list is complete in a file
FILES = (
    ("compact-tracker.xlsx", "workbook with values, verdicts, metadata and sources"),
    ("site/index.html", "the site, in English, French and Spanish"),
    ("briefs/", "a two-page brief of every country and group"),
    ("*.parquet, warehouse.duckdb", "every table; datapackage.json describes each column"),
    ("checks.json, diff.json, release.json", "checks, changes and sources, for machines"),
)

LAST = (
    "A run with COMPACT_REPORTS=none makes no workbook, site and briefs. `sha256sum -c SHA256SUMS` "
    "checks every file."
)


def notes(
    card: Mapping[str, Any],
    sources: Mapping[str, Source],
    changes: list[tuple[str, int, int, int]],
    sentences: Sequence[str] = (),
) -> str:
    """Return the page. changes: indicator, values changed, new, withdrawn; told: the same and more in
    sentences.
    """
    lines = [
        f"# {TITLE}: release {card['id']}",
        "",
        f"{DESCRIPTION} Made {card['created']}.",
        "",
        *([AS_OF.format(**card), ""] if card.get("as_of") else []),
        f"{counted(card['indicators'], 'indicator')}, "
        f"{counted(card['tables']['indicator']['rows'], 'value')}. Of the rows that the sources "
        f"sent, {card['rows_kept']:,} were kept and {card['rows_rejected']:,} rejected; "
        "`ledger.parquet` counts every reason.",
        "",
        "## Sources",
        "",
        *_sources(card, sources),
        "",
        "## Changes",
        "",
        *_listed(sentences, SENTENCES, "diff.json"),
        *([""] if sentences else []),
        *_changes(card, changes),
    ]
    if card["warnings"]:
        lines += [
            "",
            "## What to look at",
            "",
            *_listed(card["warnings"], WARNINGS, "release.json and checks.json"),
        ]
    lines += ["", "## Files", "", "| file | what it holds |", "|---|---|"]
    lines += [f"| `{name}` | {what} |" for name, what in FILES]
    lines += ["", LAST, ""]
    return "\n".join(lines)


def _sources(card: Mapping[str, Any], sources: Mapping[str, Source]) -> list[str]:
    """Return a row for each source with data; sources without data share one line per reason."""
    rows, absent = ["| source | state | licence |", "|---|---|---|"], dict[str, list[str]]()
    for name, facts in card["sources"].items():
        state = facts["state"] + (f": {facts['note']}" if facts["note"] else "")
        if facts["state"] == "absent":
            absent.setdefault(state, []).append(sources[name].title)
            continue
        state += f" (stale since {facts['stale_since'][:10]})" if facts.get("stale_since") else ""
        rows.append(f"| {sources[name].title} | {_cut(state)} | {sources[name].licence.name} |")
    listed = [f"- {_cut(state)} ({len(titles)}): {', '.join(titles)}." for state, titles in absent.items()]
    return [
        *(rows if len(rows) > 2 else []),
        *(["", *listed] if listed else []),
        "",
        "live: fetched or confirmed in the run. stored: the last accepted snapshot was used. "
        "absent: no data.",
    ]


def _changes(card: Mapping[str, Any], changes: list[tuple[str, int, int, int]]) -> list[str]:
    if card["previous"] is None:
        return ["This is the first release here."]
    if not changes:
        return [f"No total value differs from release {card['previous']}."]
    most = sorted(changes, key=lambda row: (-sum(row[1:]), row[0]))[:ROWS]
    rest = len(changes) - len(most)
    return [
        f"Total values against release {card['previous']}; each one is in `revision.parquet`.",
        "",
        "| indicator | changed | new | withdrawn |",
        "|---|---|---|---|",
        *(f"| {name} | {changed:,} | {new:,} | {gone:,} |" for name, changed, new, gone in most),
        *([f"| {rest} more indicators | | | |"] if rest else []),
    ]


def _listed(sentences: Sequence[str], most: int, file: str) -> list[str]:
    """Format the first sentences as a list, and name the file with the others."""
    rest = len(sentences) - most
    more = [f"- {rest} more: see {file}."] if rest > 0 else []
    return [*(f"- {_cut(text)}" for text in sentences[:most]), *more]


def _cut(text: str) -> str:
    """Shorten a sentence at a word to fit a line of a table."""
    text = text.replace("|", "/").replace("\n", " ")
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST].rsplit(' ', 1)[0].rstrip(',;:')} …"
