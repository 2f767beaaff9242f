"""Accepting a held snapshot: how it is found, the record of the decision, and the runs after it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.maintenance.accept import Accepted, accept, held
from pipelines.steps.stage import Held
from schemas.errors import CompactError
from sources.model import SourceUnavailable
from sources.staging.stage import StageProblem
from tests.steps import Steps
from tests.unit.made_run import (
    GOOD,
    Agencies,
    Make,
    begin,
    live,
    run,
    take_in,
    times,
    values,
)
from warehouse.store.publish import ReleaseRefused

pytestmark = pytest.mark.slow
WHY = "ITU's page shows the new base too; confirmed by mail of 20 November"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def decide(workspace: Steps, prefix: str, reason: str = WHY, who: str | None = "ada") -> Accepted:
    return accept(
        workspace.home,
        prefix,
        reason,
        who,
        sources=workspace.sources,
        now=NOW,
        reader_of=workspace.context.reader_of,
        series_of=workspace.context.series_of,
    )


def events(workspace: Steps, kind: str) -> list[dict[str, Any]]:
    lines = (workspace.home / "snapshots" / "manifest.jsonl").read_text().splitlines()
    return [event for line in lines if (event := json.loads(line))["event"] == kind]


@pytest.fixture
def waiting(make: Make, agencies: Agencies) -> Steps:
    """S1 was 10 for Kenya in the release, and is 30 in the answer that is held."""
    begin(make())
    agencies.has["S1"] = times(GOOD, 3)
    workspace = make()
    with pytest.raises(Held):
        take_in(workspace)
    return workspace


def id_of(workspace: Steps, resource: str = "S1") -> str:
    return workspace.store.held("one")[resource].snapshot


def test_what_is_held_is_listed_with_why(waiting: Steps) -> None:
    (row,) = held(waiting.home)
    assert row["snapshot"] == id_of(waiting)[:12]
    assert (row["source"], row["resource"], row["rows"]) == ("one", "S1", 50)
    assert str(row["reason"]).startswith("S1: factor by which the values changed, in the median: 3, limit 2")
    assert isinstance(row["held_at"], datetime)


def test_nothing_is_held_where_there_is_nothing(tmp_path: Path) -> None:
    assert held(tmp_path) == []


def test_the_decision_is_recorded_with_who_when_why_and_against_what(waiting: Steps) -> None:
    name = id_of(waiting)
    decided = decide(waiting, name[:8].upper())
    assert (decided.snapshot, decided.by, decided.reason, decided.at) == (name, "ada", WHY, NOW)
    event = events(waiting, "accepted")[-1]
    assert (event["snapshot"], event["by"], event["reason"]) == (name, "ada", WHY)
    assert event["at"] == "2026-11-23T08:00:00+00:00"
    assert "in the median: 3, limit 2" in event["overrides"]
    assert event["overrides"] == decided.overrides
    assert held(waiting.home) == []


def test_the_next_run_uses_it_and_asks_without_a_complaint(waiting: Steps, make: Make) -> None:
    name = id_of(waiting)
    decide(waiting, name)
    after = run(make())
    assert after.problems == []
    assert live(after)["S1"] == name
    assert values(after, "first") == [(30.0, "one")]
    assert after.reports["one"].unchanged == ["S1", "S2"]
    again = run(make())
    assert again.released is not None
    assert not again.released.made


def test_it_is_used_offline_too(waiting: Steps, make: Make) -> None:
    decide(waiting, id_of(waiting))
    assert values(run(make(offline=True)), "first") == [(30.0, "one")]


def test_what_comes_later_is_compared_with_the_accepted_one(
    waiting: Steps,
    make: Make,
    agencies: Agencies,
) -> None:
    decide(waiting, id_of(waiting))
    agencies.has["S1"] = times(GOOD, 3.1)
    assert values(run(make()), "first") == [(31.0, "one")]


def test_the_old_data_coming_back_are_held_in_their_turn(
    waiting: Steps,
    make: Make,
    agencies: Agencies,
) -> None:
    decide(waiting, id_of(waiting))
    agencies.has["S1"] = GOOD
    back = make()
    with pytest.raises(Held):
        take_in(back)
    assert values(back, "first") == [(30.0, "one")]
    decide(back, id_of(back), "the agency took its change back")
    assert values(run(make()), "first") == [(10.0, "one")]


def test_the_same_answer_before_the_decision_is_held_again_and_can_still_be_accepted(
    waiting: Steps,
    make: Make,
) -> None:
    with pytest.raises(Held):
        take_in(make())
    assert len(held(waiting.home)) == 1
    name = id_of(waiting)
    decide(waiting, name)
    assert live(make())["S1"] == name


def test_an_agency_out_of_reach_does_not_matter(
    waiting: Steps,
    make: Make,
    agencies: Agencies,
) -> None:
    decide(waiting, id_of(waiting))
    agencies.has = dict.fromkeys(agencies.has, SourceUnavailable("down"))
    assert values(run(make()), "first") == [(30.0, "one")]


# --- what is refused ---


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_reason_is_required(waiting: Steps, reason: str) -> None:
    with pytest.raises(CompactError, match="no reason is given"):
        decide(waiting, id_of(waiting), reason)
    assert len(held(waiting.home)) == 1


@pytest.mark.parametrize("prefix", ["", "zzz"])
def test_an_id_that_nothing_has_is_told_with_what_is_held(waiting: Steps, prefix: str) -> None:
    with pytest.raises(CompactError, match="no snapshot's id begins") as raised:
        decide(waiting, prefix)
    assert f"{id_of(waiting)[:12]} (one S1)" in raised.value.allowed


def test_an_ambiguous_id_is_told_with_its_candidates(
    waiting: Steps,
    make: Make,
    agencies: Agencies,
) -> None:
    factor, name = 3.0, ""
    while name[:1] != id_of(waiting)[0]:  # answers until one has an id with the same first character
        factor += 0.5
        agencies.has["S2"] = times(GOOD, factor)
        with pytest.raises(Held):
            take_in(make())
        name = id_of(waiting, "S2")
    with pytest.raises(CompactError, match="the beginning of 2 held snapshots") as raised:
        decide(waiting, name[0])
    assert "(one S1)" in raised.value.allowed
    assert "(one S2)" in raised.value.allowed
    decide(waiting, name)
    assert [row["resource"] for row in held(waiting.home)] == ["S1"]


def test_what_is_live_needs_no_decision(waiting: Steps) -> None:
    with pytest.raises(CompactError, match="of one S1 is live already"):
        decide(waiting, live(waiting)["S1"])


def test_what_was_overtaken_is_told_with_what_is_held_instead(
    waiting: Steps,
    make: Make,
    agencies: Agencies,
) -> None:
    old = id_of(waiting)
    agencies.has["S1"] = times(GOOD, 5)
    with pytest.raises(Held):
        take_in(make())
    with pytest.raises(CompactError, match="is held instead"):
        decide(waiting, old)


def test_what_the_agency_took_back_is_past(waiting: Steps, make: Make, agencies: Agencies) -> None:
    old = id_of(waiting)
    agencies.has["S1"] = GOOD
    take_in(make())
    with pytest.raises(CompactError, match="took it back"):
        decide(waiting, old)
    with pytest.raises(CompactError) as raised:
        decide(waiting, old)
    assert "nothing to accept" in raised.value.allowed


def test_what_cannot_be_staged_is_not_accepted(make: Make, agencies: Agencies) -> None:
    begin(make())
    agencies.has["S1"] = [("ZZZ", 2020, 1.0), *GOOD]
    workspace = make()
    with pytest.raises(StageProblem):
        take_in(workspace)
    with pytest.raises(CompactError, match="cannot be staged") as raised:
        decide(workspace, id_of(workspace))
    assert "unknown_area" in raised.value.what
    assert "areas.aliases" in raised.value.next_step
    assert len(held(workspace.home)) == 1


def test_the_checks_of_indicators_are_not_overridden(make: Make, agencies: Agencies) -> None:
    """Outside the declared range: the decision makes it live, and the release is refused all the same."""
    begin(make())
    agencies.has["S1"] = times(GOOD, 20)
    with pytest.raises(Held):
        take_in(make())
    workspace = make()
    decide(workspace, id_of(workspace))
    before = workspace.home / "releases" / "latest"
    was = before.resolve()
    with pytest.raises(ReleaseRefused):
        run(make())
    assert before.resolve() == was
    (row,) = held(workspace.home)
    assert "lie outside 0 to 100" in str(row["reason"])


def test_a_source_that_is_gone_is_told(waiting: Steps) -> None:
    with pytest.raises(CompactError, match="there is no source one any more"):
        accept(waiting.home, id_of(waiting), WHY, "ada", sources={})


def test_the_user_of_the_machine_decides_unless_named(
    waiting: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "grace")
    assert decide(waiting, id_of(waiting), who=None).by == "grace"


def test_a_machine_without_a_user_wants_a_name(waiting: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError("no user")

    monkeypatch.setattr("getpass.getuser", nobody)
    with pytest.raises(CompactError) as raised:
        decide(waiting, id_of(waiting), who=" ")
    assert raised.value.where == "--by"
    assert decide(waiting, id_of(waiting), who="ada").by == "ada"
