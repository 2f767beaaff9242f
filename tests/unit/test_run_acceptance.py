"""Which new snapshots a run accepts, and which it holds; what an indicator is evaluated from."""

from __future__ import annotations

import pytest

from pipelines.steps.stage import Held
from sources.model import (
    SourceUnavailable,
)
from sources.staging.stage import StageProblem
from tests.unit.made_run import (
    GOOD,
    Agencies,
    Cell,
    Make,
    live,
    run,
    take_in,
    times,
    values,
)
from warehouse.store.publish import ReleaseRefused

pytestmark = pytest.mark.slow


def test_what_comes_first_is_accepted(make: Make) -> None:
    workspace = run(make())
    assert set(live(workspace)) == {"S1", "S2", "T1"}
    assert workspace.problems == []
    assert workspace.released is not None
    assert workspace.released.made


def test_a_change_within_the_thresholds_is_accepted(make: Make, agencies: Agencies) -> None:
    before = live(take_in(make()))
    agencies.has["S1"] = times(GOOD, 1.1)
    again = take_in(make())
    assert {name for name, snapshot in live(again).items() if snapshot != before[name]} == {"S1"}
    assert values(again, "first") == [(11.0, "one")]


def test_a_change_beyond_a_threshold_is_held_and_the_other_series_accepted(
    make: Make, agencies: Agencies
) -> None:
    before = live(take_in(make()))
    agencies.has |= {"S1": times(GOOD, 1000), "S2": times(GOOD, 1.1)}
    again = make()
    again.fetch("one")
    with pytest.raises(Held) as caught:
        again.stage("one")
    assert again.problems == [caught.value]
    text = str(caught.value)
    assert "new snapshots of one held: 1" in text
    assert "median_ratio" in text
    assert "not by a factor of two" in text  # the reason beside the limit
    assert "sources/agencies/one/source.yaml" in text
    after = live(again)
    assert after["S1"] == before["S1"]
    assert after["S2"] != before["S2"]
    assert set(again.store.held("one")) == {"S1"}
    assert values(again, "first") == [(10.0, "one")]


def test_what_is_held_stays_so_until_the_agency_has_the_old_figures_again(
    make: Make, agencies: Agencies
) -> None:
    before = live(take_in(make()))
    agencies.has["S1"] = times(GOOD, 1000)
    for _ in range(2):
        again = make()
        again.fetch("one")
        with pytest.raises(Held):
            again.stage("one")
    agencies.has["S1"] = GOOD
    sound = take_in(make())
    assert sound.problems == []
    assert live(sound) == before
    assert sound.store.held("one") == {}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([*GOOD, ("XYZ", 2020, 1.0)], ["unknown_area", "XYZ", "areas.aliases"]),
        ([*GOOD, ("KEN", 2020, 99.0)], ["conflicting_key", "KEN"]),
        ([], ["did not arrive", "S1"]),
    ],
)
def test_what_cannot_be_staged_is_held_and_the_live_ones_stay(
    make: Make, agencies: Agencies, cells: list[Cell], words: list[str]
) -> None:
    before = live(take_in(make()))
    agencies.has["S1"] = cells
    again = make()
    again.fetch("one")
    with pytest.raises(StageProblem) as caught:
        again.stage("one")
    assert all(word in str(caught.value) for word in words)
    assert again.problems == [caught.value]
    assert live(again) == before
    assert set(again.store.held("one")) == {"S1"}
    held = [event for event in again.store.events("one") if event["event"] == "held"]
    assert words[0] in held[-1]["reason"]


def test_a_source_without_a_snapshot_has_nothing_to_stage(make: Make, agencies: Agencies) -> None:
    agencies.has["T1"] = SourceUnavailable("example.org does not answer")
    workspace = make()
    workspace.fetch("two")
    assert workspace.stage("two") is None
    assert workspace.problems == []
    assert "two" not in workspace.observations()


def test_refused_values_take_back_the_snapshot_they_came_with(make: Make, agencies: Agencies) -> None:
    """Within the thresholds, and still impossible: a share of 104 per cent."""
    first = run(make())
    before = live(first)
    agencies.has["S2"] = [*GOOD[:-1], ("BDI", 2024, 104.0)]
    again = make()
    with pytest.raises(ReleaseRefused) as caught:
        run(again)
    assert "BDI 2024 104.0" in str(caught.value)
    assert again.problems == [caught.value]
    assert again.released is None
    assert live(again) == before
    assert set(again.store.held("one")) == {"S2"}
    same = make().nothing_changed()
    assert same is not None
    assert first.released is not None
    assert same.id == first.released.id


def test_an_indicator_brings_those_it_is_made_of_and_no_other(make: Make) -> None:
    workspace = take_in(make())
    workspace.evaluate(["made"])
    fresh = make()
    assert list(fresh.evaluate(["first"])) == ["first"]
    done = fresh.evaluate(["made"])
    assert list(done)[-1] == "made"
    assert set(done) == {"first", "second", "made"}
    assert not any(result.made for result in done.values())  # the run before has computed them
    assert values(workspace, "made") == [(20.0, "one")]
