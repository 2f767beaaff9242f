"""The measurement of tiles: the quarters that are asked for, and as many figures of them on both engines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.benchmarks.tiles import on_duckdb, on_spark
from tests.e2e.test_spark import SMALL

pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java, which is not there")


def test_spark_makes_the_figures_of_the_quarters_that_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPACT_SPARK_MASTER", "local[1]")
    monkeypatch.setenv("COMPACT_SPARK_CONF", SMALL)
    here = list(on_duckdb(tmp_path, 2, 2000))
    assert [one["quarter"] for one in here] == ["fixed 2019Q1", "mobile 2019Q2"]
    (first,) = on_spark(tmp_path, 1)
    assert (first["rows"], first["figures"]) == (2000, here[0]["figures"])
    assert first["figures"] > 100
