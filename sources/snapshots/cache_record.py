"""The record next to a cached result: the sha256 of its files and a few facts, checked before every reuse.

A cache holds recomputable files, so a changed file is recomputed and never repaired. The record covers
itself: a record with a flipped bit counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sources.snapshots.atomic import write_sidecar

BLOCK = 1 << 20
Facts = dict[str, Any]

log = logging.getLogger("compact.cache")


def write_record(path: Path, facts: Facts, files: Iterable[Path] = ()) -> None:
    """Write the record of a result whose files are complete.

    Args:
        path: the record's file; several threads or processes may write the same one concurrently.
        facts: further facts to store, as JSON.
        files: the files of the result, next to the record.
    """
    body: Facts = {"facts": facts, "files": {file.name: file_sha256(file) for file in files}}
    body["self"] = _digest(body)
    write_sidecar(path, body)


def read_record(path: Path) -> Facts | None:
    """Return the facts of an unchanged result; None if it was changed, or never finished.

    Every file that the record names is read. Damage is logged as a warning: the caller recomputes.
    """
    try:
        body = json.loads(path.read_bytes())
        if isinstance(body, dict) and "self" not in body:
            log.info("cached result %s is of an earlier version; it is computed again", path)
            return None
        own = body.pop("self")
        facts, files = body["facts"], body["files"]
        if own != _digest(body) or not isinstance(facts, dict):
            raise ValueError
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        log.warning("cached result %s is damaged; it is computed again", path)
        return None
    for name, expected in files.items():
        file = path.with_name(name)
        if not _is_regular(file) or file_sha256(file) != expected:
            log.warning("cached file %s is damaged; it is computed again", file)
            return None
    return facts


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _digest(body: Facts) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
