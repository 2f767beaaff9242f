"""Tracing a published number to the record in the raw bytes: values, formulas, groups, and missing
records.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.cli.use.provenance_text import explanation
from schemas.errors import CompactError
from tests.unit.make import SNAP, observation, value
from tests.unit.released import meta, released
from warehouse.provenance.bulk import Explanations
from warehouse.provenance.locate import locate
from warehouse.provenance.records import Target
from warehouse.provenance.value import explain, tables
from warehouse.verification.recompute import recompute

KEN = {("KEN", 2019): 25.0, ("KEN", 2020): 30.0, ("UGA", 2020): 12.5}
CHECKS = [{"indicator": "use", "check": "range", "level": "error", "passed": True, "what": "all lie well"}]


def input_of(**more: Any) -> str:
    return json.dumps({"value": [{"source": "one", "series": "S"} | more]})


def test_a_plain_value_names_its_observation_snapshot_checks_and_sql(tmp_path: Path) -> None:
    folder = released(tmp_path / "r1", KEN)
    (folder / "checks.json").write_text(json.dumps(CHECKS))
    explained = explain(folder, "use", "ken", 2020)
    assert (explained["area"], explained["title"], explained["time_period"]) == (
        "Kenya",
        "Internet use",
        2020,
    )
    made = explained["value"]
    assert (made["value"], made["computed_again"], made["agrees"]) == (30.0, 30.0, True)
    taken = made["inputs"]["value"]
    assert (taken["taken"], taken["observation"]["obs_value"]) == ("one S", 30.0)
    assert taken["snapshot"]["snapshot"] == SNAP["a"]
    assert taken["snapshot"]["ledger"]["rows_in"] == 9
    assert taken["snapshot"]["place"] == {"found": False, "why": "the store of snapshots is not here"}
    assert explained["checks"] == CHECKS
    with duckdb.connect() as con:  # as a reader would run it, on the tables alone
        for name in ("observation", "indicator"):
            con.execute(f"create view {name} as select * from '{folder / name}.parquet'")
        assert con.execute(made["sql"]).fetchall() == [(30.0,)]
    text = "\n".join(explanation(explained))
    assert "Internet use, Kenya, 2020" in text
    assert "computed again from the observations below: the same" in text
    assert "passed  range: all lie well" in text


def test_the_latest_year_is_the_default_and_years_without_a_value_are_named(tmp_path: Path) -> None:
    folder = released(tmp_path / "r1", KEN)
    assert explain(folder, "use", "KEN")["time_period"] == 2020
    with pytest.raises(CompactError) as caught:
        explain(folder, "use", "KEN", 2018)
    assert caught.value.what == "use has no value for Kenya in 2018"
    assert caught.value.allowed == "2019, 2020"
    with pytest.raises(CompactError, match="there is no area XXX"):
        explain(folder, "use", "XXX")
    with pytest.raises(CompactError, match="there is no indicator used"):
        explain(folder, "used", "KEN")


def test_a_later_choice_scaled_and_pinned_says_so(tmp_path: Path) -> None:
    items = [
        {"source": "one", "series": "FIRST"},
        {"source": "one", "series": "S", "scale": 100.0, "where": {"age": "Y_GE15"}},
    ]
    folder = released(
        tmp_path / "r1",
        {("KEN", 2020): 40.0},
        indicator_meta=[meta(inputs=json.dumps({"value": items}))],
        observation=[observation("one", "S", "KEN", 2020, 4.0, age="Y_GE15", unit_mult=-1)],
    )
    made = explain(folder, "use", "KEN", 2020)["value"]
    taken = made["inputs"]["value"]
    assert (taken["rank"], taken["of"], taken["without_a_value"]) == (2, 2, ["one FIRST"])
    assert (taken["value"], made["agrees"]) == (40.0, True)
    assert "times 100" in "\n".join(explanation(explain(folder, "use", "KEN", 2020)))


@pytest.mark.parametrize(
    ("formula", "published", "filled"),
    [
        ("100 * female / male", 80.0, "100 * 20 / 25 = 80"),
        ("female - lag(female)", 4.0, None),
        ("moving_average(female, 2)", 18.0, None),
        ("rebased(female, 2019)", 125.0, None),
    ],
)
def test_a_formula_is_filled_in_and_computed_again(
    tmp_path: Path, formula: str, published: float, filled: str | None
) -> None:
    inputs = {name: [{"source": "one", "series": name.upper()}] for name in ("female", "male")}
    numbers = {("FEMALE", 2019): 16.0, ("FEMALE", 2020): 20.0, ("MALE", 2019): 24.0, ("MALE", 2020): 25.0}
    folder = released(
        tmp_path / "r1",
        {("KEN", 2020): published},
        indicator_meta=[meta(formula=formula, inputs=json.dumps(inputs))],
        observation=[observation("one", code, "KEN", year, n) for (code, year), n in numbers.items()],
    )
    made = explain(folder, "use", "KEN", 2020)["value"]
    assert (made["computed_again"], made["agrees"]) == (published, True)
    assert made["filled"] == filled or filled is None
    assert ("2019" in made["other_years"]) == (filled is None)


def test_a_number_that_does_not_follow_is_not_called_the_same(tmp_path: Path) -> None:
    folder = released(tmp_path / "r1", KEN, observation=[observation("one", "S", "KEN", 2020, 31.0)])
    explained = explain(folder, "use", "KEN", 2020)
    assert explained["value"]["agrees"] is False
    assert "DIFFERS: 31.0" in "\n".join(explanation(explained))


def test_an_indicator_of_indicators_is_followed_down(tmp_path: Path) -> None:
    double = meta("double", formula="2 * x", inputs=json.dumps({"x": [{"indicator": "use"}]}))
    folder = released(
        tmp_path / "r1",
        KEN,
        indicator=[value("use", "KEN", 2020, 30.0), value("double", "KEN", 2020, 60.0)],
        indicator_meta=[meta(), double],
    )
    made = explain(folder, "double", "KEN", 2020)["value"]
    assert (made["filled"], made["agrees"]) == ("2 * 30 = 60", True)
    inner = made["inputs"]["x"]["indicator"]["value"]
    assert inner["inputs"]["value"]["observation"]["obs_value"] == 30.0


def test_a_group_is_explained_by_its_members(tmp_path: Path) -> None:
    people = {"KEN": 3.0, "UGA": 1.0}
    group = {
        "indicator": "use", "group": "M49:014", "time_period": 2020, "value": 25.625, "weight_share": 0.9,
        "areas_used": 2, "areas_total": 4, "method": "weighted_mean by people",
    }  # fmt: skip
    folder = released(
        tmp_path / "r1",
        KEN,
        indicator=[value("use", area, year, n) for (area, year), n in KEN.items()]
        + [value("people", area, 2020, n) for area, n in people.items()],
        indicator_meta=[meta(), meta("people")],
        aggregate=[group],
    )
    explained = explain(folder, "use", "M49:014")
    assert (explained["area"], explained["value"], explained["time_period"]) == ("Eastern Africa", None, 2020)
    told = explained["group"]
    assert [(row["area"], row["value"], row["weight"]) for row in told["members"]] == [
        ("Kenya", 30.0, 3.0),
        ("Uganda", 12.5, 1.0),
    ]
    assert (told["computed_again"], told["agrees"]) == (25.625, True)
    assert "2 of 4 have a value" in "\n".join(explanation(explained))


@pytest.mark.parametrize(
    ("bounds", "expected", "left_out"),
    [
        ({"plausible_low": 15.0}, 30.0, ["Uganda"]),
        ({"plausible_high": 20.0}, 12.5, ["Kenya"]),
        ({"plausible_low": 12.5, "plausible_high": 30.0}, 25.625, []),  # the bounds themselves are plausible
        ({}, 25.625, []),
        (None, 25.625, []),  # a release from before it named the range
    ],
)
def test_a_group_is_recomputed_without_what_is_not_plausible(
    tmp_path: Path, bounds: dict[str, float] | None, expected: float, left_out: list[str]
) -> None:
    group = {
        "indicator": "use", "group": "M49:014", "time_period": 2020, "value": expected, "weight_share": 0.9,
        "areas_used": 2 - len(left_out), "areas_total": 4, "method": "weighted_mean by people",
    }  # fmt: skip
    folder = released(
        tmp_path / "r1",
        KEN,
        indicator=[value("use", area, year, n) for (area, year), n in KEN.items()]
        + [value("people", area, 2020, n) for area, n in {"KEN": 3.0, "UGA": 1.0}.items()],
        indicator_meta=[meta() | (bounds or {}), meta("people")],
        aggregate=[group],
    )
    if bounds is None:
        path = folder / "indicator_meta.parquet"
        pq.write_table(pq.read_table(path).drop_columns(["plausible_low", "plausible_high"]), path)
    explained = explain(folder, "use", "M49:014")
    assert explained["group"]["agrees"]
    assert [row["area"] for row in explained["group"]["left_out"]] == left_out
    assert all(name in "\n".join(explanation(explained)) for name in left_out)
    again = recompute(folder, every=True).findings
    assert [finding.what for finding in again if finding.file == "aggregate.parquet"] == []
    page = dict(Explanations(folder).of(["use"]))["use"]
    (sql,) = [page["sql"][node["sql"]] for name, node in page["values"].items() if name == "M49:014"]
    filled = sql.replace("{area}", "M49:014").replace("{year}", "2020").replace("{share}", "0.9")
    with tables(folder) as con:
        assert con.execute(filled).fetchall() == [(expected,)]


# --- the place in the bytes
def objects(folder: Path, *bodies: bytes) -> list[dict[str, Any]]:
    pages = []
    for number, body in enumerate(bodies, 1):
        name = hashlib.sha256(body).hexdigest()
        path = folder / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        pages.append({"sha256": name, "bytes": len(body), "url": f"https://example.org/?page={number}"})
    return pages


def zipped(name: str, body: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, body)
    return file.getvalue()


TARGET = Target(("KEN", "KE", "404", "Kenya"), 2020, (30.5,), "S")
RECORD = b'{"country": {"id": "KE", "value": "Kenya"}, "iso": "KEN", "date": "2020", "value": 30.5}'
OTHER = b'{"country": {"id": "UG", "value": "Uganda"}, "iso": "UGA", "date": "2020", "value": 30.5}'
BODIES: dict[str, tuple[bytes, bytes]] = {
    "json": (b'[{"page": 1}, [' + OTHER + b", " + RECORD + b"]]", RECORD),
    "csv": (b"area,year,value\nUGA,2020,30.5\nKEN,2019,30.5\nKEN,2020,30.50\n", b"KEN,2020,30.50"),
    "quoted line end": (b'a,b,c,d\n"KEN",2020,"two\nlines",30.5\n', b'"KEN",2020,"two\nlines",30.5'),
    "years across": (b"Country,2019,2020\nUganda,1,30.5\nKenya,2,30.5\n", b"Kenya,2,30.5"),
    "byte order mark": (b'\xef\xbb\xbf"area","year","value"\n"KEN","2020",30.5\n', b'"KEN","2020",30.5'),
}


@pytest.mark.parametrize("name", list(BODIES))
def test_the_record_is_found_at_its_byte(tmp_path: Path, name: str) -> None:
    body, record = BODIES[name]
    pages = objects(tmp_path, b"nothing here", body)
    (place,) = locate(tmp_path, pages, [TARGET])
    assert (place["found"], place["page"], place["pages"], place["fitting"]) == (True, 2, 2, 1)
    raw = (tmp_path / place["object"][:2] / place["object"]).read_bytes()
    assert raw[place["offset"] :].startswith(record)
    assert place["record"] == record.decode()


def test_a_short_list_of_records_is_not_the_record(tmp_path: Path) -> None:
    rows = [
        b'{"geoUnit":"KEN","year":%d,"value":%s}' % pair
        for pair in ((2019, b"1"), (2020, b"30.5"), (2021, b"2"))
    ]
    body = b'{"hints":[],"records":[' + b",".join(rows) + b"]}"
    (place,) = locate(tmp_path, objects(tmp_path, body), [TARGET])
    assert (place["record"], place["fitting"]) == (rows[1].decode(), 1)


def test_an_archive_names_its_member(tmp_path: Path) -> None:
    (place,) = locate(tmp_path, objects(tmp_path, zipped("data/a.csv", BODIES["csv"][0])), [TARGET])
    assert (place["member"], place["record"]) == ("data/a.csv", "KEN,2020,30.50")


@pytest.mark.parametrize(
    ("bodies", "why"),
    [
        ([b"area,year,value\nKEN,2020,31.5\n"], "no single line or object"),
        ([b"{" * 50_000 + b"KEN 2020 30.5"], "no single line or object"),
        ([], "does not know the snapshot"),
    ],
)
def test_what_is_not_found_is_said(tmp_path: Path, bodies: list[bytes], why: str) -> None:
    (place,) = locate(tmp_path, objects(tmp_path, *bodies), [TARGET])
    assert place["found"] is False
    assert why in place["why"]


def test_explaining_a_plain_value_imports_nothing_heavy(tmp_path: Path) -> None:
    folder = released(tmp_path / "r1", KEN)
    code = (
        "import sys, pathlib; from warehouse.provenance.value import explain; "
        f"explain(pathlib.Path({str(folder)!r}), 'use', 'KEN'); "
        "print(sorted({'pandas', 'pandera', 'pyarrow', 'sqlglot', 'pydantic', 'dagster'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"
