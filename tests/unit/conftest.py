"""A small whole release, made once and copied for each test that damages, signs or removes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.make import catalogue, indicator, observation, snapshot, source, stage


@pytest.fixture(scope="session")
def _tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from warehouse.evaluation.evaluate import evaluate_cached
    from warehouse.release.build import ReleaseInputs, SourceState, build_release

    folder = tmp_path_factory.mktemp("tiny")
    rows = [observation("one", "S", "KEN", 2015, 20.0), observation("one", "S", "KEN", 2020, 40.0)]
    staged = stage(folder / "staged", rows)
    path = evaluate_cached(indicator(), staged, {}, folder / "evaluated").path
    states = {"one": SourceState("live")}
    given = ReleaseInputs(
        catalogue(indicator()), {"one": source()}, states, [snapshot("a")], staged, {"use": path}
    )
    build_release(folder / "home", given)
    return folder / "home"


@pytest.fixture
def tiny_release(_tiny_home: Path, tmp_path: Path) -> Path:
    """The folder of a release, in a home of its own that has nothing else."""
    home = Path(shutil.copytree(_tiny_home, tmp_path / "home", symlinks=True))
    return (home / "releases" / "latest").resolve()
