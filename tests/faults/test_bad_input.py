"""Bad input, injected by the stand-in into a real run on each route: the run fails, nothing is published,
the bytes are kept, the message has a hint, and the next good run needs no manual work.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sources.ingest.fetch import FRESHNESS
from tests.conftest import StandIn
from tests.faults.bench import Way, copied, kept_bytes, must_be_red, must_succeed, of, sound, values
from tests.faults.cases import FIRST, FULL, LATER, RECOVERED, SOME, Case
from tests.faults.conftest import Good
from warehouse.store.publish import latest_release


def prove_red(case: Case, home: Path) -> None:
    made = of(home, case.way.source)
    text = must_be_red(made)
    problem = made.problems[0]
    assert re.search(case.what, problem.what), text
    assert re.search(case.next_step, problem.next_step), text
    where = case.way.asks if case.event == "refused" else rf"sources/agencies/{case.way.source}/source\.yaml"
    assert re.search(where, problem.where), text
    kept_bytes(made, case.way.source, case.way.resource, case.event)


@pytest.fixture
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The route of the way or case under test."""
    result = request.node.callspec.params
    way: Way = result["case"].way if "case" in result else result["way"]
    monkeypatch.setenv(f"COMPACT_ROUTE_{way.source.upper()}", way.route)


@pytest.mark.parametrize("case", LATER, ids=str)
@pytest.mark.usefixtures("route")
@pytest.mark.fault("{case.words}")
def test_a_fault_in_a_later_run(
    case: Case, good: Callable[..., Good], stand_in: StandIn, tmp_path: Path
) -> None:
    before = good(case.way.source)
    home = copied(before.home, tmp_path / "home")
    case.inject(stand_in)
    prove_red(case, home)
    if str(case) in RECOVERED:
        sound(stand_in, [case.way.source])
        must_succeed(of(home, case.way.source))
        assert values(home).equals(before.after)


@pytest.mark.parametrize("case", FIRST, ids=str)
@pytest.mark.usefixtures("route")
@pytest.mark.fault("{case.words}, in the first run")
def test_a_fault_in_the_first_run(
    case: Case, good: Callable[..., Good], stand_in: StandIn, tmp_path: Path
) -> None:
    sound(stand_in, [case.way.source])
    case.inject(stand_in)
    prove_red(case, tmp_path)
    assert latest_release(tmp_path) is None
    if FULL or case is FIRST[0]:
        expected = good(case.way.source).after
        sound(stand_in, [case.way.source])
        must_succeed(of(tmp_path, case.way.source))
        assert values(tmp_path).equals(expected)


@pytest.mark.parametrize("way", SOME, ids=str)
@pytest.mark.usefixtures("route")
@pytest.mark.fault("values times 1000")
def test_values_times_1000_in_a_later_run_are_held(
    way: Way, good: Callable[..., Good], stand_in: StandIn, tmp_path: Path
) -> None:
    before = good(way.source)
    home = copied(before.home, tmp_path / "home")
    stand_in.fault(source=way.source, kind="times1000", path=way.asks, times=0)
    made = of(home, way.source)
    text = must_be_red(made)
    assert re.search(rf"{re.escape(way.series)} +median_ratio +1000 ", text), text
    assert f"sources/agencies/{way.source}/source.yaml, acceptance" in text
    assert "compare with the agency's page" in text
    kept_bytes(made, way.source, way.resource, "held")
    sound(stand_in, [way.source])
    must_succeed(of(home, way.source))
    assert made.store.held(way.source) == {}
    assert values(home).equals(before.after)


@pytest.mark.parametrize("way", SOME, ids=str)
@pytest.mark.usefixtures("route")
@pytest.mark.fault("values times 1000, in the first run")
def test_values_times_1000_in_the_first_run_are_refused_by_the_range(
    way: Way, good: Callable[..., Good], stand_in: StandIn, tmp_path: Path
) -> None:
    """There is nothing to compare with. The snapshot must not stay live: a source that names its release
    would not be asked again, and another's correction would be held for differing from it."""
    expected = good(way.source).after
    stand_in.fault(source=way.source, kind="times1000", path=way.asks, times=0)
    made = of(tmp_path, way.source)
    text = must_be_red(made)
    assert re.search(r"range: [\d,]+ values of \w+ lie outside [\d.]+ to [\d.e+]+: \w+", text), text
    assert re.search(rf"held, and asked for again in the next run: .*{re.escape(way.resource)} \(\w+", text)
    assert "look at the values named" in text
    kept_bytes(made, way.source, way.resource, "held")
    assert way.resource not in made.store.live(way.source)
    sound(stand_in, [way.source])
    must_succeed(of(tmp_path, way.source))
    assert values(tmp_path).equals(expected)


@pytest.mark.parametrize(
    ("source", "path", "kind", "what"),
    [
        ("worldbank_wdi", "/source/2", "html", "is a web page"),
        ("unsd_sdg", "Series/List", "truncate", "was cut off"),
        ("unsd_sdg", "Series/List", "bad_utf8", "is not UTF-8"),
    ],
)
@pytest.mark.fault("a damaged answer about the release")
def test_a_fault_in_the_freshness_question(
    source: str, path: str, kind: str, what: str, good: Callable[..., Good], stand_in: StandIn, tmp_path: Path
) -> None:
    before = good(source)
    home = copied(before.home, tmp_path / "home")
    stand_in.fault(source=source, kind=kind, path=path, times=0)
    made = of(home, source)
    text = must_be_red(made)
    assert what in text
    assert path in text
    assert "next:" in text
    kept_bytes(made, source, FRESHNESS, "refused")
    if FULL or source == "worldbank_wdi":
        sound(stand_in, [source])
        must_succeed(of(home, source))
        assert values(home).equals(before.after)
