"""An unavailable agency is not a data fault: the run uses the data accepted before, or omits the source,
reports it, and still makes a release.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from tests.conftest import StandIn
from tests.faults.bench import UNSD_JSON, copied, must_be_red, must_succeed, of, releases, sound, values
from tests.faults.conftest import Good

BOTH = ("itu_datahub", "unsd_sdg")
DOWN = {
    "status": ({"status": 503, "retry_after": 0}, "HTTP 503"),
    "reset": ({}, "no connection"),
    "reset_midway": ({"kind": "reset", "after": 5000}, "the connection broke after"),
    "drip": ({}, "the answer was still coming after the time allowed"),
}


def cut_off(agency: StandIn, kind: str, source: str, **more: Any) -> str:
    """The source is out of reach from now on; what will be said of it."""
    options, words = DOWN[kind]
    agency.fault(**{"source": source, "kind": kind, "times": 0} | options | more)
    return words


@pytest.mark.parametrize("kind", DOWN)
@pytest.mark.fault("an agency is out of reach: {kind}")
def test_the_run_goes_on_with_what_was_accepted(
    kind: str, good: Callable[..., Good], stand_in: StandIn, tmp_path: Path
) -> None:
    """ITU is out of reach while UNSD publishes anew."""
    before = good(*BOTH)
    home = copied(before.home, tmp_path / "home")
    words = cut_off(stand_in, kind, "itu_datahub")
    first, _ = releases(home)
    made = must_succeed(of(home, *BOTH, timeout_seconds=1))
    report = made.reports["itu_datahub"]
    assert report.state == "stored"
    assert "International Telecommunication Union cannot be reached" in report.note
    assert words in report.note
    assert made.reports["unsd_sdg"].state == "live"
    assert {e["event"] for e in made.store.events("itu_datahub")} == {"fetched", "accepted"}
    assert len(releases(home)[0]) == len(first) + 1
    assert values(home).equals(before.after)


@pytest.mark.parametrize("kind", ["status", "drip"])
@pytest.mark.fault("never reached an agency: {kind}")
def test_the_run_goes_on_without_a_source_that_was_never_there(
    kind: str, good: Callable[..., Good], stand_in: StandIn, tmp_path: Path
) -> None:
    expected = good(*BOTH).after
    cut_off(stand_in, kind, "itu_datahub")
    made = must_succeed(of(tmp_path, *BOTH, timeout_seconds=1))
    assert made.reports["itu_datahub"].state == "absent"
    assert "nothing of it is stored" in made.reports["itu_datahub"].note
    assert pc.unique(values(tmp_path)["source"]).to_pylist() == ["unsd_sdg"]
    sound(stand_in, BOTH)
    must_succeed(of(tmp_path, *BOTH))
    assert values(tmp_path).equals(expected)


@pytest.mark.fault("an agency falls silent midway")
def test_an_agency_that_falls_silent_in_the_middle(
    good: Callable[..., Good], stand_in: StandIn, tmp_path: Path
) -> None:
    """What came is used, the rest is as it was; the next run brings the rest."""
    before = good(*BOTH)
    home = copied(before.home, tmp_path / "home")
    cut_off(stand_in, "status", "unsd_sdg", path=UNSD_JSON.asks, nth=3)
    made = must_succeed(of(home, *BOTH))
    assert made.reports["unsd_sdg"].state == "stored"
    live = made.store.live("unsd_sdg")
    assert live["IT_USE_ii99"].agency_release == "2019.Q3.G.01"
    assert all(e["event"] != "refused" for e in made.store.events("unsd_sdg"))
    sound(stand_in, BOTH)
    made = must_succeed(of(home, *BOTH))
    assert made.reports["unsd_sdg"].state == "live"
    assert values(home).equals(before.after)


@pytest.mark.fault("a single 503")
def test_a_single_503_is_tried_again_and_leaves_no_trace(
    good: Callable[..., Good], stand_in: StandIn, tmp_path: Path
) -> None:
    before = good(*BOTH)
    home = copied(before.home, tmp_path / "home")
    stand_in.fault(source="unsd_sdg", kind="status", status=503, path=UNSD_JSON.asks, nth=2, times=1)
    made = must_succeed(of(home, *BOTH))
    statuses = [
        asked["status"] for asked in stand_in.log() if asked["query"].get("seriesCode") == ["IT_USE_ii99"]
    ]
    assert statuses == [200, 503, 200, 200, 200, 200]
    assert made.reports["unsd_sdg"].state == "live"
    assert {e["event"] for e in made.store.events("unsd_sdg")} == {"fetched", "accepted"}
    assert values(home).equals(before.after)


@pytest.mark.fault("one agency red, another sound")
def test_what_is_red_at_one_agency_publishes_nothing_of_another(
    good: Callable[..., Good], stand_in: StandIn, tmp_path: Path
) -> None:
    """UNSD publishes anew, soundly, and ITU sends a web page: its figures wait for the next good run."""
    before = good(*BOTH)
    home = copied(before.home, tmp_path / "home")
    stand_in.fault(source="itu_datahub", kind="html", times=0)
    made = of(home, *BOTH)
    assert "itu" in must_be_red(made)
    assert made.store.live("unsd_sdg")["IT_USE_ii99"].agency_release == "2020.Q3.G.01"
    sound(stand_in, BOTH)
    made = must_succeed(of(home, *BOTH))
    assert made.reports["unsd_sdg"].fetched == []
    assert values(home).equals(before.after)
