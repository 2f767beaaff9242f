"""The reader that counts events by area and year, on a hand-made list."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.model import InvalidResponse, SourceResponse
from sources.readers.delimited import events
from sources.staging.stage import stage_source
from tests.ledger import reconciles
from tests.unit.canned import Canned, fetch, keep, source_with, wired

COLUMNS = ["start_date", "country", "area_name", "count_year"]
LAYOUT = {"columns": COLUMNS, "final_newline": False}
RULES = {"path": "/events", "layout": LAYOUT, "area": "country", "between": "; ", "year": "count_year"}
EDITION = {"path": "/goods/", "records": "goods", "area": "/at/made", "edition": "read"}


def listed(**rules: Any) -> Source:
    """The source of the list with other rules."""
    return source_with("keepiton", lists={"events": RULES | {"years": [2023, 2024]} | rules})


LIST = listed()
# one that goes on over the turn of the year, one in three countries, one twice, two spellings of one country
TEXT = """start_date,country,area_name,count_year\r
12/30/2023,Kenya,Nationwide,2023\r
12/30/2023,Kenya,Nationwide,2024\r
1/5/2024,Kenya,"Nairobi,
Mombasa",2024\r
2/5/2024,"Laos; Tanzania, United Republic of; Kenya",,2024\r
3/5/2024,Turkey,,2024\r
4/5/2024,Türkiye,,2024\r
5/5/2024,Somaliland,,2024\r
5/5/2024,Kenya,Lamu,2024\r
5/5/2024,Kenya,Lamu,2024"""
EVENTS, REPEATED = 9, 1


def asked(text: str = TEXT, **options: Any) -> SourceResponse:
    return fetch(listed(**options), "shutdowns", Canned(text.encode()))


def test_events_are_counted_once_in_each_country_and_year(tmp_path: Path) -> None:
    answer = asked()
    assert answer.rows == EVENTS
    rows, counted = wired(LIST, keep([answer], tmp_path))
    assert {(r["area"], r["time_period"]): r["value"] for r in rows} == {
        ("Kenya", "2023"): "1",
        ("Kenya", "2024"): "4",
        ("Laos", "2024"): "1",
        ("Tanzania, United Republic of", "2024"): "1",
        ("Turkey", "2024"): "2",
        ("Somaliland", "2024"): "1",
    }
    assert counted == {"counted_in_total": 4, "repeated_event": REPEATED}
    assert len(rows) + sum(counted.values()) == EVENTS + 2  # two more countries of one event


def test_the_ledger_of_the_list_reconciles(tmp_path: Path) -> None:
    staged = stage_source(LIST, keep([asked()], tmp_path), tmp_path / "home")
    assert all(reconciles(counts) for counts in staged.ledger())
    assert staged.rows_in == EVENTS + 2
    with duckdb.connect() as con:
        rows = con.execute(
            "select ref_area, time_period, obs_value, unit from read_parquet($file) order by all",
            {"file": str(staged.observation)},
        ).fetchall()
    assert ("TUR", 2024, 2.0, "NUMBER") in rows
    assert [area for area, *_ in rows] == ["KEN", "KEN", "LAO", "TUR", "TZA"]  # no zero for anybody else


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TEXT.replace("Lamu,2024", "Lamu,2025"), "count_year '2025'"),
        (TEXT.replace("Lamu,2024", "Lamu,"), "count_year ''"),
        (TEXT.replace("5/5/2024,Kenya", "5/5/2024, "), r"country \[\]"),
        (TEXT.replace("Nationwide,2023", "Nationwide,2024"), "no event of 2023"),
        (TEXT.replace("count_year", "year"), "column 4 of the file is 'year'"),
        (TEXT[:-8], "not whole"),
    ],
)
def test_another_list_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidResponse, match=says):
        asked(text)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"year": "jaar"}, "no column jaar"),
        ({"years": [2023]}, "years"),
        ({"edition": "2024"}, "either `year` with `years`, or `edition`"),
        ({"records": "goods"}, "either `layout`"),
        ({"counts": "events"}, "no column events"),
        ({"tab": 1}, "tab"),
    ],
)
def test_a_mistake_in_the_options_is_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(CompactError, match=says):
        asked(**options)


def test_the_reasons_must_be_explained() -> None:
    source = LIST.model_copy(update={"counted_only": {}})
    with pytest.raises(CompactError, match="counted_only"):
        fetch(source, "shutdowns", Canned(TEXT.encode()))


def test_nothing_is_planned_where_nothing_is_asked() -> None:
    assert events.plan(LIST, []) == []


def test_a_row_with_zero_makes_its_area_one_that_has_none(tmp_path: Path) -> None:
    rules = {"counts": "area_name", "year": "", "years": [], "edition": "2024"}
    text = "start_date,country,area_name,count_year\nx,Kenya,1,\ny,Kenya,1,\nz,Norway,0,\n"
    answer = asked(text, **rules)
    rows, counted = wired(listed(**rules), keep([answer], tmp_path))
    assert {(r["area"], r["time_period"]): r["value"] for r in rows} == {
        ("Kenya", "2024"): "2",
        ("Norway", "2024"): "0",
    }
    assert counted == {"counted_in_total": 1}
    with pytest.raises(InvalidResponse, match="area_name of row 1 is 'many'"):
        asked(text.replace("x,Kenya,1", "x,Kenya,many"), **rules)


def test_a_list_in_json_is_of_the_year_in_which_it_was_read(tmp_path: Path) -> None:
    source = listed().model_copy(update={"options": {"lists": {"events": EDITION}}})
    goods = {"goods": [{"id": 1, "at": {"made": ["Kenya", "Laos"]}}, {"id": 2, "at": {"made": "Kenya"}}]}
    answer = fetch(source, "shutdowns", Canned(json.dumps(goods).encode()))
    files = [replace(one, fetched="2031-05-06") for one in keep([answer], tmp_path)]
    rows, counted = wired(source, files)
    assert {(r["area"], r["time_period"], r["value"]) for r in rows} == {
        ("Kenya", "2031", "2"),
        ("Laos", "2031", "1"),
    }
    assert counted == {"counted_in_total": 1}


@pytest.mark.parametrize(
    ("goods", "says"),
    [
        ({"goods": []}, "no list of objects"),
        ({"other": [{}]}, "no list of objects"),
        ({"goods": [{"id": 1, "at": {"made": [7]}}]}, "row 1 is"),
        ({"goods": [{"id": 1, "at": {}}]}, "declare no_area"),
    ],
)
def test_another_shape_of_json_is_refused(goods: dict[str, Any], says: str) -> None:
    source = listed().model_copy(update={"options": {"lists": {"events": EDITION}}})
    with pytest.raises(InvalidResponse, match=says):
        fetch(source, "shutdowns", Canned(json.dumps(goods).encode()))
