"""One flipped bit in any file of a release is detected, and never makes verify crash."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from schemas.tables.registry import TABLES
from sources.snapshots.store import Store
from tests.faults.table import saw, tried
from tests.unit.make import SNAP
from warehouse.store.latest import CARD
from warehouse.store.publish import SUMS, write_sums
from warehouse.verification.files import checksum_findings
from warehouse.verification.verify import store_findings, verify_release


def flip(path: Path, bit: int) -> None:
    body = bytearray(path.read_bytes())
    body[bit // 8] ^= 1 << bit % 8
    path.write_bytes(body)


@pytest.fixture
def with_reports(tiny_release: Path) -> Path:
    """A release with files in folders, as site and briefs are; some of their bytes are no text."""
    for name, body in (
        ("site/en/index.html", b"<html>"),
        ("briefs/KEN.en.pdf", b"%PDF\xff\x00"),
        ("a b", b"x"),
    ):
        (tiny_release / name).parent.mkdir(parents=True, exist_ok=True)
        (tiny_release / name).write_bytes(body)
    write_sums(tiny_release)
    assert verify_release(tiny_release) == []
    return tiny_release


@pytest.mark.slow
@pytest.mark.fault("a bit is flipped in a published file")
def test_a_flipped_bit_in_any_file_is_found(with_reports: Path) -> None:
    dice = random.Random(7)  # noqa: S311
    files = sorted(path for path in with_reports.rglob("*") if path.is_file() and path.name != SUMS)
    assert {path.stem for path in files if path.suffix == ".parquet"} == set(TABLES), "every published table"
    for number, path in enumerate(files):
        whole = path.read_bytes()
        flip(path, dice.randrange(8 * len(whole)))
        result = checksum_findings(with_reports) if number % 6 else verify_release(with_reports)
        name = path.relative_to(with_reports).as_posix()
        assert (name, "checksum") in {(one.file, one.check) for one in result}
        saw(result[0])
        path.write_bytes(whole)
    tried("a bit is flipped in a published file", len(files), len(files))
    assert verify_release(with_reports) == []


def test_many_damaged_at_once_are_all_found(with_reports: Path) -> None:
    files = [*sorted(with_reports.glob("*.parquet"))[::2], with_reports / CARD]
    for path in files:
        flip(path, 8 * path.stat().st_size - 1)
    results = {one.file for one in verify_release(with_reports) if one.check == "checksum"}
    assert results == {path.name for path in files}


@pytest.fixture
def sums_only(tmp_path: Path) -> Path:
    """Files of which the checksums alone are judged: release.json is missing, which is told apart."""
    for name in ("a b.txt", "d/e"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    write_sums(tmp_path)
    return tmp_path


def test_every_single_bit_of_the_checksums_counts(sums_only: Path) -> None:
    whole = (sums_only / SUMS).read_bytes()
    assert checksum_findings(sums_only) == []
    for bit in range(8 * len(whole)):
        flip(sums_only / SUMS, bit)
        assert checksum_findings(sums_only), f"bit {bit}"
        (sums_only / SUMS).write_bytes(whole)


def test_a_snapshot_of_which_the_store_knows_nothing_is_found(tiny_release: Path, tmp_path: Path) -> None:
    result = store_findings(tiny_release, Store(tmp_path / "empty"))
    assert [(one.check, SNAP["a"][:12] in one.what) for one in result] == [("lineage", True)]


def test_a_copy_elsewhere_is_as_whole(tiny_release: Path, tmp_path: Path) -> None:
    assert verify_release(Path(shutil.copytree(tiny_release, tmp_path / "copy" / tiny_release.name))) == []
