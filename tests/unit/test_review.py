"""The catalogue follows the review of its definitions, row by row; where it does not, a reason stands here.

The review lies beside the project (../shared/design/review), not in it.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import yaml

from indicators.registry import FOLDER, load_catalogue
from schemas.definitions.indicator import Indicator

ENDED = (
    *("adult_overweight", "co2_per_capita", "electricity_from_coal", "fossil_energy", "methane_per_capita"),
    *("nitrous_oxide_per_capita", "economic_social_rights", "gini_pretax"),
)
PILLARS = (
    *("statistical_data_infrastructure", "statistical_data_services", "statistical_data_sources"),
    *("statistical_data_use", "statistical_performance"),
)
# Where a definition departs from the review, and why. A row that departs no more is a fault of this list.
KIND = {
    **dict.fromkeys(
        ENDED,
        "none while stale: stale_after refuses them today, and a newer file needs no new definition",
    ),
    "account_ownership": "its second choice: nobody set the 100, so a direction",
    "women_in_management": "its own proposal: 50 of CEDAW, hence a likelihood",
}
TARGET = {
    "account_ownership": "its second choice: nobody set the 100",
    "measured_10mbit": "the number is about subscriptions and not lent to tests",
    "mobile_ownership_adults": "its proposal",
    "women_in_local_government": "its proposal",
    "women_in_management": "its proposal",
    "birth_registration_complete": "its proposal",
    "death_registration_complete": "its proposal",
    "population_census": "its proposal",
    "internet_shutdowns": "its proposal",
    "education_expenditure": "its proposal",
    "maternal_mortality": "its proposal: relative",
    "social_protection": "its proposal: two points a year",
}
MET = {
    **dict.fromkeys(
        ("women_in_local_government", "women_in_management", "internet_shutdowns"),
        "the target itself: its owner names no tolerance",
    ),
    "mobile_ownership_adults": "ITU's 95 for universal, as in its proposal",
    "primary_completion": "97 of the GEM Report was not confirmed; UNSD's 99 holds, the other of its two",
    "account_ownership": "no target",
    "social_protection": "99 is the cap of a relative target",
}
LINK = {
    **dict.fromkeys(
        PILLARS,
        "its own fault 20: pillars of official statistics are no data protection, so brief B",
    ),
    "privacy_settings": "paragraphs 39 to 41 of objective 4 speak of privacy and control of one's data",
}
CARRIES = {
    "physicians": "read from the Factbook alone, which counts as itself whatever it copied",
    "resident_patents": "WIPO, the second of the two that the row names",
}
WORDS = {
    "direction": "direction",
    "none": "none",
    "likelihood": "likelihood",
    "parity": "parity",
    "binary": "yes_no",
    "level": "level",
    "deadline": "likelihood",
    "rate": "likelihood",
    "met": "level",
    "missed": "level",
}
# A custodian by another name than the review's.
LINEAGE = {
    **dict.fromkeys(("us_eia", "us_census"), "world_factbook"),  # the Factbook, whatever it copied
    **dict.fromkeys(("iea_unsd", "sdg7_custodians", "wb_sdg7"), "sdg7"),
    "wb": "wb_national_poverty",
}
BANDS = {"0.98 to 1.02": 0.98, "0.97 to 1.03": 0.97}


@pytest.fixture(scope="module")
def reviewed(shared: Path) -> list[tuple[dict[str, str], Indicator]]:
    """The rows whose indicator is still published, each with its definition."""
    with (shared / "design" / "review" / "review.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = load_catalogue()
    renamed = {old: one.id for one in known.values() for old in one.former_ids}
    gone = {row["id"] for row in yaml.safe_load((FOLDER / "removed.yaml").read_text("utf-8"))["removed"]}
    lost = [row["id"] for row in rows if renamed.get(row["id"], row["id"]) not in known]
    assert set(lost) <= gone, "neither published nor named as removed"
    return [(row, known[renamed.get(row["id"], row["id"])]) for row in rows if row["id"] not in lost]


def number(text: str) -> float | None:
    for words, end in BANDS.items():
        if text.startswith(words):
            return end
    try:
        return float(text)
    except ValueError:
        return None


def differing(rows: list[str], argued: dict[str, str]) -> None:
    assert sorted(set(rows)) == sorted(argued)


def test_the_direction_is_that_of_the_review(reviewed: list[tuple[dict[str, str], Indicator]]) -> None:
    assert [one.id for row, one in reviewed if row["direction"] != one.direction] == []


def test_the_kind_of_verdict_is_that_of_the_review_or_argued(
    reviewed: list[tuple[dict[str, str], Indicator]],
) -> None:
    odd = {"labour_participation_parity": "direction"}  # "parity, but no owner of a band"
    departs = []
    for row, one in reviewed:
        first = row["verdict_kind"].replace(":", " ").replace(",", " ").split()[0]
        if one.kind_of_verdict != odd.get(one.id, WORDS[first]) and one.id not in (
            "women_in_local_government",  # "parity band or likelihood"
        ):
            departs.append(one.id)
    differing(departs, KIND)


def test_the_target_is_that_of_the_review_or_its_proposal(
    reviewed: list[tuple[dict[str, str], Indicator]],
) -> None:
    departs = []
    for row, one in reviewed:
        value = one.target.value if one.target else None
        if number(row["target_value"]) != value:
            departs.append(one.id)
    differing(departs, TARGET)


def test_a_target_counts_as_met_from_where_the_review_says(
    reviewed: list[tuple[dict[str, str], Indicator]],
) -> None:
    departs = []
    for row, one in reviewed:
        met = one.target.met_from if one.target and one.target.value is not None else None
        if one.target and one.target.relative and row["id"] != "social_protection":
            continue  # a share of a value of the past: the rows say it in words
        if number(row["met_from"]) != met and not row["met_from"].startswith("above 0"):
            departs.append(one.id)
    differing(departs, MET)


def test_years_to_stale_and_span_are_those_of_the_review(
    reviewed: list[tuple[dict[str, str], Indicator]],
) -> None:
    """Where there is a verdict that reads them: a level has no span, what is not judged neither."""
    for row, one in reviewed:
        if one.kind_of_verdict == "none":
            continue
        if row["stale_after_years"].isdigit():
            assert one.stale_after == int(row["stale_after_years"]), one.id
        if row["min_span_years"].isdigit() and one.kind_of_verdict not in ("level", "yes_no"):
            assert one.min_span == int(row["min_span_years"]), one.id


def test_objectives_are_linked_as_the_review_says_or_argued(
    reviewed: list[tuple[dict[str, str], Indicator]],
) -> None:
    departs = []
    for row, one in reviewed:
        links = {"brief": one.links.get("compact_brief"), "adopted": one.links.get("compact_adopted")}
        for column, link in links.items():
            mine = "direct" if link and link.direct else "indirect" if link else ""
            if row[column] and (str(one.frameworks.get(f"compact_{column}", "")), mine) != (
                row[column],
                row[f"{column}_link"],
            ):
                departs.append(one.id)
    differing(departs, LINK)


def test_weights_are_the_denominators_that_the_review_asks_for(
    reviewed: list[tuple[dict[str, str], Indicator]],
) -> None:
    adults = [one for row, one in reviewed if "people of 15 and above" in row["aggregate_ok"]]
    assert len(adults) == 18
    of_women = {"literacy_female": "population_female", "literacy_male": "population_male"}
    for one in adults:
        assert one.aggregate.weight == of_women.get(one.id, "population_adults"), one.id
    sexes = [
        one
        for row, one in reviewed
        if "of that sex" in row["aggregate_ok"] or "weight: women" in row["aggregate_ok"]
    ]
    assert len(sexes) == 3
    assert all(one.aggregate.weight == f"population_{one.id.rsplit('_', 1)[1]}" for one in sexes)


def test_figures_are_those_of_the_custodian_that_the_review_names(
    reviewed: list[tuple[dict[str, str], Indicator]],
) -> None:
    departs = []
    for row, one in reviewed:
        carried = {item.carries for items in one.named_inputs().values() for item in items if item.source}
        named = re.split(r"[:;,(]| or | =| /| \(", row["carries"])[0].strip()
        if carried and named and LINEAGE.get(named, named) not in carried:
            departs.append(one.id)
    differing(departs, CARRIES)


def test_series_that_it_asks_for_are_there() -> None:
    asked = {
        "mobile_ownership_parity",
        "households_internet",
        "neonatal_mortality",
        "basic_water",
        "basic_sanitation",
    }
    known = load_catalogue()
    assert asked <= set(known)
    for name, met in (("neonatal_mortality", 12), ("basic_water", 99), ("basic_sanitation", 99)):
        target = known[name].target
        assert target is not None
        assert target.met_from == met
        assert target.owner_kind == "sdg"
