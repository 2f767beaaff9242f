"""`compact backup` and `compact restore`: the same bytes come back, or a word why not."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest

from pipelines.maintenance.backup import back_up, backups, damage, prune, restore
from schemas.errors import CompactError
from sources.locks import HomeLocked, home_lock
from tests.command import compact
from tests.faults.kills import Kill, fork
from tests.faults.table import saw, tried
from warehouse.store.listing import open_release
from warehouse.verification.verify import verify_release

DERIVED = ("staged", "evaluated")


@pytest.fixture
def home(tiny_release: Path) -> Path:
    """A home with a release, pages, an SQLite file that is open, and caches."""
    home = tiny_release.parent.parent
    for name, body in (
        ("snapshots/manifest.jsonl", b"{}\n"),
        ("snapshots/objects/ab/abcd", b"page"),
        ("contributions/pledge/manifest.jsonl", b"{}\n"),
        ("staged/one/mark/observation.parquet", b"derived"),
        ("evaluated/use/mark.parquet", b"derived"),
        ("status/.one.json.77", b"half"),
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(body)
    (home / "snapshots/objects/ab/abcd").chmod(0o444)
    (home / "dagster").mkdir()
    with sqlite3.connect(home / "dagster" / "runs.db") as con:
        con.execute("pragma journal_mode = wal")
        con.execute("create table run (id text)")
        con.execute("insert into run values ('one')")
    con.close()
    return home


def contents(home: Path) -> dict[str, tuple[bytes, int]]:
    """The files of a home that a backup holds, without Dagster's databases."""
    return {
        path.relative_to(home).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in home.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(home).parts)
        and path.relative_to(home).parts[0] not in (*DERIVED, "dagster")
    }


@pytest.mark.slow
def test_what_was_backed_up_comes_back(home: Path, tmp_path: Path) -> None:
    made = compact("backup", str(tmp_path / "safe"), "--json", home=home)
    assert made.code == 0, made.err
    again = back_up(home, tmp_path / "safe")
    assert (again.files, again.copied) == (made.json["files"], 0)
    assert len(backups(tmp_path / "safe")) == 2
    other = tmp_path / "other"
    assert compact("restore", str(tmp_path / "safe"), home=other).code == 0
    assert contents(other) == contents(home)
    assert not any((other / name).exists() for name in DERIVED)
    release = open_release(other)
    assert release.resolve().name == open_release(home).resolve().name
    assert verify_release(release.resolve()) == []
    with sqlite3.connect(other / "dagster" / "runs.db") as con:
        assert con.execute("select id from run").fetchall() == [("one",)]
    con.close()


def test_a_home_with_something_in_it_is_not_overwritten(home: Path, tmp_path: Path) -> None:
    back_up(home, tmp_path / "safe")
    before = contents(home)
    with pytest.raises(CompactError) as caught:
        restore(tmp_path / "safe", home)
    assert caught.value.where == str(home)
    assert contents(home) == before


@pytest.mark.parametrize("inside", ["", "backups/here"])
def test_a_backup_inside_of_what_it_backs_up_is_refused(inside: str, home: Path) -> None:
    with pytest.raises(CompactError) as caught:
        back_up(home, home / inside)
    assert caught.value.where == str(home / inside)


def test_no_backup_is_made_during_a_run(home: Path, tmp_path: Path) -> None:
    with home_lock(home, "compact run"), pytest.raises(HomeLocked):
        back_up(home, tmp_path / "safe")
    assert backups(tmp_path / "safe") == []


@pytest.mark.fault("a backup is damaged")
def test_a_damaged_backup_is_not_restored(home: Path, tmp_path: Path) -> None:
    safe, other = tmp_path / "safe", tmp_path / "other"
    back_up(home, safe)
    assert damage(safe) == []
    objects = sorted((safe / "objects").glob("*/*"))
    for path in objects[:: max(1, len(objects) // 8)]:
        body = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(bytes([body[0] ^ 1]) + body[1:] if body else b"x")
        with pytest.raises(CompactError) as caught:
            restore(safe, other)
        saw(caught.value.what.replace(str(tmp_path), ""))
        assert not other.exists()
        assert len(damage(safe)) == 1
        path.write_bytes(body)
    assert compact("backup", str(safe), "--check", home=home).code == 0


@pytest.mark.parametrize("path", ["../../etc/cron.d/x", "/etc/passwd", "a/../../b"])
def test_a_list_that_names_a_path_outside_is_refused(path: str, home: Path, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    name = back_up(home, safe).id
    file = safe / "backups" / f"{name}.json"
    listed = json.loads(file.read_text(encoding="utf-8"))
    listed["files"][0]["path"] = path
    file.write_text(json.dumps(listed), encoding="utf-8")
    with pytest.raises(CompactError) as caught:
        restore(safe, tmp_path / "other")
    assert caught.value.where == str(file)
    assert not (tmp_path / "other").exists()


@pytest.mark.fault("a backup is killed")
def test_a_backup_that_is_killed_leaves_the_ones_before_it(tmp_path: Path) -> None:
    """Killed before each change of a backup of two files: a larger home repeats the same changes."""
    home, safe, said = tmp_path / "home", tmp_path / "safe", tmp_path / "said.txt"
    (home / "snapshots/objects/ab").mkdir(parents=True)
    (home / "snapshots/objects/ab/abcd").write_bytes(b"page")
    first = back_up(home, safe).id
    (home / "snapshots/objects/ab/more").write_bytes(b"more")
    killed = 0
    for number in range(1, 200):
        kill = Kill(safe, tmp_path / "changes.txt", change=number)

        def work(kill: Kill = kill) -> int:
            kill.arm()
            back_up(home, safe)
            return 0

        if fork(work, said) != -signal.SIGKILL:
            break
        killed += 1
        assert damage(safe) == []
        assert backups(safe)[0] == first
    assert killed > 2
    tried("a backup is killed", killed, killed)
    shutil.rmtree(tmp_path / "other", ignore_errors=True)
    restore(safe, tmp_path / "other")
    assert contents(tmp_path / "other") == contents(home)


def test_older_backups_are_removed_with_their_bytes(home: Path, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    back_up(home, safe)
    (home / "snapshots/objects/ab/abcd").unlink()
    (home / "snapshots/objects/ab/other").write_bytes(b"another page")
    newest = back_up(home, safe).id
    assert prune(safe, 1) == 1
    assert backups(safe) == [newest]
    assert damage(safe) == []
    restore(safe, tmp_path / "other")
    assert contents(tmp_path / "other") == contents(home)
    with pytest.raises(CompactError):
        prune(safe, 0)
