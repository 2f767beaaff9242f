"""The SDMX reader: the Income Distribution Database through the stand-in, aid on hand-made files."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.model import InvalidResponse, NoSuchSeries
from sources.readers.common.paging import refuse
from sources.staging.stage import stage_source
from tests.conftest import StandIn
from tests.unit.canned import Canned, change, fetch, fixture, keep, source_with, wired
from tests.unit.test_readers_stand_in import session_to

OECD, DAC = source_with("oecd"), source_with("oecd_dac")
GINI, ICT = "INC_DISP_GINI", "CRS.220"
IDD, CRS = fixture("oecd/idd.csv"), fixture("oecd_dac/crs_220.csv")


@pytest.fixture(autouse=True, scope="module")
def _library_imported_once() -> Iterator[None]:
    """sdmx1 takes most of a second to import: before the tests, so that none of them looks slow."""
    import sdmx.reader.csv  # noqa: F401

    yield
    gc.collect()


def told(source: Source, code: str, body: bytes) -> InvalidResponse:
    with pytest.raises(InvalidResponse) as refused:
        fetch(source, code, Canned(body))
    return refused.value


def test_the_question_names_dataflow_and_key() -> None:
    session = Canned(IDD)
    answer = fetch(OECD, GINI, session)
    assert session.asked == [
        (
            "GET",
            "/data/OECD.WISE.INE,DSD_WISE_IDD@DF_IDD/.A.INC_DISP_GINI......",
            {"dimensionAtObservation": "AllDimensions", "format": "csvfilewithlabels"},
        )
    ]
    assert answer.rows == 4
    assert answer.agency_release == "OECD.WISE.INE:DSD_WISE_IDD@DF_IDD(1.0)"


def test_codes_are_read_and_labels_never() -> None:
    """A label with spaces of no width, or in other words, is the same answer."""
    first = fetch(OECD, GINI, Canned(IDD))
    other = change(change(IDD, "Not applicable\u200b\u200b", "Does not apply"), "Lettonie", "Latvia")
    assert fetch(OECD, GINI, Canned(other)).content == first.content
    assert fetch(OECD, GINI, Canned(change(IDD, "0.30", "0.31"))).content != first.content


def test_rows_reach_stage_with_multiplier_base_period_and_dimensions(tmp_path: Path) -> None:
    rows, _ = wired(OECD, keep([fetch(OECD, GINI, Canned(IDD))], tmp_path))
    assert rows[0] | {"snapshot": ""} == {
        "snapshot": "", "row": 0, "series": GINI, "area": "LVA", "time_period": "2020", "value": "0.30",
        "dims": {
            "STATISTICAL_OPERATION": "_Z", "AGE": "_T", "METHODOLOGY": "METH2012", "DEFINITION": "D_CUR",
            "POVERTY_LINE": "_Z",
        },
        "unit": "0_TO_1", "unit_mult": "0", "status": "A",
        "source_detail": "OECD.WISE.INE:DSD_WISE_IDD@DF_IDD(1.0)",
    }  # fmt: skip
    assert rows[2]["value"] == ""
    aid, _ = wired(DAC, keep([fetch(DAC, ICT, Canned(CRS))], tmp_path))
    assert (aid[0]["unit_mult"], aid[0]["footnote"], aid[0]["dims"]) == ("6", "BASE_PER 2023", {})


def test_staged_rows(tmp_path: Path) -> None:
    staged = stage_source(OECD, keep([fetch(OECD, GINI, Canned(IDD))], tmp_path), tmp_path)
    with duckdb.connect() as con:
        rows = con.execute(
            f"select ref_area, time_period, age, other_dims, obs_value, unit, obs_status "
            f"from '{staged.observation}' order by all"
        ).fetchall()
        refused = con.execute(f"select reason, area from '{staged.quarantine}'").fetchall()
    assert rows == [
        ("LVA", 2020, "_T", "_T", 0.3, "RATIO", "A"),
        ("LVA", 2021, "Y18T65", "METHODOLOGY=METH2011", 0.31, "RATIO", "P"),
        ("LVA", 2022, "_T", "_T", None, "RATIO", "O"),
    ]
    assert refused == [("group_of_the_agency", "OECD")]


def test_donors_that_are_no_countries_are_listed_as_refused(tmp_path: Path) -> None:
    staged = stage_source(DAC, keep([fetch(DAC, ICT, Canned(CRS))], tmp_path), tmp_path)
    with duckdb.connect() as con:
        rows = con.execute(
            f"select ref_area, obs_value, unit_mult, unit from '{staged.observation}' order by all"
        ).fetchall()
        refused = con.execute(f"select reason, area from '{staged.quarantine}' order by all").fetchall()
    assert rows == [("JPN", 12.5, 6, "USD_CURRENT"), ("JPN", 13, 6, "USD_CURRENT")]
    assert refused == [("area_not_carried", "DAC"), ("not_a_country", "4EU001")]


def refused_by_the_service(text: str) -> Any:
    class Refusing(Canned):
        def get(self, path: str, params: Any = None, **_: Any) -> Any:
            page = super().get(path, params)
            raise refuse(f"the answer has status 404 Not Found: {text!r}", [page])

    return Refusing(text.encode())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("NoRecordsFound", NoSuchSeries),
        ("NoResultsFound", NoSuchSeries),
        ("Could not find Dataflow OECD.WISE.INE,DSD_WISE_IDD@DF_IDD", InvalidResponse),
        ("Not enough key values in query, expecting 9 got 8", InvalidResponse),
    ],
)
def test_errors_in_plain_text_are_told_apart(text: str, kind: type[InvalidResponse]) -> None:
    with pytest.raises(InvalidResponse) as refused:
        fetch(OECD, GINI, refused_by_the_service(text))
    assert type(refused.value) is kind
    assert refused.value.pages[0].body == text.encode()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("OBS_VALUE,Observation value,OBS_STATUS", "OBS_STATUS,Observation value,OBS_VALUE", "component 15"),
        ("AGE,Age", "AGE_GROUP,Age", "'AGE_GROUP', and AGE belongs there"),
        (",CONF_STATUS,Confidentiality status", "", "is missing, and CONF_STATUS belongs there"),
        (",0.30,", ",", "columns"),
        ("DF_IDD(1.0),Income distribution database,I,OECD", "DF_WDD(1.0),W,I,OECD", "the rows are of"),
        ("Lettonie", '"' + "x" * 200_000 + '"', "field larger than field limit"),
        (",I,LVA", ",D,LVA", "the rows are of"),
        ("INC_DISP_GINI", "INC_DISP_GINI2", "MEASURE INC_DISP_GINI was asked"),
        ("2022,", "2020,", "appears twice"),
        ("Lettonie", 'Lett"\n"onie', "columns"),
        ("\r\n\r\n", "", "ends in the middle"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_as_agreed_is_refused(old: str, new: str, says: str) -> None:
    body = change(IDD, old, new)
    error = told(OECD, GINI, body)
    assert says in error.what
    assert error.next_step
    assert error.pages[0].body == body


def test_a_file_without_rows_or_that_is_a_web_page_is_refused() -> None:
    header = IDD.split(b"\r\n")[0] + b"\r\n"
    assert "a header and no rows" in told(OECD, GINI, header).what
    assert "is a web page" in told(OECD, GINI, b"<html><title>Wait</title></html>").what


def test_a_series_or_key_that_is_not_declared_is_our_mistake() -> None:
    with pytest.raises(CompactError, match="has no series NOTHING"):
        fetch(OECD, "NOTHING", Canned())
    broken = OECD.model_copy(
        update={"options": {"flows": {"idd": OECD.options["flows"]["idd"] | {"area": "GEO"}}}}
    )
    with pytest.raises(CompactError, match="uses GEO, which it does not declare"):
        fetch(broken, GINI, Canned())


def test_the_real_database_is_staged_without_red(stand_in: StandIn, tmp_path: Path) -> None:
    with session_to(OECD, stand_in) as session:
        files = keep([fetch(OECD, code, session) for code in (GINI, "INC_MRKT_GINI")], tmp_path)
    staged = stage_source(OECD, files, tmp_path)
    with duckdb.connect() as con:
        ledger = con.execute(
            f"select sum(rows_in), sum(rows_out), sum(rows_rejected) from '{staged.ledger_file}'"
        ).fetchone()
        seen = con.execute(
            f"select count(distinct ref_area), list_sort(list(distinct age)), list(distinct other_dims), "
            f"list(distinct unit) from '{staged.observation}'"
        ).fetchone()
    assert ledger == (1_628, 1_628, 0)
    assert seen == (45, ["Y18T65", "_T"], ["_T"], ["RATIO"])


@pytest.mark.parametrize(
    ("kind", "options", "says"),
    [
        ("html", {}, "is a web page"),
        ("bad_utf8", {}, "is not UTF-8"),
        ("truncate", {}, "is not whole"),
        ("wrong_length", {}, ""),
        ("empty", {}, "a header and no rows"),
        ("swap_columns", {"mode": "header"}, "belongs there"),
        ("swap_columns", {"mode": "order"}, "belongs there"),
        ("rename_series", {"from": GINI, "to": "INC_DISP"}, ""),
    ],
)
def test_the_stand_in_misbehaves(kind: str, options: dict[str, Any], says: str, stand_in: StandIn) -> None:
    stand_in.fault(source="oecd", kind=kind, times=0, **options)
    with session_to(OECD, stand_in) as session, pytest.raises(InvalidResponse) as refused:
        fetch(OECD, GINI, session)
    assert says in refused.value.what
    assert refused.value.next_step


def test_an_agency_that_is_busy_is_asked_again(stand_in: StandIn) -> None:
    stand_in.fault(source="oecd", kind="status", status=429, retry_after=0, times=1)
    with session_to(OECD, stand_in) as session:
        assert fetch(OECD, GINI, session).rows == 822
        assert session.usage.requests == 2
    assert stand_in.log()[-1]["headers"]["accept-language"] == "en"


def test_an_attribute_that_is_not_declared_is_tolerated_while_it_is_empty() -> None:
    """Aggregates of CRS may come with the attributes that microdata have."""
    header, *lines = CRS.decode("utf-8-sig").splitlines()
    more = "\n".join([f"{header},CURRENCY,Currency", *(f"{line},," for line in lines)]) + "\n"
    plain = fetch(source_with("oecd_dac"), ICT, Canned(CRS))
    assert fetch(source_with("oecd_dac"), ICT, Canned(more.encode())).content == plain.content
    said = more.replace(f"{lines[0]},,", f"{lines[0]},USD,US dollar")
    with pytest.raises(InvalidResponse, match="CURRENCY 'USD'"):
        fetch(source_with("oecd_dac"), ICT, Canned(said.encode()))
