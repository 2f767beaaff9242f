"""The results of one run's steps so far, passed from step to step. Their inputs are in the context."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipelines.steps.check import check
from pipelines.steps.context import RunContext
from pipelines.steps.evaluate import evaluated_values
from pipelines.steps.fetch import Prefetch, fetch, note_status
from pipelines.steps.release import release_inputs
from pipelines.steps.stage import Prestage, current_tables, observations
from schemas.errors import CompactError
from sources.ingest.report import FetchReport
from warehouse.checks.indicator_checks import CheckResult
from warehouse.release.inputs import ReleaseInputs
from warehouse.store.publish import ReleaseResult


@dataclass
class RunState:
    """The state of one run. problems: errors of the steps, in order; reports: the fetch report of each
    source; released: the result of the release step.

    A step reads the results of earlier steps here. Results of an earlier run are read from COMPACT_HOME;
    UpstreamMissing is raised if they do not exist.
    """

    context: RunContext
    problems: list[CompactError] = field(default_factory=list)
    reports: dict[str, FetchReport] = field(default_factory=dict)
    released: ReleaseResult | None = None
    prefetch: Prefetch | None = None
    prestage: Prestage | None = None
    checks: dict[str, list[CheckResult]] = field(default_factory=dict)
    _staged: dict[str, Path] | None = None
    _inputs: ReleaseInputs | None = None

    def fetch(self, source_id: str) -> FetchReport:
        """Fetch a source, or take the result of its prefetch, and record its status."""
        ahead = self.prefetch
        report = ahead.fetch(source_id) if ahead is not None else fetch(self.context, source_id)
        self.reports[source_id] = report
        note_status(self.context, report)
        return report

    def staged(self) -> dict[str, Path]:
        """Return the current observations by source, looked up once for all steps after stage."""
        if self._staged is None:
            self._staged = observations(current_tables(self.context))
        return self._staged

    def changed(self) -> None:
        """Reset the lookup after snapshots were accepted or held."""
        self._staged = self._inputs = None

    def inputs(self) -> ReleaseInputs:
        """Return the inputs of the release, with the checks of this run, and of earlier runs for indicators
        that this one did not evaluate.
        """
        if self._inputs is None:
            values = evaluated_values(self.context, self.staged())
            unknown = {name: path for name, path in values.items() if name not in self.checks}
            self.checks |= check(self.context, unknown, self.staged())
            self._inputs = release_inputs(self.context, values, self.staged(), self.checks)
        return self._inputs

    def note(self, problem: CompactError) -> CompactError:
        """Record a problem for the end of the run, once."""
        if problem not in self.problems:
            self.problems.append(problem)
        return problem

    def stop(self) -> None:
        """Stop the fetches in progress, and start no more staging."""
        if self.prefetch is not None:
            self.prefetch.stop()
        if self.prestage is not None:
            self.prestage.stop()
