"""The setting COMPACT_REPORTS, what makes a release another one, and what cached values depend on."""

from __future__ import annotations

import pytest

from schemas.errors import CompactError
from sources.settings import CHECKOUT, load_settings
from tests.unit.make import source
from warehouse.checks import cache
from warehouse.engine.duckdb_engine import code_fingerprint
from warehouse.evaluation import evaluate, invalidation
from warehouse.release.inputs import CODE, REPORTS, ReleaseInputs, SourceState, inputs_fingerprint


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
    assert len(kept) > 50
    assert {path.relative_to(CHECKOUT) for path in kept - counted} == set()


def test_all_code_and_data_of_the_tables_count_in_the_fingerprint() -> None:
    """A new query, calibration or code list makes a new release although no value came."""
    counted = {path for pattern in CODE for path in CHECKOUT.glob(pattern)}
    folders = (CHECKOUT / "warehouse", CHECKOUT / "schemas" / "codelists")
    kinds = {".py", ".sql", ".yaml", ".csv"}
    kept = {path for folder in folders for path in folder.rglob("*") if path.suffix in kinds}
    assert len(kept) > 150
    assert {path.relative_to(CHECKOUT) for path in kept - counted} == set()


@pytest.mark.parametrize("patterns", [evaluate.CODE, cache.CODE, invalidation.MODELS])
def test_every_pattern_of_a_cache_key_finds_its_files(patterns: tuple[str, ...]) -> None:
    assert [pattern for pattern in patterns if not any(CHECKOUT.glob(pattern))] == []
    assert code_fingerprint(*patterns) != code_fingerprint("no such file")
