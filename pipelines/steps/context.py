"""What the steps of a run work on: definitions, snapshot store, settings and flags. It changes nothing and
decides nothing; the steps are functions of it, in the modules beside this one."""

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
    """A step was started before the steps that it builds on."""


def silent(what: str, done: int, total: int) -> None:
    """The progress of a run that nobody watches."""


@dataclass(frozen=True)
class RunContext:
    """One run's view of the project.

    Attributes:
        settings: From the environment.
        sources: The sources of this run by id.
        catalogue: The indicators of this run, made of its sources alone.
        store: The snapshots; of a moment in the past where `when` is set.
        offline: Ask no agency.
        only: The sources to ask; all, if empty.
        every_series: Fetch the series that no indicator uses, too.
        redistributable: A release of what anyone may pass on, in a folder of its own.
        acknowledge: Why large revisions are right.
        when: The moment whose knowledge this is, in UTC; None for now.
        progress: Called with what is done, how much of it, and the total.
        series_of: Gives the series that a source declares, by code.
        reader_of: Gives the reader of a source.
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
        """Where the folder `releases` is: what may be passed on, and the past, are kept apart."""
        moment = self.when and f"{self.when.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
        home = self.home / AS_OF / moment if moment else self.home
        return home / REDISTRIBUTABLE if self.redistributable else home

    @property
    def about_release(self) -> Mapping[str, Any]:
        """What else release.json says of the release."""
        return {"as_of": self.when.astimezone(UTC).isoformat(timespec="seconds")} if self.when else {}

    def wanted_series(self, source_id: str) -> list[str]:
        """The series to ask a source for: those that indicators use, or all it is known to have."""
        if self.every_series or self.sources[source_id].ask_for == "all":
            return sorted(self.series_of(source_id))
        return sorted(self.catalogue.series_of(source_id))

    def optional_series(self, source_id: str) -> set[str]:
        """The series that a source may turn out not to have: no indicator depends on them."""
        needed = self.catalogue.series_of(source_id, optional=False)
        return set(self.series_of(source_id)) - needed

    def is_available(self, source_id: str) -> bool:
        """Whether a run can have anything of a source: it may be asked, or something of it is stored."""
        asked = not self.offline or not self.sources[source_id].hosts
        return asked or bool(self.store.candidates(source_id))


def open_context(
    settings: Settings | None = None,
    *,
    redistributable: bool = False,
    when: datetime | None = None,
    **flags: Any,
) -> RunContext:
    """The context of this checkout's definitions and of the home that the settings name.

    Args:
        settings: By default, those of the environment.
        redistributable: With the sources and indicators alone whose data anyone may pass on.
        when: A moment of the past: its snapshots, today's definitions.
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
