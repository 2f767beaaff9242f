"""`compact status`: its findings from files, and when action is required."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli.operate.status import age_in_words
from pipelines.monitoring.run_log import RunLog
from pipelines.monitoring.status import RUN_HOURS, status
from schemas.definitions.source import Source
from sources.drift.results import remember_contracts
from sources.locks import home_lock
from sources.snapshots.store import Store
from tests.unit.local_agency import make_source
from tests.unit.test_cadence import keep

THEN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def of(home: Path, source: Source, now: datetime = THEN) -> dict[str, Any]:
    return status(home, {source.id: source}, {source.id: {"A"}}, now)


def test_an_empty_home_needs_nobody(tmp_path: Path) -> None:
    result = of(tmp_path, make_source())
    assert result["action_required"] == []
    (row,) = result["sources"]
    assert (row["state"], row["last_asked"], row["next_due"]) == ("never asked", None, None)
    assert (result["last_run"], result["release"]) == (None, None)


def test_each_matter_is_a_sentence(tmp_path: Path) -> None:
    source, store = make_source(cadence="daily"), Store(tmp_path)
    keep(store, source, "A", THEN)
    store.hold(list(store.live(source.id).values()), "areas gone: KEN", THEN)
    keep(store, source, "A", THEN - timedelta(days=9))
    store.hold([s for s in store.find("") if s.fetched_at == THEN], "areas gone: KEN", THEN)
    remember_contracts(tmp_path, {source.id: ("changed", "column x is gone")})
    RunLog(tmp_path).ended("red", problems=["2 checks failed"])
    result = of(tmp_path, source)
    assert len(result["action_required"]) == 4
    of_the_source = [text for text in result["action_required"] if "the last run failed" not in text]
    assert all(text.startswith(source.id) for text in of_the_source)
    assert len(set(result["action_required"])) == 4
    said = "\n".join(result["action_required"])
    for words in (
        "is held: areas gone: KEN",
        "is stale since 2025-12-30",
        "column x is gone",
        "2 checks failed",
    ):
        assert words in said


def test_what_is_mended_is_over(tmp_path: Path) -> None:
    source = make_source()
    remember_contracts(tmp_path, {source.id: ("changed", "column x is gone"), "other": ("ok", "")})
    remember_contracts(tmp_path, {source.id: ("ok", "")})
    RunLog(tmp_path).ended("red", problems=["2 checks failed"])
    RunLog(tmp_path).ended("unchanged")
    assert of(tmp_path, source)["action_required"] == []


def test_when_it_was_asked_and_is_due(tmp_path: Path) -> None:
    source = make_source(cadence="weekly")
    file = tmp_path / "status" / f"{source.id}.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"state": "live", "note": "", "at": THEN.isoformat()}))
    (row,) = of(tmp_path, source)["sources"]
    assert (row["state"], row["last_asked"]) == ("live", THEN)
    assert row["next_due"] == datetime(2026, 1, 12, 5, 0, tzinfo=UTC)
    (embedded,) = of(tmp_path, source.model_copy(update={"hosts": []}))["sources"]
    assert (embedded["state"], embedded["last_asked"]) == ("live", None)
    file.write_text('{"state": "li')  # torn off
    (row,) = of(tmp_path, source)["sources"]
    assert row["state"] == "never asked"


def test_a_release_whose_bytes_changed_is_damaged(tmp_path: Path) -> None:
    release = tmp_path / "releases" / "2026-01-01-aa"
    release.mkdir(parents=True)
    (tmp_path / "releases" / "latest").symlink_to(release.name)
    card = {"created": "2026-01-01T00:00:00Z", "tables": {"indicator": {"rows": 5}}}
    (release / "release.json").write_text(json.dumps(card))
    (release / "SHA256SUMS").write_text(f"{'0' * 64}  release.json\n")
    result = of(tmp_path, make_source())
    assert result["release"]["age_days"] == 4.3
    (sentence,) = result["action_required"]
    assert sentence.startswith("release 2026-01-01-aa is damaged: release.json ")


def test_a_run_beyond_its_time_requires_action_while_it_runs(tmp_path: Path) -> None:
    source = make_source()
    with home_lock(tmp_path, "compact run"):
        now = datetime.now(UTC)
        assert of(tmp_path, source, now)["action_required"] == []
        later = of(tmp_path, source, now + timedelta(hours=RUN_HOURS, minutes=6))
        assert later["running"].process == os.getpid()
        (sentence,) = later["action_required"]
        assert "compact run" in sentence
    assert of(tmp_path, source, now + timedelta(hours=9))["running"] is None


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"0" * 64 + b"\n", b"../../etc/passwd\n"])
def test_malformed_checksums_are_damage(body: bytes, tmp_path: Path) -> None:
    release = tmp_path / "releases" / "2026-01-01-aa"
    release.mkdir(parents=True)
    (tmp_path / "releases" / "latest").symlink_to(release.name)
    card = {"created": "2026-01-01T00:00:00Z", "tables": {"indicator": {"rows": 5}}}
    (release / "release.json").write_text(json.dumps(card))
    (release / "SHA256SUMS").write_bytes(body)
    assert of(tmp_path, make_source())["release"]["damaged"] != []


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=30), "0 minutes old"),
        (timedelta(minutes=1), "1 minute old"),
        (timedelta(hours=1, minutes=59), "1 hour old"),
        (timedelta(days=4, hours=7), "4 days old"),
    ],
)
def test_the_age_of_a_release_is_told_in_its_largest_unit(age: timedelta, words: str) -> None:
    assert age_in_words(age) == words
