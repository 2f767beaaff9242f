"""The setting COMPACT_REPORTS; a release with reports differs from one without."""

from __future__ import annotations

import pytest

from schemas.errors import CompactError
from sources.settings import load_settings
from tests.unit.make import source
from warehouse.engine.duckdb_engine import CHECKOUT
from warehouse.release.inputs import REPORTS, ReleaseInputs, SourceState, inputs_fingerprint


def test_reports_are_made_unless_they_are_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMPACT_REPORTS")
    assert load_settings().reports == "all"
    monkeypatch.setenv("COMPACT_REPORTS", "none")
    assert load_settings().reports == "none"
    monkeypatch.setenv("COMPACT_REPORTS", "some")
    with pytest.raises(CompactError) as caught:
        load_settings()
    assert (caught.value.where, caught.value.allowed) == (
        "COMPACT_REPORTS",
        "Input should be 'all' or 'none'",
    )


def test_the_fingerprint_says_whether_there_are_reports() -> None:
    def given(with_reports: bool) -> ReleaseInputs:
        states = {"one": SourceState("live")}
        return ReleaseInputs({}, {"one": source()}, states, [], {}, {}, with_reports=with_reports)

    assert inputs_fingerprint(given(True)) == inputs_fingerprint(given(True))
    assert inputs_fingerprint(given(True)) != inputs_fingerprint(given(False))


def test_all_that_shapes_a_report_counts_in_the_fingerprint() -> None:
    counted = {path for pattern in REPORTS for path in CHECKOUT.glob(pattern)}
    kept = {p for p in (CHECKOUT / "reports").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert {path.relative_to(CHECKOUT) for path in kept - counted} == set()
