"""Flipped bits in files kept between runs: staged and evaluated tables, their records, and stored pages.
The next release equals that of an undamaged home, or is not made.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from indicators.registry import Catalogue, Entry
from sources.snapshots.cache_record import read_record, write_record
from sources.snapshots.objects import StoreDamaged
from tests.faults.bench import values
from tests.faults.table import saw, tried
from tests.faults.tiny_bank import TinyBank, of_bank
from tests.steps import Steps
from warehouse.store.publish import ReleaseRefused, latest_release
from warehouse.verification.verify import verify_release

FAULT = "a bit flips in a cached table"
FLIPS = 200 if os.environ.get("COMPACT_FAULTS") == "full" else 3


@pytest.fixture(scope="module")
def bank() -> Iterator[TinyBank]:
    with pytest.MonkeyPatch.context() as patch, TinyBank() as made:
        patch.setenv("COMPACT_REPORTS", "none")
        patch.setenv("COMPACT_URL_WORLDBANK_WDI", made.url)
        yield made


@pytest.fixture(scope="module")
def home(bank: TinyBank, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a release and all its caches."""
    made = tmp_path_factory.mktemp("cache") / "home"
    run_steps(of_bank(made))
    return made


def retitled(home: Path) -> Steps:
    """The same home after a change of words in the definition: a new release of the same values."""
    made = of_bank(home)
    entry = made.catalogue.entries["gini"]
    indicator = entry.indicator.model_copy(update={"title": f"{entry.indicator.title}, in other words"})
    return made.with_flags(catalogue=Catalogue({"gini": Entry(indicator, entry.file)}), offline=True)


def run_steps(made: Steps) -> None:
    """Every step of a run without Dagster around it: 200 runs take minutes."""
    made.fetch("worldbank_wdi")
    made.stage("worldbank_wdi")
    assert made.release().made


def release_again(home: Path) -> None:
    """Every step of a run but fetching."""
    assert retitled(home).release().made


def cached_files(home: Path) -> list[Path]:
    return sorted(p for folder in ("staged", "evaluated") for p in (home / folder).rglob("*") if p.is_file())


def flip(path: Path, bit: int) -> None:
    body = bytearray(path.read_bytes())
    body[bit // 8] ^= 1 << bit % 8
    path.write_bytes(body)


@pytest.mark.fault(FAULT)
def test_a_flipped_bit_in_a_cache_never_becomes_a_number(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dice = random.Random(11)  # noqa: S311
    names = [path.relative_to(home) for path in cached_files(home)]
    dice.shuffle(names)
    assert {name.suffix for name in names} >= {".parquet", ".json"}
    expected = values(home)
    for number in range(FLIPS):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(home, copy, symlinks=True)
        path = copy / names[number % len(names)]
        flip(path, dice.randrange(8 * path.stat().st_size))
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            release_again(copy)
        assert values(copy).equals(expected), path
        saw(
            caplog.messages[0].replace(str(copy), "COMPACT_HOME")
            if caplog.messages
            else "nothing: not reused"
        )
        release = latest_release(copy)
        assert release is not None
        assert verify_release(release) == []
    tried(FAULT, FLIPS, FLIPS)


@pytest.mark.fault("a bit flips in a stored page")
def test_a_flipped_bit_in_a_stored_page_is_never_staged(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy, symlinks=True)
    shutil.rmtree(copy / "staged")
    page = max((copy / "snapshots" / "objects").glob("*/*"), key=lambda path: path.stat().st_size)
    page.chmod(0o644)
    flip(page, 8 * (page.stat().st_size // 2))
    with pytest.raises(StoreDamaged) as caught:
        release_again(copy)
    saw(caught.value.what)
    assert caught.value.where == str(page.resolve())
    assert not list((copy / "staged").rglob("*.parquet"))


@pytest.mark.fault("values change without a cause")
def test_a_revision_without_a_cause_is_refused(home: Path, tmp_path: Path) -> None:
    """As if memory had failed while the table was written: the record of the cache is that of the wrong
    bytes."""
    copy = tmp_path / "copy"
    shutil.copytree(home, copy, symlinks=True)
    (path,) = (copy / "evaluated" / "gini").glob("*.parquet")
    table = pq.read_table(path)
    column = table.column("value").to_pylist()
    wrong = table.set_column(
        table.schema.get_field_index("value"), table.schema.field("value"), [[column[0] + 3, *column[1:]]]
    )
    pq.write_table(wrong, path)
    facts = read_record(path.with_suffix(".json"))
    assert facts is None
    write_record(path.with_suffix(".json"), {"rows": len(column), "areas": 3, "no_number": 0}, [path])
    before = latest_release(copy)
    with pytest.raises(ReleaseRefused) as caught:
        release_again(copy)
    saw(caught.value.what)
    assert f"{column[0]:g} -> {column[0] + 3:g}" in caught.value.what
    assert latest_release(copy) == before
