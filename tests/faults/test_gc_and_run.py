"""After gc the next run has all its inputs: it recomputes nothing, and makes a new release only if
something changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.maintenance.gc import collect
from sources.snapshots.store import Store
from tests.faults.bench import must_succeed, values
from tests.faults.tiny_bank import SERIES, TinyBank, of_bank
from warehouse.store.listing import releases
from warehouse.store.publish import latest_release
from warehouse.verification.verify import store_findings, verify_release


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyBank]:
    monkeypatch.setenv("COMPACT_REPORTS", "none")
    with TinyBank() as made:
        monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", made.url)
        yield made


@pytest.mark.fault("gc, then a run")
def test_a_run_after_gc_needs_nothing_that_was_removed(bank: TinyBank, tmp_path: Path) -> None:
    for month in range(1, 5):
        bank.released, bank.figures["KEN", 2022] = f"2026-0{month}-01", 31.0 + month / 10
        must_succeed(of_bank(tmp_path))
    before, fetched = values(tmp_path), bank.paths()
    done = collect(tmp_path, 1)
    assert [one.kind for one in done if one.kind == "release"] == ["release"]
    assert len(releases(tmp_path)) == 3, "the first of the year, the latest and the one before it"
    for row in releases(tmp_path):
        folder = Path(row["folder"])
        assert verify_release(folder) == store_findings(folder, Store(tmp_path)) == []
    assert collect(tmp_path, 1) == []

    must_succeed(of_bank(tmp_path).with_flags(offline=True))
    assert bank.paths() == fetched
    assert len(releases(tmp_path)) == 3, "nothing changed"
    assert values(tmp_path).equals(before)

    bank.next_release()
    must_succeed(of_bank(tmp_path))
    latest = latest_release(tmp_path)
    assert latest is not None
    assert verify_release(latest) == []
    assert Store(tmp_path).live("worldbank_wdi")[SERIES].agency_release == "2026-10-01"
