"""The context of a run's steps: definitions, snapshot store, settings and flags. It is immutable and has no
logic; the steps are functions of it, in the neighbouring modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from indicators.licensing import restricted
from indicators.registry import Catalogue, load_catalogue
from schemas.definitions.indicator import Input
from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.readers_protocol import Reader
from sources.registry.sources import SeriesInfo, load_series, load_sources, reader_of
from sources.settings import Settings, load_settings
from sources.snapshots.store import Store
from warehouse.store.as_of import StoreAsOf

Progress = Callable[[str, int, int], None]  # what, done, total
AS_OF, REDISTRIBUTABLE, EVALUATED = "as_of", "redistributable", "evaluated"  # folders of COMPACT_HOME


class UpstreamMissing(CompactError):
    """A step was started before the steps that it depends on."""


def silent(what: str, done: int, total: int) -> None:
    """Progress callback of a run without a terminal."""


@dataclass(frozen=True)
class RunContext:
    """One run's view of the project.

    Attributes:
        settings: From the environment.
        sources: The sources of this run by id.
        catalogue: The indicators of this run, made of its sources alone.
        store: The snapshots; as of a past moment if `when` is set.
        offline: Send no request.
        only: The sources to fetch; all if empty.
        every_series: Also fetch series that no indicator uses.
        redistributable: Release only redistributable data, in a separate folder.
        acknowledge: Why large revisions are right.
        when: The as-of moment, in UTC; None for now.
        progress: Called with a label, the number done and the total.
        series_of: Returns the series that a source declares, by code.
        reader_of: Returns the reader of a source.
    """

    settings: Settings
    sources: Mapping[str, Source]
    catalogue: Catalogue
    store: Store
    offline: bool = False
    only: tuple[str, ...] = ()
    every_series: bool = False
    redistributable: bool = False
    acknowledge: str = ""
    when: datetime | None = None
    progress: Progress = silent
    series_of: Callable[[str], Mapping[str, SeriesInfo]] = load_series
    reader_of: Callable[[Source], Reader] = reader_of

    @property
    def home(self) -> Path:
        return self.settings.home

    @property
    def releases_home(self) -> Path:
        """Folder with `releases`: redistributable and past releases are kept apart."""
        moment = self.when and f"{self.when.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
        home = self.home / AS_OF / moment if moment else self.home
        return home / REDISTRIBUTABLE if self.redistributable else home

    @property
    def about_release(self) -> Mapping[str, Any]:
        """Return further facts of the release for release.json."""
        return {"as_of": self.when.astimezone(UTC).isoformat(timespec="seconds")} if self.when else {}

    def wanted_series(self, source_id: str) -> list[str]:
        """Return the series to request from a source: those that indicators use, or all known ones."""
        if self.every_series or self.sources[source_id].ask_for == "all":
            return sorted(self.series_of(source_id))
        return sorted(self.catalogue.series_of(source_id))

    def optional_series(self, source_id: str) -> set[str]:
        """Return the series that a source may lack: no indicator depends on them."""
        needed = self.catalogue.series_of(source_id, optional=False)
        return set(self.series_of(source_id)) - needed

    def is_available(self, source_id: str) -> bool:
        """Return whether a run can use a source: it may be fetched, or has stored data."""
        asked = not self.offline or not self.sources[source_id].hosts
        return asked or bool(self.store.candidates(source_id))


def open_context(
    settings: Settings | None = None,
    *,
    redistributable: bool = False,
    when: datetime | None = None,
    **flags: Any,
) -> RunContext:
    """Open the context of this checkout's definitions and of the home that the settings name.

    Args:
        settings: By default, those of the environment.
        redistributable: Only the sources and indicators with redistributable data.
        when: A past moment: its snapshots with the current definitions.
        **flags: The other fields of RunContext.
    """
    settings = settings or load_settings()
    sources, catalogue = load_sources(), load_catalogue()
    if redistributable:
        sources = {name: source for name, source in sources.items() if source.licence.is_redistributable()}
        catalogue = restricted(catalogue, lambda item: _may_be_passed_on(sources, item))[0]
    store = StoreAsOf(settings.home, when) if when else Store(settings.home)
    return RunContext(
        settings, sources, catalogue, store, redistributable=redistributable, when=when, **flags
    )


def _may_be_passed_on(sources: Mapping[str, Source], item: Input) -> bool:
    if item.source is None:
        return True
    source = sources.get(item.source)
    return source is not None and source.licence.is_redistributable(item.series or "")
