"""The benchmarks: synthetic values, the answers of the baselines, and the contract of a result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from docs.generate.benchmarks import Scale, keep_result, lines
from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import INDICATOR
from tests.benchmarks import (
    pandas_baseline as bench_pandas,
)
from tests.benchmarks import (
    polars_baseline as bench_peers,
)
from tests.benchmarks import (
    sql_baseline as bench_sql,
)
from tests.benchmarks.synthetic_values import make_values
from warehouse.engine.duckdb_engine import engine

DEFINED = {"indicator": ["one"], "baseline_year": [2015], "target_value": [100.0], "target_year": [2030]}
TOTAL = dict.fromkeys(("age", "urbanisation", "quantile", "other_dims"), "_T")
TEXTS = {"obs_status": "A", "source": "s", "series": "S", "snapshot": "0" * 64}


def row(indicator: str, area: str, year: int, value: float, sex: str = "_T") -> dict[str, Any]:
    key = {"indicator": indicator, "ref_area": area, "time_period": year, "sex": sex}
    return key | {"value": value} | TOTAL | TEXTS


@pytest.fixture
def values(tmp_path: Path) -> Path:
    rows = [row("one", a, y, 10.0 * (y - 2013) + n) for n, a in enumerate("AB") for y in (2014, 2016, 2020)]
    rows += [row("one", "A", 2020, 1.0, "F"), row("people", "A", 2020, 3.0), row("people", "B", 2020, 1.0)]
    table = pa.Table.from_pylist(rows, schema=arrow_schema(INDICATOR))
    pq.write_table(table, tmp_path / "indicator.parquet")
    for name in ("area", "area_group", "snapshot"):
        pq.write_table(pa.table({"x": [1]}), tmp_path / f"{name}.parquet")
    return tmp_path / "indicator.parquet"


def test_polars_pandas_and_plain_sql_answer_alike(values: Path) -> None:
    frame, defined = pd.read_parquet(values), pl.DataFrame(DEFINED)
    newest = bench_peers.latest(values).sort("indicator", "ref_area")
    assert newest["value"].to_list() == [70.0, 71.0, 3.0, 1.0]
    measures = bench_peers.progress(values, defined).sort("ref_area")["measure"].to_list()
    # from 2016 to 2020, at the same growth for ten years more
    expected = [(y1 * (y1 / y0) ** 2.5 - y0) / (100 - y0) for y0, y1 in ((30, 70), (31, 71))]
    assert measures == pytest.approx(expected)
    assert bench_pandas.ends(frame, defined.to_pandas())["measure"].tolist() == pytest.approx(expected)
    members = pl.DataFrame({"group": ["g", "g"], "ref_area": ["A", "B"]})
    mean = (70 * 3 + 71) / 4
    assert bench_peers.weighted_means(values, {"one": "people"}, members)["value"].to_list() == [mean]
    result = bench_pandas.means(frame, pd.Series({"one": "people"}), members.to_pandas())
    assert result["value"].tolist() == [mean]
    with engine() as con:
        con.register("asked", defined.to_arrow())
        con.register("member", members.to_arrow())
        con.register("weighed", pa.table({"indicator": ["one"], "weighing": ["people"]}))
        newest, judged, means = (
            bench_sql.answer(con, question, values).to_pylist()
            for question in (bench_sql.LATEST, bench_sql.PROGRESS, bench_sql.WEIGHTED_MEANS)
        )
    assert sorted(one["value"] for one in newest) == [1.0, 3.0, 70.0, 71.0]
    assert sorted(one["measure"] for one in judged) == pytest.approx(sorted(expected))
    assert [one["value"] for one in means] == [mean]


def test_the_loop_judges_each_series_and_extrapolates_to_all(values: Path) -> None:
    judged, seconds = bench_peers.loop(values, pl.DataFrame(DEFINED), sample=1)
    assert judged == 1
    assert seconds > 0


def test_made_up_values_have_the_shape_of_the_release(values: Path, tmp_path: Path) -> None:
    copies = make_values(values.parent, tmp_path / "made", 20)
    make_values(values.parent, tmp_path / "again", 20)
    made, again = (tmp_path / name / "indicator.parquet" for name in ("made", "again"))
    first = pq.read_table(made).to_pandas()
    assert (copies, len(first)) == (3, 27)
    names = ["one", "one_copy_1", "one_copy_2", "people", "people_copy_1", "people_copy_2"]
    assert list(first["indicator"].unique()) == names  # in the order of a release
    given, copied = (first[first["indicator"] == name]["value"].to_numpy() for name in ("one", "one_copy_1"))
    assert (copied <= given).all()
    assert (copied >= 0.9 * given).all()
    assert made.read_bytes() == again.read_bytes()


def test_a_result_keeps_its_contract(tmp_path: Path) -> None:
    step = {"step": "polars", "rows": 0, "seconds": 0.0, "failed": "ended with -9"}
    given = {"measured": "2026-11-23", "cores": 2, "load": 1.0, "release": "r", "values": 3_000_000}
    result = Scale.model_validate(given | {"steps": [step]})
    path = keep_result(tmp_path, result)
    assert path.name == "scale-3m.json"
    assert Scale.model_validate_json(path.read_text()) == result
    assert lines(result)[0]["seconds"] == "ended with -9"
