"""The three agency readers against the stand-in: complete responses, its faults, and the two routes of
UNSD.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from schemas.definitions.source import Rate, Source
from sources.http.session import Session
from sources.model import InvalidResponse, SourceResponse
from sources.registry.sources import load_series
from sources.staging.stage import stage_source
from tests.conftest import StandIn
from tests.unit.canned import fetch, keep, source_with

pytestmark = pytest.mark.slow

QUICK = Rate(requests_per_second=50, parallel=1, reason="a server on this machine")
WDI = source_with("worldbank_wdi", per_page=6000)  # three pages
UNSD = source_with("unsd_sdg", route="data", page_size=2000)  # three pages
UNSD_CSV = source_with("unsd_sdg", route="csv")
ITU = source_with("itu_datahub")
SKILL = "HHU781l_HHTotalIndividual"
ASKED = {
    "worldbank": (WDI, "IT.NET.USER.ZS"),
    "unsd-data": (UNSD, "IT_USE_ii99"),
    "unsd-csv": (UNSD_CSV, "IT_USE_ii99"),
    "itu-json": (ITU, "i99H"),
    "itu-csv": (ITU, SKILL),
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


def ask(name: str, stand_in: StandIn) -> SourceResponse:
    source, series = ASKED[name]
    with session_to(source, stand_in) as session:
        return fetch(source, series, session)


@pytest.mark.parametrize(
    ("name", "pages", "rows"),
    [
        ("worldbank", 3, 17_490),
        ("unsd-data", 3, 4_436),
        ("unsd-csv", 2, 4_436),
        ("itu-json", 1, 5_099),
        ("itu-csv", 1, 1_240),
    ],
)
def test_a_whole_answer_is_taken(name: str, pages: int, rows: int, stand_in: StandIn) -> None:
    answer = ask(name, stand_in)
    assert (len(answer.pages), answer.pages_expected, answer.rows) == (pages, pages, rows)
    assert ask(name, stand_in).content == answer.content


def test_the_content_of_a_list_does_not_depend_on_the_order_of_its_keys(stand_in: StandIn) -> None:
    answer = ask("itu-json", stand_in)
    head = answer.pages[0].body[:2000]
    assert head.index(b'"isoCode"') != head.index(b'"codeID"')
    assert ask("itu-json", stand_in).content == answer.content


ALL = tuple(ASKED)
PAGED = ("worldbank", "unsd-data")
FILES = ("unsd-csv", "itu-csv")
CSV_ONLY = {"path": "DataCSV|download"}
FAULTS: list[tuple[str, str, dict[str, Any], str]] = [
    *[(name, "html", {}, "is a web page") for name in ALL],
    *[(name, "bad_utf8", {}, "is not UTF-8") for name in ALL],
    *[(name, "truncate", {}, "is not whole") for name in ALL],
    *[(name, "wrong_length", {}, "") for name in ALL],
    *[(name, "missing_page", {"nth": 2}, "has 0 rows, and") for name in PAGED],
    *[(name, "empty", {"nth": 2}, "the totals of") for name in PAGED],
    *[(name, "empty", {}, "has no rows") for name in (*PAGED, "unsd-csv", "itu-json")],
    *[(name, "empty", CSV_ONLY, "has a header and no rows") for name in FILES],
    *[(name, "missing_page", CSV_ONLY, "has a header and no rows") for name in FILES],
    *[(name, "duplicate_page", {"nth": 2}, "repeats the rows of page 1") for name in PAGED],
    *[(name, "shrink", {"nth": 2}, "the totals of") for name in PAGED],
    *[(name, "shrink", {}, "") for name in PAGED],
    ("unsd-csv", "shrink", CSV_ONLY, "has 2218 rows, and Series/Data declares 4436"),
    ("itu-csv", "shrink", CSV_ONLY, "no rows of HHU781m"),
    ("worldbank", "agency_error", {}, "The provided parameter value is not valid"),
    ("unsd-data", "agency_error", {}, "has no rows"),
    ("unsd-csv", "agency_error", {}, "has no rows"),
    ("unsd-csv", "agency_error", CSV_ONLY, "column 1 of the file is"),
    ("itu-json", "agency_error", {}, "has no rows"),
    ("itu-csv", "agency_error", {}, "column 1 of the file is"),
    *[
        (name, "swap_columns", {"mode": mode} | CSV_ONLY, "belongs there")
        for name in FILES
        for mode in ("header", "order")
    ],
    ("unsd-csv", "swap_columns", {"columns": ["[Nature]", "[Units]"]} | CSV_ONLY, "alphabetical place"),
    ("worldbank", "rename_series", {"from": "IT.NET.USER.ZS", "to": "IT.NET.USER.P2"}, "not valid"),
    *[
        (name, "rename_series", {"from": "IT_USE_ii99", "to": "IT_USE_ii"}, "no rows")
        for name in ("unsd-data", "unsd-csv")
    ],
    ("itu-json", "rename_series", {"from": "i99H", "to": "i99"}, "rows of i99 came"),
    ("itu-csv", "rename_series", {"from": SKILL, "to": "HHU781l_Total"}, f"no rows of {SKILL} (33797) came"),
]


@pytest.mark.parametrize(("name", "kind", "options", "says"), FAULTS)
def test_a_fault_is_a_bad_answer_that_says_what_to_do(
    name: str, kind: str, options: dict[str, Any], says: str, stand_in: StandIn
) -> None:
    stand_in.fault(
        **{"source": ASKED[name][0].id, "kind": kind, "times": 0 if "nth" not in options else 1} | options
    )
    with pytest.raises(InvalidResponse) as refused:
        ask(name, stand_in)
    assert says in refused.value.what
    assert refused.value.next_step
    assert refused.value.where
    assert refused.value.pages


def test_half_a_list_without_declared_totals_is_left_to_acceptance(stand_in: StandIn) -> None:
    """ITU declares no number of rows: half a list looks whole, and the limit for lost rows holds it."""
    stand_in.fault(source="itu_datahub", kind="shrink", times=0)
    answer = ask("itu-json", stand_in)
    assert answer.rows < 0.51 * 5_099
    assert ITU.acceptance.rows_lost_share.limit < 0.49


OBSERVED = """series, ref_area, time_period, sex, age, urbanisation, quantile, education, other_dims,
    obs_value, lower_bound, upper_bound, unit, unit_mult, obs_status, nature, source_detail, footnote"""
# One of each kind: by skill, by sex and age, of several indicators, censored, not relevant, by product.
COMPARED = ("SE_ADT_ACTS", "SL_TLF_UEM", "SG_DSR_SILN", "VC_DSR_MTMP", "SN_ITK_DEFC", "AG_LND_FRSTN",
            "TX_IMP_GBMRCH", "SI_COV_SOCAST", "IT_USE_ii99", "SG_GOV_LOGV")  # fmt: skip


@pytest.mark.parametrize("vintage", ["2019Q3", "2020-10", "2026-07"])
def test_both_routes_of_unsd_give_the_same_observations(
    vintage: str, stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.vintage(vintage)
    with session_to(UNSD, stand_in) as session:
        listed = {row["code"] for row in orjson.loads(session.get("/v1/sdg/Series/List").body)}
    series = [code for code in COMPARED if code in listed]
    assert len(series) >= 3
    staged = {}
    for source in (UNSD, UNSD_CSV):
        route = source.options["route"]
        folder = tmp_path / route
        folder.mkdir()
        with session_to(source, stand_in) as session:
            files = keep([fetch(source, code, session) for code in series], folder)
        staged[route] = stage_source(source, files, folder).observation
    with duckdb.connect() as con:
        rows = {
            route: con.execute(f"select {OBSERVED} from '{path}' order by all").fetchall()
            for route, path in staged.items()
        }
    assert len(rows["data"]) > 4_000
    assert rows["data"] == rows["csv"]
    assert "REPORTING_TYPE" not in {part.split("=")[0] for row in rows["data"] for part in row[8].split(";")}


def test_stage_takes_what_the_world_bank_sends(stand_in: StandIn, tmp_path: Path) -> None:
    with session_to(WDI, stand_in) as session:
        files = keep([fetch(WDI, code, session) for code in ("IT.NET.USER.ZS", "SP.POP.TOTL")], tmp_path)
    staged = stage_source(WDI, files, tmp_path)
    with duckdb.connect() as con:
        ledger = con.execute(f"select sum(rows_in), sum(rows_out) from '{staged.ledger_file}'").fetchall()
        areas = con.execute(f"select distinct ref_area from '{staged.observation}'").fetchall()
        units = con.execute(
            f"select distinct series, unit from '{staged.observation}' order by all"
        ).fetchall()
    assert ledger[0][0] == 2 * 17_490
    assert 0 < ledger[0][1] < 2 * 17_490
    assert {("NAM",), ("XKX",), ("WB:HIC",), ("M49:001",)} <= set(areas)
    assert units == [("IT.NET.USER.ZS", "PT"), ("SP.POP.TOTL", "PS")]


def test_stage_takes_what_itu_sends(stand_in: StandIn, tmp_path: Path) -> None:
    with session_to(ITU, stand_in) as session:
        files = keep([fetch(ITU, code, session) for code in ("i99H", SKILL)], tmp_path)
    staged = stage_source(ITU, files, tmp_path)
    with duckdb.connect() as con:
        shares = dict(
            con.execute(
                f"select obs_status, count(*) / sum(count(*)) over () from '{staged.observation}' "
                "where series = 'i99H' group by obs_status"
            ).fetchall()
        )
        sexes = con.execute(
            f"select distinct sex from '{staged.observation}' where series like 'HHU781l%' order by sex"
        )
        assert sexes.fetchall() == [("F",), ("M",), ("_T",)]
    assert shares["E"] == pytest.approx(0.43, abs=0.01)  # the shares that ITU's texts are known to give
    assert shares["D"] == pytest.approx(0.107, abs=0.01)  # of the eighth with such a note, a sixth are E


@pytest.mark.parametrize("source_id", ["worldbank_wdi", "unsd_sdg", "itu_datahub"])
def test_every_series_that_the_agency_lists_is_declared(source_id: str, stand_in: StandIn) -> None:
    source = source_with(source_id)
    declared = set(load_series(source_id))
    with session_to(source, stand_in) as session:
        if source_id == "worldbank_wdi":
            rows = orjson.loads(session.get("/source/2/indicator", {"format": "json", "per_page": 1000}).body)
            listed = {row["id"] for row in rows[1]}
        elif source_id == "unsd_sdg":
            listed = set()
            for vintage in ("2019Q3", "2020-10", "2026-07"):
                stand_in.vintage(vintage)
                listed |= {row["code"] for row in orjson.loads(session.get("/v1/sdg/Series/List").body)}
        else:
            tree = orjson.loads(session.get("/dictionaries/getcategories").body)
            items = [item for top in tree for part in top["subCategory"] for item in part["items"]]
            listed = {str(item["codeID"]) for item in items}
            declared = {info.more["code_id"] for info in load_series(source_id).values()}
    assert listed
    assert listed <= declared, listed - declared  # some declared ones are seen in other lists only
