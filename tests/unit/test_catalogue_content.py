"""What the committed indicator files promise together: the sets that they cover, and what holds of all."""

from __future__ import annotations

import pytest

from indicators.former_ids import former_ids
from indicators.registry import FOLDER, Catalogue, load_catalogue
from indicators.validation import frameworks
from sources.registry.sources import load_series

ESG = "worldbank_esg"
# Series of the set whose indicator the review of November 2026 removed: code to former id.
REMOVED = {
    "EN.CLC.CSTP.ZS": "coastal_protection",
    "EN.CLC.GHGR.MT.CE": "land_use_emissions",
    "EN.CLC.SPEI.XD": "drought_index",
    "ER.H2O.FWTL.ZS": "freshwater_withdrawals",
    "IC.LGL.CRED.XQ": "legal_rights_index",
    "SI.DST.FRST.20": "income_share_poorest_fifth",
    "SI.SPR.PCAP.ZG": "mean_income_growth",
    "SL.TLF.0714.ZS": "child_employment",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def named(catalogue: Catalogue, indicator_id: str) -> set[str]:
    """The agencies' codes that an indicator reads or names among its aliases."""
    indicator = catalogue[indicator_id]
    inputs = [item for items in indicator.named_inputs().values() for item in items]
    return {str(item.series) for item in inputs if item.series} | set(indicator.aliases)


def test_there_are_at_least_120_indicators(catalogue: Catalogue) -> None:
    assert len(catalogue) >= 120


def test_every_series_of_the_sovereign_esg_set_has_its_indicator_with_pillar_and_theme(
    catalogue: Catalogue,
) -> None:
    themes = {title: code for code, title in frameworks()["esg_theme"]["codes"].items()}
    of_set = [i for i in catalogue if "esg_theme" in catalogue[i].frameworks]
    series = load_series(ESG)
    assert len(series) == 71
    lost = {}
    for code, info in series.items():
        expected = {"esg": info.more["pillar"].lower(), "esg_theme": themes[info.more["theme"]]}
        fitting = [i for i in of_set if code in named(catalogue, i)]
        if not any(expected.items() <= catalogue[i].frameworks.items() for i in fitting):
            lost[code] = (expected, fitting)
    gone = former_ids((), FOLDER)
    assert set(lost) == set(REMOVED)
    assert {name for name in REMOVED.values() if gone[name].same} == set()
    assert len(of_set) == 71 - len(REMOVED), "a theme is given to the series of the set alone"


# Shares of which an agency has published more than the whole; their files say where.
PUBLISHED_BEYOND = {
    *("businesses_local_network", "coverage_2g", "ewaste_collected", "ewaste_recycled"),
    *("fixed_broadband_10mbit", "mobile_ownership", "mobile_ownership_female", "mobile_ownership_male"),
}


def test_a_share_of_a_whole_is_expected_between_0_and_100_but_for_rounding(catalogue: Catalogue) -> None:
    ends = {
        i: catalogue[i].expect.range
        for i in catalogue
        if (bounds := catalogue[i].bounds) and bounds.reason == "the natural ends of a share"
    }
    assert len(ends) > 50
    beyond = {i for i, (low, high) in ends.items() if low != 0 or not 100 <= high <= 101}
    assert beyond <= PUBLISHED_BEYOND


def test_where_neither_way_is_better_nobody_has_a_target(catalogue: Catalogue) -> None:
    targeted = [i for i in catalogue if not catalogue[i].assessed and catalogue[i].target]
    assert targeted == ["internet_shutdowns"]  # a demand that can be seen missed, never met


def test_a_target_names_who_set_it_and_is_within_the_bounds(catalogue: Catalogue) -> None:
    outside = []
    for i, indicator in catalogue.items():
        target, bounds = indicator.target, indicator.bounds
        if target and bounds and target.value is not None:
            low, high = sorted((bounds.worst, bounds.best))
            outside += [] if low <= target.value <= high else [i]
    assert outside == []


def test_every_title_is_given_once(catalogue: Catalogue) -> None:
    titles = [catalogue[i].title for i in catalogue]
    assert sorted(titles) == sorted(set(titles))


def test_the_agencys_own_code_finds_the_indicator(catalogue: Catalogue) -> None:
    lost = [
        i
        for i in catalogue
        if "esg_theme" in catalogue[i].frameworks
        and not {str(s) for s in load_series(ESG)} & named(catalogue, i)
    ]
    assert lost == []
