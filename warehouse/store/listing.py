"""Lists the kept releases, and opens one by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from schemas.errors import CompactError
from warehouse.store.history import history, withdrawn
from warehouse.store.publish import CARD, latest_release, read_release_metadata, releases_folder

Row = dict[str, Any]


def open_release(home: Path, release: str | None = None) -> Path:
    """Return the folder of a release, by default of the latest one."""
    if release is None:
        newest = latest_release(home)
        if newest is None:
            raise CompactError(
                "there is no release yet",
                where=str(releases_folder(home)),
                next_step="make one with `compact run`",
            )
        return newest
    folder = releases_folder(home) / release
    if Path(release).name != release or not (folder / CARD).is_file():
        raise CompactError(
            f"there is no release {release}",
            where=str(releases_folder(home)),
            allowed=", ".join(row["id"] for row in releases(home)) or "none yet",
            next_step="see `compact releases`",
        )
    return folder


def releases(home: Path) -> list[Row]:
    """Return every release, the newest first."""
    folder, was_withdrawn = releases_folder(home), withdrawn(home)
    latest = latest_release(home)
    listed = []
    for path in folder.glob(f"*/{CARD}") if folder.is_dir() else ():
        if path.parent.is_symlink() or path.parent.name.startswith("."):  # in preparation, or in removal
            continue
        card = read_release_metadata(path.parent)
        listed.append(
            {
                "id": card["id"],
                "created": card["created"],
                "latest": path.parent.resolve() == latest,
                "indicators": card["indicators"],
                "values": card["tables"]["indicator"]["rows"],
                "revisions": card["tables"]["revision"]["rows"],
                "previous": card["previous"],
                "withdrawn": was_withdrawn.get(card["id"], {}).get("reason"),
                "sources": [f"{name} ({facts['state']})" for name, facts in card["sources"].items()],
                "folder": str(path.parent.resolve()),
            }
        )
    return sorted(listed, key=lambda row: (row["created"], row["id"]), reverse=True)


def moment(text: str) -> datetime:
    """Parse a date, meaning its end in UTC, or a time."""
    try:
        if len(text) == len("2026-01-01"):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise CompactError(
            f"{text!r} is no date", where="--as-of", allowed="2026-07-01, or 2026-07-01T12:00:00Z"
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def release_as_of(home: Path, when: datetime) -> Path:
    """Return the kept release that `latest` named at that moment."""
    moves = [(datetime.fromisoformat(row["created"]), 0, row["id"]) for row in releases(home)]
    moves += [(datetime.fromisoformat(event["at"]), 1, event["to"]) for event in history(home)]
    before = sorted(move for move in moves if move[0] <= when)
    if not before:
        raise CompactError(
            f"no release that is kept is as old as {when.isoformat(timespec='seconds')}",
            where=str(releases_folder(home)),
            allowed=f"from {min(moves)[0].isoformat(timespec='seconds')} on" if moves else "none yet",
            next_step="`compact run --as-of DATE` rebuilds what was known then, where the store reaches back",
        )
    return open_release(home, before[-1][2])
