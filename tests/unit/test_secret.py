"""The access key of a source goes to the source's own hosts and nowhere else: a planted key is searched
for in every file, message and log line of a run.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import orjson
import pyarrow.parquet as pq
import pytest

from indicators.registry import load_catalogue
from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.api_key import access_key, not_configured
from sources.http.session import Session
from sources.ingest.fetch import fetch_source
from sources.ingest.report import FetchReport
from sources.model import InvalidResponse, SourceUnavailable
from sources.readers import giga
from sources.registry.sources import SOURCES, load_source
from sources.snapshots.store import Store
from tests.steps import steps_of
from tests.unit.local_agency import Asked, LocalAgency, Reply, make_source
from tests.unit.test_readers_giga import page, school

SECRET = "sk-planted/0123+456789=abcdef"
FORMS = (SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode())
VARIABLE = "COMPACT_KEY_GIGA"
GOOD = page(school(1), school(2, "RWA", False))
SOURCE = load_source(SOURCES / "giga" / "source.yaml")

SourceResponse = Callable[[Asked], Reply]


@pytest.fixture
def agency(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAgency]:
    with LocalAgency() as found:
        monkeypatch.setenv("COMPACT_URL_GIGA", found.url)
        monkeypatch.setenv(VARIABLE, SECRET)
        yield found


@pytest.fixture
def elsewhere() -> Iterator[LocalAgency]:
    try:
        result = LocalAgency(host="127.0.0.2")
    except OSError:
        pytest.skip("this system has one loopback address only")
    with result:
        yield result


def pages(asked: Asked) -> Reply:
    return Reply(GOOD if "page=1&" in asked.path else page())


def bring(home: Path, source: Source = SOURCE) -> FetchReport:
    return fetch_source(source, ["schools_total"], Store(home), reader=giga)


def leaks(*texts: str, folder: Path | None = None) -> list[str]:
    """Where a form of the secret stands."""
    results = [f"text {number}" for number, text in enumerate(texts) if any(form in text for form in FORMS)]
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder else []
    return results + [str(path) for path in files if any(form.encode() in _plain(path) for form in FORMS)]


def _plain(path: Path) -> bytes:
    """The bytes of a file; of a compressed table its cells and its metadata too."""
    body = path.read_bytes()
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        body += f"{table.schema} {table.to_pylist()}".encode()
    return body


def test_the_key_goes_with_every_question(agency: LocalAgency, tmp_path: Path) -> None:
    agency.answer = pages
    report = bring(tmp_path)
    assert (report.state, report.note, report.requests) == ("live", "", 2)
    assert [asked.headers["Authorization"] for asked in agency.log] == [f"Bearer {SECRET}"] * 2
    assert leaks(*agency.paths(), repr(report), folder=tmp_path) == []


@pytest.mark.slow
def test_a_whole_run_leaves_no_trace_of_the_key(
    agency: LocalAgency, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Fetched, staged, evaluated and released, with every logger at its most talkative."""
    agency.answer = pages
    caplog.set_level(logging.DEBUG)
    entries = load_catalogue().entries
    workspace = steps_of(
        tmp_path,
        [SOURCE, load_source(SOURCES / "world_factbook" / "source.yaml")],
        [entries[name] for name in ("schools_connected", "population")],
        only=("giga",),
    )
    for source_id in workspace.sources:
        workspace.fetch(source_id)
        workspace.stage(source_id)
    released = workspace.release()
    assert released.made
    shown = capfd.readouterr()
    assert caplog.text  # urllib3 tells of each request at this level
    assert leaks(caplog.text, shown.out, shown.err, repr(workspace), released.note, folder=tmp_path) == []
    assert (tmp_path / "releases" / "latest" / "snapshot.parquet").exists()


@pytest.mark.parametrize(
    "value", [None, "", "   ", "short", "with a blank", "with\na line", "schlüssel-12345"]
)
def test_without_a_usable_key_nobody_is_asked(
    agency: LocalAgency, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv(VARIABLE)
    else:
        monkeypatch.setenv(VARIABLE, value)
    report = bring(tmp_path)
    assert (report.state, report.refused, report.requests) == ("absent", [], 0)
    assert report.note.startswith(f"not configured: {VARIABLE} ")
    assert not value or not value.strip() or value not in report.note
    assert agency.log == []


def test_without_a_key_what_is_stored_is_used(
    agency: LocalAgency, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency.answer = pages
    Store(tmp_path).accept(bring(tmp_path).fetched, "a test")
    monkeypatch.delenv(VARIABLE)
    report = bring(tmp_path)
    assert (report.state, report.note) == ("stored", f"not configured: {VARIABLE} is not set")


def test_a_source_without_a_key_variable_sends_none(agency: LocalAgency) -> None:
    session = Session(make_source(), base_url=agency.url)
    session.get("/")
    session.close()
    assert agency.log[0].headers["Authorization"] is None
    assert not_configured(make_source()) == ""
    assert access_key(make_source()) is None


def test_a_redirect_elsewhere_gets_neither_key_nor_visit(
    agency: LocalAgency, elsewhere: LocalAgency, tmp_path: Path
) -> None:
    agency.replies = [Reply(status=302, headers={"Location": f"{elsewhere.url}/schools_profile"})]
    (error,) = bring(tmp_path).refused
    assert "sends us elsewhere" in error.what
    assert elsewhere.log == []


def test_a_redirect_to_the_same_host_keeps_the_key(agency: LocalAgency, tmp_path: Path) -> None:
    moved = Reply(status=307, headers={"Location": "/moved?page=2"})
    agency.replies = [moved, Reply(GOOD), Reply(page())]
    assert bring(tmp_path).state == "live"
    assert {asked.headers["Authorization"] for asked in agency.log} == {f"Bearer {SECRET}"}


ECHOES: dict[str, Reply] = {
    "401": Reply(orjson.dumps({"message": f"invalid token {SECRET}"}), status=401),
    "401 as HTML": Reply(f"<html><title>{SECRET}</title></html>".encode(), status=401),
    "reason": Reply(b"no", status=403, headers={"X-Key": SECRET}),
    "200": Reply(page(school(1), message=SECRET)),
    "200 percent-encoded": Reply(page(school(1), message=quote(SECRET, safe=""))),
    "200 that is no list": Reply(orjson.dumps({"message": f"unknown {SECRET}", "status": 403})),
    "ETag": Reply(GOOD, headers={"ETag": f'"{SECRET}"'}),
    "redirect": Reply(status=302, headers={"Location": f"https://other.example/?k={quote(SECRET, safe='')}"}),
    "redirect to nonsense": Reply(status=302, headers={"Location": f"http://[{SECRET}"}),
    "cut off": Reply(SECRET.encode(), declared=500),
    "no longer there": Reply(b"busy", status=503, headers={"Retry-After": "100000", "X-Key": SECRET}),
}


@pytest.mark.parametrize("reply", ECHOES.values(), ids=ECHOES.keys())
def test_an_agency_that_says_the_key_back_is_not_quoted(
    agency: LocalAgency, tmp_path: Path, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    caplog.set_level(logging.DEBUG)
    agency.replies = [reply]
    report = bring(tmp_path)
    assert report.state == "absent"
    texts = [str(error) + repr(error) + repr(error.pages) for error in report.refused]
    assert leaks(report.note, repr(report), caplog.text, *texts, folder=tmp_path) == []
    assert report.refused or "cannot be reached" in report.note


def test_an_answer_that_repeats_the_key_is_refused_by_name(agency: LocalAgency, tmp_path: Path) -> None:
    agency.replies = [ECHOES["200"]]
    (error,) = bring(tmp_path).refused
    assert error.what == "the answer repeats our access key"
    assert b"***" in error.pages[0].body


def test_the_key_is_not_sent_unencrypted_over_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    session = Session(SOURCE, base_url="http://mirror.invalid/v1")
    with pytest.raises(CompactError, match="unencrypted") as raised:
        session.get("/schools_profile")
    session.close()
    assert not isinstance(raised.value, InvalidResponse | SourceUnavailable)
    assert leaks(str(raised.value)) == []


def test_the_key_shows_itself_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    key = access_key(SOURCE)
    assert key is not None
    assert leaks(repr(key), str(key), SOURCE.model_dump_json()) == []
