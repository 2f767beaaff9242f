"""What a release would be made of, put together from the state of a workspace.

What each part is, is said in warehouse/release/inputs.py; in which order a run takes its steps, in
workspace.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indicators.targets import load_commitments
from schemas.codelists.areas import area_rows, membership_rows
from sources.ingest.cadence import standing_facts
from warehouse.release.inputs import ReleaseInputs, SourceState
from warehouse.store.publish import latest_release, snapshots_of

if TYPE_CHECKING:
    from pipelines.steps.run_context import Workspace


def collect_release_inputs(workspace: Workspace, evaluated: Mapping[str, Path]) -> ReleaseInputs:
    """All of it; evaluated: where the values of each indicator are. The checks are made when asked for."""
    home, store = workspace.home, workspace.store
    return ReleaseInputs(
        catalogue=workspace.catalogue.entries,
        sources=workspace.sources,
        states=workspace.source_states(),
        snapshots=[s.row() for source_id in workspace.sources for s in store.live(source_id).values()],
        staged=workspace.observations(),
        evaluated=evaluated,
        areas=area_rows(home / "groups"),
        area_groups=membership_rows(home / "groups"),
        checks=workspace.checks,
        commitments=load_commitments(),
        contributions={path.stem: path for path in sorted((home / "contributions").glob("*/*.parquet"))},
        decided=_decided(workspace),
        held_inputs={name: found.text for name, found in workspace.held_inputs().items()},
        with_reports=workspace.settings.reports == "all",
    )


def states_of(workspace: Workspace) -> dict[str, SourceState]:
    """How each source stands since it was last asked."""
    states = {}
    for source_id, source in workspace.sources.items():
        path = workspace.home / "status" / f"{source_id}.json"
        never = {"state": "absent", "note": "never asked"}
        known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else never
        facts = standing_facts(source, workspace.store, workspace.wanted_series(source_id))
        states[source_id] = SourceState(known["state"], known["note"] or None, facts)
    return states


def _decided(workspace: Workspace) -> dict[str, str]:
    """The live snapshots that no release has yet and that a person let in although they differ much: who,
    and why. One that came after it was compared with it, so the decision holds for that one too."""
    latest = latest_release(workspace.releases_home)
    released = snapshots_of(latest) if latest else set()
    found: dict[str, str] = {}
    for source_id in workspace.sources:
        said: dict[str, str] = {}
        for event in workspace.store.events(source_id):
            if event["event"] != "accepted":
                continue
            if event["snapshot"] in released:
                said.pop(event["resource"], None)
            elif event.get("by"):
                said[event["resource"]] = f"{event['by']}: {event['reason']}"
        live = workspace.store.live(source_id)
        found |= {live[key].snapshot: why for key, why in said.items() if key in live}
    return found
