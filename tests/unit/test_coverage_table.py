"""The page of coverage by objective: its counts, and the numbers that it keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from docs.generate.coverage import PAGE, cells, coverage_rows, indicators_with_values, page, table
from indicators.closed_sources import closed_for, closed_sources
from indicators.registry import load_catalogue
from indicators.validation import frameworks
from schemas.definitions.indicator import Indicator
from sources.settings import CHECKOUT


def indicator(indicator_id: str, frameworks: dict[str, str], target: bool = False) -> Indicator:
    return Indicator.model_validate(
        {
            "id": indicator_id,
            "title": indicator_id,
            "description": "a share",
            "frameworks": frameworks,
            "unit": "PT",
            "direction": "higher_is_better",
            "inputs": [{"source": "agency", "series": "A"}],
            "target": {"value": 100, "year": 2030, "origin": "somebody"} if target else None,
            "aggregate": {"method": "none"},
            "expect": {"range": [0, 100]},
        }
    )


MADE = {
    "one": indicator("one", {"compact_brief": "A", "compact_adopted": "1", "esg": "social"}, target=True),
    "two": indicator("two", {"compact_brief": "A", "esg": "social", "esg_theme": "demography"}),
    "three": indicator("three", {"sdg": "1.1.1"}),
}


def counted(with_values: set[str] | None) -> dict[tuple[str, str], tuple[int, int, int | None]]:
    rows = coverage_rows(MADE, with_values)
    return {(r.framework, r.code): (r.indicators, r.with_target, r.with_values) for r in rows}


def test_an_indicator_counts_once_in_each_framework_it_names() -> None:
    result = counted({"two", "three"})
    assert result["compact_brief", "A"] == (2, 1, 1)
    assert result["compact_brief", "H"] == (0, 0, 0)
    assert result["compact_adopted", "1"] == (1, 1, 0)


def test_a_pillar_counts_only_what_belongs_to_the_set_of_the_world_bank() -> None:
    assert counted(None)["esg", "social"] == (1, 0, None)


def test_values_are_read_from_a_release_and_kept_where_none_is_given(tmp_path: Path) -> None:
    years = pa.array([2020, None, 2019], pa.int16())
    names = pa.array(["one", "two", "one"])
    pq.write_table(pa.table({"indicator": names, "latest_year": years}), tmp_path / "coverage.parquet")
    assert indicators_with_values(tmp_path) == {"one"}
    first = page("", coverage_rows(MADE, {"one"}))
    assert table(coverage_rows(MADE, {"one"})) in first
    assert page(first, coverage_rows(MADE)) == first
    assert {row[3] for row in cells(page("", coverage_rows(MADE)))} == {""}


def test_sources_that_are_not_carried_are_named_with_what_comes_nearest() -> None:
    catalogue, codes = load_catalogue(), frameworks()
    known = {*codes["compact_brief"]["codes"], *map(str, codes["compact_adopted"]["codes"])}
    page = (CHECKOUT / PAGE).read_text(encoding="utf-8")
    for one in closed_sources():
        assert set(one.objectives) <= known
        assert all(one in closed_for(objective) for objective in one.objectives)
        nearest = re.findall(r"[a-z]+(?:_[a-z0-9]+)+", one.instead)
        assert nearest
        assert set(nearest) <= set(catalogue)
        assert one.homepage in page
