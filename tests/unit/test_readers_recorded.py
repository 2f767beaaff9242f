"""ILOSTAT, the UIS and the UN Data Commons through the stand-in, which replays recorded responses; and
unavailable sources without a stand-in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.definitions.source import Limits, Source
from sources.http.session import Session
from sources.ingest.fetch import fetch_source
from sources.model import InvalidResponse, NoSuchSeries
from sources.registry.sources import load_series, reader_of
from sources.snapshots.store import Store
from sources.staging.stage import stage_source
from tests.conftest import StandIn
from tests.unit.canned import fetch, keep, source_with
from tests.unit.test_readers_stand_in import QUICK

ASKED = {
    "ilostat": ("UNE_DEAP_SEX_AGE_RT_A", 13, 10),
    "unesco_uis": ("CR.1", 14, 14),
    "un_data_commons": ("undata/sdg/IT_USE_ii99", 51, 51),
}


@contextmanager
def session_to(source: Source, stand_in: StandIn) -> Iterator[Session]:
    session = Session(
        source.model_copy(update={"rate": QUICK}),
        base_url=stand_in.env[f"COMPACT_URL_{source.id.upper()}"],
        sleep=lambda _: None,
    )
    yield session
    session.close()


@pytest.mark.parametrize("source_id", list(ASKED))
def test_recorded_answers_are_staged_without_red(source_id: str, stand_in: StandIn, tmp_path: Path) -> None:
    source, (series, sent, kept) = source_with(source_id), ASKED[source_id]
    with session_to(source, stand_in) as session:
        answer = fetch(source, series, session)
        assert fetch(source, series, session).content == answer.content
    staged = stage_source(source, keep([answer], tmp_path), tmp_path)
    with duckdb.connect() as con:
        ledger = con.execute(
            f"select sum(rows_in), sum(rows_out), sum(rows_rejected) from '{staged.ledger_file}'"
        ).fetchone()
        units = con.execute(f"select distinct unit from '{staged.observation}'").fetchall()
    assert answer.rows == sent
    assert ledger == (sent, kept, sent - kept)
    assert units == [("PT",)]


@pytest.mark.parametrize(
    ("source_id", "series"),
    [
        ("ilostat", "LAP_2GDP_NOC_RT_A"),
        ("unesco_uis", "SCHBSP.1.WINTERN"),
        ("unesco_uis", "LR.AG15T99"),
        ("un_data_commons", "undata/sdg/EG_ACS_ELEC"),
    ],
)
def test_a_series_that_the_agency_lacks_is_told_apart(source_id: str, series: str, stand_in: StandIn) -> None:
    source = source_with(source_id)
    with session_to(source, stand_in) as session, pytest.raises(NoSuchSeries) as refused:
        fetch(source, series, session)
    assert refused.value.next_step
    assert refused.value.pages


@pytest.mark.parametrize(
    ("source_id", "kind", "says"),
    [
        *[(source_id, "html", "is a web page") for source_id in ASKED],
        *[(source_id, "bad_utf8", "is not UTF-8") for source_id in ASKED],
        *[(source_id, "truncate", "is not whole") for source_id in ASKED],
        ("ilostat", "empty", "a header and no rows"),
        ("ilostat", "swap_columns", "the columns of the file are"),
        ("unesco_uis", "empty", "has nothing for CR.1"),
        ("unesco_uis", "agency_error", "did not understand"),
    ],
)
def test_the_stand_in_misbehaves(source_id: str, kind: str, says: str, stand_in: StandIn) -> None:
    source = source_with(source_id)
    name = "undata" if source_id == "un_data_commons" else source_id
    stand_in.fault(source=name, kind=kind, times=0)
    with session_to(source, stand_in) as session, pytest.raises(InvalidResponse) as refused:
        fetch(source, ASKED[source_id][0], session)
    assert says in refused.value.what
    assert refused.value.next_step


def test_the_question_to_the_data_commons_is_one_line(stand_in: StandIn) -> None:
    """A newline in it would be answered 403. The record of the question names variable and places."""
    source = source_with("un_data_commons")
    with session_to(source, stand_in) as session:
        page = session.post_json(
            "/api/observations/series", {"variables": ["a"], "entities": ["country/LVA"]}
        )
    asked = stand_in.log()[-1]
    assert asked["body"] == '{"variables":["a"],"entities":["country/LVA"]}'
    assert asked["headers"]["content-type"] == "application/json"
    assert page.url.endswith('/api/observations/series#{"variables":["a"],"entities":["country/LVA"]}')


def fetched(source: Source, series: str, base: str, home: Path, **options: Any) -> Any:
    session = Session(source.model_copy(update={"rate": QUICK}), base_url=base, sleep=lambda _: None)
    try:
        return fetch_source(
            source, [series], Store(home), reader=reader_of(source), session=session,
            now=lambda: datetime(2026, 11, 1, tzinfo=UTC), **options,
        )  # fmt: skip
    finally:
        session.close()


def test_the_release_of_the_uis_saves_asking_again(stand_in: StandIn, tmp_path: Path) -> None:
    source, base = source_with("unesco_uis"), stand_in.env["COMPACT_URL_UNESCO_UIS"]
    first = fetched(source, "CR.1", base, tmp_path)
    assert (len(first.fetched), first.requests) == (1, 2)
    again = fetched(source, "CR.1", base, tmp_path)
    assert (again.fetched, again.requests) == ([], 1)


@pytest.mark.parametrize("source_id", ["eurostat", "oecd_dac", "oecd", *ASKED])
def test_an_agency_out_of_reach_is_said_and_the_run_goes_on(source_id: str, tmp_path: Path) -> None:
    source = source_with(source_id).model_copy(
        update={"limits": Limits(timeout_seconds=1, response_bytes=1024, attempts=2)}
    )
    series = next(iter(load_series(source_id)))
    report = fetched(source, series, "http://127.0.0.1:9", tmp_path)  # the discard port: nobody listens
    assert (report.state, report.fetched, report.refused) == ("absent", [], [])
    assert "no connection" in report.note
