"""`compact run --as-of DATE`: a release of what was known then, from the snapshots in the store, written
aside.

The snapshots are those that were live at that moment; definitions and code are today's, so that what differs
from today's release is what the agencies sent since. COMPACT_HOME/releases, `latest` and the manifest are not
touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.steps.run_context import Workspace
from schemas.errors import CompactError
from sources.locks import home_lock
from warehouse.release.inputs import SourceState
from warehouse.store.as_of import StoreAsOf, reaches_back_to
from warehouse.store.publish import ReleaseRefused, ReleaseResult

FOLDER = "as_of"  # of COMPACT_HOME: a folder a moment, each with releases and a `latest` of its own


@dataclass
class WorkspaceAsOf(Workspace):
    """A workspace that asks nobody and sees the store as it was. when: the moment, in UTC."""

    when: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def store(self) -> StoreAsOf:
        return StoreAsOf(self.home, self.when)

    @property
    def releases_home(self) -> Path:
        apart = self.home / FOLDER / f"{self.when.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
        return apart / "redistributable" if self.redistributable else apart

    @property
    def about_release(self) -> Mapping[str, Any]:
        return {"as_of": self.when.astimezone(UTC).isoformat(timespec="seconds")}

    def source_states(self) -> dict[str, SourceState]:
        day = f"{self.when.astimezone(UTC):%Y-%m-%d}"
        return {
            source_id: SourceState("stored", f"as of {day}")
            if self.store.live(source_id)
            else SourceState("absent", f"nothing of it was accepted by {day}")
            for source_id in self.sources
        }

    def _take_back(self, problem: ReleaseRefused) -> ReleaseRefused:
        return problem  # the past is not changed by what today's checks say of it

    def rebuild(self) -> ReleaseResult:
        """The release. Raises CompactError where the store does not reach back so far, or a check of today
        refuses what was known then."""
        if not any(self.store.live(source_id) for source_id in self.sources):
            first = reaches_back_to(self.home)
            raise CompactError(
                f"nothing was accepted by {self.when.isoformat(timespec='seconds')}",
                where=str(self.store.folder),
                allowed=f"from {first.isoformat()} on" if first else "no snapshot was ever accepted",
                next_step="choose a later date",
            )
        self.acknowledge = self.acknowledge or f"rebuilt as of {self.when.isoformat(timespec='seconds')}"
        with home_lock(self.home, "compact run --as-of", alone=False):
            return self.release()
