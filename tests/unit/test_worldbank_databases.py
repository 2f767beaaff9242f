"""Further databases of the Indicators API: a series with its breakdowns (Findex), and the plain ones.

The stand-in holds no data of them, so that the pages are made here, in the API's shape and with invented
figures; the scores of statistical performance are the project's own file of 2019.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from indicators.registry import load_catalogue
from sources.http.session import Session
from sources.model import InvalidResponse, NoSuchSeries, SourceUnavailable
from sources.readers.worldbank import api_route as worldbank_json
from sources.registry.sources import load_series
from sources.staging.stage import check_arrived, stage_source
from tests.conftest import StandIn
from tests.unit.canned import Canned, fetch, keep, source_with, wired
from tests.unit.test_readers_stand_in import QUICK
from warehouse.evaluation.sql import evaluation_sql

FINDEX = source_with("worldbank_findex")
PARTS = ["con9a", *(f"con9a.{part}" for part in range(1, 13)), "con9a.s"]
PLAIN = {"worldbank_gender": ("14", "UIS.FGP.5T8.F600"), "worldbank_spi": ("83", "SPI.INDEX")}


def cell(code: str, area: str, year: int, value: float | None) -> dict[str, Any]:
    return {
        "indicator": {"id": code, "value": code}, "country": {"id": area[:2], "value": area},
        "countryiso3code": area, "date": str(year), "value": value, "unit": "",
        "obs_status": "", "decimal": 0,
    }  # fmt: skip


def pages(rows: Sequence[dict[str, Any]], database: str | None, size: int = 20_000) -> list[bytes]:
    header: dict[str, Any] = {"pages": math.ceil(len(rows) / size), "per_page": size, "total": len(rows)}
    header |= {"sourceid": database, "lastupdated": "2026-06-01"}
    return [
        json.dumps([{"page": n + 1} | header, rows[n * size : (n + 1) * size]]).encode()
        for n in range(header["pages"])
    ]


def findex(codes: Sequence[str], *, areas: Sequence[str] = ("KEN", "NAM")) -> list[dict[str, Any]]:
    """A grid of the codes: figures for 2024 only, in the order of the codes."""
    return [
        cell(code, area, year, 10.0 + place if year == 2024 else None)
        for place, code in enumerate(codes)
        for area in areas
        for year in (2024, 2021)
    ]


def asked_codes() -> list[str]:
    return ["con9a", *(c for c, info in load_series(FINDEX.id).items() if info.more["base"] == "con9a")]


def test_a_series_is_asked_with_its_breakdowns_in_one_question() -> None:
    assert asked_codes() == PARTS[:-1]  # .s has another denominator: a series of its own
    session = Canned(*pages(findex(asked_codes()), None))
    answer = fetch(FINDEX, "con9a", session)
    assert session.asked[0][1] == "/country/all/indicator/" + ";".join(PARTS[:-1])
    assert session.asked[0][2]["source"] == "28"
    assert (answer.resource.key, answer.resource.series, answer.rows) == ("con9a", ("con9a",), 52)


def test_a_breakdown_is_planned_with_its_base() -> None:
    planned = worldbank_json.plan(FINDEX, ["con9a.7", "con9a", "con26d.s", "con26d.1"])
    assert [resource.key for resource in planned] == ["con9a", "con26d.s", "con26d"]
    every = worldbank_json.plan(FINDEX, sorted(load_series(FINDEX.id)))
    assert len(every) == len({resource.key for resource in every}) == 78 + 55 + 7


def test_breakdowns_become_dimensions_of_one_series(tmp_path: Path) -> None:
    answer = fetch(FINDEX, "con9a", Canned(*pages(findex(asked_codes()), None)))
    staged = stage_source(FINDEX, keep([answer], tmp_path), tmp_path)
    check_arrived(FINDEX, ["con9a"], staged)
    observations = pq.read_table(staged.observation).to_pylist()
    assert {row["series"] for row in observations} == {"con9a"}
    assert {row["unit"] for row in observations} == {"PT"}
    names = ("sex", "age", "urbanisation", "quantile", "education", "other_dims")
    kenya = {
        row["obs_value"]: [row[n] for n in names if row[n] != "_T"]
        for row in observations
        if row["ref_area"] == "KEN"
    }
    assert kenya == {
        10: [], 11: ["F"], 12: ["M"], 13: ["Y15T24"], 14: ["Y_GE25"], 15: ["PRIMARY_OR_LESS"],
        16: ["SECONDARY_OR_MORE"], 17: ["B40"], 18: ["R60"], 19: ["R"], 20: ["U"], 21: ["LABOUR_FORCE=OUT"],
        22: ["LABOUR_FORCE=IN"],
    }  # fmt: skip
    ledger = pq.read_table(staged.ledger_file).to_pylist()
    assert [(row["rows_in"], row["rows_out"]) for row in ledger] == [(52, 26)]


def test_an_indicator_has_the_gap_between_poor_and_rich(tmp_path: Path) -> None:
    answer = fetch(FINDEX, "con9a", Canned(*pages(findex(asked_codes()), None)))
    staged = stage_source(FINDEX, keep([answer], tmp_path), tmp_path)
    indicator = load_catalogue()["smartphone_ownership"]
    with duckdb.connect() as con:
        rows = con.execute(
            "select sex, urbanisation, quantile, value from "
            f"({evaluation_sql(indicator, {FINDEX.id: staged.observation}, {})}) "
            "where ref_area = 'NAM' order by value"
        ).fetchall()
    assert rows == [
        ("_T", "_T", "_T", 10), ("F", "_T", "_T", 11), ("M", "_T", "_T", 12), ("_T", "_T", "B40", 17),
        ("_T", "_T", "R60", 18), ("_T", "R", "_T", 19), ("_T", "U", "_T", 20),
    ]  # fmt: skip


def test_all_pages_of_several_series_are_followed(tmp_path: Path) -> None:
    small = source_with("worldbank_findex", per_page=10)
    answer = fetch(small, "con9a", Canned(*pages(findex(asked_codes()), None, 10)))
    assert len(answer.pages) == 6
    rows, counted = wired(small, keep([answer], tmp_path))
    assert (len(rows), counted) == (26, {"empty_cell": 26})
    assert sorted({row["row"] for row in rows}) == list(range(0, 52, 2))


def test_a_breakdown_that_does_not_come_is_named() -> None:
    short = [code for code in asked_codes() if code != "con9a.7"]
    with pytest.raises(NoSuchSeries, match=r"no rows of con9a\.7 came"):
        fetch(FINDEX, "con9a", Canned(*pages(findex(short), None)))


def test_a_series_that_was_not_asked_is_refused() -> None:
    more = [*asked_codes(), "con9b"]
    with pytest.raises(InvalidResponse, match="rows of con9b came"):
        fetch(FINDEX, "con9a", Canned(*pages(findex(more), None)))


def test_one_cell_twice_is_refused() -> None:
    rows = findex(asked_codes())
    rows[-1] = rows[-2] | {"value": 1.0}
    with pytest.raises(InvalidResponse, match="area, date and series"):
        fetch(FINDEX, "con9a", Canned(*pages(rows, None)))


def test_every_base_is_a_series_and_every_breakdown_has_one_dimension() -> None:
    known = load_series("worldbank_findex")
    dims = [name for name in FINDEX.dimensions if name in next(iter(known.values())).more]
    assert len(dims) == 6
    for code, info in known.items():
        base = info.more["base"]
        assert bool(base) == code.rpartition(".")[2].isdigit()
        assert sum(bool(info.more[name]) for name in dims) == bool(base), code
        assert not base or (not known[base].more["base"] and code.startswith(base + ".")), code
    assert sum(code.startswith("con") for code in known) == 837


@pytest.mark.parametrize("source_id", PLAIN)
def test_a_plain_database_is_read_like_any_other(source_id: str, tmp_path: Path) -> None:
    database, code = PLAIN[source_id]
    source = source_with(source_id)
    session = Canned(*pages([cell(code, "KEN", 2024, 31.5), cell(code, "NAM", 2024, None)], database))
    answer = fetch(source, code, session)
    assert (session.asked[0][2]["source"], answer.agency_release) == (database, "2026-06-01")
    staged = stage_source(source, keep([answer], tmp_path), tmp_path)
    observations = pq.read_table(staged.observation).to_pylist()
    assert [(r["series"], r["ref_area"], r["obs_value"]) for r in observations] == [(code, "KEN", 31.5)]
    assert observations[0]["unit"] == load_series(source_id)[code].unit


@pytest.mark.parametrize("source_id", [*PLAIN, "worldbank_findex"])
def test_an_agency_that_lacks_the_series_is_told_from_one_out_of_reach(
    source_id: str, stand_in: StandIn
) -> None:
    """The stand-in holds none of these databases, and answers as the agency does for a code it lacks."""
    source = source_with(source_id).model_copy(update={"rate": QUICK})
    code = next(iter(load_series(source_id)))
    here = Session(source, base_url=stand_in.env["COMPACT_URL_WORLDBANK_WDI"], sleep=lambda _: None)
    with pytest.raises(NoSuchSeries, match="the agency refuses"):
        fetch(source, code, here)
    nowhere = Session(source, base_url="http://127.0.0.1:9/v2", sleep=lambda _: None)
    with pytest.raises(SourceUnavailable):
        fetch(source, code, nowhere)
    for session in (here, nowhere):
        session.close()


@pytest.mark.parametrize("source_id", [*PLAIN, "worldbank_findex"])
def test_every_declared_series_is_in_the_agencys_catalogue(source_id: str, shared: Path) -> None:
    table = pq.read_table(shared / "data" / "worldbank" / "indicator_catalogue_2026-04.parquet")
    names = dict(zip(table["indicator"].to_pylist(), table["name"].to_pylist(), strict=True))
    for code, info in load_series(source_id).items():
        assert "".join(names[code].split()) == "".join(info.title.split()), code


def test_the_project_s_own_scores_pass_through_whole(shared: Path, tmp_path: Path) -> None:
    """3,488 scores of 218 economies, in the shape of the API: all arrive, in their areas."""
    source, code = source_with("worldbank_spi"), "SPI.INDEX"
    path = shared / "data" / "worldbank" / "SPI_index.csv"
    with path.open(encoding="utf-8-sig", newline="") as lines:
        published = list(csv.DictReader(lines))
    assert set(load_series("worldbank_spi")) - set(published[0]) == set()
    values = [None if row[code] in ("", "NA") else float(row[code]) for row in published]
    rows = [cell(code, r["iso3c"], int(r["date"]), v) for r, v in zip(published, values, strict=True)]
    for place, row in enumerate(rows):
        row["country"]["id"] = row["countryiso3code"]
        assert row["value"] is None or 0 <= row["value"] <= 100, place
    answer = fetch(source, code, Canned(*pages(rows, "83")))
    staged = stage_source(source, keep([answer], tmp_path), tmp_path)
    observations = pq.read_table(staged.observation).to_pylist()
    assert len(observations) == sum(value is not None for value in values) > 600
    assert sum(r["obs_value"] for r in observations) == pytest.approx(sum(v for v in values if v is not None))
