"""A session to the agency of a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sources.http.session import CachedPage, Session
from tests.unit.local_agency import FakeTime, LocalAgency, make_source


def ask(
    agency: LocalAgency,
    time: FakeTime,
    *,
    known: Mapping[str, CachedPage] | None = None,
    spool: Path | None = None,
    **changes: Any,
) -> Session:
    source = make_source(**changes)
    base = agency.url + "/v1"
    return Session(source, base_url=base, known=known, clock=time.clock, sleep=time.sleep, spool=spool)
