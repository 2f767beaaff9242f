"""Step 1, fetch: brings what agencies have anew into the store, and notes how each source was found.

How a source is asked is in sources/ingest. All agencies may be asked at once (Prefetch), each at its own
pace.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from pipelines.steps.context import RunContext
from pipelines.steps.stage import is_staged
from pipelines.steps.system_errors import translate_system_errors
from schemas.errors import CompactError
from sources.ingest.fetch import FetchReport, fetch_source
from sources.snapshots.atomic import write_atomic

STATUS = "status"  # folder of COMPACT_HOME


@translate_system_errors
def fetch(context: RunContext, source_id: str, stopped: Event | None = None) -> FetchReport:
    """Ask one source for what this run wants of it.

    Args:
        context: The run.
        source_id: The source.
        stopped: Once it is set, no further question is asked.

    Returns:
        What came of it. Where `refused` is not empty nothing may be published; `usable` raises the first.
    """
    source = context.sources[source_id]

    def progress(done: int, total: int) -> None:
        if stopped is not None and stopped.is_set():
            raise KeyboardInterrupt
        context.progress(f"fetch {source_id}", done, total)

    return fetch_source(
        source,
        context.wanted_series(source_id),
        context.store,
        reader=context.reader_of(source),
        optional=context.optional_series(source_id),
        since={code: one.since for code, one in context.series_of(source_id).items() if one.since},
        not_asked=_not_asked(context, source_id),
        progress=progress,
    )


@translate_system_errors
def note_status(context: RunContext, report: FetchReport) -> None:
    """Write down how a source was found, for `compact status` and the next release."""
    path = context.home / STATUS / f"{report.source}.json"
    at = _last_asked(path) if _not_asked(context, report.source) else datetime.now(UTC).isoformat()
    write_atomic(path, json.dumps({"state": report.state, "note": report.note, "at": at}).encode())


def _not_asked(context: RunContext, source_id: str) -> str:
    """Why this run asks nothing of an agency, or nothing. What is embedded in a package is always read."""
    if not context.sources[source_id].hosts:
        return ""
    if context.offline:
        return "offline"
    return "not selected" if context.only and source_id not in context.only else ""


def _last_asked(path: Path) -> str | None:
    """When an earlier run asked the agency."""
    try:
        moment: str | None = json.loads(path.read_text(encoding="utf-8")).get("at")
    except (OSError, ValueError):
        return None
    return moment


def usable(report: FetchReport) -> FetchReport:
    """The report, if every answer could be used. Raises the first InvalidResponse; the bytes are kept."""
    if report.refused:
        raise report.refused[0]
    return report


class Prefetch:
    """All agencies asked at once; `fetch` waits for the one it is about."""

    def __init__(self, context: RunContext) -> None:
        self._context, self._stopped = context, Event()
        asked = [source_id for source_id in context.sources if context.is_available(source_id)]
        threads = ThreadPoolExecutor(len(asked) or 1, thread_name_prefix="agency")
        self._running = {i: threads.submit(fetch, context, i, self._stopped) for i in asked}
        threads.shutdown(wait=False)

    @property
    def asked(self) -> Sequence[str]:
        """The sources that are asked, or of which something is stored."""
        return list(self._running)

    def fetch(self, source_id: str) -> FetchReport:
        running = self._running.get(source_id)
        return running.result() if running else fetch(self._context, source_id)

    def unchanged(self) -> list[str]:
        """The sources with nothing new and nothing unusable, all of whose snapshots are accepted and staged:
        nothing is left to do for them."""
        return [
            source_id for source_id, running in self._running.items() if self._nothing(source_id, running)
        ]

    def _nothing(self, source_id: str, running: Future[FetchReport]) -> bool:
        try:
            report = running.result()
            return not report.fetched and not report.refused and is_staged(self._context, source_id)
        except (CompactError, OSError):  # met again, and reported, in the step of that source
            return False

    def stop(self) -> None:
        """Ask no more, after the answers under way."""
        self._stopped.set()
