"""The embedded source: parsing of its texts, and the whole package staged."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.model import InvalidResponse, Page, SnapshotFiles
from sources.readers import world_factbook
from sources.readers.world_factbook import Figure, Refusal, read_figure
from sources.registry.sources import SeriesInfo, load_series, load_sources
from sources.staging.stage import StagedSource, check_arrived, stage_source
from tests.ledger import reconciles
from tests.unit.wired import SNAPSHOT

SOURCE = load_sources()["world_factbook"]


# --- reading a text
@pytest.mark.parametrize(
    ("text", "form", "figure"),
    [
        ("35% (2023 est.)", "{value}%", Figure("35", 2023, True)),
        ("35% (2023)", "{value}%", Figure("35", 2023, False)),
        ("71.4 million (2024 est.)", "{value}", Figure("71400000", 2024, True)),
        ("1,495,600,000 (2023 est.)", "{value}", Figure("1495600000", 2023, True)),
        ("$173.163 trillion (2024 est.)", "${value}", Figure("173163000000000", 2024, True)),
        ("-$116.727 million (2023 est.)", "${value}", Figure("-116727000", 2023, True)),
        ("-8.5% (2020 est.)", "{value}%", Figure("-8.5", 2020, True)),
        ("$12,300 (2023 est.)", "${value}", Figure("12300", 2023, True)),
        (
            "163.661 million metric tonnes of CO2 (2023 est.)",
            "{value} metric tonnes of CO2",
            Figure("163661000", 2023, True),
        ),
        (
            "urban: 96.1% of population (2022 est.)",
            "urban: {value}% of population",
            Figure("96.1", 2022, True),
        ),
        ("4.4 (July 2024 est.)", "{value}", Figure("4.4", 2024, True)),
        ("(2023 est.) less than 1", "{value}", Figure("<1", 2023, True)),
        ("1 (2022 est.) less than 1", "{value}", Figure("<1", 2022, True)),
        ("0 (2019 est.) 0", "{value}", Figure("0", 2019, True)),
        ("0 (2024 est.) no service", "{value}", Figure("0", 2024, True, "no service")),
        (
            "9% (2021)<br><br><strong>note:</strong> of&nbsp;adults",
            "{value}%",
            Figure("9", 2021, False, "note: of adults"),
        ),
        ("9% (2021) ++ of adults", "{value}%", Figure("9", 2021, False, "of adults")),
    ],
)
def test_a_figure_is_read(text: str, form: str, figure: Figure) -> None:
    assert read_figure(text, form) == figure


@pytest.mark.parametrize(
    ("text", "form", "reason"),
    [
        ("24,219,668", "{value}", "no_year"),
        ("1.99% annual rate of change (2020-25 est.)", "{value}% annual rate of change", "year_range"),
        ("4.6% (2015/16)", "{value}%", "year_range"),
        ("3% (2019) 4% (2020)", "{value}%", "several_years"),
        ("NA", "{value}%", "no_figure"),
        ("uninhabited", "{value}", "no_figure"),
        (
            "(2024 est.) The telephone system is down. No data is available for the year 2024.",
            "{value}",
            "no_figure",
        ),
        ("1,000 (2022 est.) Data available for 2019 only.", "{value}", "unread_text"),
        ("5.7% of GDP (2023 est.) NA", "{value}% of GDP", "contradictory"),
        ("5 (2023 est.) 6", "{value}", "contradictory"),
        ("5 (2023 est.) less than 1", "{value}", "contradictory"),
        ("(2017 est.) 77.9", "{value} years", "unread_text"),
        ("5.4% of national budget (2022 est.)", "{value}% of GDP", "unread_text"),
        ("1,00 (2022)", "{value}", "unread_text"),
        ("5 zillion (2022)", "{value}", "unread_text"),
    ],
)
def test_what_is_no_figure_of_one_year_is_refused(text: str, form: str, reason: str) -> None:
    figure = read_figure(text, form)
    assert isinstance(figure, Refusal)
    assert figure.reason == reason
    assert figure.detail


def test_a_year_that_contradicts_the_name_of_the_field_is_refused() -> None:
    assert read_figure("5% (2021 est.)", "{value}%", 2021) == Figure("5", 2021, True)
    assert cast(Refusal, read_figure("5% (2021 est.)", "{value}%", 2022)).reason == "years_disagree"


@given(
    st.integers(0, 10**9),
    st.integers(0, 999),
    st.sampled_from(["", "thousand", "million", "billion", "trillion"]),
    st.booleans(),
    st.integers(1950, 2030),
)
def test_every_number_is_read_exactly(
    whole: int, part: int, magnitude: str, negative: bool, year: int
) -> None:
    number = Decimal(whole) + Decimal(part) / 1000
    text = f"{'-' if negative else ''}${number:,f} {magnitude}".strip() + f" ({year} est.)"
    figure = read_figure(text, "${value}", year)
    assert isinstance(figure, Figure)
    power = {"": 0, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}[magnitude]
    assert Decimal(figure.value) == (-number if negative else number) * 10**power
    assert (figure.year, figure.estimate) == (year, True)


@given(st.text(max_size=60), st.sampled_from(["{value}", "{value}%", "${value}"]))
def test_no_text_is_read_without_its_year_and_number(text: str, form: str) -> None:
    figure = read_figure(text, form)
    if isinstance(figure, Figure):
        assert str(figure.year) in text
        assert any(digit in text for digit in "0123456789")
    else:
        assert figure.reason


# --- reading an area's document
def test_parts_and_years_are_found_where_the_series_says() -> None:
    info = SeriesInfo(
        "S",
        "",
        "PT",
        {"path": "Economy > Debt > Debt {year}", "dimension": "", "parts": "", "text": "", "note": ""},
    )
    document = {
        "Economy": {
            "Debt": {
                "Debt 2022": {"text": "b"},
                "Debt 2021": {"text": "a"},
                "Debt": {"text": "x"},
                "Debt 2020": "no node",
                "note": "<b>note:</b> of GDP",
            }
        }
    }
    assert [(r[2], r[3], r[4]) for r in world_factbook._rows({"S": info}, document)] == [
        (2021, "a", ["note: of GDP"]),
        (2022, "b", ["note: of GDP"]),
    ]
    info = SeriesInfo("S", "", "PT", info.more | {"path": "Economy > Use > {part}", "parts": "total|male"})
    document = {"Economy": {"Use": {"male": {"text": "m"}, "total": {"text": "t"}, "female": {"text": "f"}}}}
    assert [(r[1], r[3]) for r in world_factbook._rows({"S": info}, document)] == [
        ("total", "t"),
        ("male", "m"),
    ]
    assert list(world_factbook._rows({"S": info}, {"Economy": "none"})) == []


@pytest.mark.parametrize("body", [b"\xff{}", b"{", b"[]"])
def test_a_page_that_is_no_document_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(InvalidResponse, match="is not"):
        world_factbook._document(body, "package:x/ke.json")


# --- the whole package
@pytest.fixture(scope="module")
def pages() -> tuple[Page, ...]:
    (resource,) = world_factbook.plan(SOURCE, list(load_series(SOURCE.id)))
    answer = world_factbook.fetch(SOURCE, resource, cast(Any, None))
    assert answer.pages_expected == len(answer.pages)
    assert answer.agency_release == answer.pages[0].url.split("/")[1]
    assert [p.url for p in answer.pages] == sorted(p.url for p in answer.pages)
    return answer.pages


def stage_pages(pages: tuple[Page, ...], home: Path) -> StagedSource:
    (home / "pages").mkdir(parents=True)
    paths = []
    for number, page in enumerate(pages):  # named by number: nothing may be read off a file's name
        paths.append(home / "pages" / str(number))
        paths[-1].write_bytes(page.body)
    files = [SnapshotFiles(SNAPSHOT, "factbook", tuple(paths), tuple(page.url for page in pages))]
    return stage_source(SOURCE, files, home)


@pytest.fixture(scope="module")
def staged(pages: tuple[Page, ...], tmp_path_factory: pytest.TempPathFactory) -> StagedSource:
    return stage_pages(pages, tmp_path_factory.mktemp("factbook"))


def ask(sql: str, staged: StagedSource) -> list[tuple[Any, ...]]:
    return duckdb.sql(sql.format(kept=staged.observation, refused=staged.quarantine)).fetchall()


@pytest.mark.slow
def test_every_declared_series_arrives(staged: StagedSource) -> None:
    check_arrived(SOURCE, load_series(SOURCE.id), staged)
    assert len(load_series(SOURCE.id)) >= 20
    areas = dict(ask("select series, count(distinct ref_area) from '{kept}' group by series", staged))
    assert areas["Communications > Internet users > percent of population"] >= 200
    assert sum(n >= 200 for n in areas.values()) >= 15
    assert set(areas) == set(load_series(SOURCE.id))


def test_every_row_is_kept_or_refused_with_a_reason(staged: StagedSource) -> None:
    (count,) = staged.ledger()
    assert reconciles(count)
    assert count.rows_in > 10_000
    listed = dict(
        ask("select reason, count(*) from '{refused}' where length(detail) > 0 group by reason", staged)
    )
    assert listed == count.reasons
    assert set(listed) <= {
        "no_year",
        "no_figure",
        "year_range",
        "contradictory",
        "unread_text",
        "other_note",
        "area_not_carried",
        "several_years",
        "years_disagree",
    }


def test_kenya_namibia_and_kosovo_are_there(staged: StagedSource, pages: tuple[Page, ...]) -> None:
    rows = dict(
        ask("select ref_area, obs_value from '{kept}' where series like '%percent of population'", staged)
    )
    texts = {
        Path(p.url).stem: json.loads(p.body)["Communications"]["Internet users"]["percent of population"][
            "text"
        ]
        for p in pages
        if Path(p.url).stem in ("ke", "wa", "kv")
    }
    for code, area in (("ke", "KEN"), ("wa", "NAM"), ("kv", "XKX")):
        assert texts[code].startswith(f"{rows[area]:g}%")


def test_less_than_one_is_a_bound(staged: StagedSource) -> None:
    rows = ask(
        "select distinct obs_value, lower_bound, upper_bound from '{kept}' where obs_status = 'C'", staged
    )
    assert rows == [(1.0, None, 1.0)]


def test_shares_are_shares_and_counts_are_counts(staged: StagedSource) -> None:
    assert (
        ask(
            """
        select series, obs_value from '{kept}'
        where unit = 'PT' and series not like '%debt' and not obs_value between 0 and 100
           or unit in ('PS', 'NUMBER') and obs_value <> round(obs_value)""",
            staged,
        )
        == []
    )
    (people,) = ask(
        "select sum(obs_value) from '{kept}' where series = 'People and Society > Population' and sex = '_T'",
        staged,
    )
    assert 7e9 < people[0] < 9e9


def test_areas_that_are_no_country_are_refused_by_name(staged: StagedSource) -> None:
    refused_areas = {
        area
        for (area,) in ask("select distinct area from '{refused}' where reason = 'area_not_carried'", staged)
    }
    assert {"ee", "gz", "we"} <= refused_areas


def test_the_same_package_gives_the_same_bytes(
    staged: StagedSource, pages: tuple[Page, ...], tmp_path: Path
) -> None:
    again = stage_pages(pages, tmp_path)
    assert again.observation.read_bytes() == staged.observation.read_bytes()
    assert again.quarantine.read_bytes() == staged.quarantine.read_bytes()
