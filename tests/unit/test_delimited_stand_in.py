"""The sources of delimited text against the stand-in: the real figures stage without unexpected refusals,
and its faults are detected.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.codelists.areas import area_name
from sources.model import InvalidResponse, NoSuchSeries, SnapshotFiles, SourceResponse
from sources.registry.sources import load_series, reader_of
from sources.staging.result import StagedSource
from sources.staging.stage import check_arrived, stage_source
from tests.conftest import StandIn
from tests.ledger import reconciles
from tests.unit.canned import kept, source_with
from tests.unit.test_readers_stand_in import session_to

pytestmark = pytest.mark.slow

UNSEEN = {"mhweali999", "shwealj992"}  # optional: the file of the stand-in has no wealth
# source: rows that came, rows kept, refused by reason
SOURCES: dict[str, tuple[int, int, dict[str, int]]] = {
    "egdi": (3_474, 3_474, {}),
    "gci": (1_970, 1_936, {"empty_value": 34}),
    "keepiton": (2_108, 378, {"area_not_carried": 3, "counted_in_total": 1_726, "repeated_event": 1}),
    "wid": (
        32_511,
        23_735,
        {
            "area_not_carried": 33,
            "before_1900": 87,
            "exchange_rate_version": 4_216,
            "own_region": 4_092,
            "part_of_country": 348,
        },
    ),
    "worldbank_pip": (80_824, 80_813, {"empty_value": 11}),
}


def everything(source_id: str, stand_in: StandIn) -> list[SourceResponse]:
    """All that the stand-in has of a source."""
    source = source_with(source_id)
    reader, answers = reader_of(source), []
    with session_to(source, stand_in) as session:
        for resource in reader.plan(source, list(load_series(source_id))):
            try:
                answers.append(reader.fetch(source, resource, session))
            except NoSuchSeries:
                if not resource.key.endswith(("2.15", "3.65", "6.85")):  # the round of parities of 2017
                    raise
    return answers


def staged(source_id: str, answers: list[SourceResponse], folder: Path) -> StagedSource:
    files = []
    for answer in answers:
        one = kept(answer.resource, [page.body for page in answer.pages], folder)
        files.append(SnapshotFiles(one.snapshot, one.resource, one.pages, tuple(p.url for p in answer.pages)))
    return stage_source(source_with(source_id), files, folder / "home")


def query(sql: str, path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        return con.execute(sql, {"file": str(path)}).fetchall()


@pytest.mark.parametrize("source_id", SOURCES)
def test_the_real_figures_stage_and_every_row_is_accounted_for(
    source_id: str, stand_in: StandIn, tmp_path: Path
) -> None:
    answers = everything(source_id, stand_in)
    done = staged(source_id, answers, tmp_path)
    asked = {s for a in answers for s in a.resource.series} - UNSEEN
    check_arrived(source_with(source_id), asked, done)
    assert all(reconciles(counts) for counts in done.ledger())
    assert (done.rows_in, done.rows_out, done.reasons) == SOURCES[source_id]


def test_every_state_of_the_e_government_survey_is_found_by_its_name(
    stand_in: StandIn, tmp_path: Path
) -> None:
    done = staged("egdi", everything("egdi", stand_in), tmp_path)
    result = query(
        "select time_period, count(distinct ref_area), count(*) from read_parquet($file) "
        "where series = 'EGDI' group by all order by all",
        done.observation,
    )
    assert result == [(2018, 193, 193), (2022, 193, 193), (2024, 193, 193)]
    named = query(
        "select ref_area, obs_value from read_parquet($file) where series = 'EGDI' and time_period = 2018 "
        "and ref_area in ('KOR', 'PRK', 'FSM', 'GEO') order by obs_value",
        done.observation,
    )
    assert [area for area, _ in named] == ["PRK", "FSM", "GEO", "KOR"]
    assert area_name("FSM").startswith("Micronesia")


def test_the_two_scales_of_the_cybersecurity_index_never_meet(stand_in: StandIn, tmp_path: Path) -> None:
    done = staged("gci", everything("gci", stand_in), tmp_path)
    result = query(
        "select series, min(time_period), max(time_period), max(obs_value) from read_parquet($file) "
        "where series like 'GCI_SCORE%' group by all order by all",
        done.observation,
    )
    assert result == [("GCI_SCORE_1", 2014, 2018, 0.931), ("GCI_SCORE_100", 2020, 2024, 100.0)]


def test_shutdowns_are_as_many_as_the_coalition_says(stand_in: StandIn, tmp_path: Path) -> None:
    (answer,) = everything("keepiton", stand_in)
    events = list(csv.DictReader(io.StringIO(answer.pages[0].body.decode())))
    unique = {tuple(event.values()) for event in events}
    years = Counter(event[-1] for event in unique)
    assert [years[year] for year in ("2023", "2024", "2025")] == [289, 304, 313]
    done = staged("keepiton", [answer], tmp_path)
    sums = query(
        "select time_period, sum(obs_value)::int, min(obs_value) from read_parquet($file) "
        "where time_period >= 2023 group by all order by all",
        done.observation,
    )
    # one event of 2023 was in Somaliland, which is not carried; of 2024 one was in five countries and one in
    # two, of 2025 one in two; nobody has a zero
    assert sums == [(2023, 289 - 1, 1.0), (2024, 304 + 4 + 1, 1.0), (2025, 313 + 1, 1.0)]


def test_namibia_is_not_a_missing_value(stand_in: StandIn, tmp_path: Path) -> None:
    done = staged("wid", everything("wid", stand_in), tmp_path)
    result = query(
        "select count(*) from read_parquet($file) where ref_area = 'NAM' and quantile = 'p99p100'",
        done.observation,
    )
    assert result[0][0] > 30
    world = query("select count(*) from read_parquet($file) where ref_area = 'M49:001'", done.observation)
    assert world[0][0] > 30


def test_income_and_consumption_are_told_apart_and_the_bank_s_regions_are_groups(
    stand_in: StandIn, tmp_path: Path
) -> None:
    done = staged("worldbank_pip", everything("worldbank_pip", stand_in), tmp_path)
    kinds = query("select distinct other_dims from read_parquet($file) order by 1", done.observation)
    assert kinds == [("WELFARE_TYPE=consumption",), ("WELFARE_TYPE=income",), ("_T",)]
    groups = query(
        "select distinct ref_area from read_parquet($file) where ref_area like '%:%' order by 1",
        done.observation,
    )
    assert [g for (g,) in groups] == [
        "M49:001", "WB:EAS", "WB:ECS", "WB:LCN", "WB:MEA", "WB:NAC", "WB:SAS", "WB:SSF"
    ]  # fmt: skip
    china = query(
        "select distinct urbanisation from read_parquet($file) where ref_area = 'CHN' order by 1",
        done.observation,
    )
    assert china == [("R",), ("U",), ("_T",)]


DATA = {"path": "pip|csv|zip|tq"}
FAULTS: list[tuple[str, str, dict[str, Any], str]] = [
    *[(name, "html", {}, "is a web page") for name in ("egdi", "gci", "keepiton", "worldbank_pip")],
    ("wid", "html", {}, "zip cannot be opened"),
    *[(name, "truncate", {}, "is not whole") for name in SOURCES],
    *[(name, "bad_utf8", DATA, "is not UTF-8") for name in ("egdi", "gci", "keepiton")],
    *[(name, "empty", DATA, "has a header and no rows") for name in ("egdi", "gci", "keepiton")],
    *[
        (name, "swap_columns", {"mode": mode, "columns": columns}, "belongs there")
        for mode in ("header", "order")
        for name, columns in (
            ("egdi", ["Online Service Index", "Human Capital Index"]),
            ("gci", ["2014", "2017"]),
            ("keepiton", ["country", "region"]),
            ("worldbank_pip", ["headcount", "poverty_gap"]),
        )
    ],
    ("wid", "swap_columns", {"mode": "header"}, "belongs there"),
    ("wid", "zip_bomb", {"megabytes": 64}, ""),
    ("worldbank_pip", "agency_error", {"path": "povline"}, "'Server Error'"),
    ("worldbank_pip", "gzip_bomb", {"megabytes": 64}, "unpacks to more"),
]


@pytest.mark.parametrize(("source_id", "kind", "options", "says"), FAULTS)
def test_a_fault_is_a_bad_answer_that_says_what_to_do(
    source_id: str, kind: str, options: dict[str, Any], says: str, stand_in: StandIn
) -> None:
    stand_in.fault(**{"source": source_id, "kind": kind, "times": 0} | options)
    with pytest.raises(InvalidResponse) as refused:
        everything(source_id, stand_in)
    assert says in refused.value.what
    assert refused.value.next_step
    assert refused.value.where
    assert refused.value.pages
