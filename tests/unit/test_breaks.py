"""Declared breaks are named and drawn wherever a series is shown: by `show`, `data`, `Release` and the MCP
server, on the site, in briefs and in the workbook."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from pipelines.cli.use.sentences import shown
from pipelines.mcp import answers
from reports import brief
from reports.shared.figures import Figures
from reports.shared.release_reader import Release as ReportRelease
from reports.site.chart_data import indicator as chart_data
from reports.site.drawing.charts import Line, after_breaks, line_chart
from reports.workbook.writer import NAME, build
from tests.command import in_process
from tests.unit.make import value
from tests.unit.released import judged, released
from tests.unit.reported import report_release
from warehouse import Release
from warehouse.client.profile import profile
from warehouse.query.sparkline import BREAK, parted

FIGURES = {("KEN", 2015): 20.0, ("KEN", 2018): 24.0, ("KEN", 2020): 30.0, ("UGA", 2020): 12.5}
BREAKS = [
    {"indicator": "use", "applies_to": "all", "time_period": 2018, "reason": "The questionnaire changed."},
    {"indicator": "use", "applies_to": "UGA", "time_period": 2019, "reason": "A census."},
    {"indicator": "use", "applies_to": "all", "time_period": 2024, "reason": "After the last year."},
]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("breaks") / "r1"
    values = [value("use", *key, number) for key, number in FIGURES.items()]
    return Release(
        released(folder, FIGURES, indicator=values, progress=judged(FIGURES, {}), series_break=BREAKS)
    )


def test_show_draws_and_names_the_breaks_inside_the_series(release: Release) -> None:
    text = " ".join(shown(profile(release, "use", "Kenya"), verbose=False))
    assert "break in the series at 2018: The questionnaire changed." in text
    assert "census" not in text
    assert "After the last year" not in text
    trend = next(line for line in shown(profile(release, "use", "Kenya"), verbose=False) if "trend" in line)
    assert trend.count(BREAK) == 1


def test_a_chart_of_the_site_cuts_the_line_and_says_why() -> None:
    years = [2015, 2018, 2020]
    broken = after_breaks(years, [(2017, "New questions."), (2015, "Too early."), (2021, "Too late.")])
    assert broken == {2018: "New questions."}
    line = Line("Kenya", [(year, float(year)) for year in years], breaks=broken)
    drawn = line_chart([line], title="Use", label=str)
    assert "<title>2018: New questions.</title>" in drawn
    assert "| 2018: New questions." in drawn.partition(">")[0]


def test_a_chart_of_the_site_draws_a_nowcast_apart() -> None:
    points = [(year, float(year)) for year in (2021, 2022, 2023, 2024)]
    plain = line_chart([Line("World", points)], title="Poverty", label=str, nowcast="nowcast of the agency")
    cast = line_chart(
        [Line("World", points, nowcasts=frozenset({2024}))],
        title="Poverty", label=str, nowcast="nowcast of the agency",
    )  # fmt: skip
    assert "nowcast" not in plain
    assert cast.count("hollow") == 2  # the value and the key
    assert "nowcast of the agency: 2024" in cast.partition(">")[0]
    assert 'class="l c1 cast"' in cast


def test_one_value_has_no_break(release: Release) -> None:
    assert profile(release, "use", "Uganda").breaks == []


def test_a_break_is_marked_before_its_first_year() -> None:
    assert parted("abcd", [2010, 2014, 2016, 2020], [2016]) == f"ab{BREAK}cd"
    assert parted("abcd", [2010, 2014, 2016, 2020], [2015, 2016]) == f"ab{BREAK}cd"
    assert parted("abcd", [2010, 2014, 2016, 2020], [2010, 2021]) == "abcd"


def test_the_release_lists_breaks_of_an_area_and_of_all(release: Release) -> None:
    assert [row["time_period"] for row in release.breaks("use", "Kenya")] == [2018, 2024]
    assert [(row["area"], row["time_period"]) for row in release.breaks()] == [
        ("all areas", 2018),
        ("Uganda", 2019),
        ("all areas", 2024),
    ]


def test_an_assistant_is_told_the_breaks_with_the_series(release: Release) -> None:
    result = answers.series(release, "use", "Kenya")
    assert result["breaks"] == [{"time_period": 2018, "reason": "The questionnaire changed."}]
    assert "breaks" not in answers.series(release, "use", "Uganda")


# --- reports: 2020 and 2024 have values, so that a break of 2022 lies inside each series
IN_REPORTS = [
    {"indicator": "internet_use", "applies_to": "all", "time_period": 2022, "reason": "New questions."},
    {"indicator": "internet_use", "applies_to": "UGA", "time_period": 2023, "reason": "A census."},
    {"indicator": "internet_use", "applies_to": "all", "time_period": 2020, "reason": "At the start."},
]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_release(
        tmp_path_factory.mktemp("reported") / "2026-11-01-00000000", series_break=IN_REPORTS
    )


def test_the_chart_of_the_site_has_every_break_with_its_area_and_reason(reported: Path) -> None:
    release = ReportRelease(reported)
    document = chart_data(Figures(release), release.indicators["internet_use"])
    assert document["breaks"] == [
        ["all", 2020, "At the start."],
        ["all", 2022, "New questions."],
        ["UGA", 2023, "A census."],
    ]
    assert Figures(release).breaks_of("internet_use", "KEN") == [
        (2020, "At the start."),
        (2022, "New questions."),
    ]


def test_a_brief_names_the_breaks_inside_its_series(reported: Path, tmp_path: Path) -> None:
    brief.build(reported, tmp_path, ["KEN", "UGA"])
    said = {
        area: " ".join(page.extract_text() for page in PdfReader(tmp_path / f"{area}.pdf").pages)
        for area in ("KEN", "UGA")
    }
    assert "2022 (New questions.)" in " ".join(said["KEN"].split())
    assert "census" not in said["KEN"]
    assert "A census." in " ".join(said["UGA"].split())
    assert "At the start" not in said["UGA"]


def test_the_workbook_has_the_breaks_beside_the_series(reported: Path, tmp_path: Path) -> None:
    build(reported, tmp_path / NAME)
    head, *rows = CalamineWorkbook.from_path(tmp_path / NAME).get_sheet_by_name("series").to_python()
    of_area = {row[2]: row[head.index("breaks")] for row in rows}
    assert of_area["KEN"] == "2020: At the start.; 2022: New questions."
    assert of_area["UGA"] == "2020: At the start.; 2022: New questions.; 2023: A census."


def test_data_names_the_breaks_of_the_series_that_it_prints(release: Release) -> None:
    home = release.folder.parent / "home"
    (home / "releases").mkdir(parents=True)
    (home / "releases" / release.folder.name).symlink_to(release.folder, target_is_directory=True)
    (home / "releases" / "latest").symlink_to(release.folder.name, target_is_directory=True)
    told = in_process("data", "use", "--area", "Kenya", home=home)
    assert told.err == "use: break in the series at 2018: The questionnaire changed.\n"
    assert in_process("data", "use", "--area", "Uganda", home=home).err == ""
