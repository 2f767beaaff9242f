"""Step 2, stage: turns a source's snapshots into observations, and accepts new snapshots or holds them for
review. Rows are parsed and classified in sources/staging. This module decides which staged table of a source
is current, for every step and verb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from time import monotonic

from pipelines.steps.context import RunContext, UpstreamMissing
from pipelines.steps.parallel import THREADS
from pipelines.steps.system_errors import translate_system_errors
from schemas.errors import CompactError
from sources.snapshots.store import Snapshot
from sources.staging.acceptance import compare, describe
from sources.staging.stage import StagedSource, StageProblem, check_arrived, stage_source, staged_table

NAMED = 5  # tables that a message names


class Held(CompactError):
    """A new snapshot differs from the last accepted one by more than its source allows."""


@translate_system_errors
def stage(context: RunContext, source_id: str) -> StagedSource | None:
    """Stage a source's snapshots; accept new ones or hold them for review.

    Returns:
        The staged tables; None if the source has no snapshot.

    Raises:
        Held: New snapshots differ from the accepted ones by more than source.yaml allows.
        StageProblem: A stored response cannot be read.
    """
    with context.store.unchanging():
        candidates, live = context.store.candidates(source_id), context.store.live(source_id)
    if not candidates:
        return None
    new = [s for key, s in candidates.items() if key not in live or live[key].snapshot != s.snapshot]
    try:
        staged = _staged(context, source_id, list(candidates.values()))
        asked = {s for c in candidates.values() for s in c.series} - context.optional_series(source_id)
        check_arrived(context.sources[source_id], asked, staged)  # the acceptance checks handle lost series
    except StageProblem as problem:
        context.store.hold(new, str(problem))
        raise
    if new:
        _judge(context, source_id, staged, new, list(live.values()))
    return staged


def _judge(
    context: RunContext, source_id: str, staged: StagedSource, new: list[Snapshot], live: list[Snapshot]
) -> None:
    before = _staged(context, source_id, live) if live else None
    findings = compare(context.sources[source_id], before, staged)
    strange = {finding.series for finding in findings}
    held = [s for s in new if strange & set(s.series)]
    context.store.accept([s for s in new if s not in held], "within the thresholds of its source.yaml")
    if held:
        context.store.hold(held, "; ".join(str(f) for f in findings))
        raise Held(
            f"new snapshots of {source_id} held: {len(held)}; the ones before stay live\n"
            + describe(findings),
            where=f"sources/agencies/{source_id}/source.yaml, acceptance",
            next_step="compare with the agency's page: if the agency is wrong, tell it; if the change"
            f" is real, `compact accept {held[0].snapshot[:12]} --reason ...` (without an id: a list "
            "of all), or raise the threshold with its reason",
        )


def _staged(context: RunContext, source_id: str, snapshots: Sequence[Snapshot]) -> StagedSource:
    source = context.sources[source_id]
    context.progress(f"stage {source_id}", 0, 1)
    staged = stage_source(
        source,
        [context.store.files(s) for s in snapshots],
        context.home,
        reader=context.reader_of(source),
        series=context.series_of(source_id),
    )
    context.progress(f"stage {source_id}", 1, 1)
    return staged


def is_staged(context: RunContext, source_id: str) -> bool:
    """Return whether every snapshot of a source is accepted and staged by the current code."""
    with context.store.unchanging():
        live, stored = context.store.live(source_id), context.store.candidates(source_id)
    if any(key not in live or live[key].snapshot != s.snapshot for key, s in stored.items()):
        return False
    return not live or current_table(context, source_id, list(live.values())) is not None


def current_table(
    context: RunContext, source_id: str, live: Sequence[Snapshot] | None = None
) -> StagedSource | None:
    """Return the staged tables of a source's accepted snapshots by the current code and definitions, or None.
    live: the accepted snapshots, if known.
    """
    accepted = list(context.store.live(source_id).values()) if live is None else live
    files = [context.store.files(snapshot) for snapshot in accepted]
    return staged_table(context.sources[source_id], files, context.home)


@translate_system_errors
def current_tables(context: RunContext) -> dict[str, StagedSource]:
    """Return the current staged tables by source; a source without an accepted snapshot has none. Raises:
    UpstreamMissing: Some snapshots are not staged, or not by the current code.
    """
    tables, missing = dict[str, StagedSource](), list[str]()
    with context.store.unchanging():
        for source_id in context.sources:
            live = list(context.store.live(source_id).values())
            table = current_table(context, source_id, live) if live else None
            if table is not None:
                tables[source_id] = table
            elif live or context.store.candidates(source_id):
                missing.append(f"observation/{source_id}")
    require(missing)
    return tables


def stage_current(context: RunContext) -> dict[str, StagedSource]:
    """Return the current staged tables by source, staging those that are missing."""
    live = {source_id: list(context.store.live(source_id).values()) for source_id in context.sources}
    return {
        source_id: _staged(context, source_id, live_series)
        for source_id, live_series in live.items()
        if live_series
    }


def observations(tables: Mapping[str, StagedSource]) -> dict[str, Path]:
    """Return the observation file of each source."""
    return {source_id: table.observation for source_id, table in tables.items()}


def require(missing: Sequence[str]) -> None:
    """Raise UpstreamMissing if anything is missing; missing: assets, as kind/name."""
    if missing:
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        raise UpstreamMissing(
            f"upstream not materialized: {', '.join(missing[:NAMED])}{more}",
            allowed="a step whose inputs are there, made from today's snapshots, definitions and code",
            next_step="materialize those first, in the UI together with what depends on them; "
            "`compact run` does all of it in order",
        )


class Prestage:
    """Stages several sources in parallel; `stage` then finds the tables, or raises the error again. seconds:
    how long each took.
    """

    def __init__(self, context: RunContext, source_ids: Sequence[str]) -> None:
        self.seconds: dict[str, float] = {}
        threads = ThreadPoolExecutor(THREADS, thread_name_prefix="stage")
        with context.store.unchanging():
            stored = {i: list(context.store.candidates(i).values()) for i in source_ids}
        self._running: dict[str, Future[None]] = {
            i: threads.submit(self._stage, context, i, snapshots)
            for i, snapshots in stored.items()
            if snapshots
        }
        threads.shutdown(wait=False)

    def _stage(self, context: RunContext, source_id: str, snapshots: Sequence[Snapshot]) -> None:
        started = monotonic()
        try:
            _staged(context, source_id, snapshots)
        finally:
            self.seconds[source_id] = monotonic() - started

    def wait(self, source_id: str) -> None:
        wait([self._running[source_id]] if source_id in self._running else [])

    def stop(self) -> None:
        for running in self._running.values():
            running.cancel()
