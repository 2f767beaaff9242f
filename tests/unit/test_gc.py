"""gc deletes unreferenced data and nothing else, whatever happened before, and reports the deletions."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.maintenance import gc as collecting
from pipelines.maintenance.gc import Removed, collect
from pipelines.maintenance.rollback import roll_back
from schemas.errors import CompactError
from sources.locks import HomeLocked, home_lock
from sources.model import InvalidResponse, Page, Resource, SourceResponse
from sources.snapshots.events import Snapshot
from sources.snapshots.store import Store
from tests.unit.local_agency import make_source
from warehouse.store.as_of import StoreAsOf
from warehouse.store.latest import point_latest
from warehouse.store.publish import write_sums
from warehouse.store.retention import kept
from warehouse.verification.verify import verify_release

SOURCE = make_source()
START = datetime(2030, 10, 1, tzinfo=UTC)  # after the day on which this runs: gc notes the real one


def fetched(store: Store, resource: str, text: str, at: datetime) -> Snapshot:
    url = f"https://a.example/{resource}"
    pages = (Page(url, b"the same in all"), Page(url, text.encode()))
    return store.keep(SOURCE, SourceResponse(Resource(resource, (resource,)), pages, 2, 1, text), at)


def release_of(home: Path, name: str, snapshots: set[str], at: datetime) -> Path:
    """A release as gc looks at it: a card, the snapshots it names, and checksums."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = home / "releases" / name
    folder.mkdir(parents=True)
    latest = home / "releases" / "latest"
    card = {
        "id": name, "created": f"{at:%Y-%m-%dT%H:%M:%SZ}", "fingerprint": name, "indicators": 1,
        "previous": latest.resolve().name if latest.exists() else None, "sources": {},
        "tables": {"indicator": {"rows": 1}, "revision": {"rows": 0}},
    }  # fmt: skip
    (folder / "release.json").write_text(json.dumps(card), encoding="utf-8")
    pq.write_table(
        pa.table({"snapshot": pa.array(sorted(snapshots), pa.string())}), folder / "snapshot.parquet"
    )
    write_sums(folder)
    point_latest(home / "releases", name)
    return folder


@contextmanager
def unverified() -> Iterator[None]:
    """These releases are no whole ones: that gc looks at the latest first has a test of its own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(collecting, "verify_release", lambda _: [])
        patched.setattr("pipelines.maintenance.rollback.verify_release", lambda _: [])
        patched.setattr(collecting, "_tables", lambda *_: [])
        yield


STEP = st.one_of(
    st.tuples(st.just("fetch"), st.sampled_from("ab"), st.integers(0, 6)),
    st.tuples(st.sampled_from(("accept", "hold", "refuse", "confirm")), st.sampled_from("ab"), st.just(0)),
    st.tuples(st.just("release"), st.just(""), st.just(0)),
    st.tuples(st.just("roll back"), st.just(""), st.integers(0, 5)),
    st.tuples(st.just("gc"), st.just(""), st.integers(1, 4)),
)


class History:
    """A store and its releases, one step after another; days pass between the steps."""

    def __init__(self, home: Path) -> None:
        self.home, self.store, self.at = home, Store(home), START
        self.releases: list[str] = []

    def step(self, what: str, resource: str, number: int) -> None:
        self.at += timedelta(days=9)
        candidate = self.store.candidates("agency").get(resource)
        live = self.store.live("agency").get(resource)
        if what == "fetch":
            fetched(self.store, resource, f"{resource}{number}", self.at)
        elif what == "refuse":
            error = InvalidResponse("no", pages=(Page("https://a.example", f"bad {self.at}".encode()),))
            self.store.refuse(SOURCE, resource or "a", error, self.at)
        elif what == "accept" and candidate:
            self.store.accept([candidate], "right", self.at)
        elif what == "hold" and candidate and candidate != live:
            self.store.hold([candidate], "strange", self.at)
        elif what == "confirm" and live:
            self.store.confirm(live, at=self.at)
        elif what == "release":
            name = f"{self.at:%Y-%m-%d}-{len(self.releases):08x}"
            used = {snapshot.snapshot for snapshot in self.store.live("agency").values()}
            self.releases.append(release_of(self.home, name, used, self.at).name)
        elif what == "roll back" and (
            there := [n for n in self.releases if (self.home / "releases" / n).exists()]
        ):
            target = there[number % len(there)]
            if (self.home / "releases" / "latest").resolve().name != target:
                roll_back(self.home, target, "wrong", "somebody", now=self.at)
        elif what == "gc":
            collect(self.home, number)

    def must_be_usable(self, keep: int) -> None:
        """All that a kept release, a run, a person who judges, or a rebuild of the past needs is there."""
        store = Store(self.home)
        assert store.verify() == []
        usable = [*store.live("agency").values(), *store.candidates("agency").values()]
        usable += store.held("agency").values()
        there = [path.parent for path in (self.home / "releases").glob("[0-9]*/release.json")]
        for folder in there:
            usable += [store.find(name)[0] for name in collecting.snapshots_of(folder)]
        for snapshot in usable:
            assert len(store.files(snapshot).pages) == 2
        assert set(kept(self.home, keep)) == {folder.name for folder in there}
        back = collecting.reaches_back_to(self.home, keep)
        for days in range(0, 9 * 40, 30) if back else ():
            past = StoreAsOf(self.home, back + timedelta(days=days))
            for snapshot in past.live("agency").values():
                assert past.files(snapshot)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=5, max_size=30), keep=st.integers(1, 3))
def test_after_any_history_nothing_needed_is_gone_and_nothing_is_removed_twice(
    steps: list[tuple[str, str, int]], keep: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("history")
    with unverified():
        made = History(home)
        made.step("fetch", "a", 0)
        for step in steps:
            made.step(*step)
        planned = collect(home, keep, dry_run=True)
        done = collect(home, keep)
        assert done == planned
        made.must_be_usable(keep)
        assert collect(home, keep) == []
        for step in steps[:5]:  # life goes on, and what was removed may come again
            made.step(*step)
        collect(home, keep)
        made.must_be_usable(keep)
    shutil.rmtree(home)


class Crash(BaseException):
    pass


@pytest.mark.parametrize("last", range(8))
def test_a_crash_between_any_two_removals_is_made_good_by_the_next(last: int, tmp_path: Path) -> None:
    made = History(tmp_path)
    for number in range(7):
        for step in (("fetch", "a", number), ("accept", "a", 0), ("refuse", "a", 0), ("release", "", 0)):
            made.step(*step)
    with unverified(), pytest.MonkeyPatch.context() as patched:
        expected = {(one.kind, one.what) for one in collect(tmp_path, 1, dry_run=True)}
        left = [last]

        def counted(function: Any) -> Any:
            def within(*given: Any, **more: Any) -> Any:
                if left[0] == 0:
                    raise Crash
                left[0] -= 1
                return function(*given, **more)

            return within

        for name in ("rename", "unlink"):
            patched.setattr(Path, name, counted(getattr(Path, name)))
        with pytest.raises(Crash):
            collect(tmp_path, 1)
    with unverified():
        assert Store(tmp_path).verify() == []
        done = {(one.kind, one.what) for one in collect(tmp_path, 1)}
        made.must_be_usable(1)
    assert done <= expected
    assert not list((tmp_path / "releases").glob(".removed-*"))


def test_policy_keeps_the_last_the_first_of_each_year_and_what_a_decision_needs(tmp_path: Path) -> None:
    names = [f"{year}-0{month}-01-00000000" for year in (2024, 2025, 2026) for month in (2, 3, 4)]
    for name in names:
        release_of(tmp_path, name, set(), datetime.fromisoformat(name[:10]).replace(tzinfo=UTC))
    assert kept(tmp_path, 2) == {
        names[8]: "latest", names[7]: "the one before the latest",
        names[0]: "the first of 2024", names[3]: "the first of 2025", names[6]: "the first of 2026",
    }  # fmt: skip
    assert set(kept(tmp_path)) == set(names), "the policy keeps twelve"
    with unverified():
        roll_back(tmp_path, names[4], "wrong", "somebody")
    result = kept(tmp_path, 1)
    assert result[names[4]] == "latest"
    assert {name for name, why in result.items() if why == "withdrawn by a rollback"} == set(names[5:9])
    with pytest.raises(CompactError, match="0 releases cannot be kept"):
        kept(tmp_path, 0)


@pytest.mark.slow
def test_gc_does_nothing_while_a_run_is_at_work_or_the_latest_is_damaged(tiny_release: Path) -> None:
    home = tiny_release.parent.parent
    with (
        home_lock(home, "compact run"),
        pytest.raises(HomeLocked, match="COMPACT_HOME is locked by another process: compact run"),
    ):
        collect(home)
    assert verify_release(tiny_release) == []
    (tiny_release / "NOTES.md").write_text("other", encoding="utf-8")
    with pytest.raises(CompactError, match="is damaged in 1 place, so nothing is removed"):
        collect(home)


def test_the_verb_says_what_it_freed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = History(tmp_path)
    for number in range(3):
        for step in (("fetch", "a", number), ("accept", "a", 0), ("release", "", 0)):
            made.step(*step)
    monkeypatch.setenv("COMPACT_HOME", str(tmp_path))
    with unverified():
        looked = CliRunner().invoke(app, ["gc", "--keep", "1", "--dry-run", "--json"])
        assert [row["kind"] for row in json.loads(looked.stdout)] == []  # three releases: each has its reason
        made.step("release", "", 0)
        looked = CliRunner().invoke(app, ["gc", "--keep", "1", "--dry-run", "--json"])
        rows = [Removed(**row) for row in json.loads(looked.stdout)]
        done = CliRunner().invoke(app, ["gc", "--keep", "1", "--json"])
        assert [Removed(**row) for row in json.loads(done.stdout)] == rows
        assert rows[0].kind == "release"
        assert f"in {len(rows)} thing" in done.stderr


@pytest.mark.slow
def test_what_lies_beside_evaluated_values_goes_with_them(tmp_path: Path) -> None:
    folder = tmp_path / "evaluated" / "internet_use"
    folder.mkdir(parents=True)
    for name, age in (("older", 60), ("newest", 0)):
        for kind in ("parquet", "json", "overlap", "checks"):
            path = folder / f"{name}.{kind}"
            path.write_bytes(b"x")
            moment = START.timestamp() - age
            os.utime(path, (moment, moment))
    (folder / "alone.overlap").write_bytes(b"x")
    (folder / ".alone.checks.123").write_bytes(b"being written")
    removed = list(collecting._tables(tmp_path, set(), False))
    assert sorted(Path(one.what).stem for one in removed) == ["alone", "older"]
    left = {path.name for path in folder.iterdir()}
    assert left == {".alone.checks.123", *(f"newest.{k}" for k in ("parquet", "json", "overlap", "checks"))}


@pytest.mark.fault("a rollback to a release that gc is about to remove")
def test_gc_spares_a_release_that_became_the_latest_while_it_worked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"2030-10-0{day}-aaaaaaaa" for day in range(1, 5)]
    for day, name in enumerate(names):
        release_of(tmp_path, name, set(), START + timedelta(days=day))

    def decided_before_the_rollback(home: Path, keep: int | None = None) -> dict[str, str]:
        reasons = kept(home, keep)
        assert names[1] not in reasons
        point_latest(home / "releases", names[1])
        return reasons

    monkeypatch.setattr(collecting, "kept", decided_before_the_rollback)
    with unverified():
        removed = collect(tmp_path, 1)
    assert [one.what for one in removed if one.kind == "release"] == []
    assert (tmp_path / "releases" / "latest" / "release.json").is_file()
