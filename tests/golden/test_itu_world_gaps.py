"""The world's gaps as ITU publishes them in its workbook of November 2024 (Facts and Figures 2024): women and
men, cities and countryside."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from indicators.registry import load_catalogue
from sources.model import SnapshotFiles
from sources.registry.sources import SOURCES, load_source
from sources.staging.stage import stage_source
from warehouse.evaluation.evaluate import evaluate_cached

WORKBOOK = Path("itu_aggregates") / "ITU_regional_global_Key_ICT_indicator_aggregates_Nov_2024.xlsx"
WORLD = "M49:001"
PUBLISHED = {  # world, 2024: women, men, all; cities, countryside
    "internet_use": {
        ("F", "_T"): 65.3, ("M", "_T"): 69.5, ("_T", "_T"): 67.6, ("_T", "U"): 82.9, ("_T", "R"): 47.5,
    },
    "mobile_ownership": {("F", "_T"): 77.0, ("M", "_T"): 82.4, ("_T", "_T"): 79.7},
    "coverage_4g": {("_T", "_T"): 91.8, ("_T", "U"): 99.1, ("_T", "R"): 81.7},
}  # fmt: skip


@pytest.fixture(scope="module")
def staged(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = [SnapshotFiles("a" * 64, "workbook", (shared / "data" / "contracts" / WORKBOOK,))]
    source = load_source(SOURCES / "itu_aggregates" / "source.yaml")
    return stage_source(source, files, tmp_path_factory.mktemp("staged")).observation


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_world_has_its_published_parts(name: str, staged: Path, tmp_path: Path) -> None:
    indicator = load_catalogue()[name]
    evaluated = evaluate_cached(indicator, {"itu_aggregates": staged}, {}, tmp_path)
    assert {
        (row["sex"], row["urbanisation"]): row["value"]
        for row in pq.read_table(evaluated.path).to_pylist()
        if (row["ref_area"], row["time_period"]) == (WORLD, 2024)
    } == PUBLISHED[name]
