"""Past states: releases rebuilt from the store, the history of a value, and a withdrawn release."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.maintenance.rollback import roll_back
from pipelines.steps.as_of import rebuild
from pipelines.steps.context import RunContext
from schemas.errors import CompactError
from tests.faults.bench import copied, must_succeed, values
from tests.faults.tiny_bank import TinyBank, of_bank
from tests.steps import Steps
from warehouse.query.revisions import revisions
from warehouse.store.as_of import StoreAsOf
from warehouse.store.history import history, withdrawn
from warehouse.store.listing import moment, release_as_of, releases
from warehouse.store.publish import latest_release, read_release_metadata

BANK = "worldbank_wdi"


@dataclass(frozen=True)
class Past:
    """home: with two releases of two vintages; between: a moment between them."""

    home: Path
    first: str
    second: str
    between: datetime
    bank: TinyBank


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    home = tmp_path_factory.mktemp("past") / "home"
    with TinyBank() as bank, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPACT_URL_WORLDBANK_WDI", bank.url)
        must_succeed(of_bank(home))
        first = latest_release(home)
        between = datetime.now(UTC)
        time.sleep(1.0 - between.microsecond / 1e6)  # the manifest counts seconds
        bank.next_release()
        must_succeed(of_bank(home))
        second = latest_release(home)
        assert first is not None
        assert second is not None
        yield Past(home, first.name, second.name, between, bank)


@pytest.fixture
def past(made: Past, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    """The same in a home of the test's own."""
    monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", made.bank.url)
    return Past(copied(made.home, tmp_path / "home"), made.first, made.second, made.between, made.bank)


def as_of(home: Path, when: datetime) -> RunContext:
    """The run of the bank as it was."""
    return replace(of_bank(home).context, when=when, store=StoreAsOf(home, when))


# --- as of
def test_a_release_of_what_was_known_is_rebuilt_aside(past: Past) -> None:
    manifest = (past.home / "snapshots" / "manifest.jsonl").read_bytes()
    there = sorted(path.name for path in (past.home / "releases").iterdir())
    rebuilt = rebuild(as_of(past.home, past.between))
    assert rebuilt.made
    assert rebuilt.path.is_relative_to(past.home / "as_of")
    before = as_of(past.home, past.between).releases_home
    first = shutil.copytree(past.home, past.home.with_name("first"), symlinks=True)
    roll_back(first, past.first, "to compare with", "tester")
    assert values(before).equals(values(first))
    assert not values(before).equals(values(past.home))
    card = read_release_metadata(rebuilt.path)
    assert card["as_of"] == past.between.isoformat(timespec="seconds")
    assert card["sources"][BANK]["state"] == "stored"
    assert f"Rebuilt as of {card['as_of']}" in (rebuilt.path / "NOTES.md").read_text(encoding="utf-8")
    assert (past.home / "snapshots" / "manifest.jsonl").read_bytes() == manifest
    assert sorted(path.name for path in (past.home / "releases").iterdir()) == there
    again = rebuild(as_of(past.home, past.between))
    assert (again.made, again.id) == (False, rebuilt.id)


def test_before_the_first_snapshot_there_is_nothing_to_rebuild(past: Past) -> None:
    with pytest.raises(CompactError) as caught:
        rebuild(as_of(past.home, moment("2020-01-01")))
    assert "nothing was accepted by 2020-01-01" in caught.value.what
    assert caught.value.allowed.startswith("from 20")


def test_the_past_cannot_be_written(past: Past) -> None:
    store = StoreAsOf(past.home, past.between)
    live = list(store.live(BANK).values())
    assert len(live) == 1
    with pytest.raises(CompactError, match="cannot be changed"):
        store.accept(live, "no")


def test_the_release_that_was_the_latest_then(past: Past) -> None:
    assert release_as_of(past.home, past.between).name == past.first
    assert release_as_of(past.home, datetime.now(UTC)).name == past.second
    with pytest.raises(CompactError, match="no release that is kept is as old"):
        release_as_of(past.home, moment("2020-01-01"))
    roll_back(past.home, past.first, "a wrong unit", "tester")
    assert release_as_of(past.home, datetime.now(UTC)).name == past.first


def test_a_date_means_its_end_and_anything_else_is_refused() -> None:
    assert moment("2026-07-01").isoformat() == "2026-07-01T23:59:59.999999+00:00"
    assert moment("2026-07-01T12:00:00Z") == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert moment("2026-07-01T12:00:00").tzinfo is UTC
    with pytest.raises(CompactError, match="'yesterday' is no date"):
        moment("yesterday")


# --- a value's history
def test_a_values_history_over_releases_and_snapshots(past: Past) -> None:
    result = revisions(past.home, "gini", "KEN")
    told = [(row["time_period"], row["release"], row["what"], row["value"]) for row in result["releases"]]
    assert told == [
        (2018, past.first, "first", 30.0),
        (2020, past.first, "first", 30.5),
        (2022, past.first, "first", 31.0),
        (2022, past.second, "revised", 31.5),
        (2023, past.second, "first", 33.0),
    ]
    revised = result["releases"][3]
    assert (revised["change"], round(revised["relative"], 4)) == (0.5, 0.0161)
    said = [(row["time_period"], row["obs_value"]) for row in result["snapshots"]]
    assert said == [(2018, 30.0), (2020, 30.5), (2022, 31.0), (2022, 31.5), (2023, 33.0)]
    assert [row["what"] for row in revisions(past.home, "gini", "KEN", 2022)["releases"]] == [
        "first",
        "revised",
    ]
    with pytest.raises(CompactError, match="there is no area XXX"):
        revisions(past.home, "gini", "XXX")


# --- a release taken back
def nothing_made(home: Path) -> Steps:
    ready = of_bank(home)
    outcome = ready.run()
    assert outcome.succeeded
    assert outcome.release is not None
    assert not outcome.release.made
    ready.released = outcome.release
    return ready


def test_a_release_that_was_taken_back_is_not_made_again_until_something_changes(past: Past) -> None:
    decided = roll_back(past.home, past.first, "the unit of 2023 is wrong", "tester")
    assert (decided["from"], decided["to"], decided["withdrawn"]) == (past.second, past.first, [past.second])
    assert history(past.home) == [decided]
    latest = latest_release(past.home)
    assert latest is not None
    assert latest.name == past.first
    assert {row["id"]: row["withdrawn"] for row in releases(past.home)} == {
        past.first: None,
        past.second: "the unit of 2023 is wrong",
    }
    run_again = nothing_made(past.home)
    assert run_again.released is not None
    assert f"made release {past.second}, which tester withdrew" in run_again.released.note
    assert latest_release(past.home) == latest
    figures = dict(past.bank.figures)
    try:
        past.bank.released, past.bank.figures["UGA", 2023] = "2026-10-09", 34.0
        must_succeed(of_bank(past.home))
    finally:
        past.bank.released, past.bank.figures = "2026-10-01", figures
    new = latest_release(past.home)
    assert new is not None
    assert new.name not in (past.first, past.second)
    assert read_release_metadata(new)["previous"] == past.first


def test_going_forward_again_ends_the_withdrawal(past: Past) -> None:
    roll_back(past.home, past.first, "a wrong unit", "tester")
    roll_back(past.home, past.second, "the unit was right", "tester")
    assert withdrawn(past.home) == {}
    latest = latest_release(past.home)
    assert latest is not None
    assert latest.name == past.second


def test_what_cannot_be_rolled_back_to(past: Past) -> None:
    for release, reason, said in (
        (past.first, " ", "no reason is given"),
        ("2020-01-01-00000000", "why", "there is no release 2020"),
        (past.second, "why", "is the latest already"),
    ):
        with pytest.raises(CompactError, match=said):
            roll_back(past.home, release, reason, "tester")
    file = past.home / "releases" / past.first / "NOTES.md"
    file.write_text("changed")
    with pytest.raises(CompactError, match="is damaged in 1 place"):
        roll_back(past.home, past.first, "why", "tester")
    assert history(past.home) == []
    latest = latest_release(past.home)
    assert latest is not None
    assert latest.name == past.second
