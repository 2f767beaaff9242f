"""NOTES.md stays one page for any release, and names the files with the rest."""

from __future__ import annotations

from typing import Any

from sources.registry.sources import load_sources
from warehouse.release.notes import LONGEST, notes

A_PAGE = 100  # lines


def card(**given: Any) -> dict[str, Any]:
    state = {"state": "live", "note": "", "snapshots": 1, "stale_since": None}
    return {
        "id": "2026-11-30-00000000", "created": "2026-11-30T00:00:00Z", "indicators": 254,
        "tables": {"indicator": {"rows": 6331}}, "rows_kept": 10, "rows_rejected": 2, "previous": None,
        "warnings": [], "sources": {"world_factbook": state},
    } | given  # fmt: skip


def test_much_is_cut_and_the_rest_is_named() -> None:
    names = list(load_sources())
    states = {name: {"state": "absent", "note": "never asked", "stale_since": None} for name in names}
    states[names[0]] = {"state": "stored", "note": "x" * 50, "stale_since": "2026-10-01T00:00:00Z"}
    changes = [(f"indicator_{n}", n, 0, 0) for n in range(200)]
    text = notes(
        card(sources=states, previous="2026-11-01-00000000", warnings=["word " * 400] * 60),
        load_sources(), changes, [f"Sentence {n}." for n in range(50)],
    )  # fmt: skip
    lines = text.splitlines()
    assert len(lines) <= A_PAGE
    assert "- 52 more: see release.json and checks.json." in lines
    assert "- 38 more: see diff.json." in lines
    assert "| 190 more indicators | | | |" in lines
    assert "| indicator_199 | 199 | 0 | 0 |" in lines  # the most changed ones are shown
    assert "stale since 2026-10-01" in text
    assert len([line for line in lines if line.startswith("- absent: never asked")]) == 1
    assert max(len(line) for line in lines if "word" in line) <= LONGEST + 4


def test_a_first_release_says_so_and_lists_no_warnings() -> None:
    text = notes(card(), load_sources(), [])
    assert "This is the first release here." in text
    assert "What to look at" not in text
    assert "| live |" in text
