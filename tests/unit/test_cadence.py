"""How old what is stored of a source is, when it is asked again; and the cheapest question to an agency."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from schemas.definitions.source import Cadence, Source
from sources.ingest.cadence import cadences, freshness_status, next_due, standing_facts
from sources.ingest.fetch import fetch_source
from sources.ingest.freshness import check_for_update
from sources.ingest.report import FetchReport
from sources.locks import SourceLocked, source_lock
from sources.model import Page, Resource, SourceResponse
from sources.snapshots.store import Store
from tests.unit.local_agency import LocalAgency, Reply, make_source
from tests.unit.test_fetch import FRESH, PageReader

THEN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)  # a Monday


def keep(store: Store, source: Source, series: str, at: datetime, release: str | None = None) -> None:
    page = Page(f"https://agency.example/{series}", f"{series} {at}".encode())
    answer = SourceResponse(Resource(series, (series,)), (page,), 1, 1, f"{series} {at}", release)
    store.accept([store.keep(source, answer, at)], "a test", at)


@pytest.fixture
def agency(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAgency]:
    with LocalAgency() as server:
        monkeypatch.setenv(f"COMPACT_URL_{make_source().id.upper()}", server.url)
        yield server


def test_every_cadence_has_a_rhythm_and_no_other() -> None:
    assert set(cadences()) == set(get_args(Cadence))


@pytest.mark.parametrize("cadence", [c for c in get_args(Cadence) if c != "discontinued"])
def test_a_source_becomes_stale_after_more_than_one_turn_of_its_schedule(cadence: str) -> None:
    limit = cadences()[cadence].stale_after
    assert limit is not None
    source = make_source(cadence=cadence)
    first = next_due(source, THEN)
    assert first is not None
    second = next_due(source, first)
    assert second is not None
    assert second - THEN <= limit


def test_stale_since_the_series_that_was_confirmed_longest_ago(tmp_path: Path) -> None:
    store, source = Store(tmp_path), make_source(cadence="daily")
    keep(store, source, "OLD", THEN)
    keep(store, source, "NEW", THEN + timedelta(days=3))
    limit = timedelta(days=3)
    now = THEN + limit + timedelta(hours=1)
    freshness = freshness_status(source, store, {"OLD", "NEW"}, now)
    assert (freshness.last_fetched, freshness.last_confirmed) == (THEN + timedelta(days=3), THEN)
    assert freshness.stale_since == THEN + limit
    assert freshness_status(source, store, {"NEW"}, now).stale_since is None  # nobody asks for OLD any more
    assert freshness_status(source, store, {"OLD", "NEW"}, THEN + limit).stale_since is None  # to the second


def test_a_confirmation_makes_a_source_fresh_again(tmp_path: Path) -> None:
    store, source = Store(tmp_path), make_source(cadence="daily")
    keep(store, source, "A", THEN)
    later = THEN + timedelta(days=30)
    assert freshness_status(source, store, {"A"}, later).stale_since
    store.confirm(*store.live(source.id).values(), at=later, release="R2")
    freshness = freshness_status(source, store, {"A"}, later)
    assert (freshness.last_confirmed, freshness.stale_since, freshness.agency_release) == (later, None, "R2")


def test_what_was_never_fetched_or_comes_with_a_package_is_not_stale(tmp_path: Path) -> None:
    store, source = Store(tmp_path), make_source(cadence="daily")
    assert freshness_status(source, store, {"A"}).last_confirmed is None
    package = make_source(cadence="daily").model_copy(update={"hosts": []})
    keep(store, package, "A", THEN)
    assert freshness_status(package, store, {"A"}).stale_since is None
    assert standing_facts(source, store, {"A"})["stale_since"]  # the same bytes of an agency are


# --- the cheapest question ---


@pytest.mark.parametrize("known", ["2026-07-01", None])
def test_a_release_that_is_stored_is_no_news(agency: LocalAgency, tmp_path: Path, known: str | None) -> None:
    agency.replies = [Reply(b'[{"lastupdated": "2026-07-01"}]')]
    source, store = make_source(freshness=FRESH), Store(tmp_path)
    if known:
        keep(store, source, "A", THEN, known)
    news = check_for_update(source, ["A", "NEVER"], store, PageReader(), optional={"NEVER"})
    assert (news.changed, news.mark) == (known is None, "2026-07-01")
    assert agency.paths() == ["/release"]


def test_a_file_is_asked_for_by_its_validators_and_not_read(agency: LocalAgency, tmp_path: Path) -> None:
    body = b"x" * 5000
    source, store = make_source(validators=True), Store(tmp_path)
    page = Page(f"{agency.url}/file.zip", body, '"1"', None)
    store.accept(
        [store.keep(source, SourceResponse(Resource("A", ("A",)), (page,), 1, 1, "1"), THEN)], "a test"
    )
    agency.replies = [Reply(body, headers={"ETag": '"2"'})]
    changed = check_for_update(source, ["A"], store, PageReader())
    assert changed.changed
    agency.replies = [Reply(b"", status=304)]
    same = check_for_update(source, ["A"], store, PageReader())
    assert (same.changed, same.mark) == (False, changed.mark)
    assert {asked.headers["If-None-Match"] for asked in agency.log} == {'"1"'}


# --- one crawl at a time ---


def test_who_comes_second_takes_what_the_first_has_brought(agency: LocalAgency, tmp_path: Path) -> None:
    agency.replies = [Reply(b'{"rows": 3}')]
    source, first, reports = make_source(), Store(tmp_path), list[FetchReport]()

    def crawl() -> None:
        reports.append(fetch_source(source, ["A", "B"], Store(tmp_path), reader=PageReader()))

    second = threading.Thread(target=crawl)
    with source_lock(first, source.id) as brought:
        assert brought == frozenset()
        second.start()
        second.join(0.3)
        assert second.is_alive()
        assert agency.log == []
        keep(first, source, "A", THEN)
    second.join(10)
    assert agency.paths() == ["/data/B"]
    assert [(report.state, report.unchanged) for report in reports] == [("live", ["A"])]


def test_a_crawl_that_never_ends_is_not_waited_for_without_end(tmp_path: Path) -> None:
    store = Store(tmp_path)
    second = source_lock(store, "agency", 0.2)
    with source_lock(store, "agency"), pytest.raises(SourceLocked) as caught, second:
        pass
    assert caught.value.retriable
    assert caught.value.where.endswith("crawling/agency")
