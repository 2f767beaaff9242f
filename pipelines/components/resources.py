"""What the assets are given: one run on COMPACT_HOME."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from pipelines.steps.context import open_context
from pipelines.steps.state import RunState
from sources.locks import home_lock
from sources.settings import load_settings

RESOURCE = "compact"  # the name of the resource in asset signatures


class CompactHome(dg.ConfigurableResource[Any]):
    """A run of Dagster on a home: the definitions of this checkout, the snapshot store and what the steps of
    the run have produced. While it lasts it holds the shared lock on the home: `compact run` and `compact gc`
    keep out.

    Attributes:
        home: The folder; empty for COMPACT_HOME.
        offline: Ask no agency.
    """

    home: str = ""
    offline: bool = False
    _state: RunState | None = PrivateAttr(default=None)

    @property
    def state(self) -> RunState:
        """What the steps of this run have produced so far, and the context they work on."""
        if self._state is None:
            raise RuntimeError("the resource is used outside a run")
        return self._state

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["CompactHome"]:  # noqa: ARG002
        settings = load_settings(home=Path(self.home)) if self.home else load_settings()
        with home_lock(settings.home, "a run of Dagster", alone=False):
            self._state = RunState(open_context(settings, offline=self.offline))
            yield self

    @staticmethod
    def of(state: RunState) -> dg.ResourceDefinition:
        """The resource of a run that is under way in this process and holds the lock."""
        resource = CompactHome()
        resource._state = state
        return dg.ResourceDefinition.hardcoded_resource(resource)
