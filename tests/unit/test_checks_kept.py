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
from warehouse.checks.indicator_checks import indicator_checks
from warehouse.checks.result import CheckResult


class Counted:
    """indicator_checks, and how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, *given: Any) -> list[CheckResult]:
        self.times += 1
        return indicator_checks(*given)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    found = Counted()
    monkeypatch.setattr(checks_kept, "indicator_checks", found)
    return found


def asked(
    path: Path,
    definition: Indicator | None = None,
    present: frozenset[tuple[str, str]] = frozenset(PRESENT),
    catalogue: Mapping[str, Indicator] | None = None,
    previous: Path | None = None,
) -> list[CheckResult]:
    return cached_checks(definition or expecting(), path, present, catalogue or {}, previous)


def test_the_same_is_found_without_looking_again(tmp_path: Path, counted: Counted) -> None:
    outside = [*GOOD, value("use", "KEN", 2020, -4.0)]
    path, before = values(tmp_path / "abc.parquet", outside), released(tmp_path, expecting())
    first = asked(path, previous=before)
    assert [result.name for result in first if not result.passed] == ["range"]
    assert any(result.snapshots for result in first)
    assert asked(path, previous=before) == first
    assert counted.times == 1


def test_whatever_it_depends_on_makes_it_look_again(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = values(tmp_path / "abc.parquet", GOOD)
    before = released(tmp_path, expecting(), fingerprint="abc")
    asked(path, previous=before)
    for number, change in enumerate(
        (
            lambda: asked(path, previous=before, definition=expecting(areas_min=3)),
            lambda: asked(path, previous=before, present=frozenset()),
            lambda: asked(path),
            lambda: asked(values(tmp_path / "other.parquet", GOOD[:-1]), previous=before),
            lambda: asked(path, previous=released(tmp_path / "later", expecting(), fingerprint="xyz")),
        ),
        2,
    ):
        change()
        assert counted.times == number
    monkeypatch.setattr(checks_kept, "code_fingerprint", lambda *_: "other code")
    asked(path, previous=before)
    assert counted.times == number + 1


def test_a_later_release_with_the_same_values_is_no_change(tmp_path: Path, counted: Counted) -> None:
    path = values(tmp_path / "abc.parquet", GOOD)
    asked(path, previous=released(tmp_path / "one", expecting(), fingerprint="abc"))
    asked(path, previous=released(tmp_path / "two", expecting(), fingerprint="abc"))
    assert counted.times == 1


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", json.dumps({"key": "x"}).encode()])
def test_a_file_that_is_not_whole_is_made_anew(body: bytes, tmp_path: Path, counted: Counted) -> None:
    path = values(tmp_path / "abc.parquet", GOOD)
    first = asked(path)
    path.with_suffix(".checks").write_bytes(body)
    assert asked(path) == first
    assert counted.times == 2
