"""Subnational areas: their codes, their parents, and values that add up to the national one. Figures are
synthetic, with a seed.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from schemas.codelists.code_maps import code_map
from schemas.codelists.subnational import is_subnational, parent_of, subnational_rows
from schemas.columns.observation import REF_AREA_PATTERN
from schemas.errors import CompactError
from tests.unit.make import SNAP, catalogue, indicator, observation, snapshot, source, stage
from warehouse.evaluation.evaluate import evaluate_cached
from warehouse.release.build import build_release
from warehouse.release.inputs import ReleaseInputs, SourceState

KENYA = [code for code in sorted(code_map("iso3166_2").values()) if code.startswith("ISO:KE-")]
USE = indicator(
    "internet_use",
    aggregate={"method": "weighted_mean", "weight": "population", "min_weight_share": 0.5},
)
PEOPLE = indicator(
    "population",
    unit="PS",
    inputs=[{"source": "one", "series": "P"}],
    aggregate={"method": "sum"},
    expect={"range": [0, 1e10]},
)


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("ISO:KE-30", "KEN"),
        ("ISO:GB-LND", "ISO:GB-ENG"),
        ("ISO:GB-ENG", "GBR"),
        ("GEOB:KEN-ADM2-66186276B", "KEN"),
    ],
)
def test_a_part_has_a_parent(code: str, parent: str) -> None:
    assert is_subnational(code)
    assert parent_of(code) == parent


@pytest.mark.parametrize("code", ["ISO:KE-99", "ISO:XX-1", "GEOB:XXX-ADM1-1", "KEN"])
def test_a_part_that_nobody_lists_is_refused(code: str) -> None:
    with pytest.raises(CompactError, match="unknown part"):
        parent_of(code)


def test_what_lies_between_a_part_and_its_country_is_there_too() -> None:
    areas, members = subnational_rows(["ISO:GB-LND", "KEN", "M49:001"])
    assert [(row["ref_area"], row["kind"]) for row in areas] == [
        ("ISO:GB-ENG", "subnational"),
        ("ISO:GB-LND", "subnational"),
    ]
    assert {(row["group"], row["ref_area"]) for row in members} == {
        ("GBR", "ISO:GB-ENG"),
        ("ISO:GB-ENG", "ISO:GB-LND"),
    }


def test_a_source_may_name_areas_by_iso_3166_2() -> None:
    import re

    codes = code_map("iso3166_2")
    assert codes["KE-30"] == "ISO:KE-30"
    assert codes["KE"] == "KEN"
    assert all(re.fullmatch(REF_AREA_PATTERN, code) for code in codes.values())


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """47 counties with people and users; the country as the agency has it, half a point off in 2021."""
    home = tmp_path_factory.mktemp("home")
    draw = random.Random(8)  # noqa: S311 - figures, not secrets
    rows: list[dict[str, Any]] = []
    for year in (2020, 2021, 2022):
        people = {code: draw.randrange(100_000, 4_000_000) for code in KENYA}
        use = {code: draw.uniform(5, 80) for code in KENYA}
        national = sum(people[code] * use[code] for code in KENYA) / sum(people.values())
        rows.append(observation("one", "S", "KEN", year, national + (0.5 if year == 2021 else 0)))
        rows.append(observation("one", "P", "KEN", year, sum(people.values()), unit="PS"))
        for code in KENYA:
            rows.append(observation("one", "P", code, year, people[code], unit="PS"))
            if year != 2022 or people[code] < 1_000_000:
                rows.append(observation("one", "S", code, year, use[code]))
    staged = stage(home / "staged", rows)
    entries = catalogue(USE, PEOPLE)
    evaluated = {
        name: evaluate_cached(entry.indicator, staged, {}, home / "evaluated").path
        for name, entry in entries.items()
    }
    inputs = ReleaseInputs(
        catalogue=entries,
        sources={"one": source()},
        states={"one": SourceState("live")},
        snapshots=[snapshot("a")],
        staged=staged,
        evaluated=evaluated,
    )
    assert SNAP["a"] == rows[0]["snapshot"]
    return build_release(home, inputs).path


def rows_of(release: Path, name: str, **wanted: Any) -> list[dict[str, Any]]:
    table_rows = pq.read_table(release / f"{name}.parquet").to_pylist()
    return [row for row in table_rows if all(row[key] == value for key, value in wanted.items())]


@pytest.mark.slow
def test_parts_with_values_stand_in_the_table_of_areas(release: Path) -> None:
    assert len(KENYA) == 47
    assert [row["ref_area"] for row in rows_of(release, "area", kind="subnational")] == KENYA
    assert {row["group"] for row in rows_of(release, "area_group", grouping="subnational")} == {"KEN"}


def test_parts_add_up_to_the_country_and_what_does_not_is_seen(release: Path) -> None:
    by_key = {
        row["time_period"]: row
        for row in rows_of(release, "aggregate", indicator="internet_use", group="KEN")
    }
    assert by_key[2020]["areas_used"] == 47
    assert by_key[2020]["weight_share"] == pytest.approx(1)
    assert by_key[2020]["difference"] == pytest.approx(0, abs=1e-9)
    assert by_key[2021]["difference"] == pytest.approx(-0.5)
    assert by_key[2022]["value"] is None
    assert "least share" in by_key[2022]["note"]
    people = rows_of(release, "aggregate", indicator="population", group="KEN", time_period=2020)
    assert people[0]["difference"] == pytest.approx(0)


def test_the_world_and_its_regions_count_countries_alone(release: Path) -> None:
    world = rows_of(release, "aggregate", indicator="population", group="M49:001", time_period=2020)
    assert world[0]["areas_used"] == 1
    assert {row["ref_area"] for row in rows_of(release, "coverage")}.isdisjoint(KENYA)


def test_gaps_within_the_country_are_measured(release: Path) -> None:
    values = {
        row["ref_area"]: row["value"]
        for row in rows_of(release, "indicator", indicator="internet_use", time_period=2020)
        if row["ref_area"] != "KEN"
    }
    by_key = {
        row["measure"]: row
        for row in rows_of(release, "inequality", scope="KEN", distribution="internet_use", time_period=2020)
    }
    assert by_key["highest_over_lowest"]["value"] == pytest.approx(
        max(values.values()) / min(values.values())
    )
    assert by_key["highest_over_lowest"]["areas_used"] == 47
    assert 0 < by_key["gini"]["value"] < 100
    assert by_key["gini"]["areas_used"] == 47
    assert "palma" not in by_key
