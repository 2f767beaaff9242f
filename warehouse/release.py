"""Publishing: a finished, checked folder becomes a release, and `latest` points to it, in one atomic step.

What the folder holds is written in build.py. Here: the lock that keeps two runs from publishing at once, the
building folder, checksums, the swap, and what a release says of itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.errors import CompactError

LATEST, SUMS, CARD = "latest", "SHA256SUMS", "release.json"
BUILDING = ".building-"


class ReleaseRefused(CompactError):
    """A check of level error failed, so nothing was published and `latest` is as it was."""


@dataclass(frozen=True)
class ReleaseResult:
    """What came of a build. made is false if nothing had changed; id and path are then those of `latest`."""

    made: bool
    id: str
    path: Path
    note: str
    tables: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def releases_folder(home: Path) -> Path:
    return home / "releases"


def latest_release(home: Path) -> Path | None:
    """The folder that `latest` points to, or None before the first release."""
    link = releases_folder(home) / LATEST
    return link.resolve() if link.is_dir() else None


def read_card(folder: Path) -> dict[str, Any]:
    """release.json of a release."""
    card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return card


def snapshots_of(folder: Path) -> set[str]:
    """The ids of the snapshots that a release was made from."""
    import pyarrow.parquet as pq

    return set(pq.read_table(folder / "snapshot.parquet", columns=["snapshot"])["snapshot"].to_pylist())


@contextmanager
def publishing(home: Path) -> Iterator[Path]:
    """The folder of releases, with the only right to publish in it. The right ends with the process, however
    it ends, so any building folder found here belongs to a run that died, and is removed."""
    folder = releases_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CompactError(
                "another run is publishing a release",
                where=str(folder),
                next_step="wait until it has ended, then run again",
            ) from None
        for left in folder.glob(f"{BUILDING}*"):
            shutil.rmtree(left)
        for left in folder.glob(f".{LATEST}-*"):
            left.unlink()
        yield folder


@contextmanager
def building(folder: Path, release_id: str) -> Iterator[Path]:
    """A new folder aside, removed if the build fails."""
    aside = folder / f"{BUILDING}{release_id}-{os.getpid()}"
    aside.mkdir()
    try:
        yield aside
    finally:
        if aside.exists():
            shutil.rmtree(aside)


def free_id(folder: Path, wanted: str) -> str:
    """The id, or the id with a number if a release has it: releases are never changed."""
    number, found = 2, wanted
    while (folder / found).exists():
        found, number = f"{wanted}-{number}", number + 1
    return found


def file_sha256(path: Path) -> str:
    """sha256 of a file's bytes."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_sums(folder: Path) -> None:
    """SHA256SUMS over every other file, in the form that `sha256sum -c` reads."""
    names = sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != SUMS
    )
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in names]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def publish(aside: Path, release_id: str) -> Path:
    """Rename the finished folder into place and swap `latest`. A crash between any two lines leaves `latest`
    whole."""
    folder = aside.parent
    for path in [*aside.rglob("*"), aside]:
        _sync(path)
    final = folder / release_id
    aside.rename(final)
    _sync(folder)
    point_latest(folder, release_id)
    return final


def point_latest(folder: Path, release_id: str) -> None:
    """Make `latest` name another release: a new link beside it takes its place in one step."""
    link = folder / f".{LATEST}-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(release_id, target_is_directory=True)
    link.replace(folder / LATEST)
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
