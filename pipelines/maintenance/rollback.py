"""`compact rollback`: points `latest` to an older release, with a reason. warehouse/store/history.py reads
the decisions.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from schemas.display import counted
from schemas.errors import CompactError
from warehouse.store.latest import CARD, Row, move
from warehouse.store.listing import open_release, releases
from warehouse.store.publish import latest_release, not_before, publishing, read_release_metadata
from warehouse.verification.verify import verify_release


def roll_back(home: Path, release: str, reason: str, by: str, *, now: datetime | None = None) -> Row:
    """Point `latest` to another kept release, after verifying it. Returns the recorded decision.

    Releases made after it are withdrawn: they are kept, and a run that would reproduce one of them publishes
    nothing. Rolling forward to a withdrawn release ends its withdrawal. Raises CompactError if the reason is
    missing, or the release is unknown or damaged.
    """
    if not reason.strip():
        raise CompactError(
            "no reason is given", where="--reason", allowed="a sentence: it is kept with the decision",
            next_step="say what is wrong with the release that is withdrawn",
        )  # fmt: skip
    target = open_release(home, release).resolve()
    if findings := verify_release(target):
        places = counted(len(findings), "place")
        raise CompactError(
            f"release {target.name} is damaged in {places}, so `latest` stays where it is\n"
            + "\n".join(map(str, findings[:5])),
            where=str(target),
            next_step="choose another one: `compact releases`",
        )
    with publishing(home) as folder:
        if not (target / CARD).is_file():
            raise CompactError(
                f"release {target.name} has been removed meanwhile, so `latest` stays where it is",
                where=str(target),
                next_step="choose another one: `compact releases`",
            )
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
                row["id"]
                for row in releases(home)
                if _age(row) > _age(read_release_metadata(target)) and row["id"]
            ),
            "reason": reason.strip(),
            "by": by,
        }
        move(folder, target.name, lambda: None, event)
    return event


def _age(row: Row) -> tuple[str, str]:
    return str(row["created"]), str(row["id"])
