"""`compact run`: the same assets that the UI shows, driven in this process (materialize.py), with a progress
bar on a terminal; where nothing changed, that is said without them (quick.py)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from pipelines.console.output import note
from pipelines.maintenance.cleanup import remove_partial_files
from pipelines.monitoring.alerts import receivers, send_news
from pipelines.monitoring.run_log import RunLog, fetch_facts
from pipelines.monitoring.status import facts
from pipelines.runner.no_change import unchanged
from pipelines.steps.run_context import Workspace
from pipelines.steps.system_errors import system_fault
from sources.locks import home_lock
from warehouse.store.publish import ReleaseResult


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the release (none, if the run is red), and whether every step succeeded."""

    succeeded: bool
    release: ReleaseResult | None


def run(workspace: Workspace) -> Outcome:
    """Materialize everything in process, if anything changed.

    Problems of the data are collected in workspace.problems; a mistake of ours is raised. Raises HomeLocked
    where another process works in the same COMPACT_HOME; what one that died has left there is cleared away
    first.
    """
    with home_lock(workspace.home, "compact run"):
        remove_partial_files(workspace.home)
        return _run(workspace)


def _run(workspace: Workspace) -> Outcome:
    journal, started = RunLog(workspace.home), monotonic()
    journal.event("run started", only=list(workspace.only) or None, offline=workspace.offline)
    outcome = Outcome(False, None)
    try:
        outcome = _steps(workspace, journal)
    finally:  # also where a mistake of ours or an interruption ends it
        _record(workspace, outcome, journal, monotonic() - started)
    return outcome


def _record(workspace: Workspace, outcome: Outcome, journal: RunLog, seconds: float) -> None:
    """Put the run on record, and tell whoever is to be told."""
    release = outcome.release
    ended = "red" if not outcome.succeeded or release is None else "released" if release.made else "unchanged"
    problems = [problem.what for problem in workspace.problems]
    if error := sys.exc_info()[1]:
        ended = "stopped" if isinstance(error, KeyboardInterrupt) else "red"
        problems = problems or [f"it could not go on: {type(error).__name__}"]
    journal.ended(
        ended,
        seconds=round(seconds, 3),
        release=release.id if release else None,
        rows=sum(release.tables.values()) if release and release.made else None,
        problems=problems,
        sources={name: fetch_facts(report) for name, report in workspace.reports.items()},
    )
    if receivers():
        for text in send_news(workspace.home, facts(workspace.home)):
            note(text)
            journal.event("alert not sent", problem=text)


def _steps(workspace: Workspace, journal: RunLog) -> Outcome:
    with _progress(workspace), _asking(workspace):
        if same := unchanged(workspace, journal):
            return Outcome(True, same)
        from pipelines.runner.in_process import materialize  # Dagster takes a second to import

        try:
            return Outcome(*materialize(workspace, journal.run))
        except Exception as error:  # also of Dagster's own database
            if (fault := system_fault(error, workspace.home)) is None:
                raise
            if fault not in workspace.problems:
                workspace.problems.append(fault)
            return Outcome(False, None)


@contextmanager
def _asking(workspace: Workspace) -> Iterator[None]:
    """All agencies are asked at once while this lasts; an interruption stops that too."""
    workspace.prefetch()
    try:
        yield
    except BaseException:
        workspace.stop()
        raise


@contextmanager
def _progress(workspace: Workspace) -> Iterator[None]:
    """A bar for each step, with real totals, on stderr and on a terminal only."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield
        return
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        workspace.progress = show
        yield
