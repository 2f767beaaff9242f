"""An agency on this machine, another host, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.local_agency import FakeTime, LocalAgency


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def agency() -> Iterator[LocalAgency]:
    with LocalAgency() as found:
        yield found


@pytest.fixture
def elsewhere() -> Iterator[LocalAgency]:
    """Another host. Whoever is sent here and comes leaves a line in its log."""
    try:
        result = LocalAgency(host="127.0.0.2")
    except OSError:
        pytest.skip("this system has one loopback address only")
    with result:
        yield result


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()
