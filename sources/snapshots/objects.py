"""Bytes by their sha256, each in a file of its own, written once. Knows nothing of snapshots or agencies."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from schemas.errors import CompactError


class StoreDamaged(CompactError):
    """What was put into the store is not what is there now."""


class Objects:
    """A folder of files named by what they hold: ab/abcd…"""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def put(self, body: bytes) -> str:
        """Write the bytes aside, to disk, then rename: a name never stands for half its bytes. What is there
        already stays as it is, unless it was damaged."""
        name = hashlib.sha256(body).hexdigest()
        path = self.path(name)
        if path.is_file() and path.read_bytes() == body:
            return name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
            try:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o444)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        sync(path.parent)
        sync(self.folder)
        return name

    def put_file(self, source: Path) -> str:
        """The same for bytes in a file, which stays: linked where the disk allows it, else copied."""
        with source.open("rb") as file:
            name = hashlib.file_digest(file, "sha256").hexdigest()
        path = self.path(name)
        if not self.fault(name, source.stat().st_size):
            return name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
            copy = Path(file.name)
        try:
            copy.unlink()
            try:
                copy.hardlink_to(source)
            except OSError:  # another disk, or one without links
                shutil.copyfile(source, copy)
            with copy.open("rb") as written:
                os.fsync(written.fileno())
            copy.chmod(0o444)
            copy.replace(path)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
        sync(path.parent)
        sync(self.folder)
        return name

    def has(self, sha256: str, size: int) -> bool:
        """Whether a file of that name and size is there; its bytes are not read."""
        path = self.path(sha256)
        return path.is_file() and path.stat().st_size == size

    def fault(self, sha256: str, size: int) -> str:
        """What is wrong with an object, all its bytes read; empty if it is whole."""
        path = self.path(sha256)
        if not path.is_file():
            return f"{path}: is gone"
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found == sha256:
            return ""
        return f"{path}: holds {path.stat().st_size} bytes with sha256 {found}, not the {size} that came"


def write_whole(path: Path, body: bytes) -> None:
    """Write a file aside, then rename it: nobody sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync(path.parent)


def sync(folder: Path) -> None:
    """A rename is on disk only when its folder is. Windows neither needs nor allows it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
