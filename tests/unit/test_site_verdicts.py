"""One verdict and one denominator on every page of the site, and a first screen that follows the data."""

from __future__ import annotations

import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from reports.shared.figures import Figures
from reports.shared.localisation import LANGUAGES, Words
from reports.shared.release_reader import Release
from reports.shared.standing import CATEGORIES, LIKELIHOODS, Standing
from reports.site import build
from reports.site.headline import finding
from reports.site.home import sentences
from reports.site.packing import read
from schemas.codelists.reader import read_codelist
from tests.site_release import COUNTRIES, write_release

LEAST = {row["category"]: float(row["at_least"]) for row in read_codelist("likelihood_classes")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    release = write_release(tmp_path_factory.mktemp("release") / "r")
    build(release, release / "site")
    return release / "site"


class Bars(HTMLParser):
    """Whose bars a page shows, and what they say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if of := values.get("data-of"):
            self.found.append((of, str(values.get("aria-label") or values["title"])))


def expected_class(probability: float) -> str:
    return max((name for name in LEAST if probability >= LEAST[name]), key=LEAST.__getitem__)


@pytest.mark.slow
def test_no_two_pages_count_the_same_thing_differently(site: Path) -> None:
    for language in LANGUAGES:
        folder = site if language == "en" else site / language
        said: dict[str, set[str]] = defaultdict(set)
        pages = [
            p
            for p in folder.rglob("*.html")
            if language != "en" or p.relative_to(site).parts[0] not in LANGUAGES
        ]
        for page in pages:
            for of, label in Bars(page.read_text()).found:
                said[of].add(label)
        assert {of: labels for of, labels in said.items() if len(labels) > 1} == {}
        assert {"all", "internet_use", "A", "1", "KEN", "M49:202"} <= said.keys()


def test_a_sentence_and_the_bar_beside_it_have_the_same_denominator(site: Path) -> None:
    figures = Figures(Release(site.parent))
    standing = figures.standing(["internet_use"])
    assert (standing.asked, standing.good, standing.bad, standing.unknown) == (
        4,
        1,
        1,
        2,
    )  # Uganda counts too
    for page in ("index", "objective/A", "indicator/internet_use"):
        text = " ".join(re.sub(r"<[^>]+>", " ", (site / f"{page}.html").read_text()).split())
        assert re.search(r"\b1 of 4\b", text), page
        assert not re.search(r"\b\d+ of [12] UN Member States have met", text), page
    (label,) = {said for of, said in Bars((site / "index.html").read_text()).found if of == "internet_use"}
    assert sum(int(n) for n in re.findall(r": (\d+)", label)) == standing.asked


def test_a_probability_stands_only_beside_the_class_that_it_means(site: Path) -> None:
    seen = 0
    for path in (site / "data/a").glob("*.js"):
        for row in read(path)["rows"]:
            if path.stem in COUNTRIES and row[7] is not None:
                seen += 1
                assert CATEGORIES[row[6]] == expected_class(row[7]), (path.name, row)
    for path in (site / "data/i").glob("*.js"):
        found = read(path)
        classes = {row[0]: row[6] for row in found["rows"]}
        for area, fan in found.get("projections", {}).items():
            if fan[1] is not None:
                seen += 1
                assert CATEGORIES[classes[area]] == expected_class(fan[1]), (path.name, area)
    assert seen > 1
    assert set(LIKELIHOODS) == set(LEAST)


def first_screen(folder: Path, language: str = "en", **given: Any) -> dict[str, str]:
    release = write_release(folder, **given)
    return sentences(Words(language), finding(Figures(Release(release))))


def test_the_first_screen_changes_with_the_data(tmp_path: Path) -> None:
    low = {"KEN": "unlikely", "TZA": "very_unlikely", "FRA": "met", "UGA": "unlikely"}
    high = {"KEN": "likely", "TZA": "likely", "FRA": "met", "UGA": "unlikely"}
    before = first_screen(tmp_path / "a", classes=low, world=72.5)
    after = first_screen(tmp_path / "b", classes=high, world=91.0)
    assert before["headline"].startswith("The world is not on course to bring everyone online by 2030")
    assert "72.5%" in before["headline"]
    assert "1 of 4 UN Member States" in before["on"]
    assert after["headline"].startswith("The world is on course to bring everyone online by 2030")
    assert "91%" in after["headline"]
    assert "3 of 4 UN Member States" in after["on"]
    assert "Confidence is high for 3 of the 4 States" in after["sure"]


def test_the_world_s_own_verdict_leads_where_the_release_has_one(tmp_path: Path) -> None:
    classes = {"KEN": "likely", "TZA": "likely", "FRA": "met", "UGA": "unlikely", "M49:001": "unlikely"}
    said = first_screen(tmp_path / "r", classes=classes)
    assert said["headline"].startswith("The world is not on course")
    assert "3 of 4 UN Member States" in said["on"]  # a group is no Member State


def test_with_too_little_data_the_first_screen_says_so(tmp_path: Path) -> None:
    said = first_screen(tmp_path / "r", classes={"KEN": "insufficient_data", "FRA": "met"})
    assert said["headline"].startswith("Too little data to say whether the world is on course")
    assert "For 3 there is too little data" in said["sure"]


def test_a_release_of_one_source_says_that_it_is_a_demonstration(site: Path) -> None:
    for page in ("index.html", "fr/index.html", "es/indicator/gini.html"):
        assert "class=demo" in (site / page).read_text(), page
    assert "id=more" in (site / "downloads.html").read_text()


def test_directions_are_not_summed_with_verdicts() -> None:
    figures = Standing()
    figures.counts["met"] = 2
    figures.directions["improving"] = 5
    assert figures.asked == 2
    assert [name for name, _, _ in figures.bar] == ["met"]
