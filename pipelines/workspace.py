"""The one object through which assets and command line reach the parts: definitions, store and the four
steps.

It decides what is asked, accepted and released in which order; how each is done lives in sources, indicators
and warehouse. It knows nothing of dagster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from indicators.catalogue import Catalogue, load_catalogue
from sources.acceptance import compare, describe
from sources.fetch import FetchReport, fetch_source
from sources.snapshots import Snapshot, Store
from sources.stage import Staged, StageProblem, stage_source
from warehouse.checks import CheckResult
from warehouse.release import ReleaseResult, SourceState, build_release

from schemas.definitions import Source
from schemas.errors import CompactError
from sources.base import BadAnswer
from sources.registry import load_series, load_sources, reader_of
from sources.settings import Settings
from warehouse.evaluate import Evaluated, evaluate_indicator

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
    progress: Progress = silent
    problems: list[CompactError] = field(default_factory=list)
    reports: dict[str, FetchReport] = field(default_factory=dict)
    released: ReleaseResult | None = None

    @property
    def home(self) -> Path:
        return self.settings.home

    @cached_property
    def sources(self) -> dict[str, Source]:
        return load_sources()

    @cached_property
    def catalogue(self) -> Catalogue:
        return load_catalogue(sources=self.sources)

    @cached_property
    def store(self) -> Store:
        return Store(self.home)

    # --- fetch
    # -----------------------------------------------------------------------------------------------------
    def wanted_series(self, source_id: str) -> list[str]:
        """The series to ask a source for: those that indicators use, or all it is known to have."""
        if (
            self.every_series or not self.sources[source_id].hosts
        ):  # an embedded source costs nothing to read whole
            return sorted(load_series(source_id))
        return sorted(self.catalogue.series_of(source_id))

    def fetch(self, source_id: str) -> FetchReport:
        """Ask one source. Raises BadAnswer for the first answer that cannot be used; the bytes of all are
        kept."""
        source = self.sources[source_id]
        report = fetch_source(
            source,
            self.wanted_series(source_id),
            self.store,
            reader=reader_of(source),
            offline=bool(source.hosts) and (self.offline or bool(self.only and source_id not in self.only)),
            progress=lambda done, total: self.progress(f"fetch {source_id}", done, total),
        )
        self.reports[source_id] = report
        self._remember(report)
        if report.refused:
            raise self._note(_first(report.refused))
        return report

    def _remember(self, report: FetchReport) -> None:
        path = self.home / "status" / f"{report.source}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"state": report.state, "note": report.note, "at": datetime.now(UTC).isoformat()})
        )

    def source_states(self) -> dict[str, SourceState]:
        """How each source stands since it was last asked."""
        states = {}
        for source_id in self.sources:
            path = self.home / "status" / f"{source_id}.json"
            known = (
                json.loads(path.read_text()) if path.exists() else {"state": "absent", "note": "never asked"}
            )
            states[source_id] = SourceState(known["state"], known["note"])
        return states

    # --- stage
    # -----------------------------------------------------------------------------------------------------
    def stage(self, source_id: str) -> Staged | None:
        """Stage what was fetched and accept it, or hold it. None where the source has no snapshot at all."""
        candidates, live = self.store.candidates(source_id), self.store.live(source_id)
        if not candidates:
            return None
        new = [s for key, s in candidates.items() if key not in live or live[key].snapshot != s.snapshot]
        try:
            staged = self._staged(source_id, list(candidates.values()))
        except StageProblem as problem:
            self.store.hold(new, str(problem))
            raise self._note(problem) from None
        if new:
            self._judge(source_id, staged, new, list(live.values()))
        return staged

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
                    f"{len(held)} new snapshots of {source_id} are held; the ones before stay live\n{describe(findings)}",
                    where=f"sources/{source_id}/source.yaml, acceptance",
                    next_step="compare the bytes with the agency's page: if the agency is wrong, tell it; "
                    "if the change is real, raise the threshold with its reason",
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

    # --- evaluate and release
    # ----------------------------------------------------------------------------------------
    def evaluate(self, indicator_ids: Sequence[str]) -> dict[str, Evaluated]:
        """Evaluate indicators, and before them the ones that they are made of."""
        staged = self.live_staged()
        order = self.catalogue.in_order(indicator_ids)
        done: dict[str, Evaluated] = {}
        for number, indicator_id in enumerate(order, 1):
            done[indicator_id] = evaluate_indicator(self.catalogue[indicator_id], staged, done, self.home)
            self.progress("evaluate", number, len(order))
        return done

    def release(self) -> ReleaseResult:
        """Check, build and publish. Raises ReleaseRefused, with `latest` untouched, if any check of severity
        error fails."""
        evaluated = self.evaluate(list(self.catalogue))
        live = {source_id: list(self.store.live(source_id).values()) for source_id in self.sources}
        try:
            self.released = build_release(
                self.home,
                self.catalogue,
                self.sources,
                self.source_states(),
                [snapshot for found in live.values() for snapshot in found],
                self.live_staged(),
                evaluated,
                progress=lambda done, total: self.progress("release", done, total),
            )
        except CompactError as problem:
            raise self._note(problem) from None
        return self.released

    def _note(self, problem: CompactError) -> CompactError:
        self.problems.append(problem)
        return problem


def _first(refused: Sequence[BadAnswer]) -> BadAnswer:
    return refused[0]


def failed(checks: Sequence[CheckResult]) -> list[CheckResult]:
    """The checks that must stop a release."""
    return [check for check in checks if not check.passed and check.severity == "error"]
