"""Publishes a finished, checked folder as a release and points `latest` to it, atomically.

release/build.py writes the folder. This module has the publishing lock, the building folder, checksums, and
release.json. The switch of the pointer is in latest.py.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.errors import CompactError
from sources.locks import Locked, file_lock
from sources.snapshots.atomic import sync
from warehouse.store.latest import (
    CARD,
    LATEST,
    MOVING,
    finish,
    latest_release,
    move,
    point_latest,
    releases_folder,
)

__all__ = ["CARD", "LATEST", "latest_release", "point_latest", "releases_folder"]

SUMS = "SHA256SUMS"
BUILDING, REMOVED = ".building-", ".removed-"


class ReleaseRefused(CompactError):
    """A check of level error failed, so nothing was published and `latest` is unchanged."""


@dataclass(frozen=True)
class ReleaseResult:
    """Result of a build. made is false if nothing had changed; id and path are then those of `latest`."""

    made: bool
    id: str
    path: Path
    note: str
    tables: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_release_metadata(folder: Path) -> dict[str, Any]:
    """Return release.json of a release."""
    card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return card


def snapshots_of(folder: Path) -> set[str]:
    """Return the ids of the snapshots that a release was made from."""
    from schemas.tables.arrow import read_columns

    return set(read_columns(folder / "snapshot.parquet", "snapshot")["snapshot"].to_pylist())


def not_before(latest: Path | None, now: datetime) -> datetime:
    """Return the current time, or a second after the latest release if the clock was set back: releases
    are sorted and found by their time.
    """
    after = (
        datetime.fromisoformat(read_release_metadata(latest)["created"]) + timedelta(seconds=1)
        if latest
        else now
    )
    return max(now, after).astimezone(UTC)


@contextmanager
def publishing(home: Path) -> Iterator[Path]:
    """Yield the folder of releases while holding the publishing lock. The lock ends with its process, so
    any building folder found here belongs to a dead run and is removed; a switch that it started is
    completed.
    """
    folder = releases_folder(home)
    with ExitStack() as held:
        try:
            held.enter_context(file_lock(folder / ".lock", wait=0))
        except Locked:
            raise CompactError(
                "another run is publishing a release",
                where=str(folder),
                next_step="wait until it has ended, then run again",
            ) from None
        for left in [*folder.glob(f"{BUILDING}*"), *folder.glob(f"{REMOVED}*")]:
            shutil.rmtree(left)
        for pattern in (
            f".{LATEST}-*",
            f".{LATEST}.*",
            f".{MOVING}.*",
        ):  # links and files before their rename
            for left in folder.glob(pattern):
                left.unlink()
        finish(folder)
        yield folder


@contextmanager
def building(folder: Path, release_id: str) -> Iterator[Path]:
    """Yield a new temporary folder, removed if the build fails."""
    aside = folder / f"{BUILDING}{release_id}-{os.getpid()}"
    aside.mkdir()
    try:
        yield aside
    finally:
        if aside.exists():
            shutil.rmtree(aside)


def next_release_id(folder: Path, base: str) -> str:
    """Return the id, with a number appended if a release has it: releases never change."""
    number, free = 2, base
    while (folder / free).exists():
        free, number = f"{base}-{number}", number + 1
    return free


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS over all other files, in the format that `sha256sum -c` reads."""
    names = sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != SUMS
    )
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in names]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def publish(aside: Path, release_id: str, event: dict[str, Any] | None = None) -> Path:
    """Rename the finished folder into place and switch `latest`. A crash between any two lines leaves
    `latest` valid; the next run publishes a release that is already in place.
    """
    folder = aside.parent
    for path in [*aside.rglob("*"), aside]:
        sync(path)
    final = folder / release_id
    move(folder, release_id, lambda: _place(aside, final), event)
    return final


def _place(aside: Path, final: Path) -> None:
    aside.rename(final)
    sync(final.parent)
