"""What a run requests of the agencies, and how each source stands after it."""

from __future__ import annotations

import pytest

from sources.model import (
    InvalidResponse,
    NoSuchSeries,
    SourceUnavailable,
)
from tests.unit.made_run import (
    FIRST,
    GOOD,
    S2,
    SERIES,
    T1,
    Agencies,
    Make,
    indicator,
    live,
    take_in,
    times,
    values,
)

pytestmark = pytest.mark.slow


def test_only_series_that_an_indicator_uses_are_asked_for(make: Make, agencies: Agencies) -> None:
    take_in(make())
    assert sorted(agencies.asked) == ["S1", "S2", "T1"]


def test_every_series_is_asked_for_on_demand(make: Make) -> None:
    assert make(every_series=True).context.wanted_series("one") == ["S1", "S2", "UNUSED"]
    assert make(sources={"ask_for": "all"}).context.wanted_series("one") == ["S1", "S2", "UNUSED"]
    assert make().context.wanted_series("one") == ["S1", "S2"]


def test_a_run_of_one_source_asks_that_one_alone(make: Make, agencies: Agencies) -> None:
    take_in(make())
    agencies.asked.clear()
    again = take_in(make(only=("two",)))
    assert agencies.asked == ["T1"]
    assert (again.reports["one"].state, again.reports["two"].state) == ("stored", "live")


def test_an_offline_run_asks_nobody(make: Make, agencies: Agencies) -> None:
    take_in(make())
    agencies.asked.clear()
    again = make(offline=True)
    assert [again.fetch(source_id).state for source_id in SERIES] == ["stored", "stored"]
    assert agencies.asked == []


def test_all_agencies_are_asked_ahead_and_each_once(make: Make, agencies: Agencies) -> None:
    workspace = make()
    workspace.ask_all()
    take_in(workspace)
    assert sorted(agencies.asked) == ["S1", "S2", "T1"]
    assert set(live(workspace)) == {"S1", "S2", "T1"}


MAYBE = S2 | {"optional": "seen in a list, never in an answer"}
GONE = NoSuchSeries("there is no such series", where="https://example.org/S2")


def test_an_optional_series_that_the_agency_does_not_have_is_left_out(make: Make, agencies: Agencies) -> None:
    agencies.has["S2"] = GONE
    workspace = take_in(make(FIRST, indicator("second", MAYBE, T1)))
    assert workspace.problems == []
    assert workspace.reports["one"].left_out == ["S2"]
    assert workspace.reports["one"].state == "live"
    assert values(workspace, "second") == [(10.0, "two")]


def test_a_series_that_is_needed_and_not_there_is_a_fault(make: Make, agencies: Agencies) -> None:
    agencies.has["S2"] = GONE
    workspace = make()
    with pytest.raises(InvalidResponse):
        workspace.fetch("one")
    assert workspace.problems == [GONE]
    assert workspace.reports["one"].left_out == []


def test_a_series_is_needed_as_soon_as_one_indicator_needs_it(make: Make) -> None:
    assert make(FIRST, indicator("second", MAYBE, T1)).context.optional_series("one") == {"S2", "UNUSED"}
    workspace = make(FIRST, indicator("second", MAYBE, T1), indicator("third", S2))
    assert workspace.context.optional_series("one") == {"UNUSED"}


def test_an_optional_series_that_was_there_once_must_stay(make: Make, agencies: Agencies) -> None:
    definitions = (FIRST, indicator("second", MAYBE, T1))
    take_in(make(*definitions))
    agencies.has["S2"] = GONE
    with pytest.raises(InvalidResponse):
        make(*definitions).fetch("one")


def test_the_state_of_each_source_is_remembered_for_the_next_take_in(make: Make, agencies: Agencies) -> None:
    agencies.has["T1"] = SourceUnavailable("example.org does not answer")
    first = make()
    assert {s.state for s in first.source_states().values()} == {"absent"}
    assert {s.note for s in first.source_states().values()} == {"never asked"}
    first.fetch("one")
    first.fetch("two")
    states = make().source_states()
    assert (states["one"].state, states["one"].note) == ("live", None)
    assert states["two"].state == "absent"
    assert "does not answer" in str(states["two"].note)


def test_an_agency_out_of_reach_leaves_what_is_stored(make: Make, agencies: Agencies) -> None:
    before = live(take_in(make()))
    agencies.has |= dict.fromkeys(("S1", "S2"), SourceUnavailable("example.org does not answer"))
    again = take_in(make())
    assert again.problems == []
    assert again.source_states()["one"].state == "stored"
    assert live(again) == before


def test_a_fallback_serves_where_the_preferred_agency_is_absent(make: Make, agencies: Agencies) -> None:
    agencies.has |= {"T1": times(GOOD, 2), "S1": SourceUnavailable("example.org does not answer")}
    workspace = take_in(make(FIRST))
    assert values(workspace, "first") == [(20.0, "two")]
