"""`compact run`: executes the assets that the UI shows in this process (in_process.py), with a progress bar
on a terminal. Whether anything changed is decided before Dagster is imported (no_change.py); a run without
changes is only put on its record.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from pipelines.console.output import note
from pipelines.maintenance.cleanup import remove_partial_files
from pipelines.monitoring.alerts import alert_when_overdue, receivers, send_news
from pipelines.monitoring.run_log import RunLog, fetch_facts
from pipelines.monitoring.status import facts
from pipelines.runner.no_change import unchanged
from pipelines.steps.context import Progress, RunContext
from pipelines.steps.fetch import Prefetch
from pipelines.steps.limits import check_surroundings
from pipelines.steps.state import RunState
from pipelines.steps.system_errors import system_fault
from schemas.errors import CompactError
from sources.locks import home_lock
from warehouse.distributed import engine_version
from warehouse.store.publish import ReleaseResult


@dataclass(frozen=True)
class Outcome:
    """Outcome of a run: whether every step succeeded, the release (None if the run failed), and the results
    of its steps.
    """

    succeeded: bool
    release: ReleaseResult | None
    state: RunState


def run(context: RunContext) -> Outcome:
    """Materialize all assets in this process if anything changed.

    Problems of the data are collected in the state's problems; a programming error is raised. Raises
    HomeLocked if another process uses the same COMPACT_HOME. Partial files of a dead process are removed
    first.
    """
    home = context.home
    late = alert_when_overdue(home, lambda: facts(home))
    with home_lock(home, "compact run"), late, _progress() as progress:
        remove_partial_files(home)
        return _run(RunState(replace(context, progress=progress) if progress else context))


def _run(state: RunState) -> Outcome:
    log, started = RunLog(state.context.home), monotonic()
    log.event("run started", only=list(state.context.only) or None, offline=state.context.offline)
    outcome = Outcome(False, None, state)
    try:
        outcome = _steps(state, log)
    finally:  # also after a programming error or an interruption
        _record(outcome, log, monotonic() - started)
    return outcome


def _record(outcome: Outcome, log: RunLog, seconds: float) -> None:
    """Record the run, and send alerts to the configured receivers."""
    release, state = outcome.release, outcome.state
    ended = "red" if not outcome.succeeded or release is None else "released" if release.made else "unchanged"
    problems = [_named(problem) for problem in state.problems]
    if error := sys.exc_info()[1]:
        ended = "stopped" if isinstance(error, KeyboardInterrupt) else "red"
        problems = problems or [f"it could not go on: {type(error).__name__}"]
    log.ended(
        ended,
        seconds=round(seconds, 3),
        release=release.id if release else None,
        rows=sum(release.tables.values()) if release and release.made else None,
        problems=problems,
        sources={name: fetch_facts(report) for name, report in state.reports.items()},
    )
    if receivers():
        for text in send_news(state.context.home, facts(state.context.home)):
            note(text)
            log.event("alert not sent", problem=text)


def _named(problem: CompactError) -> str:
    """Format a problem and its place, which names the agency, in one line."""
    return f"{problem.where}: {problem.what}" if problem.where else problem.what


def _steps(state: RunState, log: RunLog) -> Outcome:
    try:
        check_surroundings(state.context.home)
        engine_version()  # an engine that is not installed stops the run before it fetches
        state.prefetch = Prefetch(state.context)
        same = unchanged(state)
        # importing Dagster takes a second
        from pipelines.runner.in_process import materialize, record_no_change

        if same is not None:
            record_no_change(state, log.run)
            return Outcome(True, same, state)
        return Outcome(*materialize(state, log.run), state)
    except CompactError as problem:
        state.note(problem)
        return Outcome(False, None, state)
    except Exception as error:  # including Dagster's own database
        if (fault := system_fault(error, state.context.home)) is None:
            raise
        state.note(fault)
        return Outcome(False, None, state)
    finally:
        state.stop()


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Show a progress bar for each step, with real totals, on stderr if it is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show
