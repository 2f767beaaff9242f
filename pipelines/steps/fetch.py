"""Step 1, fetch: stores new data of the agencies and records the status of each source. The requests are made
in sources/ingest. All agencies can be fetched in parallel (Prefetch), each at its own rate.
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
from sources.http.api_key import not_configured
from sources.ingest.fetch import fetch_source
from sources.ingest.report import FetchReport
from sources.snapshots.atomic import write_atomic

STATUS = "status"  # folder of COMPACT_HOME


@translate_system_errors
def fetch(context: RunContext, source_id: str, stopped: Event | None = None) -> FetchReport:
    """Fetch the series of one source that this run needs.

    Args:
        context: The run.
        source_id: The source.
        stopped: Once set, no further request is sent.

    Returns:
        The report. If `refused` is not empty, nothing may be published; `usable` raises the first problem.
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
    """Record the fetch status of a source, for `compact status` and the next release."""
    path = context.home / STATUS / f"{report.source}.json"
    silent = _not_asked(context, report.source) or not_configured(context.sources[report.source])
    at = _last_asked(path) if silent else datetime.now(UTC).isoformat()
    write_atomic(path, json.dumps({"state": report.state, "note": report.note, "at": at}).encode())


def _not_asked(context: RunContext, source_id: str) -> str:
    """Explain why this run sends an agency no request; None if it does. Data embedded in a package are always
    read.
    """
    if not context.sources[source_id].hosts:
        return ""
    if context.offline:
        return "offline"
    return "not selected" if context.only and source_id not in context.only else ""


def _last_asked(path: Path) -> str | None:
    """Return when an earlier run last sent the agency a request."""
    try:
        moment: str | None = json.loads(path.read_text(encoding="utf-8")).get("at")
    except (OSError, ValueError):
        return None
    return moment


def usable(report: FetchReport) -> FetchReport:
    """Return the report if every response was usable. Raises the first InvalidResponse; the bytes are
    kept.
    """
    if report.refused:
        raise report.refused[0]
    return report


class Prefetch:
    """Fetches all agencies in parallel; `fetch` waits for the one it is called for."""

    def __init__(self, context: RunContext) -> None:
        self._context, self._stopped = context, Event()
        asked = [source_id for source_id in context.sources if context.is_available(source_id)]
        threads = ThreadPoolExecutor(len(asked) or 1, thread_name_prefix="agency")
        self._running = {i: threads.submit(fetch, context, i, self._stopped) for i in asked}
        threads.shutdown(wait=False)

    @property
    def asked(self) -> Sequence[str]:
        """Return the sources that are fetched or have stored data."""
        return list(self._running)

    def fetch(self, source_id: str) -> FetchReport:
        running = self._running.get(source_id)
        return running.result() if running else fetch(self._context, source_id)

    def unchanged(self) -> list[str]:
        """Return the sources without new or unusable data whose snapshots are all accepted and staged."""
        return [
            source_id for source_id, running in self._running.items() if self._nothing(source_id, running)
        ]

    def _nothing(self, source_id: str, running: Future[FetchReport]) -> bool:
        try:
            report = running.result()
            return not report.fetched and not report.refused and is_staged(self._context, source_id)
        except (CompactError, OSError):  # raised again, and reported, in the step of that source
            return False

    def stop(self) -> None:
        """Stop after the responses in progress."""
        self._stopped.set()
