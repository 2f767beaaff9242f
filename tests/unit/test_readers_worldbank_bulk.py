"""The two routes of a World Bank database: the bulk zip, hand-made and real, compared with the rows of the
API.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.http.content import parse_json
from sources.http.session import CachedPage, Session
from sources.ingest.fetch import fetch_source
from sources.ingest.report import FetchReport
from sources.model import InvalidResponse, NoSuchSeries, Page, SourceResponse
from sources.readers.worldbank import reader as worldbank_bulk
from sources.readers.worldbank.reader import chosen_route, has_release
from sources.registry.sources import load_series, reader_of
from sources.snapshots.store import Store
from sources.staging.stage import stage_source
from tests.conftest import StandIn
from tests.unit.canned import Canned, change, fetch, fixture, keep, source_with, wired
from tests.unit.test_readers_stand_in import QUICK, session_to

pytestmark = pytest.mark.slow

API, BULK = source_with("worldbank_esg", route="api"), source_with("worldbank_esg", route="bulk")
HEAD = '"Country Name","Country Code","Indicator Name","Indicator Code","2020","2021",'
LINES = (
    '"Kenya","KEN","Rule of Law: Estimate","RL.EST","-0.5","",',
    '"Kenya","KEN","Voice and Accountability: Estimate","VA.EST","0","1E-06",',
    '"Namibia, Republic of","NAM","Rule of Law: Estimate","RL.EST","0.25","0.5",',
    '"Namibia, Republic of","NAM","Voice and Accountability: Estimate","VA.EST","","",',
)
NOTES = ('"CountryCode","SeriesCode","Year","DESCRIPTION",', '"NAM","RL.EST","YR2021","Seven ""views"".",')


def sheet(*lines: str) -> bytes:
    return ("\ufeff" + "".join(line + "\r\n" for line in lines)).encode()


def packed(members: Mapping[str, bytes], day: tuple[int, int, int] = (2023, 5, 19)) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name, (*day, 10, 45, 30)), body)
    return out.getvalue()


DATA = sheet(HEAD, *LINES)
FILES = {"ESGData.csv": DATA, "ESGFootNote.csv": sheet(*NOTES), "ESGSeries.csv": b"not read"}


class Asked(Canned):
    """A session that knows its base."""

    base_url = API.base_url
    bases: list[Any]

    def get(self, path: str, params: Mapping[str, Any] | None = None, **more: Any) -> Page:
        self.bases = [*getattr(self, "bases", []), more.get("base")]
        return super().get(path, params)


def take(body: bytes, *series: str) -> SourceResponse:
    resource = worldbank_bulk.plan(BULK, series or ("RL.EST", "VA.EST"))[0]
    return worldbank_bulk.fetch(BULK, resource, Asked(body))  # type: ignore[arg-type]


def test_the_file_is_asked_at_its_own_host_and_proved_whole() -> None:
    session = Asked(packed(FILES))
    resource = worldbank_bulk.plan(BULK, ["VA.EST"])[0]
    answer = worldbank_bulk.fetch(BULK, resource, session)  # type: ignore[arg-type]
    assert session.asked == [("GET", "/public/ddpext_download/ESG_CSV.zip", {})]
    assert session.bases == ["https://databankfiles.worldbank.org"]
    assert (answer.resource.key, answer.resource.series) == ("ESG_CSV.zip", ("RL.EST", "VA.EST"))
    assert (answer.rows, answer.pages_expected, answer.agency_release) == (8, 1, "2023-05-19")


def test_a_mirror_replaces_the_host_of_the_file_too() -> None:
    session = Asked(packed(FILES))
    session.base_url = "https://mirror.test/v2"
    worldbank_bulk.fetch(BULK, worldbank_bulk.plan(BULK, ["VA.EST"])[0], session)  # type: ignore[arg-type]
    assert session.bases == ["https://mirror.test"]


def test_a_zip_packed_anew_with_the_same_data_has_the_same_content() -> None:
    later = packed(FILES | {"ESGSeries.csv": b"other words"}, (2024, 1, 1))
    assert take(later).content == take(packed(FILES)).content
    other = packed(FILES | {"ESGData.csv": change(DATA, '"0.25"', '"0.26"')})
    assert take(other).content != take(packed(FILES)).content


def test_cells_reach_stage_with_their_footnotes_and_empty_ones_are_counted(tmp_path: Path) -> None:
    rows, counted = wired(BULK, keep([take(packed(FILES))], tmp_path))
    assert counted == {"empty_cell": 3}
    assert [(r["row"], r["area"], r["series"], r["time_period"], r["value"]) for r in rows] == [
        (0, "KEN", "RL.EST", "2020", "-0.5"),
        (2, "KEN", "VA.EST", "2020", "0"),  # a zero is a value
        (3, "KEN", "VA.EST", "2021", "1E-06"),
        (4, "NAM", "RL.EST", "2020", "0.25"),
        (5, "NAM", "RL.EST", "2021", "0.5"),
    ]
    assert rows[4]["footnote"] == 'Seven "views".'
    assert rows[4]["area_name"] == "Namibia, Republic of"
    assert all("footnote" not in row for row in rows[:4])


def test_a_file_without_footnotes_is_taken_too(tmp_path: Path) -> None:
    rows, _ = wired(BULK, keep([take(packed({"ESGCSV.csv": DATA}))], tmp_path))
    assert len(rows) == 5


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"Country Code",', '"Code",', "begins with Country Name, Code"),
        ('"Country Name"', '"Country\rName', "has no readable header in ESGData.csv"),
        ("\ufeff", "\ufeff\n", "begins with an empty line in ESGData.csv"),
        ('"2020","2021",', '"2021","2020",', "the years of ESGData.csv are 2021, 2020"),
        ('"2020","2021",', '"2019","2021",', "the years of ESGData.csv are 2019, 2021"),
        ('"2020","2021",', '"2020","2020",', "the years of ESGData.csv are 2020, 2020"),
        ("1E-06", "..", "has '..' in 2021"),
        ("1E-06", "1,5", "has '1,5' in 2021"),
        ('"0.25","0.5",', '"0.25","0.5","",', "a record that is not whole"),
        ('"0.25","0.5",', '"0.25","0.5",9', "1 lines of ESGData.csv have more than the header"),
        (LINES[3] + "\r\n", "", "3 lines of 3 pairs of 2 areas and 2 series"),
        (LINES[3], LINES[2], "4 lines of 3 pairs"),
        (LINES[3] + "\r\n", LINES[3], "ends in the middle of a line"),
    ],
)
def test_a_file_that_is_not_as_agreed_is_refused(old: str, new: str, says: str) -> None:
    body = packed(FILES | {"ESGData.csv": change(DATA, old, new, 1)})
    with pytest.raises(InvalidResponse) as refused:
        take(body)
    assert says in refused.value.what
    assert refused.value.next_step
    assert [page.body for page in refused.value.pages] == [body]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<!DOCTYPE html><html></html>", "is no zip"),
        (packed(FILES)[:-30], "cannot be opened"),
        (packed({"ESGFootNote.csv": sheet(*NOTES)}), "0 members of values"),
        (packed(FILES | {"ESGCSV.csv": DATA}), "2 members of values"),
        (packed(FILES | {"ESGNews.csv": DATA}), "is not declared"),
        (packed({"../ESGData.csv": DATA}), "points out of its folder"),
        (packed({"ESGData.csv": sheet(HEAD)}), "has a header and no rows"),
        (packed({"ESGData.csv": DATA.replace(b"Kenya", b"K\xff")}), "is not UTF-8"),
        (packed(FILES | {"ESGFootNote.csv": sheet('"A","B","C","D",', '"1","2","3","4",')}), "begins with A"),
    ],
)
def test_what_is_no_such_zip_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(InvalidResponse) as refused:
        take(body)
    assert says in refused.value.what
    assert refused.value.next_step


def test_a_series_that_the_file_lacks_is_named() -> None:
    with pytest.raises(NoSuchSeries, match=r"no values of CC\.EST"):
        take(packed(FILES), "VA.EST", "CC.EST")


def test_a_file_may_lack_an_optional_series() -> None:
    resource = worldbank_bulk.plan(BULK, ["VA.EST", "CC.EST"])[0]
    asked = replace(resource, optional=frozenset({"CC.EST"}))
    answer = worldbank_bulk.fetch(BULK, asked, Asked(packed(FILES)))  # type: ignore[arg-type]
    assert "CC.EST" not in answer.resource.series


def test_the_route_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_route(API, ["VA.EST"]) == "api"
    assert has_release(API, worldbank_bulk.plan(API, ["VA.EST"]))
    monkeypatch.setenv("COMPACT_ROUTE_WORLDBANK_ESG", "bulk")
    assert chosen_route(API, ["VA.EST"]) == "bulk"
    assert not has_release(API, worldbank_bulk.plan(API, ["VA.EST"]))
    assert worldbank_bulk.plan(API, []) == []
    monkeypatch.setenv("COMPACT_ROUTE_WORLDBANK_ESG", "fax")
    with pytest.raises(CompactError, match="no route 'fax'"):
        chosen_route(API, ["VA.EST"])


def test_auto_takes_the_zip_where_many_series_are_needed() -> None:
    source = source_with("worldbank_esg", route="auto", bulk_above=1)
    assert [resource.key for resource in worldbank_bulk.plan(source, ["VA.EST"])] == ["VA.EST"]
    assert [resource.key for resource in worldbank_bulk.plan(source, ["RL.EST", "VA.EST"])] == ["ESG_CSV.zip"]


def test_series_that_are_not_listed_are_counted_and_left_out(tmp_path: Path) -> None:
    renamed = packed(FILES | {"ESGData.csv": DATA.replace(b'"RL.EST"', b'"NEW.ONE"')})
    rows, counted = wired(BULK, keep([take(renamed, "VA.EST")], tmp_path))
    assert {row["series"] for row in rows} == {"VA.EST"}
    assert counted == {"empty_cell": 2, "unlisted_series": 4}


def api_answer(updated: str) -> SourceResponse:
    """Voice and accountability by the API, in one page."""
    page = fixture("worldbank_wdi/page_1.json").replace(b"IT.NET.USER.ZS", b"VA.EST")
    page = change(change(page, '"pages": 3', '"pages": 1'), '"total": 5', '"total": 2')
    page = change(change(page, '"sourceid": "2"', '"sourceid": "75"'), "2026-07-01", updated)
    return fetch(source_with("worldbank_esg", route="api", per_page=2), "VA.EST", Asked(page))


@pytest.mark.parametrize(
    ("updated", "later"), [("2022-01-01", "zip"), ("2023-05-19", "zip"), ("2024-01-01", "api")]
)
def test_of_both_routes_the_later_state_counts(updated: str, later: str, tmp_path: Path) -> None:
    files = keep([api_answer(updated), take(packed(FILES))], tmp_path)
    with duckdb.connect() as con:
        worldbank_bulk.raw_rows(con, API, files)
        refused = con.execute(
            "select snapshot, reason, count(*) from raw_row_rejected group by all"
        ).fetchall()
        assert con.execute("select count(*) from raw_row").fetchone() == (6,)
    zip_lost = (files[1].snapshot, "superseded", 2)  # the other series of the zip stays
    assert refused == [zip_lost if later == "api" else (files[0].snapshot, "superseded", 1)]


def test_what_the_api_says_of_its_last_change_is_not_kept() -> None:
    class Dated(Asked):
        def get(self, path: str, params: Mapping[str, Any] | None = None, **more: Any) -> Page:
            page = super().get(path, params, **more)
            return Page(page.url, page.body, '"tag"', "Mon, 01 Jan 2024 00:00:00 GMT")

    session = Dated(api_answer("2023-05-19").pages[0].body)
    answer = fetch(source_with("worldbank_esg", route="api", per_page=2), "VA.EST", session)
    assert [(page.etag, page.last_modified) for page in answer.pages] == [(None, None)]


# --- the real file, and the same figures by the API ---
OBSERVED = """series, ref_area, time_period, sex, age, urbanisation, quantile, education, other_dims,
    obs_value, lower_bound, upper_bound, unit, unit_mult, obs_status, nature, source_detail"""
COMPARED = ("VA.EST", "GE.EST", "IT.NET.USER.ZS", "SI.POV.GINI", "AG.LND.FRLS.HA", "EN.ATM.CO2E.PC")


def test_both_routes_give_the_same_observations(stand_in: StandIn, tmp_path: Path) -> None:
    with session_to(BULK, stand_in) as session:
        resource = worldbank_bulk.plan(BULK, COMPARED)[0]
        whole = worldbank_bulk.fetch(BULK, resource, session)
    with session_to(API, stand_in) as session:
        listed = [fetch(API, code, session) for code in COMPARED]
    assert whole.rows == 71 * 239 * 63
    assert set(whole.resource.series) == set(load_series("worldbank_esg"))
    rows = {}
    for name, source, answers in (("bulk", BULK, [whole]), ("api", API, listed)):
        (tmp_path / name).mkdir()
        staged = stage_source(source, keep(answers, tmp_path / name), tmp_path / name)
        with duckdb.connect() as con:
            rows[name] = con.execute(
                f"select {OBSERVED} from '{staged.observation}' where series in {COMPARED} order by all"
            ).fetchall()
            if name == "bulk":
                counts = con.execute(
                    f"select rows_in, rows_out, rows_rejected from '{staged.ledger_file}'"
                ).fetchall()
    assert counts == [(1_069_047, 431_991, 637_056)]
    assert len(rows["api"]) > 20_000
    assert rows["api"] == rows["bulk"]


def test_an_unchanged_file_costs_one_conditional_request(stand_in: StandIn) -> None:
    resource = worldbank_bulk.plan(BULK, ["VA.EST"])[0]
    with session_to(BULK, stand_in) as session:
        first = worldbank_bulk.fetch(BULK, resource, session)
    page = first.pages[0]
    assert page.etag
    again = Session(
        BULK.model_copy(update={"rate": QUICK}),
        base_url=stand_in.env["COMPACT_URL_WORLDBANK_ESG"],
        known={page.url: CachedPage(page.etag, page.last_modified, lambda: page.body)},
    )
    assert worldbank_bulk.fetch(BULK, resource, again).content == first.content
    again.close()
    log = stand_in.log()
    assert [entry["status"] for entry in log] == [200, 304]


@pytest.mark.parametrize(
    ("kind", "options", "says"),
    [
        ("html", {}, "is no zip"),
        ("truncate", {}, "is not whole"),
        ("zip_bomb", {"megabytes": 300}, ""),
        ("swap_columns", {"columns": ["Country Code", "Indicator Code"], "mode": "header"}, "begins with"),
        ("swap_columns", {"columns": ["Country Code", "Indicator Code"], "mode": "order"}, "begins with"),
        ("empty", {}, "has a header and no rows"),
        ("shrink", {}, " areas and 71 series"),
    ],
)
def test_faults_of_the_file_are_bad_answers(
    kind: str, options: dict[str, Any], says: str, stand_in: StandIn
) -> None:
    stand_in.fault(**{"source": "worldbank_esg", "kind": kind, "times": 0} | options)
    with session_to(BULK, stand_in) as session, pytest.raises(InvalidResponse) as refused:
        worldbank_bulk.fetch(BULK, worldbank_bulk.plan(BULK, ["VA.EST"])[0], session)
    assert says in refused.value.what
    assert refused.value.next_step
    assert refused.value.pages


def test_every_series_of_the_database_is_declared(stand_in: StandIn) -> None:
    with session_to(API, stand_in) as session:
        rows = parse_json(session.get("/source/75/indicator", {"format": "json", "per_page": 1000}))[1]
    listed = {row["id"] for row in rows}
    known = load_series("worldbank_esg")
    assert listed == set(known)
    assert {info.more["pillar"] for info in known.values()} == {"Environment", "Social", "Governance"}
    assert all(info.more["theme"] for info in known.values())
    exceptions = set(API.licence.exceptions)
    assert exceptions < set(known)


def asked(source: Source, stand_in: StandIn, home: Path) -> tuple[FetchReport, list[str]]:
    """One fetch of voice and accountability as a run does it, and the paths that were asked."""
    before = len(stand_in.log())
    store = Store(home)
    quick = source.model_copy(update={"rate": QUICK})
    report = fetch_source(quick, ["VA.EST"], store, reader=reader_of(source))
    store.accept(list(store.candidates(source.id).values()), "a test")
    return report, [entry["path"] for entry in stand_in.log()[before:]]


def test_a_run_asks_the_one_route_for_news_by_its_release_and_the_other_by_its_validators(
    stand_in: StandIn, tmp_path: Path
) -> None:
    question, series = "/v2/source/75", "/v2/country/all/indicator/VA.EST"
    file = "/public/ddpext_download/ESG_CSV.zip"
    for source, first, again in ((API, [question, series], [question]), (BULK, [file], [file])):
        report, paths = asked(source, stand_in, tmp_path)
        assert (report.state, len(report.fetched), paths) == ("live", 1, first)
        report, paths = asked(source, stand_in, tmp_path)
        assert (report.state, len(report.unchanged), paths) == ("live", 1, again)
    assert stand_in.log()[-1]["status"] == 304
    stand_in.revise(source="worldbank_esg", lastupdated="2024-02-01")
    report, _ = asked(BULK, stand_in, tmp_path)
    assert len(report.fetched) == 1
