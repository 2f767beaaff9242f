"""Atomic writes: a file appears complete under its name, or not at all. The one implementation for the
project.

A reader sees the old file or the new one, never a mixture. A crash leaves at most a hidden partial file,
which `compact run` and `compact gc` remove.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a partial file next to `path`, which replaces `path` when the block ends without an error.

    Args:
        path: the file to write; its folder is created.
        durable: whether the bytes and the rename are on disk afterwards (fsync). Off if the file can be
            recomputed and is verified before use.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}")  # threads write the same file too
    try:
        yield partial
        if durable:
            sync(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    if durable:
        sync(path.parent)


def write_atomic(path: Path, body: bytes, *, durable: bool = True) -> None:
    """Write bytes to a file atomically."""
    with replacing(path, durable=durable) as partial:
        partial.write_bytes(body)


def write_sidecar(path: Path, facts: object, *, indent: int | None = None) -> None:
    """Write facts as JSON atomically; not synced to disk, since they can be recomputed."""
    text = json.dumps(facts, ensure_ascii=False, indent=indent)
    write_atomic(path, f"{text}\n".encode(), durable=False)


def sync(path: Path) -> None:
    """Sync a file, or the entries of a folder, to disk. Windows neither needs nor allows it for folders."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
