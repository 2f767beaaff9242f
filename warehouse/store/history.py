"""The record of deliberate changes of the latest release: pointing `latest` to an older one, with a reason.

releases/history.jsonl has one line per decision. Publishing (publish.py) adds none, as release.json has the
moment.
"""

from __future__ import annotations

from pathlib import Path

from warehouse.store.latest import HISTORY, Row, read_history
from warehouse.store.publish import read_release_metadata, releases_folder


def history(home: Path) -> list[Row]:
    """Return the decisions, in order."""
    return read_history(releases_folder(home) / HISTORY)


def withdrawn(home: Path) -> dict[str, Row]:
    """Return the withdrawn releases, each with the decision."""
    by_release: dict[str, Row] = {}
    for event in history(home):
        by_release |= dict.fromkeys(event["withdrawn"], event)
        by_release.pop(event["to"], None)
    return by_release


def was_withdrawn(home: Path, fingerprint: str) -> str | None:
    """Return the reason if the release of these inputs was withdrawn, as a sentence."""
    for name, event in withdrawn(home).items():
        card = releases_folder(home) / name / "release.json"
        if card.is_file() and read_release_metadata(card.parent)["fingerprint"] == fingerprint:
            return (
                f"the same inputs made release {name}, which {event['by']} withdrew on {event['at'][:10]} "
                f"({event['reason']}); latest stays {event['to']} until something changes, or "
                f"`compact rollback {name} --reason ...` takes that back"
            )
    return None
