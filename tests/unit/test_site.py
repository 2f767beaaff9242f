"""The site of a tiny release: its words, its pages, its links, and missing tables."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from indicators.closed_sources import closed_sources
from indicators.validation import FRAMEWORKS as FRAMEWORKS_FILE
from reports.shared.figures import OBJECTIVES, Figures
from reports.shared.localisation import FOLDER, LANGUAGES, Words, catalogue, names
from reports.shared.release_reader import Release
from reports.shared.standing import CATEGORIES, CONFIDENCES
from reports.site import build
from reports.site.__main__ import main
from reports.site.drawing.map_still import SHARES, borders
from reports.site.elsewhere import PARTS
from reports.site.headline import LEADS
from reports.site.language_share import measure
from reports.site.overview_rows import OTHER_FILES
from reports.site.packing import read
from reports.site.pages import NAVIGATION, OVERVIEWS, SECTIONS
from reports.site.story import WAYS, story
from reports.site.topic_rows import CONTRIBUTED
from schemas.codelists.groupings import groupings
from schemas.codelists.obs_status import STATUS_WORDS
from schemas.codelists.units import unit_codes
from schemas.columns.shared import DIRECTIONS
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import CompactError
from schemas.tables.availability import UNIVERSES
from schemas.tables.targets import STATUSES
from tests.site_release import COUNTRIES, OPTIONAL, explained, write_release

FRAMEWORKS = tuple(load_yaml(FRAMEWORKS_FILE).data)
SITE = Path(build.__code__.co_filename).parent
AGGREGATES = ("weighted_mean", "sum", "gap_filled_total", "median", "unweighted", "none")
CHECKS = (
    "not_empty", "unique_key", "range", "areas_min", "yearly_change", "disagreement", "coverage", "magnitude",
    "plausible", "areas_expected", "first_arrival",
)  # fmt: skip
FIELD = SITE.parents[1] / "indicators" / "catalogue" / "frameworks" / "field"
GAP_PAIRS = SITE.parents[1] / "schemas" / "codelists" / "gap_pairs.csv"
# Families of messages that are asked for by a code, with the codes that there are.
FAMILIES = {
    "category": CATEGORIES,
    "status": STATUS_WORDS,
    "unit": unit_codes(),
    "direction": DIRECTIONS,
    "target_status": STATUSES,
    "universe": UNIVERSES,
    "objective": "ABCDEFGH12345",
    "framework": FRAMEWORKS,
    "file": OTHER_FILES,
    "grouping": [g.id for g in groupings()],
    "confidence": CONFIDENCES,
    "elsewhere.part": PARTS,
    "section": SECTIONS,
    "page.index.course": ("likely", "even", "unlikely", "unknown"),
    "aim": [f"{name}.{part}" for name in LEADS for part in ("aim", "value")],
    "state": ("live", "stored", "absent"),
    "not_measurable_split": ("none", "none_text", "elsewhere", "elsewhere_text"),
    "unit_name": ("INDEX", "INDEX_BASE_100", "RATIO", "NUMBER", "BOOL", "NOT_STATED"),
    "js": ("gap_to", "gap_over", "gap_off"),
    "check": CHECKS,
    "frame": [path.stem for path in FIELD.glob("*.yaml")],
    "frame_measured": ("direct", "indirect", "none"),
    "contribution": CONTRIBUTED,
    "pillar": ("environment", "social", "governance"),
    "js.why.method": AGGREGATES,
    "js.inequality": (
        "gini",
        "theil",
        "mean_log_deviation",
        "palma",
        "s80_s20",
        "bottom_40_premium",
        "income",
        "consumption",
    ),
    "js.tool": ("link", "embed", "png", "svg", "csv", "cite"),
    "page.changes.way": (*WAYS, "gained", "lost"),
    "page.changes.why": (
        "new",
        "gone",
        "defined",
        "gained_year",
        "target_new",
        "target_gone",
        "target",
        "series",
        "gained",
        "lost",
        "status",
        "more",
        "applied",
    ),
    "verdict": ("holds", "revised", "not_reproduced", "no_data"),
    "aggregate": AGGREGATES,
}
MAY_LACK = {"status": set(STATUS_WORDS), "unit": set(unit_codes())}  # a code's own word stands in


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    release = write_release(tmp_path_factory.mktemp("release") / "r")
    build(release, release / "site", explain=explained)
    return release / "site"


class Links(HTMLParser):
    """Addresses and ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.found |= {v for k in ("href", "src", "action") if (v := values.get(k))}
        if values.get("id"):
            self.ids.append(str(values["id"]))


def text_of(page: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text()))


# --- words


def test_the_catalogues_have_the_same_keys_and_places_to_fill_in() -> None:
    places = {
        lang: {k: sorted(re.findall(r"\{\w+\}", v)) for k, v in catalogue(lang).items()} for lang in LANGUAGES
    }
    assert places["fr"] == places["en"]
    assert places["es"] == places["en"]


def test_french_and_spanish_are_not_left_in_english() -> None:
    for language in ("fr", "es"):
        same = [k for k, v in catalogue(language).items() if v == catalogue("en")[k] and len(v.split()) > 3]
        assert same == []


def used_keys() -> set[str]:
    """Keys that templates, scripts and modules name, and those of the families."""
    text = "".join(
        p.read_text()
        for p in SITE.rglob("*")
        if p.suffix in (".html", ".js", ".py") and "vendor" not in p.parts and p.name != "geometry.js"
    )
    used = set(re.findall(r"""["'`]([a-z_-]+(?:\.[A-Za-z0-9_-]+)+)["'`]""", text))
    used |= {f"{family}.{code}" for family, codes in FAMILIES.items() for code in codes}
    used |= {f"page.{name}.title" for name in OVERVIEWS} | {f"page.{name}.short" for name in NAVIGATION}
    listed = re.search(r"for key in \[(.*?)\]", (SITE / "templates" / "methods.html").read_text())
    assert listed
    used |= {
        f"page.methods.{key}.{part}" for key in re.findall(r'"(\w+)"', listed[1]) for part in ("what", "text")
    }
    used |= {
        f"js.{name}_{option}"
        for name, options in (
            ("what", ("value", "pace")),
            ("how", ("map", "tiles")),
            ("tab", ("map", "line", "table", "gaps")),
        )
        for option in options
    }
    used |= {"js.what", "js.how"} | gap_keys()
    return used


def gap_keys() -> set[str]:
    rows = [line.split(",") for line in GAP_PAIRS.read_text().splitlines()[1:]]
    return {f"js.gap.{row[0]}.{code}" for row in rows for code in row[1:3]}


def test_no_message_is_unused_and_none_is_missing() -> None:
    keys, used = set(catalogue("en")), used_keys()
    assert keys - used == set()
    prefixes = {key.split(".")[0] for key in keys}
    optional = {f"{family}.{code}" for family, codes in MAY_LACK.items() for code in codes}
    wanted = {
        key
        for key in used
        if key.split(".")[0] in prefixes and not key.endswith((".html", ".js", ".py", ".yaml", ".css"))
    }
    assert wanted - keys - optional - set(OTHER_FILES) == set()


@pytest.mark.slow
def test_numbers_dates_and_names_are_those_of_the_language(site: Path) -> None:
    english, french, spanish = (Words(language) for language in LANGUAGES)
    assert english.number(123456.0) == "123,456"
    assert english.number(5331100854.0) == "5,331,000,000"  # no more digits than anyone reads
    assert french.number(72.66) == "72,7"
    assert spanish.figure(72.7, "PT") == "72,7\N{NO-BREAK SPACE}%"
    assert english.figure(72.7, "PT") == "72.7%"
    assert english.number(None) == "–"
    assert french.day("2026-11-23T09:00:00Z") == "23 novembre 2026"
    assert "Tanzanie" in (site / "fr/areas.html").read_text()
    assert "Personnes utilisant Internet" in (site / "fr/indicators.html").read_text()


def test_names_that_we_keep_are_complete() -> None:
    for kind in ("titles", "areas"):
        assert all(set(entry) == {"fr", "es"} for entry in names(kind).values())
    assert sorted(p.stem for p in FOLDER.glob("*.yaml")) == [
        "areas",
        "en",
        "es",
        "fr",
        "titles",
    ]


def test_texts_are_kept_of_indicators_that_exist() -> None:
    ids = {path.stem for path in (SITE.parents[1] / "indicators" / "catalogue").glob("*/*.yaml")}
    assert set(names("titles")) - ids == set()


def test_pages_in_other_languages_are_not_in_english(site: Path) -> None:
    for language in ("fr", "es"):
        for path in (site / language).rglob("*.html"):
            assert measure(path.read_text(), language).share <= 0.05, path
    english = measure("<p>The value of each country is not known.<p lang=en>A quotation.", "fr")
    assert english.share > 0.3
    assert english.marked == 1


def test_a_message_that_does_not_exist_is_a_fault_that_says_where() -> None:
    with pytest.raises(CompactError, match=r"no\.such\.key"):
        Words("en").t("no.such.key")


# --- pages


def test_every_page_is_there_in_every_language(site: Path) -> None:
    for language in LANGUAGES:
        folder = site if language == "en" else site / language
        found = {p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.html")}
        found = {name for name in found if name.split("/")[0] not in LANGUAGES}
        assert found == {
            *OVERVIEWS,
            *(f"objective/{c}" for codes in OBJECTIVES.values() for c in codes),
            *(f"indicator/{i}" for i in ("internet_use", "gini", "skills")),
            *(f"area/{a}" for a in (*COUNTRIES, "M49-001", "M49-202")),
        }
        assert f"<html lang={language}>" in (folder / "index.html").read_text()


def test_every_link_leads_somewhere_and_no_page_asks_the_network(site: Path) -> None:
    pages = {p: Links(p.read_text()) for p in site.rglob("*.html")}
    broken = []
    for page, links in pages.items():
        assert len(links.ids) == len(set(links.ids)), page
        for link in links.found:
            parts = urlsplit(link)
            if parts.scheme == "data":
                continue
            if parts.scheme:
                assert "rel=external" in page.read_text(), (page, link)
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.is_file():
                broken.append((str(page), link))
            elif parts.fragment and target in pages and "=" not in parts.fragment:
                assert parts.fragment in pages[target].ids, (page, link)
    assert broken == []
    for asset in site.rglob("*.html"):
        assert not re.search(r'(?:src|<link[^>]*href)="?(?:https?:)?//', asset.read_text())


def test_an_indicator_s_page_says_all_that_a_figure_needs(site: Path) -> None:
    text = text_of(site / "indicator/internet_use.html")
    for part in (
        "72.5%",
        "2024",
        "covers 91%",
        "ITU, 2022",
        "Source One",
        "CC BY 4.0",
        "2026-07",
        "likelihood-2026",
        "2026-11-23-0123abcd",
        "3 of 4 UN Member States",
        "Mean, weighted".lower(),
    ):
        assert part in text, part


def test_what_has_no_value_is_said_and_not_a_zero(site: Path) -> None:
    assert "No source in this release has a value" in text_of(site / "indicator/skills.html")
    assert "missing data, not a zero" in text_of(site / "area/UGA.html")
    assert "Too little data" in (site / "area/TZA.html").read_text()


def test_no_text_of_the_release_becomes_markup(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert "<script>alert" not in page.read_text()
    assert "&lt;script&gt;alert(1)" in (site / "indicator/skills.html").read_text()


def test_targets_claims_and_the_pledge_have_their_pages(site: Path) -> None:
    assert "nobody counts it" in text_of(site / "not-measurable.html")
    assert "Revised since" in text_of(site / "claims.html")
    assert "Goal 17" in text_of(site / "availability.html")
    assert "A commons" in text_of(site / "objective/H.html")


def test_the_state_of_a_source_says_since_when_and_what_was_refused(site: Path) -> None:
    text = text_of(site / "status.html")
    for part in (
        "stale since October 1, 2026",
        "confirmed September 1, 2026",
        "empty value 1",
        "0 of 1 sources",
    ):
        assert part in text, part
    assert "périmé depuis le 1 octobre 2026" in text_of(site / "fr/status.html")


@pytest.mark.slow
def test_ratings_of_companies_and_what_is_measured_elsewhere_are_shown(site: Path, tmp_path: Path) -> None:
    text = text_of(site / "sources.html")
    assert "BIG ONE France · 2022 41 44 53 – –" in text  # the parts are of the newest edition alone
    assert "ORANGE France · 2020 27 – – 11 –" in text
    assert all(one.source in text for one in closed_sources())
    for code, name in (("F", "Data Protection Laws of the World"), ("G", "Government AI Readiness Index")):
        assert name in text_of(site / f"objective/{code}.html")
        assert "Medido en otra parte" in text_of(site / f"es/objective/{code}.html")
    assert "Measured elsewhere" not in text_of(site / "objective/A.html")  # none is closed
    build(write_release(tmp_path / "release", without=("company_rating",)), tmp_path / "site")
    assert "Ratings of companies" not in text_of(tmp_path / "site" / "sources.html")


def test_topics_are_counted_from_their_tables(site: Path) -> None:
    assert "10.0% get opposite verdicts" in text_of(site / "disagreement.html")
    assert "Kenya 2022: 30 / 33" in text_of(site / "disagreement.html")
    gaps = text_of(site / "gaps.html")
    assert "1 of 3 indicators" in gaps
    assert "Women / Men" in gaps
    assert "1 of 2" in gaps  # one of the two is at parity
    assert "=Connect a school" in text_of(site / "contributions.html")
    assert "Nothing has been contributed" in text_of(site / "contributions.html")
    assert [row[:5] for row in read(site / "data/scores.js")["compact_brief/A"]][:2] == [
        ["FRA", 2025, 90, 1, 1],
        ["KEN", 2025, 50, 2, 2],
    ]
    unequal = read(site / "data/inequality.js")
    assert unequal["within"]["consumption"]["KEN"]["published"] == 40.1
    assert unequal["between"]["internet_use"]["M49:001"]["lorenz"] == [
        2022,
        [[0, 0], [0.25, 0.0625], [0.5, 0.25], [0.75, 0.5625], [1, 1]],
    ]


def test_an_indicator_s_page_has_checks_citation_and_revisions(site: Path) -> None:
    text = text_of(site / "indicator/internet_use.html")
    for part in (
        "Passed: within its range.",
        "needs review no jump: KEN 2015-2024 rose by 18",
        "Compact Tracker, release 2026-11-23-0123abcd, November 23, 2026: Individuals using the Internet. "
        "Computed from: One (2026).",
        "Kenya 2024 34 35",
    ):
        assert part in text, part
    assert "This release records no checks of it." in text_of(site / "indicator/skills.html")


def test_the_data_files_hold_what_the_tables_do(site: Path) -> None:
    use = read(site / "data/i/internet_use.js")
    assert use["rows"][0][:4] == ["FRA", 2024, 93, "A"]
    assert use["groups"] == {"M49:001": [[2015, 40, None, 0, None, None], [2024, 72.5, 0.91, 0, 3, 4]]}
    assert use["series"]["TZA"] == [2015, 10, None, 16]
    assert use["projections"]["KEN"][:2] == [2025, 0.2]
    assert use["projections"]["KEN"][2][0] == [38, 36, 40, 34, 42]
    kenya = read(site / "data/a/KEN.js")
    assert [row[0] for row in kenya["rows"]] == ["gini", "internet_use"]
    assert kenya["region"] == "M49:202"


def test_a_profile_reads_without_a_script(site: Path) -> None:
    kenya = text_of(site / "area/KEN.html")
    for part in ("Key indicators", "35.0% 2024*", "100%", "Unlikely to be met", "Not on course: Individuals"):
        assert part in kenya.replace("35% 2024", "35.0% 2024"), part
    drawn = (site / "area/KEN.html").read_text()
    assert re.search(r"<i style=--n:\d+;--b:\d+;--t:212;--a:\d+;--l:\d+;--h:\d+>", drawn)
    assert "No data for 1 of 2 key indicators: Gini index" in text_of(site / "area/TZA.html")
    for language in LANGUAGES:  # the chart of an indicator too: a drawing of the build
        page = (site / ("" if language == "en" else language) / "indicator/internet_use.html").read_text()
        assert page.count('class="drawn chart"') == 1
    assert 'class="drawn ticks"' in (site / "indicator/gini.html").read_text()


DIFF = {
    "indicators": [
        {"indicator": "gini", "title": "Gini index", "state": "new", "years_gained": []},
        {"indicator": "internet_use", "title": "Use", "state": "kept", "definition_changed": True,
         "years_gained": [2024]},
    ],
    "targets": [{"indicator": "internet_use", "title": "Use", "old_target": None,
                 "new_target": 100.0, "new_target_year": 2030}],
    "series": [{"indicator": "internet_use", "title": "Use", "values": 3, "differ": 1,
                "old_title": "Two", "new_title": "Source One"}],
    "coverage": {"gained": {"total": 5}, "lost": {"total": 0}},
    "status": {"total": 2},
    "categories": {
        "total": 3,
        "ways": {"better": 2, "worse": 1, "assessed": 0, "not_assessed": 0},
        "listed": [{"indicator": "internet_use", "title": "Use", "ref_area": "KEN", "area": "Kenya",
                    "method": "likelihood-2026",
                    "before": "very_unlikely", "after": "unlikely"}],
    },
    "revised": {"listed": [{"indicator": "internet_use", "title": "Use", "ref_area": "KEN", "area": "Kenya",
                            "time_period": 2023,
                            "dimensions": "", "old_value": 30.0, "new_value": 33.0}]},
}  # fmt: skip


def test_the_story_of_an_edition_says_what_changed_and_why(tmp_path: Path) -> None:
    folder = write_release(tmp_path / "r")
    (folder / "diff.json").write_text(json.dumps(DIFF))
    told = story(Release(folder), Words("fr"))
    assert told is not None
    assert "1 valeur a été révisée, 0 est nouvelle" in told["headline"]  # French counts nought as one
    said = " ".join(told["why"]).replace("\N{NO-BREAK SPACE}", " ")
    for part in ("Indice de Gini", "une cible de 100 d'ici à 2030", "« Source One », auparavant de « Two »"):
        assert part in said, part
    assert "révisées" in told["values_chart"]
    assert ">Meilleurs qu&#x27;avant<" in told["verdicts_chart"]
    assert "Kenya 2023" in told["revisions_chart"]
    assert told["classes"][0]["after"] == Words("fr").t("category.unlikely")
    assert len(told["classes"]) + told["classes_left"] == DIFF["categories"]["total"] == 3
    card = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps(card | {"previous": None}))
    assert story(Release(folder), Words("en")) is None  # a first edition has no story, and its page says so


@pytest.mark.slow
@pytest.mark.parametrize("table", OPTIONAL)
def test_a_release_without_a_table_still_has_a_site(tmp_path: Path, table: str) -> None:
    release = write_release(tmp_path / "r", without=(table,))
    summary = build(release, release / "site")
    assert summary.pages > 30
    page = {
        "claim": "claims",
        "target": "not-measurable",
        "availability": "availability",
        "progress": "methods",
        "score": "scores",
        "inequality": "inequality",
        "method_disagreement": "disagreement",
        "disagreement": "disagreement",
        "gap": "gaps",
    }.get(table)
    if page:
        assert catalogue("en")["site.not_in_release"] in text_of(release / f"site/{page}.html")


def test_only_one_indicator_is_written_anew(site: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in site.rglob("*") if p.is_file()}
    summary = build(site.parent, site, only={"gini"})
    changed = {p.relative_to(site).as_posix() for p in before if p.stat().st_mtime_ns != before[p]}
    assert summary.pages == 3
    assert changed == {"indicator/gini.html", "fr/indicator/gini.html", "es/indicator/gini.html"}


def test_the_same_release_gives_the_same_bytes(site: Path, tmp_path: Path) -> None:
    build(site.parent, tmp_path / "again", explain=explained)
    for path in sorted(p for p in site.rglob("*") if p.is_file()):
        assert (tmp_path / "again" / path.relative_to(site)).read_bytes() == path.read_bytes(), path


def test_ranks_and_medians(site: Path) -> None:
    figures = Figures(Release(site.parent))
    assert figures.ranks["internet_use"] == {"FRA": 1, "KEN": 2, "TZA": 3}
    assert figures.ranks["gini"] == {"FRA": 1, "KEN": 2}
    assert figures.medians["internet_use"]["M49:001"] == 35.0
    assert figures.medians["gini"] == {}  # two countries name no peer group


def test_the_command_says_what_it_wrote_or_why_it_could_not(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(site.parent), str(tmp_path / "s"), "gini"]) == 0
    assert "3 pages" in capsys.readouterr().out
    assert main([str(tmp_path), str(tmp_path / "t")]) == 1
    assert "not a release" in capsys.readouterr().err
    assert main([]) == 2


def test_a_number_takes_the_plural_of_its_language() -> None:
    english, french = Words("en"), Words("fr")
    text = "{n} {n|value|values}"
    assert [english.plural(text, {"n": n}) for n in (0, 1, 2, "1", "1,000")] == [
        "{n} values", "{n} value", "{n} values", "{n} value", "{n} values",
    ]  # fmt: skip
    assert french.plural(text, {"n": 0}) == "{n} value"
    assert "1 targets" not in english.t(
        "page.area.standfirst", n="12", good="1", even="0", bad="2", unknown="9"
    )
    assert "1 is met" in english.t("page.area.standfirst", n="12", good="1", even="0", bad="2", unknown="9")


def test_classes_of_a_map_suit_shares_of_which_most_are_small() -> None:
    spread = [5.0, 30.0, 50.0, 70.0, 85.0, 99.0]
    assert borders("PT", spread) == SHARES
    assert borders("PT", [*spread, *[99.0] * 40]) == SHARES  # the few that are far behind stand out
    small = [float(n) for n in range(1, 19)] + [45.0]
    assert borders("PT", small) != SHARES
    assert max(borders("PT", small)) < 20
