"""The release against an independent evaluation in pandas, value by value."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipelines.steps.context import open_context
from schemas.codelists.areas import membership_rows
from sources.settings import Settings
from tests.benchmarks.pandas_baseline import CELL, evaluate, plain, progress, weighted_means
from tests.command import Finished
from tests.steps import Steps

KEY = ["indicator", *CELL]


@pytest.fixture(scope="module")
def both(first_run: tuple[Path, Finished]) -> tuple[Path, Steps, pd.DataFrame]:
    home = first_run[0]
    workspace = Steps(open_context(Settings(home=home)))
    staged = workspace.observations()
    return home / "releases" / "latest", workspace, evaluate(workspace.catalogue, staged)


def test_every_value_and_its_source(both: tuple[Path, Steps, pd.DataFrame]) -> None:
    folder, _, expected = both
    result = pd.read_parquet(folder / "indicator.parquet")
    result = result[result["indicator"].isin(plain(both[1].catalogue))]
    joined = result.merge(expected, on=KEY, how="outer", suffixes=("", "_expected"), indicator=True)
    assert len(result) > 5000
    assert (joined["_merge"] == "both").all()
    assert (joined["value"] - joined["value_expected"]).abs().max() <= 1e-9 * joined["value"].abs().max()
    single = ~joined["source"].str.contains(";")
    assert (joined["source"] == joined["source_expected"])[single].all()


def test_every_assessment(both: tuple[Path, Steps, pd.DataFrame]) -> None:
    """Of the published values, whichever formula made them: those of the plain ones are compared above."""
    folder, workspace, _ = both
    values = pd.read_parquet(folder / "indicator.parquet")
    result = pd.read_parquet(folder / "progress.parquet")
    result = result[result["method"] == "unsd-2026"]
    expected = progress(values, workspace.catalogue)
    joined = result.merge(expected, on=["indicator", "ref_area"], how="left", suffixes=("", "_expected"))
    assert result["category"].nunique() >= 4
    assert (joined["category"] == joined["category_expected"]).all()
    assert (joined["score"] - joined["score_expected"]).abs().max() < 1e-9
    assert joined["score"].isna().equals(joined["score_expected"].isna())


def test_every_population_weighted_mean(both: tuple[Path, Steps, pd.DataFrame]) -> None:
    folder, workspace, values = both
    members = pd.DataFrame(membership_rows())
    today = members[members["valid_to"].isna()][["group", "ref_area"]].drop_duplicates()
    expected = weighted_means(values, workspace.catalogue, today)
    result = pd.read_parquet(folder / "aggregate.parquet").dropna(subset=["value"])
    result = result[result["method"].str.startswith("weighted_mean")]
    result = result[result["indicator"].isin(plain(workspace.catalogue))]
    joined = result.merge(expected, on=["indicator", "group", "time_period"], suffixes=("", "_expected"))
    assert len(joined) == len(result) > 0
    assert ((joined["value"] - joined["value_expected"]).abs() <= 1e-9 * joined["value"].abs()).all()
