"""Homes with one good run in them, made once and copied for each test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from tests.conftest import StandIn
from tests.faults.bench import copied, must_succeed, of, sound, values


@dataclass(frozen=True)
class Good:
    """home: with one good run, before the agencies published again; after: what a run that never saw a fault
    makes of what they published then."""

    home: Path
    after: pa.Table


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Good]:
    done: dict[tuple[str, ...], Good] = {}

    def make(agency: StandIn, *source_ids: str) -> Good:
        if source_ids not in done:
            home = tmp_path_factory.mktemp("good") / "home"
            sound(agency, source_ids, later=False)
            must_succeed(of(home, *source_ids))
            later = copied(home, home.with_name("later"))
            sound(agency, source_ids)
            must_succeed(of(later, *source_ids))
            done[source_ids] = Good(home, values(later))
        return done[source_ids]

    return make


@pytest.fixture
def good(_made: Callable[..., Good], stand_in: StandIn) -> Callable[..., Good]:
    """good(source_id, ...): a home on these sources. The stand-in is then at the next release, sound."""

    def make(*source_ids: str) -> Good:
        result = _made(stand_in, *source_ids)
        sound(stand_in, source_ids)
        return result

    return make
