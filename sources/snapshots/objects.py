"""Bytes by their sha256, one file each, written once. Independent of snapshots and agencies."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from schemas.errors import CompactError
from sources.snapshots.atomic import replacing, sync


class StoreDamaged(CompactError):
    """A stored object is missing or damaged."""


class Objects:
    """A folder of files named by the sha256 of their content: ab/abcd…"""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def put(self, body: bytes) -> str:
        """Write the bytes atomically, read-only; an existing object stays unchanged unless it is damaged."""
        name = hashlib.sha256(body).hexdigest()
        path = self.path(name)
        if path.is_file() and path.read_bytes() == body:
            return name
        with replacing(path) as partial:
            partial.write_bytes(body)
            partial.chmod(0o444)
        sync(self.folder)
        return name

    def put_file(self, source: Path) -> str:
        """Store the bytes of a file, which stays: linked if the disk allows it, else copied."""
        with source.open("rb") as file:
            name = hashlib.file_digest(file, "sha256").hexdigest()
        path = self.path(name)
        if not self.fault(name, source.stat().st_size):
            return name
        with replacing(path) as copy:
            try:
                copy.hardlink_to(source)
            except OSError:  # another disk, or one without links
                shutil.copyfile(source, copy)
            copy.chmod(0o444)
        sync(self.folder)
        return name

    def has(self, sha256: str, size: int) -> bool:
        """Return whether a file of that name and size exists; its bytes are not read."""
        path = self.path(sha256)
        return path.is_file() and path.stat().st_size == size

    def fault(self, sha256: str, size: int) -> str:
        """Read an object completely and return its fault; empty if it is intact."""
        path = self.path(sha256)
        if not path.is_file():
            return f"{path}: is gone"
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual == sha256:
            return ""
        return f"{path}: holds {path.stat().st_size} bytes with sha256 {actual}, not the {size} that came"
