"""The live contract check: the structure of a response, its changes, and agencies that respond well,
differently, or not at all.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import DefinitionError
from sources.drift.check import check_contract, check_contracts, load_contract, probe_of, record_new
from sources.drift.structure import differences, infer_schema
from sources.model import InvalidResponse, Page
from sources.registry.sources import SOURCES, load_source, load_sources
from tests.command import in_process
from tests.conftest import StandIn
from tests.unit.local_agency import LocalAgency, Reply, make_source

pytestmark = pytest.mark.slow

TABLE = SOURCES.parents[1] / "tests" / "specimens" / "un_yearbook" / "internet_usage.csv"


def structure(value: object, *any_name: str) -> dict[str, str]:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return infer_schema([Page("x", body)], any_name)


def packed(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), body)
    return file.getvalue()


# --- structure
def test_paths_and_types_of_json_without_its_figures() -> None:
    result = structure({"rows": [{"a": 1, "b": None}, {"a": 2.5, "b": "x"}], "ok": True})
    assert result == {
        "$": "object",
        "$.ok": "true or false",
        "$.rows": "list",
        "$.rows[]": "object",
        "$.rows[].a": "number",
        "$.rows[].b": "text",
    }
    assert structure([1, "x"])["$[]"] == "number or text"


def test_names_that_are_data_are_one_name() -> None:
    one, two = {"value": {"0": 1, "7": 2}}, {"value": {"3": 1}}
    assert structure(one) == structure(two)
    one, two = {"by": {"KEN": 1, "NAM": 2}}, {"by": {"ZWE": 1}}
    assert structure(one) != structure(two)
    assert (
        structure(one, "$.by")
        == structure(two, "$.by")
        == {"$": "object", "$.by": "object", "$.by.*": "number"}
    )


@pytest.mark.parametrize(
    ("body", "path", "kind"),
    [
        (b"a,b 2024\n1,2\n", "column 'b YYYY'", "place 2"),
        ("\ufeffä;b\n1;2".encode(), "column 'ä'", "place 1"),
        (gzip.compress(b"a\tb\n1\t2\n", mtime=0), "column 'b'", "place 2"),
        (packed(part_csv=b"a|b\n1|2\n"), "*.csv: column 'b'", "place 2"),
        (packed(xl__workbook_xml=b'<sheets><sheet name="Data &amp; more 2023" sheetId="1"/>'),
         "sheet 'Data & more YYYY'", "sheet"),
    ],
)  # fmt: skip
def test_columns_and_sheets(body: bytes, path: str, kind: str) -> None:
    assert structure(body)[path] == kind


def test_an_archive_that_is_none_and_a_web_page_are_refused() -> None:
    for body in (b"PK nothing", b"<html><title>Blocked</title></html>"):
        with pytest.raises(InvalidResponse):
            structure(body)


WAS: Any = {"rows": [{"a": 1, "b": "x", "c": {"d": 1}}]}


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (WAS, []),
        ({"rows": [{"a": None, "b": "x", "c": {"d": 1}}]}, []),  # null says nothing about the type
        ({"rows": [{"a": 1, "b": "x", "c": None}]}, []),
        ({"rows": []}, []),
        ({"rows": [{"a": "1", "b": "x", "c": {"d": 1}}]}, ["$.rows[].a was number and is text"]),
        ({"rows": [{"b": "x", "c": {"d": 1}}]}, ["$.rows[].a is gone (it was number)"]),
        ({"rows": [{"a": 1, "b": "x", "c": {"d": 1, "e": 2}}]}, ["$.rows[].c.e is new (number)"]),
    ],
)
def test_json_has_changed_where_a_path_or_a_type_has(now: object, says: list[str]) -> None:
    assert differences(structure(WAS), structure(now)) == says


def test_what_was_only_null_may_be_anything() -> None:
    was = {"$": "object", "$.a": "null"}
    assert differences(was, {"$": "object", "$.a": "text"}) == []
    assert differences(was | {"$.a": "number"}, {"$": "object", "$.a": "text"}) != []


def test_a_table_has_changed_where_its_columns_have() -> None:
    was = structure(b"a,b,c\n1,2,3\n")
    assert differences(was, structure(b"b,a,c\n1,2,3\n")) == [
        "column 'a' was place 1 and is place 2",
        "column 'b' was place 2 and is place 1",
    ]
    assert differences(was, structure(b"new,a,b,c\n0,1,2,3\n")) == ["column 'new' is new (place 1)"]
    assert differences(was, structure(b"a,c\n1,3\n")) == ["column 'b' is gone (it was place 2)"]


# --- one agency
@pytest.fixture
def agency(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAgency]:
    with LocalAgency(Reply(TABLE.read_bytes())) as local:
        monkeypatch.setenv("COMPACT_URL_UN_YEARBOOK", local.url)
        yield local


YEARBOOK = load_source(SOURCES / "un_yearbook" / "source.yaml")


def test_an_answer_as_agreed_is_ok(agency: LocalAgency) -> None:
    result = check_contract(YEARBOOK)
    assert (result.state, result.changes) == ("ok", [])
    assert len(agency.log) == 1
    assert set(result.row()) == {"source", "state", "what_changed", "seconds"}


@pytest.mark.parametrize(
    ("reply", "state", "says"),
    [
        (Reply(TABLE.read_bytes().replace(b"Year,Series", b"Period,Series")), "changed", "'Period'"),
        (Reply(b"<html><title>Blocked</title></html>"), "changed", "web page"),
        (Reply(b"no such file", status=404), "changed", "404"),
        (Reply(reset=True, cut=1), "unreachable", "cannot be reached"),
    ],
)
def test_another_answer_is_told_from_none(agency: LocalAgency, reply: Reply, state: str, says: str) -> None:
    agency.replies = [reply]
    quick = YEARBOOK.model_copy(update={"limits": YEARBOOK.limits.model_copy(update={"attempts": 1})})
    result = check_contract(quick)
    assert result.state == state
    assert says in result.changes[0]


def test_a_reader_s_yes_is_not_enough(agency: LocalAgency, tmp_path: Path) -> None:
    """The reader takes what it needs; the contract holds the rest of the answer too."""
    shutil.copytree(SOURCES / "un_yearbook", tmp_path / "un_yearbook")
    path = tmp_path / "un_yearbook" / "contract.json"
    contract = json.loads(path.read_text())
    del contract["structure"]["column 'Source'"]
    path.write_text(json.dumps(contract))
    result = check_contract(YEARBOOK, folder=tmp_path)
    assert (result.state, result.changes) == ("changed", ["column 'Source' is new (place 7)"])
    path.unlink()
    result = check_contract(YEARBOOK, folder=tmp_path)
    assert result.state == "not recorded"
    assert record_new([result], tmp_path) == [path]
    assert check_contract(YEARBOOK, folder=tmp_path).state == "ok"
    path.write_text('{"probe": "x"}')
    with pytest.raises(DefinitionError, match="structure"):
        load_contract("un_yearbook", tmp_path)


def test_a_missing_key_and_a_strange_address_are_not_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    keyed = make_source(id="un_yearbook", key_variable="AGENCY_KEY")
    assert check_contract(keyed).changes == ["AGENCY_KEY is not set: the agency asks for a key"]
    monkeypatch.setenv("COMPACT_URL_UN_YEARBOOK", "ftp://agency.example")
    assert check_contract(YEARBOOK).state == "not configured"


def test_the_probe_is_the_declared_else_the_recorded_else_the_first_in_use() -> None:
    wdi = load_source(SOURCES / "worldbank_wdi" / "source.yaml")
    contract = load_contract("worldbank_wdi")
    assert contract is not None
    declared = wdi.model_copy(update={"probe": "SP.POP.TOTL"})
    assert probe_of(declared, contract, ()) == "SP.POP.TOTL"
    assert probe_of(wdi, contract, ("SP.POP.TOTL",)) == contract.probe
    assert probe_of(wdi, None, ("SP.POP.TOTL", "IT.NET.USER.ZS")) == "IT.NET.USER.ZS"
    assert probe_of(wdi, None, ()) == "AG.CON.FERT.ZS"


# --- the command
def test_the_command_names_what_changed_and_ends_with_1(agency: LocalAgency, tmp_path: Path) -> None:
    done = in_process("contracts", "--source", "un_yearbook", "--json", home=tmp_path)
    assert (done.code, done.json[0]["state"], done.json[0]["what_changed"]) == (0, "ok", [])
    agency.replies = [Reply(TABLE.read_bytes().replace(b",Footnotes,", b",Notes,"))]
    done = in_process("contracts", "--source", "un_yearbook", home=tmp_path)
    assert done.code == 1
    assert "'Notes'" in done.out
    done = in_process("contracts", "--source", "nonesuch", home=tmp_path)
    assert done.code == 2
    assert "there is no source 'nonesuch'" in done.err


STOOD_IN = ("egdi", "gci", "ilostat", "itu_datahub", "keepiton", "oecd", "unesco_uis", "unsd_sdg", "wid",
            "worldbank_esg", "worldbank_pip", "worldbank_wdi")  # fmt: skip


def test_every_agency_of_the_stand_in_keeps_its_contract(stand_in: StandIn) -> None:
    known = load_sources()
    results = {result.source: result for result in check_contracts(known[name] for name in STOOD_IN)}
    assert {name: (r.state, r.changes) for name, r in results.items()} == dict.fromkeys(STOOD_IN, ("ok", []))
    assert len(stand_in.log()) < 5 * len(STOOD_IN)


def test_agencies_that_break_their_word_are_named(stand_in: StandIn) -> None:
    known = load_sources()
    stand_in.fault(source="itu_datahub", kind="html", times=0)
    stand_in.fault(source="unsd_sdg", kind="status", times=0)
    quick = [
        known[name].model_copy(update={"limits": known[name].limits.model_copy(update={"attempts": 1})})
        for name in ("itu_datahub", "unsd_sdg")
    ]
    assert [result.state for result in check_contracts(quick)] == ["changed", "unreachable"]
