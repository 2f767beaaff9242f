"""The promise about bad input, tested on any machine: the core faults with nine synthetic figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.bench import kept_bytes, must_be_red, must_succeed, values
from tests.faults.tiny_bank import SERIES, Damage, TinyBank, of_bank, replaced, reply, sound, times_1000
from tests.unit.local_agency import Reply
from warehouse.store.publish import latest_release, read_release_metadata

BANK = "worldbank_wdi"


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyBank]:
    with TinyBank() as made:
        monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", made.url)
        yield made


def cut_off(made: Reply) -> Reply:
    return replace(made, declared=len(made.body), cut=len(made.body) // 2)


def too_short(made: Reply) -> Reply:
    return replace(made, declared=len(made.body) // 2)


def web_page(made: Reply) -> Reply:
    return replace(made, body=b"<!DOCTYPE html><html><title>Just a moment...</title></html>")


def error_body(_: Reply) -> Reply:
    return reply([{"message": [{"id": "120", "value": "The provided parameter value is not valid"}]}])


def not_utf8(made: Reply) -> Reply:
    return replace(made, body=made.body.replace(b"Tanzania", b"Tan\xffzania").replace(b"Kenya", b"Ken\xffya"))


# The faults, with what is said, the next step, and what becomes of the bytes.
LOOK, AGAIN = "look at the kept bytes", "run again: an agency that is in the middle of an update"
FAULTS: dict[str, tuple[Damage, str, str, str]] = {
    "cut off": (cut_off, "the body was cut off", LOOK, "refused"),
    "too short": (too_short, "more bytes came than", LOOK, "refused"),
    "web page": (web_page, "is a web page", "open the address in a browser", "refused"),
    "error body": (error_body, "the agency refuses SI.POV.GINI", "look the series up", "refused"),
    "not UTF-8": (not_utf8, "is not UTF-8", LOOK, "refused"),
    "fewer rows": (
        replaced('"total": 12', '"total": 8'),
        "the totals of SI.POV.GINI changed",
        AGAIN,
        "refused",
    ),
    "other series": (
        replaced(SERIES, "SI.POV.XXXX"),
        "rows of SI.POV.XXXX came",
        "write the new code",
        "refused",
    ),
    "other area": (
        replaced('"UGA"', '"UXX"'),
        "area UXX (Uganda) is in no list",
        "add the code to areas.aliases",
        "held",
    ),
    "times 1000": (times_1000, "median_ratio", "compare with the agency's page", "held"),
}


@pytest.mark.fault("nine faults on invented figures")
def test_no_fault_of_a_later_run_reaches_a_release_and_none_leaves_a_trace(
    bank: TinyBank, tmp_path: Path
) -> None:
    must_succeed(of_bank(tmp_path / "home"))
    bank.next_release()
    must_succeed(of_bank(tmp_path / "other"))
    for name, (damage, what, next_step, event) in FAULTS.items():
        bank.damage = damage
        made = of_bank(tmp_path / "home")
        text = must_be_red(made)
        assert what in text, name
        assert next_step in text, name
        kept_bytes(made, BANK, SERIES, event)
    bank.damage = sound
    must_succeed(of_bank(tmp_path / "home"))
    assert values(tmp_path / "home").equals(values(tmp_path / "other"))


@pytest.mark.parametrize("name", ["cut off", "web page", "other area", "times 1000"])
@pytest.mark.fault("{name}, in the first run")
def test_a_fault_of_the_first_run_leaves_no_release_and_no_trace(
    name: str, bank: TinyBank, tmp_path: Path
) -> None:
    bank.damage, what, _, event = FAULTS[name]
    made = of_bank(tmp_path)
    text = must_be_red(made)
    if name == "times 1000":  # there is nothing to compare with: the range of the indicator says it
        what = "values of gini lie outside 0 to 100"
    assert what in text
    assert latest_release(tmp_path) is None
    kept_bytes(made, BANK, SERIES, event)
    assert made.store.live(BANK) == {}
    bank.damage = sound
    must_succeed(of_bank(tmp_path))
    assert values(tmp_path).num_rows == len(bank.figures)


@pytest.mark.fault("one impossible value")
def test_one_impossible_value_is_taken_back_to_what_was_live_before(bank: TinyBank, tmp_path: Path) -> None:
    """Too few rows to be held by acceptance: the range refuses it, and the earlier snapshot is live again."""
    must_succeed(of_bank(tmp_path))
    before = of_bank(tmp_path).store.live(BANK)[SERIES]
    bank.next_release()
    right, bank.figures["UGA", 2023] = bank.figures["UGA", 2023], 133.0
    made = of_bank(tmp_path)
    text = must_be_red(made)
    assert "1 value of gini lies outside 0 to 100: UGA 2023 133.0 worldbank_wdi" in text
    assert f"held, and asked for again in the next run: worldbank_wdi {SERIES}" in text
    assert made.store.live(BANK) == {SERIES: before}
    made = of_bank(tmp_path)
    assert "UGA 2023 133.0" in must_be_red(made), "the same answer is judged again"
    bank.figures["UGA", 2023] = right
    must_succeed(of_bank(tmp_path))
    assert values(tmp_path).num_rows == len(bank.figures)


@pytest.mark.fault("a change beyond the threshold")
def test_a_real_change_is_held_until_its_threshold_is_raised_and_told_with_a_word(
    bank: TinyBank, tmp_path: Path
) -> None:
    must_succeed(of_bank(tmp_path))
    bank.next_release()
    bank.figures = {key: value * 2 for key, value in bank.figures.items()}
    for _ in range(2):
        made = of_bank(tmp_path)
        assert "raise the threshold with its reason" in must_be_red(made)
        assert list(made.store.held(BANK)) == [SERIES]
    text = must_be_red(of_bank(tmp_path, median_ratio=2.5))
    assert "1 large revision against release" in text
    assert "Gini index: 9 of 9 values (100%) were revised" not in text, "below the least number of a share"
    assert "compact run --acknowledge" in text
    reason = "the agency now publishes on another scale"
    made = of_bank(tmp_path, median_ratio=2.5, acknowledge=reason)
    must_succeed(made)
    release = latest_release(tmp_path)
    assert release is not None
    assert read_release_metadata(release)["acknowledged"] == reason
    assert reason in (release / "NOTES.md").read_text(encoding="utf-8")
    assert made.store.held(BANK) == {}
    assert made.store.live(BANK)[SERIES].agency_release == "2026-10-01"
    assert max(values(tmp_path)["value"].to_pylist()) == max(bank.figures.values())


@pytest.mark.fault("an agency is out of reach")
def test_an_agency_out_of_reach_is_no_fault(
    bank: TinyBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    must_succeed(of_bank(tmp_path))
    before = latest_release(tmp_path)
    bank.next_release()
    monkeypatch.setenv("COMPACT_URL_WORLDBANK_WDI", "http://127.0.0.1:9")
    made = must_succeed(of_bank(tmp_path))
    assert made.reports[BANK].state == "stored"
    assert "World Bank cannot be reached" in made.reports[BANK].note
    assert latest_release(tmp_path) == before
