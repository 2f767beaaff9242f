"""The Dagster resource of the assets: one run on COMPACT_HOME."""

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

RESOURCE = "compact"  # name of the resource in asset signatures


class CompactHome(dg.ConfigurableResource[Any]):
    """A Dagster run on a home: the definitions of this checkout, the snapshot store and the results of the
    steps so far. It holds the shared lock on the home, so that `compact run` and `compact gc` cannot start
    meanwhile.

    Attributes:
        home: The folder; empty for COMPACT_HOME.
        offline: Send no request to an agency.
    """

    home: str = ""
    offline: bool = False
    _state: RunState | None = PrivateAttr(default=None)

    @property
    def state(self) -> RunState:
        """The results of this run's steps so far, and the context they work on."""
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
        """Return the resource of a run that is active in this process and holds the lock."""
        resource = CompactHome()
        resource._state = state
        return dg.ResourceDefinition.hardcoded_resource(resource)
