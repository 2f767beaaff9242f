"""The result of the last `compact contracts`, stored in $COMPACT_HOME/status for `compact status` and alerts.

The check itself is in check.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sources.snapshots.atomic import write_sidecar

FILE = "contracts.json"


def remember_contracts(home: Path, results: Mapping[str, tuple[str, str]]) -> None:
    """Store state and text of each source that was checked; the others stay unchanged."""
    path = home / "status" / FILE
    known = _known(path) | {name: {"state": state, "what": what} for name, (state, what) in results.items()}
    write_sidecar(path, known, indent=1)


def failed_contracts(home: Path) -> dict[str, str]:
    """Return the sources whose response has changed, with the changes."""
    known = _known(home / "status" / FILE)
    return {name: one["what"] for name, one in known.items() if one["state"] == "changed"}


def _known(path: Path) -> dict[str, dict[str, str]]:
    try:
        results: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return results
