"""What comes in during a run: which series are asked of which source, what is fetched and staged, and whether
it is accepted or held.

What is made of it is in workspace.py. It knows nothing of dagster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from threading import Event

from indicators.licensing import restricted
from indicators.registry import Catalogue, load_catalogue
from pipelines.steps.parallel import THREADS
from pipelines.steps.system_errors import translate_system_errors
from schemas.definitions.indicator import Input
from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.ingest.fetch import FetchReport, fetch_source
from sources.registry.sources import load_series, load_sources, reader_of
from sources.settings import Settings, load_settings
from sources.snapshots.atomic import write_atomic
from sources.snapshots.store import Snapshot, Store
from sources.staging.acceptance import compare, describe
from sources.staging.stage import StagedSource, StageProblem, check_arrived, stage_source
from sources.staging.stage import fingerprint as staged_mark

Progress = Callable[[str, int, int], None]  # what, done, total


class Held(CompactError):
    """A new snapshot differs from the last accepted one by more than its source allows."""


def silent(what: str, done: int, total: int) -> None:
    """The progress of a run that nobody watches."""


@dataclass
class Intake:
    """The first half of a run. only: sources to fetch (all, if empty); every_series: fetch what no indicator
    uses too; redistributable: nothing that may not be passed on."""

    settings: Settings = field(default_factory=load_settings)
    offline: bool = False
    only: tuple[str, ...] = ()
    every_series: bool = False
    redistributable: bool = False
    progress: Progress = silent
    problems: list[CompactError] = field(default_factory=list)
    reports: dict[str, FetchReport] = field(default_factory=dict)
    _live: dict[str, Path] = field(default_factory=dict)
    _ahead: dict[str, Future[FetchReport]] = field(default_factory=dict)
    _staging: dict[str, Future[StagedSource]] = field(default_factory=dict)
    _stopped: Event = field(default_factory=Event)

    @property
    def home(self) -> Path:
        return self.settings.home

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The sources of this run: all, or those whose data anyone may pass on."""
        known = load_sources()
        return (
            {i: s for i, s in known.items() if s.licence.is_redistributable()}
            if self.redistributable
            else known
        )

    @cached_property
    def catalogue(self) -> Catalogue:
        """The indicators of this run, made of its sources alone."""
        whole = load_catalogue()
        return restricted(whole, self._may_be_passed_on)[0] if self.redistributable else whole

    def _may_be_passed_on(self, item: Input) -> bool:
        if item.source is None:
            return True
        source = self.sources.get(item.source)
        return source is not None and source.licence.is_redistributable(item.series or "")

    @cached_property
    def store(self) -> Store:
        return Store(self.home)

    # --- fetch ---
    def wanted_series(self, source_id: str) -> list[str]:
        """The series to ask a source for: those that indicators use, or all it is known to have."""
        if self.every_series or self.sources[source_id].ask_for == "all":
            return sorted(load_series(source_id))
        return sorted(self.catalogue.series_of(source_id))

    def optional_series(self, source_id: str) -> set[str]:
        """The series that a source may turn out not to have; nobody's indicator depends on the others."""
        needed = self.catalogue.series_of(source_id, optional=False)
        return set(load_series(source_id)) - needed

    def there(self, source_id: str) -> bool:
        """Whether a run can have anything of a source: it may be asked, or something of it is stored."""
        asked = not self.offline or not self.sources[source_id].hosts
        return asked or bool(self.store.candidates(source_id))

    def prefetch(self) -> None:
        """Ask all agencies at once, each at its own pace; `fetch` then waits for the one it is about."""
        with_threads = ThreadPoolExecutor(len(self.sources), thread_name_prefix="agency")
        self._ahead = {i: with_threads.submit(self._ask, i) for i in self.sources if self.there(i)}
        with_threads.shutdown(wait=False)

    def quiet(self) -> list[str]:
        """The sources that were asked ahead and have nothing new or unusable, and of which all that is stored
        is accepted and staged: nothing is to be done for them. `fetch` will say again what came of asking."""

        def nothing_to_do(source_id: str, ahead: Future[FetchReport]) -> bool:
            try:
                report = ahead.result()
                return not report.fetched and not report.refused and self.is_staged(source_id)
            except (CompactError, OSError):  # met again, and told, where the source is fetched and staged
                return False

        return [source_id for source_id, ahead in self._ahead.items() if nothing_to_do(source_id, ahead)]

    def stop(self) -> None:
        """Let the agencies that are being asked alone, after the answers under way."""
        self._stopped.set()
        for waiting in self._staging.values():
            waiting.cancel()

    @translate_system_errors
    def fetch(self, source_id: str) -> FetchReport:
        """Ask one source. Raises the first InvalidResponse; the bytes of all that cannot be used are kept."""
        ahead = self._ahead.pop(source_id, None)
        report = ahead.result() if ahead else self._ask(source_id)
        self.reports[source_id] = report
        self._remember(report)
        if report.refused:
            raise self._note(report.refused[0])
        return report

    def _ask(self, source_id: str) -> FetchReport:
        source = self.sources[source_id]

        def progress(done: int, total: int) -> None:
            if self._stopped.is_set():
                raise KeyboardInterrupt
            self.progress(f"fetch {source_id}", done, total)

        return fetch_source(
            source,
            self.wanted_series(source_id),
            self.store,
            reader=reader_of(source),
            optional=self.optional_series(source_id),
            offline=bool(source.hosts) and (self.offline or bool(self.only and source_id not in self.only)),
            progress=progress,
        )

    def _remember(self, report: FetchReport) -> None:
        said = {"state": report.state, "note": report.note, "at": datetime.now(UTC).isoformat()}
        write_atomic(self.home / "status" / f"{report.source}.json", json.dumps(said).encode())

    # --- stage ---
    def prestage(self, source_ids: Sequence[str]) -> None:
        """Stage what is stored of these sources, some at once; `stage` then finds it done, or meets again
        what kept it from being done."""
        with_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="stage")
        stored = {i: list(self.store.candidates(i).values()) for i in source_ids}
        self._staging = {i: with_threads.submit(self._staged, i, s) for i, s in stored.items() if s}
        with_threads.shutdown(wait=False)

    @translate_system_errors
    def stage(self, source_id: str) -> StagedSource | None:
        """Stage what was fetched and accept it, or hold it. None where the source has no snapshot at all."""
        wait([self._staging.pop(source_id)] if source_id in self._staging else [])
        self._forget()
        candidates, live = self.store.candidates(source_id), self.store.live(source_id)
        if not candidates:
            return None
        new = [s for key, s in candidates.items() if key not in live or live[key].snapshot != s.snapshot]
        try:
            staged = self._staged(source_id, list(candidates.values()))
            asked = {s for c in candidates.values() for s in c.series} - self.optional_series(source_id)
            check_arrived(self.sources[source_id], asked, staged)  # what was there and is lost: acceptance
        except StageProblem as problem:
            self.store.hold(new, str(problem))
            raise self._note(problem) from None
        if new:
            self._judge(source_id, staged, new, list(live.values()))
        return staged

    def is_staged(self, source_id: str) -> bool:
        """Whether everything that is stored of a source is accepted, and staged by today's code."""
        live, stored = self.store.live(source_id), self.store.candidates(source_id)
        if any(key not in live or live[key].snapshot != s.snapshot for key, s in stored.items()):
            return False
        files = list({s.snapshot: self.store.files(s) for s in live.values()}.values())
        mark = staged_mark(self.sources[source_id], files)
        return not files or (self.home / "staged" / source_id / mark).is_dir()

    def _judge(self, source_id: str, staged: StagedSource, new: list[Snapshot], live: list[Snapshot]) -> None:
        before = self._staged(source_id, live) if live else None
        findings = compare(self.sources[source_id], before, staged)
        strange = {finding.series for finding in findings}
        held = [s for s in new if strange & set(s.series)]
        self.store.accept([s for s in new if s not in held], "within the thresholds of its source.yaml")
        if held:
            self.store.hold(held, "; ".join(str(f) for f in findings))
            raise self._note(
                Held(
                    f"new snapshots of {source_id} held: {len(held)}; the ones before stay live\n"
                    + describe(findings),
                    where=f"sources/agencies/{source_id}/source.yaml, acceptance",
                    next_step="compare with the agency's page: if the agency is wrong, tell it; if the change"
                    f" is real, `compact accept {held[0].snapshot[:12]} --reason ...` (without an id: a list "
                    "of all), or raise the threshold with its reason",
                )
            )

    def _staged(self, source_id: str, snapshots: Sequence[Snapshot]) -> StagedSource:
        self.progress(f"stage {source_id}", 0, 1)
        found = stage_source(self.sources[source_id], [self.store.files(s) for s in snapshots], self.home)
        self.progress(f"stage {source_id}", 1, 1)
        return found

    def live_staged(self) -> dict[str, StagedSource]:
        """The staged tables of the accepted snapshots, by source; sources without any are left out."""
        live = {source_id: list(self.store.live(source_id).values()) for source_id in self.sources}
        return {source_id: self._staged(source_id, found) for source_id, found in live.items() if found}

    def observations(self) -> dict[str, Path]:
        """The staged observations of what is live, by source."""
        if not self._live:
            self._live |= {source_id: found.observation for source_id, found in self.live_staged().items()}
        return self._live

    def _forget(self) -> None:
        """What is live may have changed."""
        self._live.clear()

    def _note(self, problem: CompactError) -> CompactError:
        self.problems.append(problem)
        return problem
