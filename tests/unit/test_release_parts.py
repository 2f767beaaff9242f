"""A release made in parts, with links to the previous one, equals the release made whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.registry import TABLES
from tests.unit.make import SNAP, catalogue, indicator, observation, snapshot, source, stage
from warehouse.evaluation.evaluate import evaluate_cached
from warehouse.release.build import ReleaseInputs, SourceState, build_release
from warehouse.release.reuse import PARTS
from warehouse.store.publish import SUMS
from warehouse.verification.verify import verify_release

pytestmark = pytest.mark.slow

FULL = os.environ.get("COMPACT_FAULTS") == "full"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
# its blocks depend on threads, so its rows are compared, by verify; the other two hold its checksum
NOT_BY_BYTES = {"warehouse.duckdb", SUMS}


@dataclass(frozen=True)
class World:
    """What a release of two indicators is made from, as numbers that a change may alter."""

    title: str = "Use"
    value: float = 40.0
    target: float = 95.0
    staging: int = 0
    second: str = "b"
    without: frozenset[str] = field(default_factory=frozenset)
    plan: str = "weighted_mean"


CHANGES: dict[str, Callable[[World, int], World]] = {
    "title": lambda world, number: replace(world, title=f"Use {number}"),
    "value": lambda world, number: replace(world, value=40.0 + number % 7),
    "target": lambda world, number: replace(world, target=90.0 + number % 5),
    "staged again": lambda world, number: replace(world, staging=number),
    "snapshot": lambda world, number: replace(world, second="ab"[number % 2]),
    "indicator": lambda world, number: replace(world, without=frozenset(["other"][: number % 2])),
    "aggregate": lambda world, number: replace(world, plan=("weighted_mean", "none")[number % 2]),
}


def made(world: World, folder: Path) -> ReleaseInputs:
    """The inputs of a release; a staged folder has the name of its content, as in a run."""
    place = folder / f"{world.value}-{world.staging}-{world.second}"
    rows = [
        observation("one", "S", area, year, number)
        for area, year, number in (("KEN", 2015, 20.0), ("KEN", 2020, world.value), ("UGA", 2020, 10.0))
    ]
    rows += [
        observation("one", "P", area, 2020, number, unit="PERSONS", snapshot=SNAP[world.second])
        for area, number in (("KEN", 5e7), ("UGA", 4e7))
    ]
    staged = {}
    for name, path in stage(place, rows).items():
        known = path.parent.with_name(f"{name}-{place.name}")
        if not known.exists():
            shutil.copytree(path.parent, known)
        staged[name] = known / path.name
    of_use = {"method": world.plan} | ({"weight": "people"} if world.plan == "weighted_mean" else {})
    definitions = [
        indicator(
            title=world.title,
            target={"value": world.target, "year": 2030, "origin": "test"},
            aggregate=of_use,
        ),
        indicator(
            "people",
            inputs=[{"source": "one", "series": "P"}],
            unit="PERSONS",
            aggregate={"method": "sum"},
            expect={"range": [0, 1e10]},
        ),
        *([] if world.without else [indicator("other", title="Other")]),
    ]
    entries = catalogue(*definitions)
    evaluated = {
        name: evaluate_cached(entry.indicator, staged, {}, folder / "evaluated").path
        for name, entry in entries.items()
    }
    snapshots = [snapshot("a"), *([snapshot("b", resource="P")] if world.second == "b" else [])]
    return ReleaseInputs(
        catalogue=entries,
        sources={"one": source()},
        states={"one": SourceState("live")},
        snapshots=snapshots,
        staged=staged,
        evaluated=evaluated,
    )


def release(home: Path, world: World, day: int) -> Path:
    given = made(world, home.parent / "work")
    return build_release(home, given, now=NOON + timedelta(days=day), acknowledge="a test changes it").path


def made_whole(home: Path, world: World, day: int, beside: Path) -> Path:
    """The same release, after the same previous one, with nothing to link."""
    shutil.copytree(home, beside, symlinks=True)
    for parts in beside.glob(f"releases/*/{PARTS}"):
        if not parts.parent.is_symlink():
            parts.unlink()
    given = made(world, home.parent / "work")
    return build_release(beside, given, now=NOON + timedelta(days=day), acknowledge="a test changes it").path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in NOT_BY_BYTES
    }


def linked(folder: Path) -> set[str]:
    return {name for name in TABLES if (folder / f"{name}.parquet").stat().st_nlink > 1}


@settings(max_examples=25 if FULL else 2)
@given(
    changes=st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(1, 9)), min_size=2, max_size=2)
)
def test_a_release_in_parts_equals_the_whole_one(changes: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as name:
        home, world = Path(name) / "home", World()
        before = release(home, world, 0)
        for day, (kind, number) in enumerate(changes, 1):
            if (changed := CHANGES[kind](world, number)) == world:
                continue  # no release is made
            world = changed
            whole = made_whole(home, world, day, Path(name) / f"whole{day}")
            parts = release(home, world, day)
            assert parts.name == whole.name
            assert contents(parts) == contents(whole)
            assert verify_release(parts) == verify_release(whole) == verify_release(before) == []
            before = parts


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_changed_title_links_every_large_table(home: Path) -> None:
    release(home, World(), 0)
    second = release(home, World(title="Other words"), 1)
    assert {"indicator", "observation", "latest", "aggregate", "progress", "projection"} <= linked(second)
    assert not linked(second) & {"indicator_meta", "revision"}


def test_a_changed_value_computes_what_depends_on_it(home: Path) -> None:
    first = release(home, World(), 0)
    second = release(home, World(value=41.0), 1)
    assert not linked(second) & {"indicator", "observation", "latest", "aggregate", "progress", "revision"}
    assert verify_release(first) == []  # nothing was written through a link


@pytest.mark.parametrize("table", ["observation", "progress"])
def test_a_damaged_table_is_computed_again(home: Path, table: str) -> None:
    first = release(home, World(), 0)
    whole = made_whole(home, World(title="Other words"), 1, home.with_name("whole"))
    file = first / f"{table}.parquet"
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(body)
    second = release(home, World(title="Other words"), 1)
    assert table not in linked(second)
    assert contents(second) == contents(whole)
    assert verify_release(second) == []
    assert [finding.file for finding in verify_release(first)] == [file.name]


@pytest.mark.parametrize("body", ["{", '{"code": 1}'])
def test_a_damaged_record_of_the_parts_links_nothing(home: Path, body: str) -> None:
    first = release(home, World(), 0)
    (first / PARTS).write_text(body, encoding="utf-8")
    assert linked(release(home, World(title="Other words"), 1)) == set()


def test_without_links_a_file_is_copied(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    first = release(home, World(), 0)
    second = release(home, World(title="Other words"), 1)
    assert linked(second) == set()
    assert (second / "latest.parquet").read_bytes() == (first / "latest.parquet").read_bytes()
    assert pq.read_metadata(second / "latest.parquet").num_rows
    assert verify_release(second) == []
