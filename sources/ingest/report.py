"""What a fetch of one source brought: the report, its state, and the note for readers. The requests are in
fetch.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sources.model import InvalidResponse, Resource
from sources.registry.renames import renamed
from sources.snapshots.store import Snapshot, Store

NAMED = 5  # resources named in a note

State = Literal["live", "stored", "absent"]


@dataclass
class FetchReport:
    """Result of fetching one source. state: live, all series were fetched or confirmed just now; stored,
    some were not, and earlier accepted snapshots are used; absent, there is no data. If refused is not
    empty, nothing may be published.
    """

    source: str
    state: State = "absent"
    note: str = ""
    fetched: list[Snapshot] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[InvalidResponse] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # optional series that the agency does not have
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0


def settle(report: FetchReport, resources: Sequence[Resource], store: Store) -> None:
    """Set the state of the source, and note missing series."""
    newest = store.candidates(report.source)
    if not resources:
        report.state = "stored" if newest else "absent"
        report.note = report.note or "not asked: no indicator uses a series of it"
        return
    resources = [resource for resource in resources if resource.key not in report.left_out]
    missing = [resource.key for resource in resources if resource.key not in newest]
    done = {snapshot.resource for snapshot in report.fetched} | set(report.unchanged)
    if not resources and not report.left_out:
        report.state = "stored" if newest else "absent"
        report.note = report.note or "no indicator uses it"
    elif resources and done >= {resource.key for resource in resources}:
        report.state = "live"
    elif len(missing) < len(resources):
        report.state = "stored"
    if missing:
        text = f"no snapshot of {len(missing)} of {len(resources)}: {_some(missing)}"
        text = text if len(missing) < len(resources) else "nothing of it is stored"
        report.note = f"{report.note}; {text}" if report.note else text
    if report.left_out:
        text = f"the agency has no series {_some(report.left_out)}"
        text += f" ({now})" if (now := renamed(report.source, report.left_out)) else ""
        report.note = f"{report.note}; {text}" if report.note else text


def _some(names: Sequence[str]) -> str:
    """Return the first names and the number of others."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
