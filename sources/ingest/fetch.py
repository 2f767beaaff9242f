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
NAMED = 5  # resources named in a note
REFUSED_AT_FIRST = 5  # number of first responses that, if all unusable, end the fetch

State = Literal["live", "stored", "absent"]
_Outcome = Snapshot | InvalidResponse | Literal["unchanged", "left out"] | None
Progress = Callable[[int, int], None]  # resources done, and of how many


@dataclass
class FetchReport:
    """Result of fetching one source. state: live, all series were fetched or confirmed just now; stored,
    some were not, and earlier accepted snapshots are used; absent, there is no data. If refused is not
    empty, nothing may be published.
    """

    source: str
    state: State = "absent"
    note: str = ""
    fetched: list[Snapshot] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[InvalidResponse] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # optional series that the agency does not have
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0


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
    _settle(report, resources, store)
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
        release = named_release(run.source, run.reader, run.session)
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
        elif isinstance(outcome, InvalidResponse):
            report.refused.append(outcome)
        elif outcome == "unchanged":
            report.unchanged.append(resource.key)
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


def _one(run: _Run, resource: Resource, release: str | None) -> _Outcome:
    """Fetch and store one resource. None: no request was sent, or the agency is unavailable."""
    if run.stop:
        return None
    try:
        answer = run.reader.fetch(run.source, resource, run.session)
        live = run.live.get(resource.key)
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


def _settle(report: FetchReport, resources: Sequence[Resource], store: Store) -> None:
    """Set the state of the source, and note missing series."""
    newest = store.candidates(report.source)
    if not resources:
        report.state = "stored" if newest else "absent"
        report.note = report.note or "not asked: no indicator uses a series of it"
        return
    resources = [resource for resource in resources if resource.key not in report.left_out]
    missing = [resource.key for resource in resources if resource.key not in newest]
    done = {snapshot.resource for snapshot in report.fetched} | set(report.unchanged)
    if not resources and not report.left_out:
        report.state = "stored" if newest else "absent"
        report.note = report.note or "no indicator uses it"
    elif resources and done >= {resource.key for resource in resources}:
        report.state = "live"
    elif len(missing) < len(resources):
        report.state = "stored"
    if missing:
        text = f"no snapshot of {len(missing)} of {len(resources)}: {_some(missing)}"
        text = text if len(missing) < len(resources) else "nothing of it is stored"
        report.note = f"{report.note}; {text}" if report.note else text
    if report.left_out:
        text = f"the agency has no series {_some(report.left_out)}"
        text += f" ({now})" if (now := renamed(report.source, report.left_out)) else ""
        report.note = f"{report.note}; {text}" if report.note else text


def _some(names: Sequence[str]) -> str:
    """Return the first names and the number of others."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
