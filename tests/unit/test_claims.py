"""Claims: a quoted number against the release, judged by its declared form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.definitions.targets import (
    Claim,
    Part,
    Targets,
)
from schemas.tables.availability import AVAILABILITY
from schemas.tables.targets import CLAIM
from schemas.tables.validation import validate
from tests.unit.make import catalogue, table, value
from tests.unit.targets_made import (
    AREAS,
    DEFINED,
    LDC,
    WEIGHTS,
    WORLD,
    everywhere,
    load_world,
)
from warehouse.engine.duckdb_engine import engine
from warehouse.models.claims import claim_table


def claim(name: str, quoted: float, says: str = "equal", **more: Any) -> Claim:
    made: dict[str, Any] = {
        "id": name,
        "target": "T-1",
        "claim": "For tests",
        "quoted": quoted,
        "unit": "PT",
        "document": "a brief",
        "says": says,
        "tolerance": 0.5 if says == "equal" else None,
        "parts": {"a": {"indicator": "use", "area": WORLD, "year": 2025}},
        "formula": "a",
        "reason": "Computed.",
    }
    return Claim.model_validate(made | more)


def ledger(
    folder: Path,
    claims: list[Claim],
    rows: list[dict[str, Any]],
    available: list[dict[str, Any]] | None = None,
) -> dict[str, dict[str, Any]]:
    with engine() as con:
        con.register("of_universes", table(AVAILABILITY, available or []))
        con.execute("create temp table availability as select * from of_universes")
        load_world(con, folder, catalogue(*DEFINED), [*rows, *WEIGHTS], Targets(claims=claims), year=2026)
        claim_rows = claim_table(con)
    validate(claim_rows, CLAIM)
    return {row["claim"]: row for row in claim_rows.to_pylist()}


def test_a_claim_holds_is_revised_or_is_not_reproduced(tmp_path: Path) -> None:
    claims = [
        claim("rounds", 50),
        claim("other", 60),
        claim("over", 40, "above"),
        claim("under", 40, "below"),
        claim("none", 1, parts={}, formula=""),
    ]
    by_claim = ledger(tmp_path, claims, everywhere(50.4, 2025))
    verdicts = {name: row["verdict"] for name, row in by_claim.items()}
    assert verdicts == {
        "rounds": "holds",
        "other": "revised",
        "over": "holds",
        "under": "not_reproduced",
        "none": "no_data",
    }
    assert by_claim["other"]["difference"] == pytest.approx(-9.6)
    assert (by_claim["rounds"]["source"], by_claim["rounds"]["vintage"]) == ("one", "2026-03-01")
    assert by_claim["rounds"]["snapshot"] == "a" * 64
    assert by_claim["none"]["computed_as"] is None


def test_an_absent_input_is_no_data_and_never_nought(tmp_path: Path) -> None:
    parts = {
        "a": {"indicator": "use", "area": WORLD, "year": 2025},
        "b": {"indicator": "counted", "take": "count", "since": 2015},
    }
    by_claim = ledger(tmp_path, [claim("both", 1, parts=parts, formula="a + b")], everywhere(50, 2025))
    assert (by_claim["both"]["verdict"], by_claim["both"]["value_now"], by_claim["both"]["source"]) == (
        "no_data",
        None,
        None,
    )
    assert by_claim["both"]["reason"].endswith("This release has no value for: b.")


def universe(goal: str = "all", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "universe": "environment", "goal": goal, "scope": WORLD, "breakdown": "_T",
        "share_one": 0.5, "share_two": 0.5, "share_recent": 0.5, "median_latest_year": 2022,
        "cells": 80, "indicators": 20, "areas": 4, "measured": 12,
    }  # fmt: skip
    return row | more


def test_a_claim_may_count_the_indicators_of_a_universe(tmp_path: Path) -> None:
    parts = {
        name: {"universe": "environment", "take": name, "area": WORLD} for name in ("indicators", "measured")
    }
    formula = "100 * (indicators - measured) / indicators"
    claims = [claim("unmeasured", 41, parts=parts, formula=formula)]
    rows = [universe(), universe("13", measured=1), universe(breakdown="sex", measured=2)]
    claim_row = ledger(tmp_path / "there", claims, everywhere(50, 2025), rows)["unmeasured"]
    assert (claim_row["value_now"], claim_row["verdict"], claim_row["source"]) == (40, "revised", "unsd_sdg")
    assert "measured indicators of the universe environment" in claim_row["computed_as"]
    absent = ledger(tmp_path / "absent", claims, everywhere(50, 2025))["unmeasured"]
    assert (absent["value_now"], absent["verdict"]) == (None, "no_data")


@pytest.mark.parametrize(
    "part",
    [
        {"universe": "environment", "take": "measured"},
        {"universe": "environment", "take": "measured", "area": WORLD, "year": 2020},
        {"universe": "environment", "take": "value", "area": WORLD, "year": 2020},
        {"indicator": "use", "take": "measured", "area": WORLD},
    ],
)
def test_a_part_of_a_universe_has_an_area_and_no_year(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="universe"):
        Part.model_validate(part)


def test_counts_and_sums_run_over_the_areas_named(tmp_path: Path) -> None:
    rows = [
        value("counted", area, 2025, number) for area, number in zip(AREAS, (1.0, 2.0, 3.0, 4.0), strict=True)
    ]
    some = ["KEN", "RWA", "TZA"]

    def counted(name: str, **part: Any) -> Claim:
        return claim(name, 0, parts={"a": {"indicator": "counted"} | part})

    claims = [
        counted("below", take="count", year=2025, below=3.0),
        counted("between", take="count", year=2025, below=4.0, above=1.0),
        counted("sum", take="sum", year=2025, areas=some),
        counted("any", take="count", since=2020),
        counted("or_of", take="count", since=2020, or_of=["use"], areas=["KEN", LDC]),
    ]
    by_claim = ledger(tmp_path, claims, [*rows, value("use", LDC, 2022, 5.0)])
    now = {name: row["value_now"] for name, row in by_claim.items()}
    assert now == {"below": 2, "between": 2, "sum": 6, "any": 4, "or_of": 2}


def test_a_count_of_too_few_areas_is_not_given(tmp_path: Path) -> None:
    parts = {"a": {"indicator": "counted", "take": "count", "year": 2025, "below": 3.0}}
    rows = [value("counted", "KEN", 2025, 1.0), value("counted", "RWA", 2025, 2.0)]
    claims = [claim("half", 2, parts=parts), claim("all", 2, parts=parts, least_coverage=1)]
    by_claim = ledger(tmp_path, claims, rows)
    assert (by_claim["half"]["verdict"], by_claim["all"]["verdict"]) == ("holds", "no_data")
