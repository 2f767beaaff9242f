"""The one object through which assets and command line reach the parts: definitions, store and the four
steps.

It decides what is asked, accepted and released in which order; how each is done lives in sources, indicators
and warehouse. It knows nothing of dagster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any

from indicators.catalogue import Catalogue, load_catalogue
from indicators.held import HeldInput, as_evaluated, held_inputs
from indicators.restrict import restricted
from pipelines.given import ingredients_of, states_of
from pipelines.refused import take_back
from pipelines.reports import write_reports
from pipelines.side_by_side import THREADS, side_by_side
from pipelines.trouble import told
from schemas.definitions import Input, Source
from schemas.errors import CompactError
from sources.acceptance import compare, describe
from sources.fetch import FetchReport, fetch_source
from sources.objects import write_whole
from sources.registry import load_series, load_sources, reader_of
from sources.settings import Settings
from sources.snapshots import Snapshot, Store
from sources.stage import Staged, StageProblem, check_arrived, stage_source
from sources.stage import fingerprint as staged_mark
from warehouse.build import build_release
from warehouse.checks import CheckResult, staged_series
from warehouse.checks_kept import kept_checks
from warehouse.evaluate import Evaluated, cached_path, evaluate_cached, evaluation_fingerprint
from warehouse.ingredients import Ingredients, SourceState, inputs_fingerprint
from warehouse.release import ReleaseRefused, ReleaseResult, latest_release, read_card
from warehouse.rollback import taken_back

EVALUATED = "evaluated"  # folder of COMPACT_HOME
Progress = Callable[[str, int, int], None]  # what, done, total


class Held(CompactError):
    """A new snapshot differs from the last accepted one by more than its source allows."""


def silent(what: str, done: int, total: int) -> None:
    """The progress of a run that nobody watches."""


@dataclass
class Workspace:
    """The state of one run. only: sources to fetch (all, if empty); every_series: fetch what no indicator
    uses too."""

    settings: Settings = field(default_factory=Settings)
    offline: bool = False
    only: tuple[str, ...] = ()
    every_series: bool = False
    redistributable: bool = False
    acknowledge: str = ""  # what a person says of large revisions
    progress: Progress = silent
    problems: list[CompactError] = field(default_factory=list)
    reports: dict[str, FetchReport] = field(default_factory=dict)
    released: ReleaseResult | None = None
    _evaluated: dict[str, Evaluated] = field(default_factory=dict)
    _checked: dict[tuple[str, Path, Path | None], list[CheckResult]] = field(default_factory=dict)
    _live: dict[str, Path] = field(default_factory=dict)
    _ahead: dict[str, Future[FetchReport]] = field(default_factory=dict)
    _staging: dict[str, Future[Staged]] = field(default_factory=dict)
    _stopped: Event = field(default_factory=Event)

    @property
    def home(self) -> Path:
        return self.settings.home

    @property
    def releases_home(self) -> Path:
        """Where `releases` is: what may be passed on stands apart from what is for our own use."""
        return self.home / "redistributable" if self.redistributable else self.home

    @property
    def about_release(self) -> Mapping[str, Any]:
        """What else release.json shall say of the release."""
        return {}

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The sources of this run: all, or those whose data anyone may pass on."""
        known = load_sources()
        return {i: s for i, s in known.items() if s.licence.passable()} if self.redistributable else known

    @cached_property
    def catalogue(self) -> Catalogue:
        """The indicators of this run, made of its sources alone."""
        whole = load_catalogue()
        return restricted(whole, self._may_be_passed_on)[0] if self.redistributable else whole

    def _may_be_passed_on(self, item: Input) -> bool:
        if item.source is None:
            return True
        source = self.sources.get(item.source)
        return source is not None and source.licence.passable(item.series or "")

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

    def fetch_ahead(self) -> None:
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

    @told
    def fetch(self, source_id: str) -> FetchReport:
        """Ask one source. Raises the first BadAnswer; the bytes of all that cannot be used are kept."""
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
        write_whole(self.home / "status" / f"{report.source}.json", json.dumps(said).encode())

    def source_states(self) -> dict[str, SourceState]:
        """How each source stands since it was last asked."""
        return states_of(self)

    # --- stage ---
    def stage_ahead(self, source_ids: Sequence[str]) -> None:
        """Stage what is stored of these sources, some at once; `stage` then finds it done, or meets again
        what kept it from being done."""
        with_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="stage")
        stored = {i: list(self.store.candidates(i).values()) for i in source_ids}
        self._staging = {i: with_threads.submit(self._staged, i, s) for i, s in stored.items() if s}
        with_threads.shutdown(wait=False)

    @told
    def stage(self, source_id: str) -> Staged | None:
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

    def _judge(self, source_id: str, staged: Staged, new: list[Snapshot], live: list[Snapshot]) -> None:
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
                    where=f"sources/{source_id}/source.yaml, acceptance",
                    next_step="compare with the agency's page: if the agency is wrong, tell it; if the change"
                    f" is real, `compact accept {held[0].snapshot[:12]} --reason ...` (without an id: a list "
                    "of all), or raise the threshold with its reason",
                )
            )

    def _staged(self, source_id: str, snapshots: Sequence[Snapshot]) -> Staged:
        self.progress(f"stage {source_id}", 0, 1)
        found = stage_source(self.sources[source_id], [self.store.files(s) for s in snapshots], self.home)
        self.progress(f"stage {source_id}", 1, 1)
        return found

    def live_staged(self) -> dict[str, Staged]:
        """The staged tables of the accepted snapshots, by source; sources without any are left out."""
        live = {source_id: list(self.store.live(source_id).values()) for source_id in self.sources}
        return {source_id: self._staged(source_id, found) for source_id, found in live.items() if found}

    # --- evaluate and release ---
    @told
    def evaluate(self, indicator_ids: Sequence[str]) -> dict[str, Evaluated]:
        """Evaluate indicators, and before them those they are made of; what has not changed is not
        computed."""
        staged, held = self.observations(), self.held_inputs()
        order = self.catalogue.in_order(indicator_ids)
        made_of = {name: self.catalogue.indicators_of(name) for name in order}

        def one(indicator_id: str) -> Evaluated:
            paths = {name: self._evaluated[name].path for name in made_of[indicator_id]}
            definition = as_evaluated(self.catalogue[indicator_id], held)
            return evaluate_cached(definition, staged, paths, self.home / EVALUATED)

        due = {name: others for name, others in made_of.items() if name not in self._evaluated}
        for number, (indicator_id, result) in enumerate(side_by_side(due, one), 1):
            self._evaluated[indicator_id] = result
            self.progress("evaluate", number, len(due))
        return {indicator_id: self._evaluated[indicator_id] for indicator_id in order}

    @told
    def check(self, indicator_ids: Sequence[str]) -> dict[str, list[CheckResult]]:
        """What the `expect` of each indicator says of its values, which are evaluated; found out once for the
        same values and the same release before."""
        previous = latest_release(self.releases_home)
        present = staged_series(tuple(path for _, path in sorted(self.observations().items())))
        keys = {name: (name, self._evaluated[name].path, previous) for name in indicator_ids}

        def one(indicator_id: str) -> list[CheckResult]:
            definition, path = self.catalogue[indicator_id], self._evaluated[indicator_id].path
            return kept_checks(definition, path, present, self.catalogue, previous)

        due: dict[str, list[str]] = {name: [] for name, key in keys.items() if key not in self._checked}
        for indicator_id, found in side_by_side(due, one):
            self._checked[keys[indicator_id]] = found
        return {name: self._checked[key] for name, key in keys.items()}

    def checks(self) -> list[CheckResult]:
        """Those of every indicator, once all are evaluated."""
        return [check for found in self.check(sorted(self.catalogue)).values() for check in found]

    @told
    def nothing_changed(self) -> ReleaseResult | None:
        """The latest release, if it was made from the very snapshots, definitions and code there are now."""
        latest = latest_release(self.releases_home)
        paths = self._would_be()
        if latest is None:
            return None
        fingerprint = inputs_fingerprint(ingredients_of(self, paths))
        if why := taken_back(self.releases_home, fingerprint):
            return ReleaseResult(False, latest.name, latest, why)
        if fingerprint != read_card(latest)["fingerprint"]:
            return None
        return ReleaseResult(False, latest.name, latest, f"nothing changed since release {latest.name}")

    def held_inputs(self) -> dict[str, HeldInput]:
        """The indicators with an input that is held and of which nothing was ever accepted."""
        held: set[tuple[str, str]] = set()
        for source_id in self.sources:
            live = {series for s in self.store.live(source_id).values() for series in s.series}
            waiting = {series for s in self.store.held(source_id).values() for series in s.series}
            held |= {(source_id, series) for series in waiting - live}
        return held_inputs(self.catalogue.values(), held)

    def due(self) -> list[str]:
        """The indicators that have something staged and are not evaluated from it yet. The others are empty
        or as they were; the release takes them all the same."""
        staged, paths = self.observations(), self._would_be()
        return [
            indicator_id
            for indicator_id in self.catalogue
            if not paths[indicator_id].exists()
            and any(source in staged for source, _ in self.catalogue.inputs_of(indicator_id))
        ]

    def _would_be(self) -> dict[str, Path]:
        """Where the values of each indicator are, or will be once they are evaluated from what is live."""
        staged, paths, held = self.observations(), dict[str, Path](), self.held_inputs()
        for indicator_id, indicator in self.catalogue.items():
            fingerprint = evaluation_fingerprint(as_evaluated(indicator, held), staged, paths)
            paths[indicator_id] = cached_path(self.home / EVALUATED, indicator_id, fingerprint)
        return paths

    @told
    def release(self) -> ReleaseResult:
        """Check, build and publish. Raises ReleaseRefused, with `latest` untouched, if an error check
        fails."""
        evaluated = self.evaluate(list(self.catalogue))
        self.progress("release", 0, 1)
        try:
            paths = {indicator_id: result.path for indicator_id, result in evaluated.items()}
            self.released = build_release(
                self.releases_home,
                ingredients_of(self, paths),
                acknowledge=self.acknowledge,
                about=self.about_release,
                reports=write_reports if self.settings.reports == "all" else None,
            )
        except ReleaseRefused as problem:
            raise self._note(self._take_back(problem)) from None
        except CompactError as problem:
            raise self._note(problem) from None
        self.progress("release", 1, 1)
        return self.released

    def _take_back(self, problem: ReleaseRefused) -> ReleaseRefused:
        found = take_back(self, problem)
        if found is not problem:
            self._evaluated.clear()
        return found

    def observations(self) -> dict[str, Path]:
        """The staged observations of what is live, by source."""
        if not self._live:
            self._live |= {source_id: found.observation for source_id, found in self.live_staged().items()}
        return self._live

    def _forget(self) -> None:
        """What is live may have changed."""
        self._evaluated.clear()
        self._live.clear()

    def ingredients(self) -> Ingredients:
        """What a release would be made of now; nothing is made."""
        found = self.evaluate(list(self.catalogue))
        return ingredients_of(self, {name: result.path for name, result in found.items()})

    def _note(self, problem: CompactError) -> CompactError:
        self.problems.append(problem)
        return problem
