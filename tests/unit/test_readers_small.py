"""The readers of Eurostat, ILOSTAT, the UIS and the UN Data Commons on hand-made responses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.model import InvalidResponse, NoSuchSeries, SourceResponse
from sources.readers.common.paging import refuse
from sources.readers.undata import places
from sources.staging.stage import stage_source
from tests.unit.canned import Canned, change, fetch, fixture, keep, source_with, wired

EUROSTAT, ILO, UIS, UN = map(source_with, ("eurostat", "ilostat", "unesco_uis", "un_data_commons"))
SKILLS, UNEMPLOYED, COMPLETION, ONLINE = (
    "isoc_sk_dskl_i21:I_DSK2_BAB",
    "UNE_DEAP_SEX_AGE_RT_A",
    "CR.1",
    "undata/sdg/IT_USE_ii99",
)
CUBE, FILE, RECORDS = (
    fixture("eurostat/skills.json"),
    fixture("ilostat/une_deap.csv"),
    fixture("unesco_uis/records.json"),
)
FACETS = {"7": {"observationPeriod": "P1Y", "provenanceId": "undata/p/SDG", "unit": "Percent"}}


def commons(
    values: dict[str, list[tuple[str, float]]], facets: Any = FACETS, series: str = ONLINE, **changes: Any
) -> list[bytes]:
    """The pages of an answer in which these places have values, and all others none."""
    asked, size = places(UN), UN.options["places"]
    pages = []
    for start in range(0, len(asked), size):
        data: dict[str, Any] = {place: {"series": []} for place in asked[start : start + size]}
        for place in data.keys() & values.keys():
            dates = [date for date, _ in values[place]]
            data[place] = {
                "earliestDate": min(dates), "facet": "7", "latestDate": max(dates), "obsCount": len(dates),
                "series": [{"date": date, "value": value} for date, value in values[place]],
            } | changes  # fmt: skip
        pages.append(json.dumps({"data": {series: data}, "facets": facets, "mixer_response_ids": ["x"]}))
    return [page.encode() for page in pages]


def staged(source: Source, answer: SourceResponse, folder: Path, columns: str) -> tuple[list[Any], list[Any]]:
    """The observations, and what was refused why."""
    done = stage_source(source, keep([answer], folder), folder)
    with duckdb.connect() as con:
        rows = con.execute(f"select {columns} from '{done.observation}' order by all").fetchall()
        refused = con.execute(f"select reason, area from '{done.quarantine}' order by all").fetchall()
    return rows, refused


class Refusing(Canned):
    """Every answer has a status other than 200."""

    def get(self, path: str, params: Any = None, **_: Any) -> Any:
        raise refuse("the answer has status 4xx", [super().get(path, params)])


# --- Eurostat
def test_a_cube_is_read_by_the_place_of_its_cells(tmp_path: Path) -> None:
    session = Canned(CUBE)
    answer = fetch(EUROSTAT, SKILLS, session)
    assert session.asked[0][1] == "/statistics/1.0/data/isoc_sk_dskl_i21"
    assert session.asked[0][2] == {
        "format": "JSON", "lang": "EN", "geoLevel": "country", "freq": "A", "ind_type": "IND_TOTAL",
        "indic_is": "I_DSK2_BAB", "unit": "PC_IND",
    }  # fmt: skip
    assert (answer.rows, answer.agency_release) == (6, "2026-01-15T23:00:00+0100")
    _, counted = wired(EUROSTAT, keep([answer], tmp_path))
    assert counted == {"empty_cell": 2}
    rows, refused = staged(EUROSTAT, answer, tmp_path, "ref_area, time_period, obs_value, unit, obs_status")
    assert rows == [
        ("AUT", 2021, 61.5, "PT", "A"),
        ("AUT", 2023, 64.0, "PT", "A"),
        ("GBR", 2023, None, "PT", "O"),
        ("GRC", 2021, None, "PT", "O"),
        ("GRC", 2023, 40.25, "PT", "B"),
    ]
    assert refused == [("area_not_carried", "EU27_2020")]


def test_a_data_set_that_is_not_there_is_told_from_one_that_comes_later() -> None:
    missing = Refusing(b'{"error": [{"status": 404, "id": 100, "label": "ERR_NOT_FOUND_4: no such"}]}')
    with pytest.raises(NoSuchSeries, match="has no data set isoc_sk_dskl_i21"):
        fetch(EUROSTAT, SKILLS, missing)
    for body in (b'{"error": [{"status": 400, "id": 150, "label": "dimension"}]}', b"no JSON"):
        with pytest.raises(InvalidResponse, match="4xx") as refused:
            fetch(EUROSTAT, SKILLS, Refusing(body))
        assert not isinstance(refused.value, NoSuchSeries)
    later = Canned(b'{"warning": {"status": 413, "label": "ASYNCHRONOUS_RESPONSE. Please try later."}}')
    with pytest.raises(InvalidResponse, match="will not answer") as warned:
        fetch(EUROSTAT, SKILLS, later)
    assert not isinstance(warned.value, NoSuchSeries)
    empty = change(change(CUBE, '{"0": 61.5, "1": 64, "3": 40.25, "7": 55.0}', "{}"), '"3": "b", ', "")
    with pytest.raises(NoSuchSeries, match="has no values"):
        fetch(EUROSTAT, SKILLS, Canned(empty))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"class": "dataset"', '"class": "collection"', "is no data set"),
        ('"size": [1, 1, 1, 1, 4, 2]', '"size": [1, 1, 1, 1, 3, 2]', "says that its sizes are"),
        ('"UK": 2', '"UK": 4', "not as JSON-stat"),
        ('"7": 55.0', '"8": 55.0', "a value at place 8 of 8"),
        ('"7": 55.0', '"7": "55.0"', "has the value '55.0'"),
        ('"7": 55.0', '"x": 55.0', "not as JSON-stat"),
        ('"updated"', '"renewed"', "not as JSON-stat"),
        ('"AT": "Austria"', '"AT": true', "a label True"),
        ('{"I_DSK2_BAB": 0}', '{"I_DSK2_BAB": 0, "I_DSK2_AB": 1}', "says that its sizes are"),
        ('{"PC_IND": 0}', '{"PC_HH": 0}', "unit=PC_IND was asked, and PC_HH came"),
    ],
)
def test_a_cube_that_does_not_fit_together_is_refused(old: str, new: str, says: str) -> None:
    body = change(CUBE, old, new)
    with pytest.raises(InvalidResponse) as refused:
        fetch(EUROSTAT, SKILLS, Canned(body))
    assert says in refused.value.what
    assert refused.value.next_step
    assert refused.value.pages[0].body == body


def test_a_dimension_that_nobody_fixed_is_refused() -> None:
    cube = json.loads(CUBE)
    cube["id"].insert(0, "age")
    cube["size"].insert(0, 1)
    cube["dimension"]["age"] = {"category": {"index": {"Y16-74": 0}}}
    with pytest.raises(InvalidResponse, match="also has the dimensions age"):
        fetch(EUROSTAT, SKILLS, Canned(json.dumps(cube).encode()))


# --- ILOSTAT
def test_a_file_of_the_ilo_is_read_by_its_header(tmp_path: Path) -> None:
    session = Canned(FILE)
    answer = fetch(ILO, UNEMPLOYED, session)
    assert session.asked[0][1] == (
        "/data/indicator?id=UNE_DEAP_SEX_AGE_RT_A&type=code"
        "&classif1=AGE_YTHADULT_YGE15+AGE_YTHADULT_Y15-24&format=.csv"
    )
    rows, refused = staged(
        ILO, answer, tmp_path, "time_period, sex, age, obs_value, obs_status, nature, footnote"
    )
    assert rows == [
        (2020, "F", "Y15T24", 14.25, "B", "BA", "C6:1 I11:2 R1:1"),
        (2020, "_T", "Y_GE15", 7.5, "A", "BA", "R1:1"),
        (2021, "_T", "Y_GE15", None, "O", "XA", None),
        (2022, "_T", "Y_GE15", 6.5, "E", "XA", None),
    ]
    assert refused == [("group_of_the_agency", "X01")]


def test_an_unknown_data_set_and_a_header_alone_are_no_such_series() -> None:
    unknown = Refusing(b'{"error":"deprecated or invalid dataset id=UNE_DEAP_SEX_AGE_RT_A"}')
    with pytest.raises(NoSuchSeries, match="deprecated or invalid"):
        fetch(ILO, UNEMPLOYED, unknown)
    with pytest.raises(InvalidResponse, match="4xx") as refused:
        fetch(ILO, UNEMPLOYED, Refusing(b"Server Error"))
    assert not isinstance(refused.value, NoSuchSeries)
    with pytest.raises(NoSuchSeries, match="a header and no rows"):
        fetch(ILO, UNEMPLOYED, Canned(FILE.split(b"\n")[0] + b"\n"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"obs_value","obs_status"', '"obs_status","obs_value"', "the columns of the file are"),
        ('"classif1"', '"classif9"', "the columns of the file are"),
        ('"indicator","sex"', '"sex"', "the columns of the file are"),
        ("7.5,,,", "7.5,,", "line 2 has 10 columns"),
        ('"BA:1"', '"BA:1"x', "is no CSV"),
        ("UNE_DEAP", "UNE_TUNE", "rows of UNE_TUNE_SEX_AGE_RT came"),
        ("AGE_YTHADULT_Y15-24", "AGE_YTHADULT_YGE25", "rows of AGE_YTHADULT_YGE25 came"),
        ('"2022"', '"2021"', "appears twice"),
        ("5.5,,,,\n", "5.5,,", "ends in the middle"),
    ],
)
def test_a_file_of_the_ilo_that_is_not_as_agreed_is_refused(old: str, new: str, says: str) -> None:
    body = change(FILE, old, new)
    with pytest.raises(InvalidResponse) as refused:
        fetch(ILO, UNEMPLOYED, Canned(body))
    assert says in refused.value.what
    assert refused.value.next_step
    assert refused.value.pages[0].body == body


# --- UIS
HINT = '"hints": [{{"code": "UIS::HINT::00{}", "message": "could not be found, {}"}}]'


def test_records_of_the_uis(tmp_path: Path) -> None:
    session = Canned(RECORDS)
    answer = fetch(UIS, COMPLETION, session)
    assert session.asked == [("GET", "/data/indicators", {"indicator": "CR.1", "geoUnitType": "NATIONAL"})]
    rows, refused = staged(
        UIS, answer, tmp_path, "ref_area, time_period, obs_value, unit, obs_status, footnote"
    )
    assert rows == [
        ("LVA", 2019, 97.0, "PT", "A", None),
        ("LVA", 2020, 98.35000000000001, "PT", "E", None),
        ("LVA", 2021, None, "PT", "O", None),  # nil without a value is never made a zero
        ("NAM", 2019, None, "PT", "M", None),
        ("NAM", 2020, 0.0, "PT", "A", "magnitude: NIL"),  # a zero that was sent is one
    ]
    assert refused == [("group_of_the_agency", "SDG: Africa")]


@pytest.mark.parametrize(
    ("old", "new", "says", "kind"),
    [
        ('"hints": []', HINT.format(1, "CR.1"), "could not be found, CR.1", NoSuchSeries),
        ('"hints": []', HINT.format(1, "XXX"), "did not understand", InvalidResponse),
        ('"hints": []', HINT.format(3, "XXX"), "did not understand", InvalidResponse),
        ('"records"', '"rows"', "has no lists records and hints", InvalidResponse),
        ('"qualifier"', '"flag"', "lacks qualifier", InvalidResponse),
        ('"qualifier": null}', '"qualifier": null, "sex": "F"}', "also have sex", InvalidResponse),
        ('"CR.1"', '"CR.2"', "rows of CR.2 came", InvalidResponse),
        ("97.0", '"97.0"', "is '97.0'", InvalidResponse),
        ('"year": 2021', '"year": 2020', "appears twice", InvalidResponse),
        (
            '"LVA", "year": 2021',
            '["LVA"], "year": 2021',
            "geoUnit of record 2 of CR.1 is ['LVA']",
            InvalidResponse,
        ),
        ('"year": 2021', '"year": true', "year of record 2 of CR.1 is True", InvalidResponse),
    ],
)
def test_records_that_are_not_as_agreed_are_refused(
    old: str, new: str, says: str, kind: type[InvalidResponse]
) -> None:
    with pytest.raises(InvalidResponse) as refused:
        fetch(UIS, COMPLETION, Canned(change(RECORDS, old, new)))
    assert says in refused.value.what
    assert type(refused.value) is kind
    assert refused.value.next_step


def test_no_records_and_no_hints_are_no_such_series() -> None:
    with pytest.raises(NoSuchSeries, match=r"has nothing for CR\.1"):
        fetch(UIS, COMPLETION, Canned(b'{"hints": [], "records": [], "indicatorMetadata": []}'))


# --- UN Data Commons
def test_all_countries_are_asked_some_at_a_time(tmp_path: Path) -> None:
    pages = commons({"country/LVA": [("2020", 88.5), ("2021", 90)], "country/NAM": [("2021", 0)]})
    session = Canned(*pages)
    answer = fetch(UN, ONLINE, session)
    assert [asked[:2] for asked in session.asked] == [("POST", "/api/observations/series")] * len(pages)
    asked = [place for _, _, given in session.asked for place in given["entities"]]
    assert asked == places(UN)
    assert max(len(given["entities"]) for _, _, given in session.asked) == 50
    assert (answer.rows, answer.pages_expected) == (3, len(pages))
    rows, refused = staged(
        UN, answer, tmp_path, "ref_area, time_period, obs_value, unit, obs_status, source_detail"
    )
    assert rows == [
        ("LVA", 2020, 88.5, "PT", "A", "undata/p/SDG"),
        ("LVA", 2021, 90.0, "PT", "A", "undata/p/SDG"),
        ("NAM", 2021, 0.0, "PT", "A", "undata/p/SDG"),
    ]
    assert refused == []


def test_a_variable_without_any_value_is_no_such_series() -> None:
    with pytest.raises(NoSuchSeries, match="no country has a value") as refused:
        fetch(UN, ONLINE, Canned(*commons({}, facets={})))
    assert len(refused.value.pages) > 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"obsCount": 3}, "and has 2 values"),
        ({"latestDate": "2022"}, "and has 2 values, 2020 to 2021"),
        ({"facet": "8"}, "has the facet '8'"),
        ({"facets": {"7": {"observationPeriod": "P1M"}}}, "has the facet '7'"),
        ({"series": "undata/sdg/OTHER"}, "has no data of it alone"),
        ({"series_of_place": [{"date": "2020", "value": "88.5"}]}, "among its values"),
        ({"series_of_place": None}, "has no series"),
    ],
)
def test_places_that_are_not_as_agreed_are_refused(changes: dict[str, Any], says: str) -> None:
    own = {k: v for k, v in changes.items() if k in ("facets", "series")}
    place = {"series" if k == "series_of_place" else k: v for k, v in changes.items() if k not in own}
    pages = commons({"country/LVA": [("2020", 88.5), ("2021", 90)]}, **own)
    body = [json.loads(page) for page in pages]
    for page in body:
        for result in page["data"].values():
            if "country/LVA" in result:
                result["country/LVA"] |= place
    with pytest.raises(InvalidResponse) as refused:
        fetch(UN, ONLINE, Canned(*(json.dumps(page).encode() for page in body)))
    assert says in refused.value.what
    assert refused.value.next_step


def test_a_place_that_is_left_out_is_noticed() -> None:
    pages = commons({"country/LVA": [("2020", 88.5)]})
    first = json.loads(pages[0])
    del first["data"][ONLINE]["country/AFG"]
    with pytest.raises(InvalidResponse, match="the difference is country/AFG"):
        fetch(UN, ONLINE, Canned(json.dumps(first).encode(), *pages[1:]))


@pytest.mark.parametrize("source", [EUROSTAT, ILO], ids=lambda source: source.id)
def test_a_series_that_is_not_declared_is_our_mistake(source: Source) -> None:
    with pytest.raises(CompactError, match="has no series NOTHING"):
        fetch(source, "NOTHING", Canned())
