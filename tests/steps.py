"""The steps of a run, called one by one for tests, with their intermediate results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from indicators.fallbacks import HeldInput
from indicators.registry import Catalogue, Entry
from pipelines.runner.run import Outcome, run
from pipelines.steps.as_of import run_steps
from pipelines.steps.check import check, hold_offending_snapshots, refusal
from pipelines.steps.context import RunContext
from pipelines.steps.evaluate import expected_values, held_of, missing_values, values_of
from pipelines.steps.fetch import Prefetch, usable
from pipelines.steps.release import (
    find_unchanged,
    release,
    release_inputs,
    source_states,
    write_release_tables,
)
from pipelines.steps.stage import observations, stage, stage_current
from pipelines.steps.state import RunState
from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.ingest.report import FetchReport
from sources.settings import Settings
from sources.snapshots.store import Store
from sources.staging.stage import StagedSource
from warehouse.checks.indicator_checks import CheckResult
from warehouse.evaluation.evaluate import Evaluated
from warehouse.release.inputs import ReleaseInputs, SourceState
from warehouse.store.publish import ReleaseResult


class Steps(RunState):
    """A run whose steps a test takes itself; each problem is noted and raised."""

    @property
    def home(self) -> Path:
        return self.context.home

    @property
    def store(self) -> Store:
        return self.context.store

    @property
    def sources(self) -> Mapping[str, Source]:
        return self.context.sources

    @property
    def catalogue(self) -> Catalogue:
        return self.context.catalogue

    def fetch(self, source_id: str) -> FetchReport:
        report = super().fetch(source_id)
        try:
            return usable(report)
        except CompactError as problem:
            raise self.note(problem) from None

    def stage(self, source_id: str) -> StagedSource | None:
        self.changed()
        try:
            return stage(self.context, source_id)
        except CompactError as problem:
            raise self.note(problem) from None

    def observations(self) -> dict[str, Path]:
        return observations(stage_current(self.context))

    def evaluate(self, indicator_ids: Sequence[str]) -> dict[str, Evaluated]:
        try:
            return values_of(self.context, indicator_ids, self.observations())
        except CompactError as problem:
            raise self.note(problem) from None

    def check(self, indicator_ids: Sequence[str]) -> dict[str, list[CheckResult]]:
        values = self.evaluate(indicator_ids)
        return check(self.context, {name: values[name].path for name in indicator_ids}, self.observations())

    def due(self) -> list[str]:
        """The indicators that are not evaluated from what is staged."""
        return missing_values(expected_values(self.context, self.observations()))

    def held_inputs(self) -> dict[str, HeldInput]:
        return held_of(self.context)

    def nothing_changed(self) -> ReleaseResult | None:
        return find_unchanged(self.context)

    def ingredients(self) -> ReleaseInputs:
        """What a release would be made of now."""
        staged = self.observations()
        values = {name: one.path for name, one in self.evaluate(list(self.catalogue)).items()}
        return release_inputs(self.context, values, staged, check(self.context, values, staged))

    def release(self) -> ReleaseResult:
        """All steps after stage."""
        try:
            inputs = self.ingredients()
            if (same := find_unchanged(self.context)) is not None:
                self.released = same
                return same
            if refused := refusal(inputs.checks or ()):
                raise hold_offending_snapshots(self.context, refused, inputs.checks or ())
            for _ in write_release_tables(self.context, inputs):
                """They are published together."""
            self.released, _ = release(self.context, inputs)
        except CompactError as problem:
            raise self.note(problem) from None
        return self.released

    def rebuild(self) -> ReleaseResult:
        """A release of the moment of the context, without what `rebuild` asks first."""
        return run_steps(self.context)

    def source_states(self) -> dict[str, SourceState]:
        return source_states(self.context)

    def ask_all(self) -> None:
        """Ask every agency at once, as a run does."""
        self.prefetch = Prefetch(self.context)

    def with_flags(self, **flags: Any) -> Steps:
        """Another run of the same home, with other fields of its context."""
        return Steps(replace(self.context, **flags))

    def run(self) -> Outcome:
        """`compact run`; what its steps produced is here afterwards."""
        outcome = run(self.context)
        self.problems, self.reports = outcome.state.problems, outcome.state.reports
        self.released = outcome.state.released
        self.changed()
        return outcome


def steps_of(home: Path, sources: Iterable[Source], entries: Iterable[Entry], **flags: Any) -> Steps:
    """A run on these sources and indicators alone."""
    return Steps(
        RunContext(
            Settings(home=home),
            {source.id: source for source in sources},
            Catalogue({one.indicator.id: one for one in entries}),
            Store(home),
            **flags,
        )
    )
