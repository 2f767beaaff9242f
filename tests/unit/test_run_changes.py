"""A run without changes makes no release; any change does."""

from __future__ import annotations

import pytest

from pipelines.runner.no_change import unchanged
from sources.model import (
    InvalidResponse,
    SourceUnavailable,
)
from tests.steps import Steps
from tests.unit.made_run import (
    FIRST,
    GOOD,
    MADE,
    S2,
    SECOND,
    SERIES,
    T1,
    Agencies,
    Make,
    begin,
    indicator,
    run,
    take_in,
)

pytestmark = pytest.mark.slow


def test_before_the_first_release_everything_is_new(make: Make) -> None:
    assert make().nothing_changed() is None


def test_after_a_release_nothing_has_changed(make: Make) -> None:
    made = run(make()).released
    assert made is not None
    same = make().nothing_changed()
    assert same is not None
    assert (same.made, same.id, same.path) == (False, made.id, made.path)
    assert run(make()).released == same


def test_an_outage_changes_nothing(make: Make, agencies: Agencies) -> None:
    begin(make())
    agencies.has |= dict.fromkeys(("S1", "S2", "T1"), SourceUnavailable("example.org does not answer"))
    again = make()
    take_in(again)
    assert again.source_states()["one"].state == "stored"
    assert again.nothing_changed() is not None


def test_the_same_figures_in_another_order_change_nothing(make: Make, agencies: Agencies) -> None:
    begin(make())
    agencies.has["S1"] = GOOD[::-1]
    again = make()
    again.fetch("one")
    again.stage("one")
    assert again.nothing_changed() is not None


def test_a_new_snapshot_is_a_change(make: Make, agencies: Agencies) -> None:
    begin(make())
    agencies.has["S1"] = [*GOOD, ("KEN", 2025, 10.0)]
    again = make()
    again.fetch("one")
    again.stage("one")
    assert again.nothing_changed() is None


def test_a_changed_definition_is_a_change(make: Make) -> None:
    begin(make())
    for changed in (
        {"title": "Another title"},  # published, though no number depends on it
        {"expect": {"range": [0, 90]}},
        {"formula": "value / 2"},
        {"inputs": [S2, T1]},
    ):
        assert make(FIRST, SECOND | changed, MADE).nothing_changed() is None, changed
    assert make(FIRST, SECOND, MADE).nothing_changed() is not None


def test_another_indicator_is_a_change_and_so_is_one_less(make: Make) -> None:
    begin(make())
    assert make(FIRST, SECOND, MADE, indicator("third", T1)).nothing_changed() is None
    assert make(FIRST, SECOND).nothing_changed() is None


@pytest.mark.parametrize(
    "module", ["warehouse.evaluation.evaluate", "warehouse.release.inputs", "sources.staging.result"]
)
def test_changed_code_is_a_change(make: Make, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    begin(make())
    name = "_code" if module == "sources.staging.result" else "code_fingerprint"
    monkeypatch.setattr(f"{module}.{name}", lambda *_: "another version")
    again = make()
    assert again.nothing_changed() is None
    assert run(again).problems == []


def quick(workspace: Steps) -> str | None:
    """Ask ahead, and the release that is named at once, if one is."""
    workspace.ask_all()
    same = unchanged(workspace)
    return same.id if same else None


def test_without_news_the_release_is_named_once_every_agency_was_asked(
    make: Make, agencies: Agencies
) -> None:
    made = run(make()).released
    assert made is not None
    agencies.asked.clear()
    again = make()
    assert quick(again) == made.id
    assert sorted(agencies.asked) == ["S1", "S2", "T1"]
    assert {name: again.fetch(name).state for name in SERIES} == {"one": "live", "two": "live"}


def test_before_the_first_release_a_run_goes_the_whole_way(make: Make) -> None:
    assert quick(make()) is None


def test_news_go_the_whole_way_and_are_not_asked_for_twice(make: Make, agencies: Agencies) -> None:
    begin(make())
    agencies.has["S1"] = [*GOOD[:-1], ("BDI", 2024, 15.0)]
    agencies.asked.clear()
    again = make()
    assert quick(again) is None
    assert [snapshot.series for snapshot in again.fetch("one").fetched] == [("S1",)]
    assert sorted(agencies.asked) == ["S1", "S2", "T1"]


def test_an_answer_that_cannot_be_used_goes_the_whole_way(make: Make, agencies: Agencies) -> None:
    begin(make())
    agencies.has["S1"] = InvalidResponse("a short page")
    again = make()
    assert quick(again) is None
    assert again.problems == []
    with pytest.raises(InvalidResponse):
        again.fetch("one")


def test_what_is_not_staged_goes_the_whole_way(make: Make) -> None:
    workspace = run(make())
    (folder,) = (workspace.home / "staged" / "two").iterdir()
    folder.rename(folder.with_name("of-other-code"))
    assert quick(make()) is None


def test_changed_definitions_go_the_whole_way(make: Make) -> None:
    begin(make())
    assert quick(make(FIRST, SECOND)) is None
