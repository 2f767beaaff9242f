"""An input that is held and was never accepted: its substitutes, only if the file allows them; and the
stale sources that a release reports.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from indicators.fallbacks import as_evaluated, held_inputs
from pipelines.cli.make.run_summary import tell
from pipelines.runner.run import Outcome
from sources.staging.stage import StageProblem
from tests.steps import Steps
from tests.unit.made_run import (
    FIRST,
    GOOD,
    SECOND,
    Agencies,
    Make,
)
from tests.unit.make import indicator as made

WHY = "T1 is what S1 is copied from"
S1, T1 = {"source": "one", "series": "S1"}, {"source": "two", "series": "T1"}


def held_at_first(make: Make, agencies: Agencies, **more: object) -> Steps:
    """S1 is held in the first run of all; the next one asks nobody."""
    agencies.has["S1"] = [("XXX", 2020, 1.0)]  # an area that nobody declared
    first = make(FIRST | more, SECOND)
    for source_id in first.sources:
        first.fetch(source_id)
    with pytest.raises(StageProblem):
        first.stage("one")
    first.stage("two")
    return make(FIRST | more, SECOND, offline=True)


@pytest.mark.parametrize("reason", [None, WHY])
def test_the_next_input_stands_in_only_where_the_file_allows_it(
    make: Make,
    agencies: Agencies,
    reason: str | None,
) -> None:
    workspace = held_at_first(make, agencies, **({"fallback_when_held": reason} if reason else {}))
    rows = workspace.evaluate(["first"])["first"].rows
    assert rows == (len(GOOD) if reason else 0)
    (text,) = [held.text for held in workspace.held_inputs().values()]
    assert "first: its input one S1 is held" in text
    assert (WHY in text) == bool(reason)


@pytest.mark.slow
def test_the_release_says_so_and_when_sources_were_confirmed(make: Make, agencies: Agencies) -> None:
    result = held_at_first(make, agencies, fallback_when_held=WHY).release()
    card = json.loads((result.path / "release.json").read_text())
    assert WHY in card["held_inputs"]["first"]
    assert card["held_inputs"]["first"] in (result.path / "NOTES.md").read_text()
    assert card["sources"]["two"]["last_confirmed"]
    assert card["sources"]["two"]["stale_since"] is None


@pytest.mark.slow
def test_the_release_says_which_sources_are_stale_and_since_when(
    make: Make,
    agencies: Agencies,
) -> None:
    first = make(SECOND, sources={"cadence": "daily"})
    first.fetch("one")
    first.stage("one")
    manifest = Path(first.store.folder) / "manifest.jsonl"
    old = datetime.now(UTC) - timedelta(days=10)
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    for line in lines:
        line |= {name: old.isoformat(timespec="seconds") for name in ("at", "fetched_at") if name in line}
    manifest.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = make(SECOND, sources={"cadence": "daily"}, offline=True).release()
    card = json.loads((result.path / "release.json").read_text())
    since = f"{old + timedelta(days=3):%Y-%m-%d}"
    assert card["sources"]["one"]["stale_since"].startswith(since)
    assert f"stale since {since}" in (result.path / "NOTES.md").read_text()
    assert f"stale since {since}" in (result.path / "sources" / "one.md").read_text()


def test_inputs_before_the_held_one_stay() -> None:
    definition = made(inputs=[T1, S1, {"source": "one", "series": "S2"}])
    held = held_inputs([definition], {("one", "S1")})
    assert [i.series for i in as_evaluated(definition, held).named_inputs()["value"]] == ["T1", "S1"]


@pytest.mark.parametrize("held", [set(), {("one", "S1")}])
def test_the_last_input_has_none_after_it(held: set[tuple[str, str]]) -> None:
    definition = made(inputs=[T1, S1])
    assert held_inputs([definition], held) == {}
    assert as_evaluated(definition, {}) is definition


def test_a_source_is_held_in_the_summary_of_the_very_run_that_holds_it(
    make: Make,
    agencies: Agencies,
    capsys: pytest.CaptureFixture[str],
) -> None:
    agencies.has["S1"] = [("XXX", 2020, 1.0)]
    first = make(FIRST, SECOND)
    for source_id in first.sources:
        first.fetch(source_id)
    with pytest.raises(StageProblem):
        first.stage("one")
    first.stage("two")
    assert tell(Outcome(False, None, first), as_json=True) == 1
    rows = json.loads(capsys.readouterr().out)["sources"]
    assert {row["source"]: row["state"] for row in rows} == {"one": "held", "two": "live"}
    tell(Outcome(False, None, first))
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("one ")]
    assert line.split()[1] == "held"


def test_a_source_that_is_not_configured_was_not_asked(make: Make, agencies: Agencies) -> None:
    workspace = make(SECOND, sources={"key_variable": "COMPACT_KEY_NOBODY_HAS"})
    workspace.fetch("one")
    state = json.loads((workspace.home / "status" / "one.json").read_text())
    assert (state["state"], state["at"]) == ("absent", None)
    assert state["note"].startswith("not configured: COMPACT_KEY_NOBODY_HAS is not set")
