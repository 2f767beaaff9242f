"""Declared breaks are named and drawn wherever a series is shown: by `show`, `Release` and the MCP server."""

from __future__ import annotations

import pytest

from pipelines.cli.use.sentences import shown
from pipelines.mcp import answers
from reports.site.drawing.charts import Line, after_breaks, line_chart
from tests.unit.make import value
from tests.unit.released import judged, released
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
    found = answers.series(release, "use", "Kenya")
    assert found["breaks"] == [{"time_period": 2018, "reason": "The questionnaire changed."}]
    assert "breaks" not in answers.series(release, "use", "Uganda")
