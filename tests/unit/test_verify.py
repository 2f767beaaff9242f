"""Verification detects every kind of change in a published folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.make import SNAP, catalogue, indicator, observation, snapshot, source, stage
from warehouse.evaluation.evaluate import evaluate_cached
from warehouse.release.build import ReleaseInputs, SourceState, build_release
from warehouse.store.publish import CARD, write_sums
from warehouse.verification.verify import verify_release

pytestmark = pytest.mark.slow


@pytest.fixture
def release(tmp_path: Path) -> Path:
    staged = stage(
        tmp_path / "staged",
        [observation("one", "S", "KEN", 2015, 20.0), observation("one", "S", "KEN", 2020, 40.0)],
    )
    path = evaluate_cached(indicator(), staged, {}, tmp_path / "evaluated").path
    given = ReleaseInputs(
        catalogue(indicator()),
        {"one": source()},
        {"one": SourceState("live")},
        [snapshot("a")],
        staged,
        {"use": path},
    )
    return build_release(tmp_path / "home", given).path


def rewrite(folder: Path, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the first row of a table and make the checksums fit again: only the content is wrong."""
    path = folder / f"{name}.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows[0])
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    write_sums(folder)


def found(folder: Path) -> list[str]:
    return [f"{f.file} {f.check}" for f in verify_release(folder)]


def test_a_release_as_published_is_whole(release: Path) -> None:
    assert verify_release(release) == []


def test_a_release_from_before_a_column_existed_is_whole(release: Path) -> None:
    path = release / "indicator_meta.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["plausible_low", "plausible_high"]), path)
    write_sums(release)
    assert not [line for line in found(release) if line.endswith((" contract", " reference"))]
    pq.write_table(table.drop_columns(["title"]), path)  # a column that was always there
    write_sums(release)
    assert "indicator_meta.parquet contract" in found(release)


def test_a_changed_byte_is_found(release: Path) -> None:
    with (release / "indicator.parquet").open("r+b") as file:
        file.seek(100)
        file.write(b"x")
    assert "indicator.parquet checksum" in found(release)


def test_extra_and_missing_files_are_found(release: Path) -> None:
    (release / "more.txt").write_text("more", encoding="utf-8")
    (release / "NOTES.md").unlink()
    assert found(release) == ["NOTES.md files", "more.txt files"]
    (release / "latest.parquet").unlink()
    assert "latest.parquet files" in found(release)
    (release / "SHA256SUMS").unlink()
    assert "SHA256SUMS files" in found(release)


@pytest.mark.parametrize(
    ("table", "change", "expected"),
    [
        ("indicator", {"value": float("inf")}, "indicator.parquet contract"),
        ("indicator", {"snapshot": f"{SNAP['a']};{SNAP['c']}"}, "indicator.parquet reference"),
        ("indicator", {"source": "two"}, "indicator.parquet reference"),
        ("indicator", {"ref_area": "ZZZ"}, "indicator.parquet reference"),
        ("latest", {"indicator": "other"}, "latest.parquet reference"),
        ("ledger", {"rows_in": 7}, "ledger.parquet reconciliation"),
        ("ledger", {"reasons": '{"x": 1}'}, "ledger.parquet reconciliation"),
        ("ledger", {"rows_in": 1, "rows_out": 1}, "observation.parquet reconciliation"),
    ],
)
def test_wrong_content_under_right_checksums_is_found(
    release: Path, table: str, change: dict[str, Any], expected: str
) -> None:
    rewrite(release, table, lambda row: row.update(change))
    assert expected in found(release)


def test_a_card_that_says_other_numbers_is_found(release: Path) -> None:
    card = json.loads((release / CARD).read_text(encoding="utf-8"))
    card["tables"]["indicator"]["rows"] += 1
    (release / CARD).write_text(json.dumps(card), encoding="utf-8")
    write_sums(release)
    assert found(release) == [f"{CARD} rows"]
