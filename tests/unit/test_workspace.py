"""The decisions of a run, without network: requests, acceptance, holds, releases, and the detection of no
change.

The reader is made of what the tests say the agency has; staging, store, evaluation and release are the real
ones, on two made-up sources and three small indicators.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from indicators.registry import Entry
from pipelines.runner.no_change import unchanged
from pipelines.steps.stage import Held
from schemas.definitions.indicator import Indicator
from schemas.definitions.parsing import parse
from schemas.definitions.source import Source
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import CompactError
from sources.http.session import Session
from sources.model import (
    InvalidResponse,
    NoSuchSeries,
    Page,
    Resource,
    SnapshotFiles,
    SourceResponse,
    SourceUnavailable,
)
from sources.registry.sources import SeriesInfo
from sources.staging.stage import StageProblem
from tests.steps import Steps, steps_of
from tests.unit.wired import SCHEMA
from tests.unit.wired import source as made_up
from warehouse.store.publish import ReleaseRefused

pytestmark = pytest.mark.slow

Cell = tuple[str, int, float]
AREAS = ("KEN", "UGA", "TZA", "RWA", "BDI")
GOOD: list[Cell] = [(area, year, 10.0 + n) for n, area in enumerate(AREAS) for year in range(2015, 2025)]
SERIES = {"one": ("S1", "S2", "UNUSED"), "two": ("T1",)}


class Agencies:
    """The reader of both sources, with what each series answers now, and the series that were asked for."""

    def __init__(self) -> None:
        self.has: dict[str, list[Cell] | CompactError] = {"S1": GOOD, "S2": GOOD, "T1": GOOD, "UNUSED": GOOD}
        self.asked: list[str] = []

    def plan(self, source: Source, series: Sequence[str]) -> list[Resource]:
        return [Resource(code, (code,)) for code in series]

    def fetch(self, source: Source, resource: Resource, session: Session) -> SourceResponse:
        self.asked.append(resource.key)
        found = self.has[resource.key]
        if isinstance(found, CompactError):
            raise found
        body = json.dumps({"series": resource.key, "cells": found}).encode()
        content = hashlib.sha256(json.dumps(sorted(found)).encode()).hexdigest()
        return SourceResponse(
            resource, (Page(f"https://example.org/{resource.key}", body),), 1, len(found), content
        )

    def raw_rows(
        self, con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[SnapshotFiles]
    ) -> None:
        rows = []
        for file in files:
            page = json.loads(file.pages[0].read_bytes())
            rows += [
                {
                    "snapshot": file.snapshot,
                    "row": number,
                    "series": page["series"],
                    "area": area,
                    "time_period": str(year),
                    "value": str(value),
                }
                for number, (area, year, value) in enumerate(page["cells"])
            ]
        con.register("given", pa.Table.from_pylist(rows, schema=SCHEMA))
        con.execute("create temp table raw_row as from given")


def indicator(id: str, *inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "title": id.capitalize(),
        "description": "For tests.",
        "frameworks": {"sdg": "17.8.1"},
        "unit": "PT",
        "direction": "higher_is_better",
        "inputs": list(inputs),
        "aggregate": {"method": "none", "reason": "a test"},
        "expect": {"range": [0, 100]},
    } | more


S1, S2, T1 = ({"source": s, "series": c} for s, c in (("one", "S1"), ("one", "S2"), ("two", "T1")))
FIRST, SECOND = indicator("first", S1, T1), indicator("second", S2)
MADE = indicator("made", formula="a + b") | {
    "inputs": {"a": [{"indicator": "first"}], "b": [{"indicator": "second"}]},
    "expect": {"range": [0, 200], "areas_min": 0},
}

Make = Callable[..., Steps]


@pytest.fixture
def agencies() -> Agencies:
    return Agencies()


@pytest.fixture
def make(agencies: Agencies, tmp_path: Path) -> Make:
    """A run as it starts: the same home each time, and these indicators."""
    declared = {
        source: {code: SeriesInfo(code, f"Series {code}", "PT") for code in codes}
        for source, codes in SERIES.items()
    }

    def made(*definitions: dict[str, Any], sources: dict[str, Any] | None = None, **flags: Any) -> Steps:
        rate = {"requests_per_second": 50, "reason": "a test"}
        known = [made_up(id=name, hosts=["example.org"], rate=rate, **(sources or {})) for name in SERIES]
        entries = []
        for definition in definitions or (FIRST, SECOND, MADE):
            path = tmp_path / "indicators" / "group" / f"{definition['id']}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(definition))
            file = load_yaml(path)
            entries.append(Entry(parse(Indicator, file), file))
        return steps_of(
            tmp_path / "home",
            known,
            entries,
            series_of=declared.__getitem__,
            reader_of=lambda _: agencies,
            **flags,
        )

    return made


def take_in(workspace: Steps) -> Steps:
    """The first half of a run."""
    for source_id in workspace.sources:
        workspace.fetch(source_id)
    for source_id in workspace.sources:
        workspace.stage(source_id)
    return workspace


def run(workspace: Steps) -> Steps:
    """The steps of a run in their order."""
    take_in(workspace).release()
    return workspace


def begin(workspace: Steps) -> None:
    """A first run with the definitions above: made once for all tests of a process, and copied."""
    made = workspace.home.parent.parent / "begun"
    if made.exists():
        shutil.copytree(made, workspace.home, symlinks=True)
    else:
        run(workspace)
        shutil.copytree(workspace.home, made, symlinks=True)


def live(workspace: Steps) -> dict[str, str]:
    """Series to live snapshot."""
    found = [s for source_id in workspace.sources for s in workspace.store.live(source_id).values()]
    return {snapshot.resource: snapshot.snapshot for snapshot in found}


def values(workspace: Steps, indicator_id: str, area: str = "KEN", year: int = 2020) -> list[Any]:
    rows = pq.read_table(workspace.evaluate([indicator_id])[indicator_id].path).to_pylist()
    return [(r["value"], r["source"]) for r in rows if (r["ref_area"], r["time_period"]) == (area, year)]


def times(cells: list[Cell], factor: float) -> list[Cell]:
    return [(area, year, value * factor) for area, year, value in cells]


# --- what is asked ---


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


# --- optional series ---

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


# --- accepted or held ---


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


# --- how a source stands ---


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


# --- evaluation ---


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


# --- whether anything changed ---


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


# --- a run in which nothing changed, without Dagster ---
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
