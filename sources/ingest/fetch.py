"""Fetches one source: asks whether anything is new, brings the resources in, and tells the source's state.

Nothing is judged here beyond "whole or not": whether a new snapshot is accepted is decided after staging.
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
REFUSED_AT_FIRST = 5  # first answers that are all unusable: the other questions would be too

State = Literal["live", "stored", "absent"]
_Outcome = Snapshot | InvalidResponse | Literal["unchanged", "left out"] | None
Progress = Callable[[int, int], None]  # resources done, and of how many


@dataclass
class FetchReport:
    """What came of asking one source. state: live, all that is wanted was fetched or confirmed just now;
    stored, some of it was not, and what earlier runs accepted is used; absent, there is nothing. Where
    refused is not empty, nothing may be published."""

    source: str
    state: State = "absent"
    note: str = ""
    fetched: list[Snapshot] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[InvalidResponse] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # optional, and the agency has no such series
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0


@dataclass
class _Run:
    """What the threads of one fetch share. stop: why no further question is asked, or empty."""

    source: Source
    store: Store
    reader: Reader
    session: Session
    now: Callable[[], datetime]
    live: dict[str, Snapshot]
    optional: frozenset[str] = frozenset()
    since: Mapping[str, str] = field(default_factory=dict)
    stop: str = ""
    unavailable: str = ""  # why a single resource was not answered
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
    """Bring these series of a source up to date. SourceUnavailable and InvalidResponse go into the report,
    not out.

    optional: series of which the agency may say that it has none; once one is accepted, that is a fault.
    not_asked: why the agency is not to be asked, in a word or two; what is embedded in a package is read.
    since: series to the agency's first release that has it: an older release may lack it, as if optional.
    """
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
            / "spool",  # of the same disk, so that a large body is linked into place
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
    """The pages of live snapshots that have a validator, by address; none where validators mean nothing."""
    if not source.validators:
        return {}
    return {
        page.url: CachedPage(page.etag, page.last_modified, partial(store.read, page))
        for snapshot in _whole(store, store.live(source.id)).values()
        for page in snapshot.pages
        if page.etag or page.last_modified
    }


def _whole(store: Store, snapshots: Mapping[str, Snapshot]) -> dict[str, Snapshot]:
    """Those whose bytes are there: what is gone from the store is fetched again."""
    return {key: snapshot for key, snapshot in snapshots.items() if store.is_whole(snapshot)}


def _bring(
    run: _Run,
    resources: Sequence[Resource],
    report: FetchReport,
    progress: Progress | None,
    meanwhile: frozenset[str] = frozenset(),
) -> None:
    """Ask for every resource of which neither the freshness question nor another run, just now, shows that it
    is the same as before. meanwhile: what that other run has brought."""
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
    # where a newer one still waits to be judged, the live one is not confirmed: that would put it back
    same = [
        run.live[key]
        for key in report.unchanged
        if key in run.live and (key not in current or newest[key].snapshot == run.live[key].snapshot)
    ]
    run.store.confirm(*same, at=run.now(), release=release)


def _carries(snapshot: Snapshot | None, resource: Resource) -> bool:
    """Whether the snapshot is there with every series that is wanted."""
    return snapshot is not None and set(resource.series) <= set(snapshot.series)


def _each(run: _Run, due: Sequence[Resource], release: str | None) -> Iterator[tuple[Resource, _Outcome]]:
    """Every resource and what came of it, in order of arrival; never more under way than the rate allows."""
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
    """Fetch one resource and keep it. None: it was not asked for, or the agency is out of reach."""
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
    """The state of the source, and in the note what is missing."""
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
    """The first names and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
