"""Which release is the latest, on purpose: pointing `latest` to an older one, with a reason, and what was
latest when.

releases/history.jsonl holds one line for every such decision; publishing itself needs none, as release.json
says when. How a release is published is in release.py.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

from schemas.errors import CompactError
from warehouse.query.indicators import open_release, releases
from warehouse.store.latest import HISTORY, Row, move, read_history
from warehouse.store.publish import latest_release, not_before, publishing, read_card, releases_folder


def roll_back(home: Path, release: str, reason: str, by: str, *, now: datetime | None = None) -> Row:
    """Point `latest` to another kept release, proved to be whole. Returns the decision as it is recorded.

    Releases made after it are withdrawn: they stay where they are, and a run that would make one of them
    again publishes nothing. Going forward to a withdrawn one ends its withdrawal. Raises CompactError where
    there is no reason, no such release, or a damaged one.
    """
    from warehouse.verification.verify import verify_release

    if not reason.strip():
        raise CompactError(
            "no reason is given", where="--reason", allowed="a sentence: it is kept with the decision",
            next_step="say what is wrong with the release that is withdrawn",
        )  # fmt: skip
    target = open_release(home, release).resolve()
    if found := verify_release(target):
        raise CompactError(
            f"release {target.name} is damaged in {len(found)} places, so `latest` stays where it is\n"
            + "\n".join(map(str, found[:5])),
            where=str(target),
            next_step="choose another one: `compact releases`",
        )
    with publishing(home) as folder:
        latest = latest_release(home)
        if latest == target:
            raise CompactError(
                f"release {target.name} is the latest already", next_step="see `compact releases`"
            )
        event: Row = {
            "event": "rollback",
            "at": not_before(latest, now or datetime.now(UTC)).isoformat(),
            "from": latest.name if latest else None,
            "to": target.name,
            "withdrawn": sorted(
                row["id"] for row in releases(home) if _age(row) > _age(read_card(target)) and row["id"]
            ),
            "reason": reason.strip(),
            "by": by,
        }
        move(folder, target.name, lambda: None, event)
    return event


def history(home: Path) -> list[Row]:
    """The decisions, in order."""
    return read_history(releases_folder(home) / HISTORY)


def withdrawn(home: Path) -> dict[str, Row]:
    """The releases that a person took back, each with the decision."""
    found: dict[str, Row] = {}
    for event in history(home):
        found |= dict.fromkeys(event["withdrawn"], event)
        found.pop(event["to"], None)
    return found


def taken_back(home: Path, fingerprint: str) -> str | None:
    """Where the release that these inputs would make was withdrawn: why, in a sentence."""
    for name, event in withdrawn(home).items():
        card = releases_folder(home) / name / "release.json"
        if card.is_file() and read_card(card.parent)["fingerprint"] == fingerprint:
            return (
                f"the same inputs made release {name}, which {event['by']} withdrew on {event['at'][:10]} "
                f"({event['reason']}); latest stays {event['to']} until something changes, or "
                f"`compact rollback {name} --reason ...` takes that back"
            )
    return None


def moment(text: str) -> datetime:
    """A date, meaning its end in UTC, or a time."""
    try:
        if len(text) == len("2026-01-01"):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CompactError(
            f"{text!r} is no date", where="--as-of", allowed="2026-07-01, or 2026-07-01T12:00:00Z"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def release_as_of(home: Path, when: datetime) -> Path:
    """The release to which `latest` pointed at that moment, of those that are kept."""
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


def _age(row: Row) -> tuple[str, str]:
    return str(row["created"]), str(row["id"])
