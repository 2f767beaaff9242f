"""The closing line of a run: the content of a release, and its differences from the previous one."""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.release.summary import summary


def release(folder: Path, *indicators: str) -> Path:
    """A folder with three values of Kenya for each indicator."""
    folder.mkdir()
    values = ", ".join(f"('{name}', 'KEN', {year})" for name in indicators for year in (2020, 2021, 2022))
    with duckdb.connect() as con:
        con.execute(f"create table v as from (values {values}) as v(indicator, ref_area, time_period)")
        con.execute(f"copy v to '{folder / 'indicator.parquet'}'")
        con.execute(f"copy (from v where time_period = 2022) to '{folder / 'latest.parquet'}'")
    return folder


def test_first_values_are_counted_and_not_called_none(tmp_path: Path) -> None:
    before, after = release(tmp_path / "before", "a", "gone"), release(tmp_path / "after", "a", "b", "c")
    said = summary(after, {"indicator": 9}, before, [("a", 2, 1, 0)])
    assert said.startswith("9 values of 3 indicators for 1 country")
    assert "1 added, 2 changed, 0 withdrawn" in said
    assert "6 of 2 indicators for the first time" in said
    assert "1 indicator without values now since before" in said


def test_a_release_with_the_same_indicators_names_none_as_new(tmp_path: Path) -> None:
    before, after = release(tmp_path / "before", "a"), release(tmp_path / "after", "a")
    said = summary(after, {"indicator": 3}, before, [("a", 0, 0, 0)])
    assert "first time" not in said
    assert "without values" not in said


def test_the_first_release_is_compared_with_none(tmp_path: Path) -> None:
    assert summary(release(tmp_path / "one", "a"), {"indicator": 3}, None, []).endswith("the first release")
