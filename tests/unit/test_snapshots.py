"""The snapshot store: bytes are complete or absent, and any prefix of the manifest is consistent."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.registry import SNAPSHOT_TABLE
from sources import locks
from sources.model import SPOOL, InvalidResponse, Page, Resource, SourceResponse, SpooledPage
from sources.snapshots.cache_record import read_record, write_record
from sources.snapshots.objects import StoreDamaged
from sources.snapshots.store import Snapshot, Store
from tests.unit.local_agency import make_source

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCE = make_source()
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def answer(key: str, *bodies: bytes, content: str = "", release: str | None = None) -> SourceResponse:
    pages = tuple(Page(f"https://api.agency.example/{key}?page={n}", b) for n, b in enumerate(bodies, 1))
    content = content or hashlib.sha256(b"".join(bodies)).hexdigest()
    return SourceResponse(Resource(key, (key,)), pages, len(pages), len(bodies), content, release)


def keep(store: Store, key: str, *bodies: bytes, **more: Any) -> Snapshot:
    return store.keep(SOURCE, answer(key, *bodies, **more), NOW)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def lines(store: Store) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (store.folder / "manifest.jsonl").read_bytes().splitlines()]


# --- what becomes of a snapshot ---
def test_a_large_page_is_kept_from_its_file_and_read_as_one(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "spooled"
    path.write_bytes(b"y" * (SPOOL + 1))
    page = SpooledPage("https://api.agency.example/big", path, '"e"')
    kept = store.keep(SOURCE, SourceResponse(Resource("big", ("big",)), (page,), 1, 1, "c"), NOW)
    assert kept.snapshot == hashlib.sha256(b"y" * (SPOOL + 1)).hexdigest()
    assert path.exists()
    path.unlink()
    held = store.read(kept.pages[0])
    assert isinstance(held, Path)
    assert held.stat().st_size == SPOOL + 1
    assert not store.verify()


def test_a_snapshot_is_named_by_all_its_bytes_and_each_page_by_its_own(store: Store) -> None:
    snapshot = keep(store, "a", b"one", b"two", release="2026.Q2")
    assert snapshot.snapshot == hashlib.sha256(b"onetwo").hexdigest()
    files = store.files(snapshot)
    assert [path.read_bytes() for path in files.pages] == [b"one", b"two"]
    assert [path.name for path in files.pages] == [hashlib.sha256(b).hexdigest() for b in (b"one", b"two")]
    assert files.pages[0].parent.name == files.pages[0].name[:2]
    assert files.urls == ("https://api.agency.example/a?page=1", "https://api.agency.example/a?page=2")
    event = lines(store)[0]
    assert (event["event"], event["pages_expected"], event["pages_received"]) == ("fetched", 2, 2)
    assert event["fetched_at"] == "2026-11-23T08:00:00+00:00"
    assert tuple(snapshot.row()) == SNAPSHOT_TABLE.names
    assert (snapshot.row()["bytes"], snapshot.row()["pages"], snapshot.row()["licence"]) == (
        6,
        2,
        "CC BY 4.0",
    )


def test_only_an_accepted_snapshot_is_live(store: Store) -> None:
    first = keep(store, "a", b"1")
    assert store.live("agency") == {}
    assert store.candidates("agency") == {"a": first}
    store.accept([first], "the first one", NOW)
    assert store.live("agency") == store.candidates("agency") == {"a": first}
    second = keep(store, "a", b"2")
    assert store.live("agency") == {"a": first}
    assert store.candidates("agency") == {"a": second}
    store.hold([second], "half of the rows are gone", NOW)
    assert store.live("agency") == store.candidates("agency") == {"a": first}
    assert store.held("agency") == {"a": second}
    store.accept([second], "looked at by a person", NOW)
    assert store.live("agency") == {"a": second}
    assert store.held("agency") == {}
    assert [e["event"] for e in store.events("agency")] == [
        "fetched",
        "accepted",
        "fetched",
        "held",
        "accepted",
    ]
    assert store.events("agency")[3]["reason"] == "half of the rows are gone"


def test_an_agency_that_goes_back_is_confirmed_and_what_came_between_is_past(store: Store) -> None:
    first = keep(store, "a", b"1")
    store.accept([first], "", NOW)
    store.hold([keep(store, "a", b"2")], "too different", NOW)
    keep(store, "a", b"3")
    store.confirm(first, at=NOW)
    assert store.candidates("agency") == store.live("agency") == {"a": first}
    assert store.held("agency") == {}


def test_a_release_may_come_back(store: Store) -> None:
    for body in (b"1", b"2", b"1"):
        store.accept([keep(store, "a", body)], "", NOW)
    assert store.live("agency")["a"].snapshot == hashlib.sha256(b"1").hexdigest()
    assert len(store.find("")) == 2


def test_the_same_answer_twice_is_kept_once(store: Store) -> None:
    first = keep(store, "a", b'{"x":1,"y":2}', content="c" * 64)
    again = keep(store, "a", b'{"y":2,"x":1}', content="c" * 64)
    assert again == first
    assert len(lines(store)) == 1


def test_two_resources_may_hold_the_same_bytes(store: Store) -> None:
    a, b = keep(store, "a", b"[]"), keep(store, "b", b"[]")
    store.accept([a, b], "", NOW)
    assert a.snapshot == b.snapshot
    assert set(store.live("agency")) == {"a", "b"}
    assert store.find(a.snapshot[:8]) == [a, b]


def test_a_refused_answer_is_kept_but_is_no_snapshot(store: Store) -> None:
    body = b"<html>Just a moment...</html>"
    error = InvalidResponse(
        "it is a web page", where="https://a.example/x", pages=[Page("https://a.example/x", body)]
    )
    store.refuse(SOURCE, "a", error, NOW)
    assert store.live("agency") == store.candidates("agency") == {}
    event = store.events("agency")[0]
    assert (event["event"], event["reason"]) == ("refused", "it is a web page")
    assert store.objects.path(event["pages"][0]["sha256"]).read_bytes() == body
    assert store.verify() == []


@pytest.mark.parametrize("pages", [(), (b"1",)])
def test_a_short_answer_never_becomes_a_snapshot(store: Store, pages: tuple[bytes, ...]) -> None:
    whole = answer("a", *pages)
    short = SourceResponse(whole.resource, whole.pages, len(pages) + 1, 1, whole.content)
    with pytest.raises(InvalidResponse, match=f"{len(pages)} pages came of {len(pages) + 1}"):
        store.keep(SOURCE, short, NOW)
    assert not store.folder.exists()


def test_only_what_is_in_the_store_can_be_accepted(store: Store, tmp_path: Path) -> None:
    stranger = keep(Store(tmp_path / "other"), "a", b"1")
    with pytest.raises(ValueError, match="not in the store"):
        store.accept([stranger], "", NOW)


def test_asking_an_empty_store_writes_nothing(store: Store) -> None:
    assert store.live("agency") == store.held("agency") == {}
    assert store.events("agency") == store.verify() == store.torn == []
    assert not store.folder.exists()


def test_stores_on_one_folder_see_what_the_other_writes(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path)
    first = keep(store, "a", b"1")
    assert other.candidates("agency") == {"a": first}
    other.accept([first], "", NOW)
    assert store.live("agency") == {"a": first}


# --- bytes ---
def test_an_object_is_whole_or_absent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        keep(store, "a", b"12345")
    monkeypatch.undo()
    assert [p for p in store.folder.rglob("*") if p.is_file()] == []
    assert store.candidates("agency") == {}
    assert store.files(keep(store, "a", b"12345")).pages[0].read_bytes() == b"12345"


def test_an_object_is_not_written_twice_and_not_by_accident(store: Store) -> None:
    path = store.files(keep(store, "a", b"1")).pages[0]
    before = path.stat()
    keep(store, "b", b"1")
    assert path.stat().st_ino == before.st_ino
    assert not path.stat().st_mode & 0o222


@pytest.mark.parametrize("damage", [b"", b"12345678", b"1234X"])
def test_verify_finds_what_is_gone_or_changed(store: Store, damage: bytes) -> None:
    snapshot = keep(store, "a", b"12345")
    keep(store, "b", b"other")
    assert store.verify() == []
    path = store.files(snapshot).pages[0]
    path.unlink()
    if damage:
        path.write_bytes(damage)
    (result,) = store.verify()
    assert result.startswith(f"{path}: ")
    with pytest.raises(StoreDamaged):
        store.read(snapshot.pages[0])
    assert store.is_whole(snapshot) is (len(damage) == 5)
    if len(damage) != 5:
        with pytest.raises(StoreDamaged, match="pages of a are gone"):
            store.files(snapshot)
    assert keep(store, "a", b"12345").snapshot == snapshot.snapshot
    assert store.verify() == []


# --- the manifest ---
def accepted(store: Store, *bodies: bytes) -> list[Snapshot]:
    snapshots = []
    for body in bodies:
        snapshots.append(keep(store, "a", body))
        store.accept(snapshots[-1:], "", NOW)
    return snapshots


def test_a_torn_last_line_is_skipped_told_and_left_behind(tmp_path: Path) -> None:
    first, _ = accepted(Store(tmp_path), b"1", b"2")
    path = tmp_path / "snapshots" / "manifest.jsonl"
    whole = path.read_bytes().splitlines(keepends=True)
    for cut in (1, 20, len(whole[3]) - 2):
        path.write_bytes(b"".join(whole[:3]) + whole[3][:cut])
        store = Store(tmp_path)
        assert store.live("agency") == {"a": first}
        assert store.torn == [f"manifest.jsonl line 4: skipped {cut} bytes that a crash tore off"]
        third = keep(store, "b", b"3")
        for opened in (store, Store(tmp_path)):
            assert opened.candidates("agency")["b"] == third
            assert opened.live("agency") == {"a": first}
            assert len(opened.torn) == 1
        assert path.read_bytes().startswith(b"".join(whole[:3]) + whole[3][:cut] + b"\n")


def test_a_last_line_without_its_end_counts(tmp_path: Path) -> None:
    _, second = accepted(Store(tmp_path), b"1", b"2")
    path = tmp_path / "snapshots" / "manifest.jsonl"
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    store = Store(tmp_path)
    assert store.live("agency") == {"a": second}
    store.accept([keep(store, "b", b"3")], "", NOW)
    assert len(lines(store)) == 6
    assert set(store.live("agency")) == set(Store(tmp_path).live("agency")) == {"a", "b"}
    assert store.torn == Store(tmp_path).torn == []


@pytest.mark.parametrize(
    "damage",
    [
        b"{",
        b"\x00\x00",
        b"[]",
        b'{"event": "accepted"}',
        b'{"event": "moved", "source": "a", "resource": "b"}',
    ],
)
def test_damage_elsewhere_is_an_error_every_time_it_is_read(tmp_path: Path, damage: bytes) -> None:
    accepted(Store(tmp_path), b"1", b"2")
    path = tmp_path / "snapshots" / "manifest.jsonl"
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([whole[0], damage + b"\n", *whole[1:]]))
    store = Store(tmp_path)
    for _ in range(2):
        with pytest.raises(StoreDamaged) as caught:
            store.live("agency")
        assert "manifest.jsonl" in str(caught.value)
        assert "2" in str(caught.value)


def test_without_file_locks_one_process_still_works(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "fcntl", None)
    accepted(store, b"1", b"2")
    assert len(lines(store)) == 4


@pytest.mark.slow
def test_processes_that_append_at_once_do_not_mix_their_lines(tmp_path: Path) -> None:
    work = (
        "import sys; from pathlib import Path\n"
        "from tests.unit.test_snapshots import keep; from sources.snapshots.store import Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for n in range(40): keep(store, f'{sys.argv[2]}{n}', b'x' * n, content=sys.argv[2] * 20000)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", work, str(tmp_path), name], cwd=CHECKOUT)
        for name in ("p", "q", "r")
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    store = Store(tmp_path)
    assert len(store.candidates("agency")) == len(lines(store)) == 120
    assert store.verify() == store.torn == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["keep", "accept", "hold", "confirm", "refuse"]),
        st.sampled_from("ab"),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(steps=STEPS, data=st.data())
def test_any_prefix_of_the_manifest_is_a_consistent_state(
    steps: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        store = Store(Path(folder))
        for step in steps:
            _take(store, *step)
        path = store.folder / "manifest.jsonl"
        whole = path.read_bytes() if path.exists() else b""
        cut = data.draw(st.integers(0, len(whole)))
        store.folder.mkdir(exist_ok=True)
        path.write_bytes(whole[:cut])
        again = Store(Path(folder))
        expected = _told(whole[:cut])
        assert {k: s.snapshot for k, s in again.live("agency").items()} == expected
        assert again.candidates("agency").keys() >= expected.keys()
        assert again.verify() == []
        kept = keep(again, "c", b"after the crash")
        again.accept([kept], "", NOW)
        assert {k: s.snapshot for k, s in Store(Path(folder)).live("agency").items()} == expected | {
            "c": kept.snapshot
        }
        assert path.read_bytes().startswith(whole[:cut])


def _take(store: Store, what: str, key: str, n: int) -> None:
    """One step of a run, as far as it makes sense."""
    waiting, live = store.candidates("agency").get(key), store.live("agency").get(key)
    if what == "keep":
        keep(store, key, b"%d" % n, b"and a second page")
    elif what == "refuse":
        store.refuse(SOURCE, key, InvalidResponse("no", pages=[Page("https://a.example", b"no %d" % n)]), NOW)
    elif what == "confirm" and live is not None:
        store.confirm(live, at=NOW)
    elif what in ("accept", "hold") and waiting is not None and waiting != live:
        (store.accept if what == "accept" else store.hold)([waiting], "a step", NOW)


def _told(text: bytes) -> dict[str, str]:
    """The accepted snapshots by the plainest reading of the lines that are whole."""
    current = {}
    for line in text.split(b"\n"):
        if line.startswith(b'{"event":"accepted"') and line.endswith(b"}"):
            event = json.loads(line)
            current[event["resource"]] = event["snapshot"]
    return current


def test_a_record_of_an_earlier_version_is_not_called_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "result.json"
    write_record(path, {"rows": 3})
    assert read_record(path) == {"rows": 3}
    earlier = {name: part for name, part in json.loads(path.read_bytes()).items() if name != "self"}
    path.write_text(json.dumps(earlier))
    assert read_record(path) is None
    assert "damaged" not in caplog.text
    path.write_text(json.dumps(earlier | {"self": "0" * 64}))
    assert read_record(path) is None
    assert "is damaged" in caplog.text
