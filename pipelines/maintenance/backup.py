"""`compact backup` and `compact restore`: everything that cannot be recomputed, kept in a folder on another
disk.

A backup folder holds each distinct file once, under its sha256, and one list per backup:
    objects/ab/<sha256>       the bytes
    backups/<moment>.json     path -> sha256, size and mode; written last, so an interrupted backup has none
Staged and evaluated tables are excluded: a run rebuilds them. Secrets are not in COMPACT_HOME. A team's
PostgreSQL is backed up with its own tools, see docs/operations.md.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.maintenance.backup_files import (
    OBJECTS,
    check_entry,
    fault_of,
    files_to_keep,
    inside_home,
    keep_file,
    restore_file,
)
from schemas.errors import CompactError
from sources.locks import home_lock
from sources.snapshots.atomic import write_atomic

LISTS = "backups"


@dataclass(frozen=True)
class Backup:
    """One backup.

    Attributes:
        id: the moment it was made, which names its list.
        files: number of files it holds.
        copied: number of those whose bytes were not in the folder yet.
        bytes: their size altogether.
    """

    id: str
    files: int
    copied: int
    bytes: int


def back_up(home: Path, folder: Path, *, now: datetime | None = None) -> Backup:
    """Copy what cannot be made again from a home into a backup folder.

    Args:
        home: COMPACT_HOME.
        folder: the backup folder; made where it is missing. It must be outside of home.
        now: the moment that names the backup.

    Raises:
        CompactError: home is empty, or the folder is inside of it.
        HomeLocked: a run is under way.
    """
    if not home.is_dir():
        raise CompactError("nothing to back up", where=str(home), next_step="set COMPACT_HOME to the folder")
    if folder.resolve().is_relative_to(home.resolve()):
        raise CompactError(
            "the backup folder is inside COMPACT_HOME",
            where=str(folder),
            allowed="a folder on another disk",
            next_step="name another folder",
        )
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    with home_lock(home, "compact backup", alone=False):
        entries, copied = [], 0
        for path in files_to_keep(home):
            entry, new = keep_file(home, path, folder)
            entries.append(entry)
            copied += new
    if not entries:
        raise CompactError(
            "nothing to back up", where=str(home), next_step="make a release with `compact run`"
        )
    name = _free_name(folder / LISTS, f"{moment:%Y-%m-%dT%H%M%SZ}")
    body = {"id": name, "made": moment.isoformat(timespec="seconds"), "files": entries}
    write_atomic(folder / LISTS / f"{name}.json", json.dumps(body, indent=0).encode())
    return Backup(name, len(entries), copied, sum(entry.get("bytes", 0) for entry in entries))


def restore(folder: Path, home: Path, backup: str | None = None) -> Backup:
    """Write a backup into an empty home, each file proved to be what was backed up.

    The files are written next to home and renamed into place as a whole, so that an interrupted restore
    leaves no home.

    Args:
        folder: the backup folder.
        home: COMPACT_HOME; missing or empty.
        backup: the backup's id; the newest by default.

    Raises:
        CompactError: home is not empty, the folder has no such backup, or its files are damaged.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise CompactError(
            "COMPACT_HOME is not empty",
            where=str(home),
            allowed="a folder that is missing or empty",
            next_step="restore into another folder, verify it, then exchange the two",
        )
    listed = read_list(folder, backup)
    home.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{home.name}.restoring-", dir=home.parent))
    try:
        for entry in listed["files"]:
            restore_file(entry, folder, partial)
        partial.chmod(0o755)
        if home.is_dir():
            home.rmdir()
        partial.rename(home)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    files = listed["files"]
    return Backup(listed["id"], len(files), len(files), sum(entry.get("bytes", 0) for entry in files))


def backups(folder: Path) -> list[str]:
    """The ids of the backups in a folder, oldest first."""
    return sorted(path.stem for path in (folder / LISTS).glob("*.json"))


def damage(folder: Path) -> list[str]:
    """Return missing or changed files of a backup folder, one line each; every byte is read."""
    seen = set()
    for name in backups(folder):
        for entry in read_list(folder, name)["files"]:
            if "link" not in entry and (fault := fault_of(folder, entry)):
                seen.add(fault)
    return sorted(seen)


def prune(folder: Path, keep: int) -> int:
    """Remove all but the newest backups, and the bytes that no other needs. Returns how many were removed.

    Raises:
        CompactError: keep is below 1.
    """
    if keep < 1:
        raise CompactError("at least one backup is kept", where="--keep", allowed="1 or more")
    removed = backups(folder)[:-keep]
    kept = {
        entry["sha256"]
        for name in backups(folder)[-keep:]
        for entry in read_list(folder, name)["files"]
        if "link" not in entry
    }
    for name in removed:
        (folder / LISTS / f"{name}.json").unlink()
    for path in (folder / OBJECTS).glob("*/*"):
        if path.name not in kept:
            path.unlink()
    return len(removed)


def read_list(folder: Path, backup: str | None = None) -> dict[str, Any]:
    """Return the list of a backup: id, moment and files.

    Raises:
        CompactError: the backup does not exist, or its list is unreadable or names a path outside a home.
    """
    known = backups(folder)
    name = backup or (known[-1] if known else "")
    path = folder / LISTS / f"{name}.json"
    if name not in known:
        raise CompactError(
            f"no backup {backup!r} in this folder" if backup else "no backup in this folder",
            where=str(folder),
            allowed=", ".join(known) or "none yet",
            next_step="`compact backup FOLDER` makes one",
        )
    try:
        listed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for entry in listed["files"]:
            inside_home(entry["path"])
            if "link" not in entry:
                check_entry(entry)
    except (ValueError, KeyError, TypeError) as error:
        raise CompactError(
            f"the list of backup {name} is damaged ({type(error).__name__})",
            where=str(path),
            allowed="the list as `compact backup` wrote it",
            next_step="restore an older backup: " + (", ".join(n for n in known if n != name) or "none"),
        ) from None
    return listed


def _free_name(folder: Path, name: str) -> str:
    number, free = 2, name
    while (folder / f"{free}.json").exists():
        free, number = f"{name}-{number}", number + 1
    return free
