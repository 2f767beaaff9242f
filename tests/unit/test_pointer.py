"""`latest` names a complete release at every moment, on any file system, and the next publisher repairs a
crash between two steps.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.maintenance.rollback import roll_back
from schemas.errors import CompactError
from tests.faults.table import saw
from warehouse.store import latest as pointer
from warehouse.store.history import history, withdrawn
from warehouse.store.latest import HISTORY, MOVING, finish, latest_release, move, point_latest, read_history
from warehouse.store.listing import open_release, release_as_of, releases
from warehouse.store.publish import not_before, publish, publishing, read_release_metadata


@pytest.fixture
def home(tiny_release: Path) -> Path:
    return tiny_release.parent.parent


def another(release: Path, name: str, days: int = 1) -> Path:
    """A second release, made later."""
    made = Path(shutil.copytree(release, release.with_name(name)))
    card = read_release_metadata(made)
    later = datetime.fromisoformat(card["created"]) + timedelta(days=days)
    card |= {"id": name, "created": later.isoformat().replace("+00:00", "Z"), "previous": release.name}
    card["fingerprint"] = name
    (made / "release.json").write_text(json.dumps(card), encoding="utf-8")
    from warehouse.store.publish import write_sums

    write_sums(made)
    return made


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def refuse(number: int) -> None:
        def symlink_to(self: Path, *_: Any, **__: Any) -> None:
            raise OSError(number, "symbolic links are not there")

        monkeypatch.setattr(Path, "symlink_to", symlink_to)

    return refuse


@pytest.mark.parametrize("number", sorted(pointer.NO_LINKS))
@pytest.mark.fault("a file system without symbolic links")
def test_without_symbolic_links_latest_is_a_file_with_the_id(
    home: Path, tiny_release: Path, no_links: Callable[[int], None], number: int
) -> None:
    second = another(tiny_release, "2999-01-01-00000000")
    no_links(number)
    point_latest(home / "releases", second.name)
    assert (home / "releases" / "latest").read_text(encoding="utf-8") == f"{second.name}\n"
    assert latest_release(home) == second
    assert open_release(home) == second
    assert [row["id"] for row in releases(home) if row["latest"]] == [second.name]
    roll_back(home, tiny_release.name, "wrong", "somebody")
    assert latest_release(home) == tiny_release
    assert list(withdrawn(home)) == [second.name]


@pytest.mark.fault("a file system without symbolic links")
def test_a_store_that_moves_to_another_file_system_and_back(
    home: Path, tiny_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Path, "symlink_to", lambda *_, **__: (_ for _ in ()).throw(NotImplementedError()))
        point_latest(home / "releases", tiny_release.name)
    assert not (home / "releases" / "latest").is_symlink()
    point_latest(home / "releases", tiny_release.name)
    assert (home / "releases" / "latest").is_symlink()
    assert latest_release(home) == tiny_release


def test_another_fault_of_the_link_is_not_taken_for_that(
    home: Path, tiny_release: Path, no_links: Callable[[int], None]
) -> None:
    no_links(errno.ENOSPC)
    with pytest.raises(OSError, match="symbolic links"):
        point_latest(home / "releases", tiny_release.name)
    assert latest_release(home) == tiny_release


@pytest.mark.parametrize("text", ["", "../elsewhere", "gone"])
def test_a_pointer_that_names_no_release_beside_it_is_none(home: Path, text: str) -> None:
    (home / "releases" / "latest").unlink()
    (home / "elsewhere").mkdir()
    (home / "releases" / "latest").write_text(text, encoding="utf-8")
    assert latest_release(home) is None


class Crash(BaseException):
    """The end of a process, as far as a test in the same process can have it."""


def crash(*_: Any, **__: Any) -> None:
    raise Crash


@pytest.mark.fault("a crash between two steps of publishing")
def test_a_release_in_place_that_latest_does_not_name_yet_is_published_by_the_next(
    home: Path, tiny_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = another(tiny_release, ".building-2999-01-01-00000000-1")
    with monkeypatch.context() as patched:
        patched.setattr(pointer, "point_latest", crash)
        with pytest.raises(Crash):
            publish(aside, "2999-01-01-00000000")
    assert latest_release(home) == tiny_release
    assert (home / "releases" / MOVING).is_file()
    with publishing(home) as folder:
        assert sorted(path.name for path in folder.glob(".*")) == [".lock"]
    assert latest_release(home) == home / "releases" / "2999-01-01-00000000"


@pytest.mark.fault("a crash between two steps of publishing")
def test_a_release_not_in_place_yet_is_forgotten(
    home: Path, tiny_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = another(tiny_release, ".building-2999-01-01-00000000-1")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", crash)
        with pytest.raises(Crash):
            publish(aside, "2999-01-01-00000000")
    with publishing(home):
        assert latest_release(home) == tiny_release
    assert [row["id"] for row in releases(home)] == [tiny_release.name]


@pytest.mark.parametrize("where", ["_record", "point_latest"])
@pytest.mark.fault("a crash between two steps of a rollback")
def test_a_rollback_that_was_cut_off_is_finished_with_one_line(
    home: Path, tiny_release: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = another(tiny_release, "2999-01-01-00000000")
    point_latest(home / "releases", second.name)
    with monkeypatch.context() as patched:
        patched.setattr(pointer, where, crash)
        with pytest.raises(Crash):
            roll_back(home, tiny_release.name, "wrong", "somebody")
    assert latest_release(home) == second
    with publishing(home):
        pass
    assert latest_release(home) == tiny_release
    assert [event["reason"] for event in history(home)] == ["wrong"]


def test_a_torn_line_of_the_history_is_not_read_and_is_written_anew(home: Path, tiny_release: Path) -> None:
    folder = home / "releases"
    first, second = {"event": "rollback", "to": "a"}, {"event": "rollback", "to": "é"}
    move(folder, tiny_release.name, lambda: None, first)
    whole = json.dumps(second, ensure_ascii=False).encode()
    for cut in range(len(whole) + 1):
        (folder / HISTORY).write_bytes(json.dumps(first).encode() + b"\n" + whole[:cut])
        assert read_history(folder / HISTORY) == [first]
        (folder / MOVING).write_text(json.dumps({"to": tiny_release.name, "event": second}), encoding="utf-8")
        finish(folder)
        assert read_history(folder / HISTORY) == [first, second]


def test_a_clock_that_was_put_back_changes_no_order(home: Path, tiny_release: Path) -> None:
    """A release is dated after the one before it; so is a rollback; and both are found by their time."""
    made = datetime.fromisoformat(read_release_metadata(tiny_release)["created"])
    assert not_before(tiny_release, made - timedelta(days=400)) == made + timedelta(seconds=1)
    assert not_before(tiny_release, made + timedelta(days=1)) == made + timedelta(days=1)
    assert not_before(None, made) == made
    second = another(tiny_release, "2999-01-01-00000000")
    point_latest(home / "releases", second.name)
    event = roll_back(home, tiny_release.name, "wrong", "x", now=datetime(1970, 1, 1, tzinfo=UTC))
    assert datetime.fromisoformat(event["at"]) > made + timedelta(days=1)
    assert release_as_of(home, made + timedelta(days=1)) == second
    assert release_as_of(home, made + timedelta(days=2)) == tiny_release


def test_two_that_publish_at_once_are_told(home: Path) -> None:
    with publishing(home), pytest.raises(CompactError, match="another run is publishing"), publishing(home):
        pass


@pytest.mark.fault("gc removes the release to which a rollback goes")
def test_a_rollback_to_a_release_that_gc_has_just_removed_moves_nothing(
    home: Path, tiny_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = another(tiny_release, "2999-01-01-00000000")
    point_latest(home / "releases", second.name)

    def removed_after_it_was_verified(target: Path) -> list[str]:
        shutil.rmtree(target)
        return []

    monkeypatch.setattr("pipelines.maintenance.rollback.verify_release", removed_after_it_was_verified)
    with pytest.raises(CompactError, match="has been removed meanwhile") as caught:
        roll_back(home, tiny_release.name, "wrong", "somebody")
    saw(caught.value.what)
    assert latest_release(home) == second
    assert history(home) == []
