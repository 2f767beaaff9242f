"""The differences between two releases as one document: diff.json, and what `compact diff` prints.

rows.py matches rows, thresholds.py selects the differences that need acknowledgement, notes.py writes the
sentences. schemas/json/diff.schema.json describes the document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.definitions.default_method import DEFAULT_METHOD
from warehouse.diff.notes import sentences
from warehouse.diff.queries import (
    accepted_revisions,
    category_changes,
    coverage_changes,
    indicator_changes,
    revised_values,
    series_changes,
    status_changes,
    target_changes,
)
from warehouse.diff.rows import NOISE, Row, compare_tables, equal_files, load_changes, side_by_side
from warehouse.diff.thresholds import Limits, large_revisions

if TYPE_CHECKING:
    pass

FORMAT = "compact-tracker/diff-1"
DIFF = "diff.json"
MOST = 500  # rows per kind of change in diff.json; the totals cover all rows
WAYS = ("better", "worse", "assessed", "not_assessed")


def compare(
    before: Path | None,
    after: Path,
    ids: tuple[str | None, str],
    *,
    most: int | None = MOST,
    decided: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Compare two release folders. before: None for a first release; ids: their names; most: maximum rows of
    each kind (None: all); decided: snapshots that an operator accepted despite large differences, with
    operator and reason.

    Numbers equal to 1e-12 of the larger are equal. A value is revised where both releases have the key and
    the numbers differ; beyond: by more than the share of revision_limits.yaml, from the same source and
    series. Raises only DuckDB's errors, for files that are not a release.
    """
    limits = Limits.load()
    document: dict[str, Any] = {
        "format": FORMAT,
        "before": ids[0],
        "after": ids[1],
        "noise": NOISE,
        "beyond": limits.beyond,
        "tables": [],
        "indicators": [],
        "revised": _listed([], most),
        "status": _listed([], most),
        "coverage": {"gained": _listed_pairs([], most), "lost": _listed_pairs([], most)},
        "categories": _listed_classes([], most),
        "series": [],
        "targets": [],
        "large": [],
        "accepted": [],
        "acknowledged": None,
    }
    if before is not None:
        same = equal_files(before, after)
        with side_by_side(before, after) as con:
            load_changes(con, (decided or {}).keys(), none="indicator" in same)
            document |= {
                "tables": compare_tables(con, before, after, same),
                "indicators": indicator_changes(con, limits.beyond),
                "revised": _listed(revised_values(con, limits.beyond), most),
                "status": _listed(status_changes(con), most),
                "coverage": {
                    way: _listed_pairs(coverage_changes(con, gained=way == "gained"), most)
                    for way in ("gained", "lost")
                },
                "categories": _listed_classes([] if "progress" in same else category_changes(con), most),
                "series": series_changes(con),
                "targets": target_changes(con),
                "large": large_revisions(con, limits, same),
                "accepted": accepted_revisions(con, decided or {}),
            }
    document["notes"] = sentences(document)
    return document


def _listed(rows: Sequence[Row], most: int | None) -> dict[str, Any]:
    return {"total": len(rows), "listed": list(rows[:most])}


def _listed_pairs(rows: Sequence[Row], most: int | None) -> dict[str, Any]:
    counts = {f"{name}s": len({row[name] for row in rows}) for name in ("indicator", "area")}
    return _listed(rows, most) | counts


def _listed_classes(rows: Sequence[Row], most: int | None) -> dict[str, Any]:
    """Count the listed class changes. ways: number of assessments by the default method in each direction."""
    ways = [row["direction"] for row in rows if row["method"] == DEFAULT_METHOD]
    return _listed(rows, most) | {"ways": {way: ways.count(way) for way in WAYS}}
