"""The pointer `releases/latest`, switched so that a crash leaves the old release or the new one.

A switch is first recorded (`.moving`). The next process with the publishing lock completes a recorded switch:
a release that was renamed into place is published, a rollback gets its line in the history. publish.py makes
releases.

`latest` is a symbolic link; on a file system without links, a text file with the id of the release.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sources.snapshots.atomic import sync, write_atomic

LATEST, MOVING, HISTORY = "latest", ".moving", "history.jsonl"
CARD = "release.json"
Row = dict[str, Any]
# Errors of symlink(2) if the file system, or the rights on Windows, do not allow symbolic links.
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


def releases_folder(home: Path) -> Path:
    return home / "releases"


def latest_release(home: Path) -> Path | None:
    """Return the folder that `latest` names, or None before the first release."""
    pointer = releases_folder(home) / LATEST
    if pointer.is_file():
        named = pointer.read_text(encoding="utf-8").strip()
        beside = named != "" and named == Path(named).name
        return (pointer.parent / named).resolve() if beside and (pointer.parent / named).is_dir() else None
    return pointer.resolve() if pointer.is_dir() else None


def point_latest(folder: Path, release_id: str) -> None:
    """Point `latest` to another release: a new link replaces it atomically."""
    aside = folder / f".{LATEST}-{os.getpid()}"
    aside.unlink(missing_ok=True)
    try:
        aside.symlink_to(release_id, target_is_directory=True)
    except NotImplementedError:
        write_atomic(folder / LATEST, f"{release_id}\n".encode())
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        write_atomic(folder / LATEST, f"{release_id}\n".encode())
    else:
        aside.replace(folder / LATEST)
    sync(folder)


def move(folder: Path, release_id: str, prepare: Callable[[], None], event: Row | None = None) -> None:
    """Record the switch, prepare it (rename the release into place), record the event, point `latest`."""
    write_atomic(folder / MOVING, json.dumps({"to": release_id, "event": event}).encode())
    prepare()
    finish(folder)


def finish(folder: Path) -> None:
    """Complete a recorded switch, if there is one.

    A release that was not yet in place when its run died is not published. Requires the publishing lock.
    """
    note = folder / MOVING
    if not note.is_file():
        return
    pending = json.loads(note.read_text(encoding="utf-8"))
    if (folder / pending["to"] / CARD).is_file():
        if pending["event"] is not None:
            _record(folder / HISTORY, pending["event"])
        point_latest(folder, pending["to"])
    note.unlink()
    sync(folder)


def read_history(path: Path) -> list[Row]:
    """Return the recorded events, in order.

    An incomplete last line does not count: it is being written, or was truncated by a crash and will be
    rewritten by `finish`.
    """
    whole, _, _ = (path.read_bytes() if path.is_file() else b"").rpartition(b"\n")
    return [json.loads(line) for line in whole.split(b"\n") if line.strip()]


def _record(path: Path, event: Row) -> None:
    """Add an event, once: after a crash it may exist already, complete or truncated."""
    if event in read_history(path)[-1:]:
        return
    with path.open("ab+") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
