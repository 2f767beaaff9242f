"""The files of a backup: which files of a home are kept, storage by sha256, and restoring them.

The lists of backups and the rules of the commands are in backup.py.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from schemas.errors import CompactError

DERIVED = frozenset({"staged", "evaluated"})
OBJECTS = "objects"
BLOCK = 1 << 20
SHA256 = re.compile(r"[0-9a-f]{64}")
SQLITE = ".db"
SIDE_FILES = ("-wal", "-shm", "-journal")  # part of an open SQLite file; its backup includes their content


def check_entry(entry: dict[str, Any]) -> None:
    """Raise ValueError if an entry of a list is not one that `compact backup` writes."""
    if not SHA256.fullmatch(entry["sha256"]) or int(entry["bytes"]) < 0 or not 0 <= entry["mode"] <= 0o777:
        raise ValueError(entry["path"])


def files_to_keep(home: Path) -> Iterator[Path]:
    """List every file and link of a home that is neither derived nor partially written."""
    for top in sorted(home.iterdir()):
        if top.name in DERIVED or top.name.startswith("."):
            continue
        for path in sorted([top, *top.rglob("*")] if top.is_dir() and not top.is_symlink() else [top]):
            parts = path.relative_to(home).parts
            hidden = any(part.startswith(".") for part in parts)
            side = path.name.endswith(tuple(f"{SQLITE}{end}" for end in SIDE_FILES))
            if not hidden and not side and (path.is_symlink() or path.is_file()):
                yield path


def keep_file(home: Path, path: Path, folder: Path) -> tuple[dict[str, Any], bool]:
    """Return the entry of a file in the list, and whether its bytes were copied."""
    name = path.relative_to(home).as_posix()
    if path.is_symlink():
        target = os.readlink(path)  # noqa: PTH115 - as it is written, not as it resolves
        return {"path": name, "link": target}, False
    if path.suffix == SQLITE:
        with tempfile.TemporaryDirectory(prefix="compact-backup-") as aside:
            copy = Path(aside) / path.name
            _copy_database(path, copy)
            return _entry(name, copy, path.stat().st_mode, folder)
    return _entry(name, path, path.stat().st_mode, folder)


def _entry(name: str, path: Path, mode: int, folder: Path) -> tuple[dict[str, Any], bool]:
    digest, size, new = _put(path, folder / OBJECTS)
    return {"path": name, "sha256": digest, "bytes": size, "mode": mode & 0o777}, new


def _put(path: Path, objects: Path) -> tuple[str, int, bool]:
    """Store a file's bytes under their sha256, computed while copying: a file that changes meanwhile cannot
    get a wrong name. Returns sha256, size, and whether the bytes are new.
    """
    digest, size = hashlib.sha256(), 0
    objects.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=".new-", dir=objects)
    try:
        with path.open("rb") as source, os.fdopen(handle, "wb") as copy:
            while block := source.read(BLOCK):
                digest.update(block)
                copy.write(block)
                size += len(block)
            copy.flush()
            os.fsync(copy.fileno())
        name = digest.hexdigest()
        final = objects / name[:2] / name
        new = not (final.is_file() and final.stat().st_size == size)
        if new:
            final.parent.mkdir(exist_ok=True)
            Path(partial).chmod(0o444)
            Path(partial).replace(final)
        return name, size, new
    finally:
        Path(partial).unlink(missing_ok=True)


def _copy_database(path: Path, copy: Path) -> None:
    """Copy an SQLite file as of one moment, though Dagster may be writing to it."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    source.close()
    target.close()


def restore_file(entry: dict[str, Any], folder: Path, home: Path) -> None:
    path = home / inside_home(entry["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    if "link" in entry:
        inside_home((PurePosixPath(entry["path"]).parent / entry["link"]).as_posix())
        path.symlink_to(entry["link"])
        return
    if fault := fault_of(folder, entry):
        raise CompactError(
            f"the backup is damaged: {fault}",
            where=entry["path"],
            allowed="the bytes that were backed up",
            next_step="restore an older backup, or copy that object from another copy of the folder",
        )
    shutil.copyfile(object_of(folder, entry), path)
    path.chmod(entry["mode"])


def fault_of(folder: Path, entry: dict[str, Any]) -> str:
    path = object_of(folder, entry)
    if path.is_symlink() or not path.is_file():
        return f"{path} is missing"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return "" if digest == entry["sha256"] else f"{path} has changed: its sha256 is {digest}"


def object_of(folder: Path, entry: dict[str, Any]) -> Path:
    name = str(entry["sha256"])
    return folder / OBJECTS / name[:2] / name


def inside_home(name: str) -> str:
    """Return the name if it stays inside a home: a list is untrusted input.

    Raises:
        ValueError: it is absolute or leaves the home.
    """
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ValueError(name)
    return name
