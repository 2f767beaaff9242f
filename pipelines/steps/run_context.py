"""The one object through which assets and command line reach the parts: definitions, store and the four
steps, of which fetch and stage are in intake.py.

It decides what is evaluated, checked and released in which order; how each is done lives in indicators and
warehouse. It knows nothing of dagster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indicators.fallbacks import HeldInput, as_evaluated, held_inputs
from pipelines.steps.hold_on_refusal import hold_offending_snapshots
from pipelines.steps.ingestion import Intake
from pipelines.steps.parallel import run_in_parallel
from pipelines.steps.release_inputs import collect_release_inputs, states_of
from pipelines.steps.reports import write_reports
from pipelines.steps.system_errors import translate_system_errors
from schemas.errors import CompactError
from warehouse.checks.cache import cached_checks
from warehouse.checks.indicator_checks import CheckResult, staged_series
from warehouse.evaluation.evaluate import Evaluated, cached_path, evaluate_cached, evaluation_fingerprint
from warehouse.release.build import build_release
from warehouse.release.inputs import ReleaseInputs, SourceState, inputs_fingerprint
from warehouse.store.history import was_withdrawn
from warehouse.store.publish import ReleaseRefused, ReleaseResult, latest_release, read_release_metadata

EVALUATED = "evaluated"  # folder of COMPACT_HOME


@dataclass
class Workspace(Intake):
    """The state of one run."""

    acknowledge: str = ""  # what a person says of large revisions
    released: ReleaseResult | None = None
    _evaluated: dict[str, Evaluated] = field(default_factory=dict)
    _checked: dict[tuple[str, Path, Path | None], list[CheckResult]] = field(default_factory=dict)

    @property
    def releases_home(self) -> Path:
        """Where `releases` is: what may be passed on stands apart from what is for our own use."""
        return self.home / "redistributable" if self.redistributable else self.home

    @property
    def about_release(self) -> Mapping[str, Any]:
        """What else release.json shall say of the release."""
        return {}

    def source_states(self) -> dict[str, SourceState]:
        """How each source stands since it was last asked."""
        return states_of(self)

    def _forget(self) -> None:
        super()._forget()
        self._evaluated.clear()

    @translate_system_errors
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
        for number, (indicator_id, result) in enumerate(run_in_parallel(due, one), 1):
            self._evaluated[indicator_id] = result
            self.progress("evaluate", number, len(due))
        return {indicator_id: self._evaluated[indicator_id] for indicator_id in order}

    @translate_system_errors
    def check(self, indicator_ids: Sequence[str]) -> dict[str, list[CheckResult]]:
        """What the `expect` of each indicator says of its values, which are evaluated; found out once for the
        same values and the same release before."""
        previous = latest_release(self.releases_home)
        present = staged_series(tuple(path for _, path in sorted(self.observations().items())))
        keys = {name: (name, self._evaluated[name].path, previous) for name in indicator_ids}

        def one(indicator_id: str) -> list[CheckResult]:
            definition, path = self.catalogue[indicator_id], self._evaluated[indicator_id].path
            return cached_checks(definition, path, present, self.catalogue, previous)

        due: dict[str, list[str]] = {name: [] for name, key in keys.items() if key not in self._checked}
        for indicator_id, found in run_in_parallel(due, one):
            self._checked[keys[indicator_id]] = found
        return {name: self._checked[key] for name, key in keys.items()}

    def checks(self) -> list[CheckResult]:
        """Those of every indicator, once all are evaluated."""
        return [check for found in self.check(sorted(self.catalogue)).values() for check in found]

    @translate_system_errors
    def nothing_changed(self) -> ReleaseResult | None:
        """The latest release, if it was made from the very snapshots, definitions and code there are now."""
        latest = latest_release(self.releases_home)
        paths = self._would_be()
        if latest is None:
            return None
        fingerprint = inputs_fingerprint(collect_release_inputs(self, paths))
        if why := was_withdrawn(self.releases_home, fingerprint):
            return ReleaseResult(False, latest.name, latest, why)
        if fingerprint != read_release_metadata(latest)["fingerprint"]:
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

    @translate_system_errors
    def release(self) -> ReleaseResult:
        """Check, build and publish. Raises ReleaseRefused, with `latest` untouched, if an error check
        fails."""
        evaluated = self.evaluate(list(self.catalogue))
        self.progress("release", 0, 1)
        try:
            paths = {indicator_id: result.path for indicator_id, result in evaluated.items()}
            self.released = build_release(
                self.releases_home,
                collect_release_inputs(self, paths),
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
        found = hold_offending_snapshots(self, problem)
        if found is not problem:
            self._evaluated.clear()
        return found

    def ingredients(self) -> ReleaseInputs:
        """What a release would be made of now; nothing is made."""
        found = self.evaluate(list(self.catalogue))
        return collect_release_inputs(self, {name: result.path for name, result in found.items()})
