"""`python -m tests.benchmarks`: each measurement finishes and reports its result."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from docs.generate.benchmarks import Scale
from schemas.definitions.methods import methods
from tests.command import Finished, module


@pytest.mark.long
def test_bench_scale_measures_every_step(first_run: tuple[Path, Finished], tmp_path: Path) -> None:
    measured = module(
        "tests.benchmarks", "scale", "--rows", "20000", "--keep", str(tmp_path), "--json", home=first_run[0]
    )
    assert measured.code == 0, measured.err
    result = Scale.model_validate(measured.json[0])
    assert result.values >= 20_000
    steps = {one.step: one for one in result.steps}
    assert list(steps) == [
        "stage", "evaluate", "generate", "scan", "assess", "release", "ours", "plain", "polars", "pandas",
        "loop",
    ]  # fmt: skip
    assert [one.step for one in result.steps if one.failed or not one.rows or not one.times_scan] == []
    assert steps["stage"].rows >= 20_000
    assert [path.name for path in tmp_path.iterdir()] == ["scale-0m.json"]
    assert not list(first_run[0].glob(".bench-*"))


def test_models_are_measured_as_multiples_of_a_scan(first_run: tuple[Path, Finished]) -> None:
    measured = module("tests.benchmarks", "models", "--rows", "20000", "--json", home=first_run[0])
    assert measured.code == 0, measured.err
    steps = {row["step"]: row for row in measured.json}
    assert {"bare scan", "progress", "aggregate", "all models"} <= set(steps)
    assert {f"progress: {name}" for name in methods()} <= set(steps)
    assert steps["bare scan"]["rows"] >= 20_000


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java, which is not there")
def test_bench_engines_compares_what_is_asked(
    first_run: tuple[Path, Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark", reason="PySpark is not installed: make spark")
    monkeypatch.setenv("COMPACT_SPARK_MASTER", "local[1]")
    compared = module("tests.benchmarks", "engines", "--table", "latest", "--json", home=first_run[0])
    assert compared.code == 0, compared.err
    (row,) = compared.json
    assert (row["table"], row["same"]) == ("latest", "yes")
    assert row["rows"] > 1000
    assert "latest" in compared.err
    refused = module("tests.benchmarks", "engines", "--table", "observation", home=first_run[0])
    assert refused.code == 2
    assert "observation" in refused.err
