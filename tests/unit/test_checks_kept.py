"""What was checked is not checked again, unless anything that the finding depends on has changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from schemas.definitions.indicator import Indicator
from tests.unit.make import value, values
from tests.unit.test_planted_faults import GOOD, PRESENT, expecting, released
from warehouse.checks import cache as checks_kept
from warehouse.checks.cache import cached_checks
from warehouse.checks.result import CheckResult


def asked(
    path: Path,
    definition: Indicator | None = None,
    present: frozenset[tuple[str, str]] = frozenset(PRESENT),
    catalogue: Mapping[str, Indicator] | None = None,
    previous: Path | None = None,
) -> list[CheckResult]:
    return cached_checks(definition or expecting(), path, present, catalogue or {}, previous)


def made_anew(path: Path, **changes: Any) -> bool:
    """Return whether the checks of a table were made again: then the file beside it is another."""
    side = path.with_suffix(".checks")
    before = side.read_bytes(), side.stat().st_ino
    asked(path, **changes)
    return (side.read_bytes(), side.stat().st_ino) != before


def test_the_same_is_found_without_looking_again(tmp_path: Path) -> None:
    outside = [*GOOD, value("use", "KEN", 2020, -4.0)]
    path, before = values(tmp_path / "abc.parquet", outside), released(tmp_path, expecting())
    first = asked(path, previous=before)
    assert [result.name for result in first if not result.passed] == ["range"]
    assert any(result.snapshots for result in first)
    assert asked(path, previous=before) == first
    assert not made_anew(path, previous=before)


@pytest.mark.parametrize(
    "change",
    [
        {"definition": expecting(areas_min=3)},
        {"present": frozenset()},
        {"previous": None},
        {"previous": "later"},
    ],
)
def test_whatever_it_depends_on_makes_it_look_again(tmp_path: Path, change: dict[str, Any]) -> None:
    path = values(tmp_path / "abc.parquet", GOOD)
    before = released(tmp_path, expecting(), fingerprint="abc")
    asked(path, previous=before)
    if change.get("previous") == "later":
        change = {"previous": released(tmp_path / "later", expecting(), fingerprint="xyz")}
    assert made_anew(path, **{"previous": before} | change)


def test_other_values_are_looked_at(tmp_path: Path) -> None:
    first, other = values(tmp_path / "abc.parquet", GOOD), values(tmp_path / "other.parquet", GOOD[:-1])
    asked(first)
    assert not other.with_suffix(".checks").exists()
    asked(other)
    assert other.with_suffix(".checks").exists()


def test_changed_code_makes_it_look_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = values(tmp_path / "abc.parquet", GOOD)
    asked(path)
    monkeypatch.setattr(checks_kept, "code_fingerprint", lambda *_: "other code")
    assert made_anew(path)


def test_a_later_release_with_the_same_values_is_no_change(tmp_path: Path) -> None:
    path = values(tmp_path / "abc.parquet", GOOD)
    asked(path, previous=released(tmp_path / "one", expecting(), fingerprint="abc"))
    later = released(tmp_path / "two", expecting(), fingerprint="abc")
    assert not made_anew(path, previous=later)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", json.dumps({"key": "x"}).encode()])
def test_a_file_that_is_not_whole_is_made_anew(body: bytes, tmp_path: Path) -> None:
    path = values(tmp_path / "abc.parquet", GOOD)
    first = asked(path)
    whole = path.with_suffix(".checks").read_bytes()
    path.with_suffix(".checks").write_bytes(body)
    assert asked(path) == first
    assert path.with_suffix(".checks").read_bytes() == whole
