"""The bulk explanations of a release equal the single ones."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.make import SNAP, observation, value
from tests.unit.released import meta, released
from warehouse.provenance.bulk import Explanations
from warehouse.provenance.locate import locate
from warehouse.provenance.records import Match, Target, place
from warehouse.provenance.records import records as matching
from warehouse.provenance.value import explain

AREAS = {"KEN": ("KEN", "KE", "404", "4", "Kenya"), "UGA": ("UGA", "UG", "800", "Uganda")}
RECORD = '{"country": {"id": "KE", "value": "Kenya"}, "iso": "KEN", "date": "2020", "value": 30.0}'


def home_of(folder: Path, body: bytes) -> Path:
    """A home whose store holds one page of the snapshot that `released` names."""
    name = hashlib.sha256(body).hexdigest()
    page = folder / "snapshots" / "objects" / name[:2] / name
    page.parent.mkdir(parents=True)
    page.write_bytes(body)
    pages = [{"sha256": name, "bytes": len(body), "url": "https://example.org/?page=1"}]
    event = {"event": "fetched", "source": "one", "resource": "S", "snapshot": SNAP["a"], "pages": pages}
    (folder / "snapshots" / "manifest.jsonl").write_text(json.dumps(event) + "\n")
    return folder


def agree(alone: dict[str, Any], told: dict[str, Any], node: dict[str, Any]) -> None:
    """One value explained alone, and its node among all."""
    assert (alone["value"], alone["obs_status"]) == (node["v"], node["s"])
    for name, taken in alone["inputs"].items():
        one = node["in"][name]
        if taken["taken"] is None:
            assert one is None
            continue
        assert (taken["rank"], taken["value"]) == (one["k"] + 1, one["v"])
        if "indicator" in taken:
            agree(taken["indicator"]["value"], told, one["of"])
            continue
        assert taken["observation"]["obs_value"] == one.get("sent", one["v"])
        snapshot, place = told["snapshots"][one["at"]], taken["snapshot"]["place"]
        assert snapshot["snapshot"] == taken["snapshot"]["snapshot"]
        assert snapshot["rows"] == [
            taken["snapshot"]["ledger"][f"rows_{n}"] for n in ("in", "out", "rejected")
        ]
        if place["found"]:
            assert one["place"][1:] == [place["offset"], place["length"], place["fitting"]]
            assert told["pages"][one["place"][0]][0] == place["object"]
            assert one["record"] == place["record"]
        elif told["store"]:
            assert told["texts"][one["lost"]] == place["why"]


@pytest.mark.parametrize("stored", [True, False], ids=["with a store", "without a store"])
def test_every_newest_value_is_explained_as_alone(tmp_path: Path, stored: bool) -> None:
    items = [
        {"source": "one", "series": "FIRST"},
        {"source": "one", "series": "S", "scale": 10.0, "where": {"age": "Y_GE15"}},
    ]
    metas = [
        meta(),
        meta("other", inputs=json.dumps({"value": items})),
        meta("double", formula="2 * x", inputs=json.dumps({"x": [{"indicator": "use"}]})),
        meta("step", formula="x - lag(x)", inputs=json.dumps({"x": [{"source": "one", "series": "S"}]})),
        meta("empty"),
    ]
    use = {("KEN", 2019): 25.0, ("KEN", 2020): 30.0, ("UGA", 2020): 12.5}
    rows = [value("use", area, year, n) for (area, year), n in use.items()]
    rows += [value("double", "KEN", 2020, 60.0), value("step", "KEN", 2020, 5.0)]
    rows += [value("other", "KEN", 2020, 70.0), value("other", "UGA", 2019, 3.0)]
    observations = [observation("one", "S", area, year, n) for (area, year), n in use.items()]
    observations += [observation("one", "S", "KEN", 2020, 0.7, age="Y_GE15", unit_mult=1)]
    observations += [observation("one", "FIRST", "UGA", 2019, 3.0)]
    folder = released(
        tmp_path / "home" / "releases" / "r1",
        {},
        indicator=rows,
        latest=[
            {name: row[name] for name in ("indicator", "ref_area", "time_period", "value")}
            for row in rows
            if row["time_period"] == 2020 or row["indicator"] == "other"
        ],
        indicator_meta=metas,
        observation=observations,
    )
    (folder / "checks.json").write_text(
        json.dumps([{"indicator": "use", "check": "range", "level": "error", "passed": True, "what": "well"}])
    )
    home = home_of(tmp_path / "home", f"[{RECORD}]".encode()) if stored else None
    explanations = dict(Explanations(folder, home).of(["use", "other", "double", "step", "empty", "unknown"]))
    assert list(explanations) == ["use", "other", "double", "step"]
    seen = 0
    for name, explained in explanations.items():
        assert explained["store"] is stored
        for area, node in explained["values"].items():
            alone = explain(folder, name, area, node["y"], home=home)["value"]
            agree(alone, explained, node)
            sql = explained["sql"][node["sql"]].replace("{area}", area)
            for back in range(3):
                sql = sql.replace(f"{{year-{back}}}" if back else "{year}", str(node["y"] - back))
            assert sql == alone["sql"]
            seen += 1
    assert seen == 6
    assert explanations["use"]["checks"] == [["range", True, "error", "well"]]
    assert explanations["double"]["values"]["KEN"]["same"] is True
    assert explanations["step"]["values"]["KEN"]["years"][2019]["x"]["v"] == 25.0
    assert ("place" in explanations["use"]["values"]["KEN"]["in"]["value"]) is stored


def test_a_number_that_does_not_follow_is_marked(tmp_path: Path) -> None:
    folder = released(
        tmp_path / "r1",
        {("KEN", 2020): 30.0},
        observation=[observation("one", "S", "KEN", 2020, 31.0)],
        latest=[{"indicator": "use", "ref_area": "KEN", "time_period": 2020, "value": 30.0}],
    )
    ((_, explained),) = Explanations(folder).of(["use"])
    assert explained["values"]["KEN"]["same"] is False
    assert explained["checks"] is None


def test_a_group_has_its_newest_value_and_the_statement_of_it(tmp_path: Path) -> None:
    group = {
        "indicator": "use", "group": "M49:014", "value": 25.625, "weight_share": 0.9, "areas_used": 2,
        "areas_total": 4, "method": "gap_filled_total by people",
    }  # fmt: skip
    withheld = group | {"group": "M49:002", "value": None, "official_value": 24.0, "official_source": "two"}
    folder = released(
        tmp_path / "r1",
        {("KEN", 2020): 30.0},
        aggregate=[group | {"time_period": year} for year in (2019, 2020)]
        + [withheld | {"time_period": 2020}],
    )
    ((_, explained),) = Explanations(folder).of(["use"])
    node = explained["values"]["M49:014"]
    assert (node["y"], node["v"], node["used"], node["total"], node["share"]) == (2020, 25.625, 2, 4, 0.9)
    sql = explained["sql"][node["sql"]].replace("{area}", "M49:014").replace("{year}", "2020")
    alone = explain(folder, "use", "M49:014", 2020)["group"]["sql"]
    assert sql.replace("{share}", "0.9") == alone
    official = explained["values"]["M49:002"]
    assert (official["v"], official["official"], official["by"]) == (None, 24.0, "two")
    assert "sql" not in official


# --- places
numbers = st.sampled_from(["30.5", "30.50", "3.05e1", "12", "4", "404", "2020", "31"])
records = st.builds(
    lambda area, year, number, deep: (area, year, number, deep),
    st.sampled_from(["KEN", "KE", "Kenya", "404", "UGA", "Uganda", "KENYA"]),
    st.sampled_from(["2019", "2020", "12020"]),
    numbers,
    st.integers(0, 2),
)


FILLER = [("ZZZ", "2020", "31", 0)] * 200  # so that the list as a whole is longer than a record may be


def as_json(rows: list[tuple[str, str, str, int]]) -> bytes:
    entries = []
    for area, year, number, deep in [*FILLER, *rows]:
        inside: Any = {"of": area}
        for _ in range(deep):
            inside = {"in": inside}
        entries.append({"place": inside, "year": year, "value": float(number), "pad": "x" * 40})
    return json.dumps({"head": {"n": 1}, "data": entries}).encode()


def as_lines(rows: list[tuple[str, str, str, int]]) -> bytes:
    lines = [
        f'"{area}",{year},{number},"{chr(10) * (deep == 2)}"' for area, year, number, deep in [*FILLER, *rows]
    ]
    return "\n".join(["area,year,value,note", *lines]).encode()


@settings(max_examples=25)
@given(rows=st.lists(records, max_size=12), of_json=st.booleans())
def test_locating_many_finds_what_searching_the_whole_body_finds(
    rows: list[tuple[str, str, str, int]], of_json: bool
) -> None:
    body = (as_json if of_json else as_lines)(rows)
    name = hashlib.sha256(body).hexdigest()
    pages = [{"sha256": name, "bytes": len(body), "url": "https://example.org/"}]
    targets = [
        Target(names, 2020, (number,), "S") for names in AREAS.values() for number in (30.5, 12.0, 4.0)
    ]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / name[:2]).mkdir()
        (folder / name[:2] / name).write_bytes(body)
        assert locate(folder, pages, targets) == [
            place([Match(1, None, *record) for record in matching(body, one)], pages, one) for one in targets
        ]


def test_a_page_that_is_gone_and_an_unknown_snapshot_are_said(tmp_path: Path) -> None:
    targets = [Target(("KEN",), 2020, (30.5,), "S")]
    gone = [{"sha256": "f" * 64, "bytes": 1, "url": "https://example.org/"}]
    assert "not in this store" in locate(tmp_path, gone, targets)[0]["why"]
    assert "does not know the snapshot" in locate(tmp_path, [], targets)[0]["why"]
