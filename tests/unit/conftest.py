"""A small whole release, made once and copied for each test that damages, signs or removes it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from indicators.registry import Entry
from schemas.definitions.indicator import Indicator
from schemas.definitions.parsing import parse
from schemas.definitions.yaml_file import load_yaml
from sources.registry.sources import SeriesInfo
from tests.steps import Steps, steps_of
from tests.unit.made_run import FIRST, MADE, SECOND, SERIES, Agencies, Make
from tests.unit.make import catalogue, indicator, observation, snapshot, source, stage
from tests.unit.wired import source as made_up


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


@pytest.fixture
def agencies() -> Agencies:
    return Agencies()


@pytest.fixture
def make(agencies: Agencies, tmp_path: Path) -> Make:
    """A run as it starts: the same home each time, and these indicators."""
    declared = {
        source: {code: SeriesInfo(code, f"Series {code}", "PT") for code in codes}
        for source, codes in SERIES.items()
    }

    def made(*definitions: dict[str, Any], sources: dict[str, Any] | None = None, **flags: Any) -> Steps:
        rate = {"requests_per_second": 50, "reason": "a test"}
        known = [made_up(id=name, hosts=["example.org"], rate=rate, **(sources or {})) for name in SERIES]
        entries = []
        for definition in definitions or (FIRST, SECOND, MADE):
            path = tmp_path / "indicators" / "group" / f"{definition['id']}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(definition))
            file = load_yaml(path)
            entries.append(Entry(parse(Indicator, file), file))
        return steps_of(
            tmp_path / "home",
            known,
            entries,
            series_of=declared.__getitem__,
            reader_of=lambda _: agencies,
            **flags,
        )

    return made
