"""The reader of delimited text on small hand-made files with synthetic figures."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.codelists.code_maps import code_map
from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.model import InvalidResponse, NoSuchSeries, Page, Resource, SnapshotFiles
from sources.readers.delimited import reader as delimited
from sources.readers.delimited.options import options_of
from sources.registry.sources import load_sources
from tests.unit.canned import Canned, fetch, keep, source_with, wired
from tests.unit.test_archive import packed

EGDI, GCI, WID, PIP = (source_with(name) for name in ("egdi", "gci", "wid", "worldbank_pip"))
EGDI_HEAD = (
    "Survey Year,Country Name,E-Government Rank,E-Government Index,E-Participation Index,"
    "Online Service Index,Human Capital Index,Telecommunication Infrastructure Index\n"
)


# --- several value columns, names instead of codes
def egdi_page(year: str = "2018") -> bytes:
    return (EGDI_HEAD + f'{year},"Laos ",1,0.5,0.4,0.3,0.2,0.1\n{year},Kenya ,2,0.45,0,,0.2,0.1\n').encode()


def test_each_value_column_is_a_series(tmp_path: Path) -> None:
    answer = fetch(EGDI, "EGDI", Canned(egdi_page()))
    assert (answer.resource, answer.rows) == (Resource("2018", ("EGDI",)), 2)
    rows, counted = wired(EGDI, keep([answer], tmp_path))
    assert counted == {}
    assert len(rows) == 12
    assert rows[0] == {
        "snapshot": rows[0]["snapshot"],
        "row": 0,
        "series": "EGDI",
        "area": "Laos ",
        "area_name": "Laos ",
        "time_period": "2018",
        "value": "0.5",
    }
    assert [row["row"] for row in rows] == list(range(12))
    assert {row["series"]: row["value"] for row in rows if row["area"] == "Kenya "}["OSI"] == ""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (egdi_page("2022"), "rows with Survey Year '2022' came"),
        (egdi_page().replace(b"Kenya ", b"Laos "), "Survey Year Country Name 2018, Laos  appears 2 times"),
    ],
)
def test_what_every_row_must_say_is_checked(body: bytes, says: str) -> None:
    with pytest.raises(InvalidResponse, match=says):
        fetch(EGDI, "EGDI", Canned(body))


def test_years_side_by_side_and_two_scales_are_two_series(tmp_path: Path) -> None:
    text = (
        "Country,2014,Globa Rank,2017,Global Rank,2018,Global Rank,2020,Global Rank,2024,Global Rank,\r\n"
        "Kenya,0.5,3,0.6,2,0.7,1,70,4,80.5,5,\r\nCape Verde,,,#N/A,#N/A,,,,,90,1,"
    )
    rows, counted = wired(GCI, keep([fetch(GCI, "GCI_RANK", Canned(text.encode()))], tmp_path))
    assert counted == {}
    values = {(r["series"], r["time_period"]): r.get("value") for r in rows if r["area"] == "Kenya"}
    assert values["GCI_SCORE_1", "2018"] == "0.7"
    assert values["GCI_SCORE_100", "2020"] == "70"
    assert values["GCI_RANK", "2017"] == "2"
    assert ("GCI_SCORE_100", "2018") not in values
    blank = {(r["series"], r["time_period"]) for r in rows if r["area"] == "Cape Verde" and "value" not in r}
    assert blank == {("GCI_SCORE_1", "2017"), ("GCI_RANK", "2017")}


# --- a zip of long files
WID_HEAD = "country;variable;percentile;year;value;age;pop\n"


def wid_zip(**files: str) -> bytes:
    listed = [
        (f"WID_data_{name.replace('__', '-')}.csv", (WID_HEAD + t).encode()) for name, t in files.items()
    ]
    return packed([("README.md", b"read me"), ("WID_countries.csv", b"alpha2\n"), *listed])


def test_members_of_a_zip_are_one_table(tmp_path: Path) -> None:
    body = wid_zip(
        NA="NA;sptincj992;p99p100;1980;0.2;992;j\nNA;sdiincj992;p0p50;1980;0.1;992;j\n",
        US__CA="US-CA;sptincj992;p99p100;1980;0.2;992;j\n",
        US="US;sptincj992;p99p100;1899;0.2;992;j\nUS;sptincj992;p99.9p100;1900;0.1;992;j\n"
        "US;sptincj992;p37p38;1900;0.1;992;j\n",
        XF__MER="XF-MER;sptincj992;p0p50;1980;0.2;992;j\n",
    )
    answer = fetch(WID, "sptincj992", Canned(body))
    assert (answer.rows, answer.agency_release) == (7, "2026-05-04")
    rows, counted = wired(WID, keep([answer], tmp_path))
    assert [(r["area"], r["series"], r["value"], r["dims"]) for r in rows] == [
        ("NA", "sptincj992", "0.2", {"percentile": "p99p100"}),
        ("US", "sptincj992", "0.1", {"percentile": "p99.9p100"}),
    ]
    assert counted == {
        "other_variable": 1,
        "part_of_country": 1,
        "before_1900": 1,
        "other_percentile": 1,
        "exchange_rate_version": 1,
    }
    assert len(rows) + sum(counted.values()) == answer.rows


def test_the_same_files_packed_again_are_the_same_content() -> None:
    line = "NA;sptincj992;p99p100;1980;0.2;992;j\n"
    first = fetch(WID, "sptincj992", Canned(wid_zip(NA=line, US=line)))
    again = fetch(WID, "sptincj992", Canned(wid_zip(US=line, NA=line)))
    other = fetch(WID, "sptincj992", Canned(wid_zip(NA=line.replace("0.2", "0.3"), US=line)))
    assert first.content == again.content != other.content


def test_a_bad_member_is_named_and_the_zip_is_kept() -> None:
    body = wid_zip(NA="NA;sptincj992;p99p100;1980;0.2;992;j", US="")
    with pytest.raises(InvalidResponse, match="ends in the middle") as refused:
        fetch(WID, "sptincj992", Canned(body))
    assert refused.value.where.endswith("#WID_data_NA.csv")
    assert refused.value.pages[0].body == body


def test_a_file_packed_as_gzip_is_unpacked(tmp_path: Path) -> None:
    source = source_with("egdi", packed="gzip")
    answer = fetch(source, "EGDI", Canned(gzip.compress(egdi_page())))
    assert answer.rows == 2
    assert len(wired(source, keep([answer], tmp_path))[0]) == 12


# --- a release that is named before the data
VERSIONS = orjson.dumps(
    [
        {"version": version, "release_version": version[:8], "ppp_version": ppp, "identity": version[-4:]}
        for version, ppp in (
            ("20250930_2021_01_02_PROD", "2021"),
            ("20260401_2021_01_02_TEST", 2021),
            ("20260324_2021_01_02_PROD", 2021),
        )
    ]
)
PIP_NAMES = [name for name, _ in options_of(PIP).headers()]


def pip_page(**changes: str) -> bytes:
    told = {
        "country_code": "KEN", "country_name": "Kenya", "reporting_year": "2021",
        "reporting_level": "national", "welfare_type": "consumption",
        "poverty_line": "3", "headcount": "0.25", "gini": "0.4",
        "is_interpolated": "FALSE", "distribution_type": "micro", "survey_acronym": "KCHS",
    }  # fmt: skip
    row = {name: (told | changes).get(name, "") for name in PIP_NAMES}
    return (",".join(row) + "\n" + ",".join(row.values()) + "\n").encode()


def test_the_newest_release_of_the_kind_is_asked_for(tmp_path: Path) -> None:
    session = Canned(VERSIONS, pip_page())
    answer = fetch(PIP, "gini", session)
    assert answer.agency_release == "20260324_2021_01_02_PROD"
    assert session.asked[0][1] == "/versions"
    assert session.asked[1][2]["version"] == answer.agency_release
    rows, _ = wired(PIP, keep([answer], tmp_path))
    results = {row["series"]: row for row in rows}
    assert results["headcount@3.00"]["value"] == "0.25"
    assert results["gini"]["dims"] == {"welfare_type": "consumption", "reporting_level": "national"}
    assert results["gini"]["status"] == "micro"


@pytest.mark.parametrize(
    ("versions", "body", "says", "kind"),
    [
        (VERSIONS, pip_page(poverty_line="2.15"), "rows with poverty_line '2.15' came", InvalidResponse),
        (VERSIONS, pip_page(is_interpolated="TRUE"), "rows with is_interpolated 'TRUE'", InvalidResponse),
        (VERSIONS, b"Server Error", "column 1 of the file is 'Server Error'", InvalidResponse),
        (VERSIONS.replace(b"PROD", b"TEST"), pip_page(), "lists no release", NoSuchSeries),
        (b'{"version": 1}', pip_page(), "is not a list of such rows", InvalidResponse),
        (b'[{"version": "x"}]', pip_page(), "is not a list of such rows", InvalidResponse),
    ],
)
def test_a_question_that_was_not_answered_is_noticed(
    versions: bytes, body: bytes, says: str, kind: type[InvalidResponse]
) -> None:
    with pytest.raises(InvalidResponse, match=says) as refused:
        fetch(PIP, "gini", Canned(versions, body))
    assert type(refused.value) is kind


def test_a_line_may_be_written_with_more_digits() -> None:
    assert fetch(PIP, "gini", Canned(VERSIONS, pip_page(poverty_line="3.000"))).rows == 1


class Refusing(Canned):
    """Answers the second question as an agency that refuses it."""

    def get(self, path: str, params: Any = None, **more: Any) -> Page:
        page = super().get(path, params, **more)
        if len(self.asked) == 2:
            raise InvalidResponse("status 404", pages=(page,))
        return page


@pytest.mark.parametrize(("word", "kind"), [("povline", NoSuchSeries), ("country", InvalidResponse)])
def test_a_refusal_that_means_no_such_series_is_one(word: str, kind: type[InvalidResponse]) -> None:
    said = f'{{"details": {{"msg": "You supplied an invalid value for {word}."}}}}'.encode()
    with pytest.raises(InvalidResponse) as refused:
        fetch(PIP, "gini", Refusing(VERSIONS, said))
    assert type(refused.value) is kind


# --- what is declared
def test_a_series_is_asked_of_every_resource_that_carries_it() -> None:
    assert delimited.plan(PIP, ["headcount@3.00", "gini"]) == [
        Resource("survey_3.00", ("gini", "headcount@3.00")),
        Resource("region_3.00", ("headcount@3.00",)),
    ]
    assert [r.key for r in delimited.plan(EGDI, ["EGDI"])] == ["2018", "2022", "2024"]
    with pytest.raises(CompactError, match="has no series gni"):
        delimited.plan(PIP, ["gni"])


def test_the_options_of_every_source_are_sound() -> None:
    sources = [source for source in load_sources().values() if source.reader == "delimited"]
    assert len(sources) >= 4
    assert all(options_of(source).resources for source in sources)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"colums": ["a"]}, "colums"),
        ({"fields": {"area": "Land"}}, "no such column: Land"),
        ({"fields": {"region": "Country Name"}}, "fields.region"),
        ({"columns": [*options_of(EGDI).columns, "Country Name"]}, "two columns have one name"),
        ({"delimiter": ",,"}, "delimiter"),
        ({"resources": {"a": {"path": "no slash"}}}, "resources.a.path"),
        ({"resources": {}}, "resources"),
        (
            {"leave_out": [{"column": "Survey Year", "matches": "x", "reason": "why"}]},
            "not declared in counted",
        ),
        ({"columns": ["Survey Year", "Country Name"], "key": []}, "no declared column"),
    ],
)
def test_a_mistake_in_the_options_is_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(CompactError, match=says) as refused:
        options_of(source_with("egdi", **change))
    assert refused.value.where == "sources/agencies/egdi/source.yaml"


def test_a_rule_for_rows_needs_one_pattern() -> None:
    rule = {"column": "year", "reason": "before_1900"}
    with pytest.raises(CompactError, match="either"):
        options_of(source_with("wid", leave_out=[rule]))


def test_names_of_columns_cannot_speak_sql(tmp_path: Path) -> None:
    odd = 'Index"; drop table raw_row; --'
    columns = [odd if c == "E-Government Index" else c for c in options_of(EGDI).columns]
    source: Source = source_with(
        "egdi", columns=columns, fields={"area": odd, "time_period": "Survey Year"}, key=[odd]
    )
    with pytest.raises(CompactError, match="EGDI stands in no declared column"):
        options_of(source)
    quoted = source_with(
        "egdi",
        columns=[{c: "E-Government Index"} if c == odd else c for c in columns],
        fields={"area": "Country Name", "area_name": "Country Name", "time_period": "Survey Year"},
    )
    head = EGDI_HEAD.replace("E-Government Index", '"' + odd.replace('"', '""') + '"')
    body = egdi_page().replace(EGDI_HEAD.encode(), head.encode())
    answer = fetch(quoted, "EGDI", Canned(body))
    assert len(wired(quoted, keep([answer], tmp_path))[0]) == 12


def test_rows_are_numbered_through_all_files_of_a_snapshot(tmp_path: Path) -> None:
    (one,) = keep([fetch(EGDI, "EGDI", Canned(egdi_page()))], tmp_path)
    doubled = SnapshotFiles(one.snapshot, one.resource, one.pages * 2)
    rows, _ = wired(EGDI, [doubled])
    assert [row["row"] for row in rows] == list(range(24))


def test_areas_go_by_our_names_of_countries_and_never_of_groups() -> None:
    names = code_map("name")
    assert names["Kenya"] == "KEN"
    assert names["Namibia"] == "NAM"
    assert "Micronesia" not in names  # a region of the United Nations; the state has a longer name
    assert all(len(area) == 3 for area in names.values())
