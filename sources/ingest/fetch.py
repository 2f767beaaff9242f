"""Fetches one source: checks for updates, fetches the resources, and reports the source's state.

Responses are checked only for completeness: a new snapshot is accepted or held after staging.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from schemas.definitions.source import Source
from sources.http.api_key import not_configured
from sources.http.session import CachedPage, Session
from sources.ingest.freshness import named_release
from sources.ingest.report import FetchReport, settle
from sources.locks import source_lock
from sources.model import (
    InvalidResponse,
    NoSuchSeries,
    RequestUnavailable,
    Resource,
    SourceUnavailable,
)
from sources.readers_protocol import Reader
from sources.registry.renames import renamed
from sources.settings import url_override
from sources.snapshots.store import Snapshot, Store

FRESHNESS = "(freshness)"
REFUSED_AT_FIRST = 5  # number of first responses that, if all unusable, end the fetch

_Outcome = Snapshot | InvalidResponse | Literal["unchanged", "left out"] | None
Progress = Callable[[int, int], None]  # resources done, and of how many


@dataclass
class _Run:
    """State shared by the threads of one fetch. stop: why no further request is sent, or empty."""

    source: Source
    store: Store
    reader: Reader
    session: Session
    now: Callable[[], datetime]
    live: dict[str, Snapshot]
    optional: frozenset[str] = frozenset()
    since: Mapping[str, str] = field(default_factory=dict)
    stop: str = ""
    unavailable: str = ""  # why a single resource got no response
    failed: int = 0  # how many were not
    unusable: int = 0
    usable: bool = False  # whether anything was: then single bad answers do not stop the rest
    lock: threading.Lock = field(default_factory=threading.Lock)


def fetch_source(
    source: Source,
    series: Sequence[str],
    store: Store,
    *,
    reader: Reader,
    optional: Collection[str] = (),
    since: Mapping[str, str] | None = None,
    not_asked: str = "",
    session: Session | None = None,
    progress: Progress | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FetchReport:
    """Update these series of a source. SourceUnavailable and InvalidResponse are reported, not raised.

    optional: series that the agency may lack; once one is accepted, its absence is a fault. not_asked: why no
    request may be sent, in a word or two; data embedded in a package are still read. since: series to the
    agency's first release with it: in an older release it is optional."""
    started, report = time.monotonic(), FetchReport(source.id)
    resources = reader.plan(source, series)
    embedded = source.base_url.startswith("package:")
    if missing := not_configured(source):
        report.note = missing
    elif not_asked and not embedded:
        report.note = f"not asked: {not_asked}"
    elif resources:
        own = session or Session(
            source,
            base_url=None if embedded else url_override(source.id),
            known=known_pages(store, source),
            spool=store.objects.folder
            / "spool",  # on the same disk, so that a large body is linked into place
        )
        live = _whole(store, store.live(source.id))
        run = _Run(source, store, reader, own, now, live, frozenset(optional), since or {})
        try:
            with source_lock(store, source.id) as meanwhile:
                _bring(run, resources, report, progress, meanwhile)
        finally:
            if session is None:
                own.close()
        report.note, report.requests, report.bytes = (
            run.stop or run.unavailable,
            own.usage.requests,
            own.usage.bytes,
        )
    settle(report, resources, store)
    report.seconds = time.monotonic() - started
    return report


def known_pages(store: Store, source: Source) -> dict[str, CachedPage]:
    """Return the pages of current snapshots that have a validator, by URL; none if the source's validators
    are meaningless."""
    if not source.validators:
        return {}
    return {
        page.url: CachedPage(page.etag, page.last_modified, partial(store.read, page))
        for snapshot in _whole(store, store.live(source.id)).values()
        for page in snapshot.pages
        if page.etag or page.last_modified
    }


def _whole(store: Store, snapshots: Mapping[str, Snapshot]) -> dict[str, Snapshot]:
    """Return the snapshots with complete bytes: missing bytes are fetched again."""
    return {key: snapshot for key, snapshot in snapshots.items() if store.is_whole(snapshot)}


def _bring(
    run: _Run,
    resources: Sequence[Resource],
    report: FetchReport,
    progress: Progress | None,
    meanwhile: frozenset[str] = frozenset(),
) -> None:
    """Fetch every resource that neither the freshness request nor a concurrent run showed to be unchanged.
    meanwhile: the results of that other run."""
    if meanwhile:
        run.live = _whole(run.store, run.store.live(run.source.id))
    try:
        release = named_release(run.source, run.reader, run.session, resources)
    except SourceUnavailable as error:
        run.stop = error.what
        return
    except InvalidResponse as error:
        run.store.refuse(run.source, FRESHNESS, error, run.now())
        report.refused.append(error)
        run.stop = f"the freshness question has no usable answer: {error.what}"
        return
    if release is not None:  # names of releases sort by their age
        run.optional |= {code for code, first in run.since.items() if release < first}
    newest = _whole(run.store, run.store.candidates(run.source.id))
    releases = run.store.releases(run.source.id)
    current = {
        r.key
        for r in resources
        if (r.key in meanwhile or (release is not None and releases.get(r.key) == release))
        and _carries(newest.get(r.key), r)
    }
    due = [resource for resource in resources if resource.key not in current]
    run.usable = bool(current)
    outcomes: dict[str, _Outcome] = dict.fromkeys(current, "unchanged")
    for resource, outcome in _each(run, due, release):
        outcomes[resource.key] = outcome
        if progress is not None:
            progress(len(outcomes), len(resources))
    for resource in resources:
        outcome = outcomes[resource.key]
        if isinstance(outcome, Snapshot):
            report.fetched.append(outcome)
            report.left_out += sorted(set(resource.series) - set(outcome.series))
        elif isinstance(outcome, InvalidResponse):
            report.refused.append(outcome)
        elif outcome == "unchanged":
            report.unchanged.append(resource.key)
            if (stored := run.live.get(resource.key)) is not None:
                report.left_out += sorted(set(resource.series) - set(stored.series))
        elif outcome == "left out":
            report.left_out.append(resource.key)
    # not confirmed while a newer one is pending: that would make the older one current again
    same = [
        run.live[key]
        for key in report.unchanged
        if key in run.live and (key not in current or newest[key].snapshot == run.live[key].snapshot)
    ]
    run.store.confirm(*same, at=run.now(), release=release)


def _carries(snapshot: Snapshot | None, resource: Resource) -> bool:
    """Return whether the snapshot exists with every requested series."""
    return snapshot is not None and set(resource.series) <= set(snapshot.series)


def _each(run: _Run, due: Sequence[Resource], release: str | None) -> Iterator[tuple[Resource, _Outcome]]:
    """Yield every resource and its result in order of arrival; the rate limits how many are in progress."""
    parallel = run.source.rate.parallel if run.source.rate else 1
    waiting, running = iter(due), dict[Future[_Outcome], Resource]()
    with ThreadPoolExecutor(parallel, thread_name_prefix=run.source.id) as pool:
        try:
            while True:
                while len(running) < parallel and (resource := next(waiting, None)) is not None:
                    running[pool.submit(_one, run, resource, release)] = resource
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        except BaseException:
            run.stop = "the run was stopped"
            run.session.stop(run.stop)
            raise


def _ever_there(run: _Run) -> set[str]:
    """Return the series that an accepted snapshot has: the absence of one is a fault."""
    return {code for snapshot in run.live.values() for code in snapshot.series}


def _one(run: _Run, resource: Resource, release: str | None) -> _Outcome:
    """Fetch and store one resource. None: no request was sent, or the agency is unavailable."""
    if run.stop:
        return None
    try:
        live = run.live.get(resource.key)
        asked = replace(resource, stored=live is not None, optional=run.optional - _ever_there(run))
        answer = run.reader.fetch(run.source, asked, run.session)
        if live is not None and live.content == answer.content:
            outcome: _Outcome = "unchanged"
        else:
            named = replace(answer, agency_release=answer.agency_release or release)
            outcome = run.store.keep(run.source, named, run.now())
    except RequestUnavailable as error:
        run.unavailable = run.unavailable or error.what
        with run.lock:
            run.failed += 1
            if not run.usable and run.failed >= REFUSED_AT_FIRST:
                run.stop = run.stop or error.what
        return None
    except SourceUnavailable as error:
        run.stop = run.stop or error.what
        return None
    except InvalidResponse as error:
        run.store.refuse(run.source, resource.key, error, run.now())
        never_there = resource.key not in run.live and run.optional.issuperset(resource.series)
        if isinstance(error, NoSuchSeries) and never_there:
            return "left out"
        if isinstance(error, NoSuchSeries) and (now := renamed(run.source.id, resource.series)):
            error.next_step = f"{now}. Name the new code in series.csv and the indicators. {error.next_step}"
        with run.lock:
            run.unusable += 1
            if not run.usable and run.unusable >= REFUSED_AT_FIRST and not run.stop:
                run.stop = f"the first {run.unusable} answers were all unusable, so no more was asked"
        return error
    run.usable = True
    return outcome
