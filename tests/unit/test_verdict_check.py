"""A release whose verdict and probability disagree is refused: each rule, on rows that break it alone."""

from __future__ import annotations

from typing import Any

import pytest

from warehouse.engine.duckdb_engine import engine
from warehouse.verification.verdicts import NEW_RULES, RULES, verdict_findings

SOUND = {"category": "likely", "probability": 0.7, "projected": 0.7, "year_met": 2029, "last_year": 2024}
CASES: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"category": "very_likely"}, "the word is that of another probability"),
    ({"probability": None}, "a likelihood without its probability"),
    ({"category": "met", "year_met": 2024}, None),
    (
        {"category": "met", "probability": 0.5, "projected": 0.5, "year_met": 2024},
        "met, though it is not likely to stay met",
    ),
    ({"category": "improving"}, "a direction, though there is a probability of the target"),
    ({"category": "not_met"}, "not met, though there is a probability that it will be"),
    ({"projected": 0.72}, "the probability is not that of the projection"),
    ({"year_met": None}, "the year in which it is met contradicts the probability"),
    ({"year_met": 2031}, "the year in which it is met contradicts the probability"),
    ({"category": "insufficient_data"}, "refused, though there is a probability"),
    ({"category": "insufficient_data", "probability": None}, None),
    # on the border the better word, and a value that meets the target but is likely to lose it
    ({"probability": 0.66, "projected": 0.66}, None),
    (
        {"category": "about_as_likely_as_not", "probability": 0.6, "projected": 0.6, "year_met": 2024},
        None,
    ),
]


def findings(row: dict[str, Any], *, fresh: bool = True) -> list[str]:
    with engine() as con:
        con.execute(
            """create temp table progress as
            select 'use' as indicator, 'KEN' as ref_area, 'likelihood-2026' as method, ?::varchar as category,
                ?::double as probability, 2030 as target_year""",
            [row["category"], row["probability"]],
        )
        con.execute(
            """create temp table projection as
            select 'use' as indicator, 'KEN' as ref_area, 2030 as time_period,
                ?::double as probability_target_met, ?::int as year_met, ?::int as last_year""",
            [row["projected"], row["year_met"], row["last_year"]],
        )
        return [result.what.split(":")[0] for result in verdict_findings(con, fresh=fresh)]


@pytest.mark.parametrize(("change", "what"), CASES)
def test_a_verdict_that_contradicts_its_probability_is_found(
    change: dict[str, Any], what: str | None
) -> None:
    assert findings(SOUND | change) == ([] if what is None else [what])


def test_every_rule_has_a_case() -> None:
    assert {what for _, what in CASES if what} == set(RULES | NEW_RULES)


def test_an_older_release_may_have_a_probability_beside_a_refusal() -> None:
    assert findings(SOUND | {"category": "insufficient_data"}, fresh=False) == []
