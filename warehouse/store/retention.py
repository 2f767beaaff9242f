"""Decides which releases are kept and why, by the policy of retention.yaml. Removes nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import CompactError
from warehouse.store.history import history, withdrawn
from warehouse.store.listing import releases
from warehouse.store.publish import latest_release, read_release_metadata

FILE = Path(__file__).with_name("retention.yaml")


def policy(keep: int | None = None) -> tuple[int, bool]:
    """Return how many of the last releases are kept, and whether the first of each year is. keep:
    overrides the number in the file.
    """
    document: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    last = document["last"]["keep"] if keep is None else keep
    if not isinstance(last, int) or last < 1:
        raise CompactError(
            f"{last!r} releases cannot be kept",
            where="--keep" if keep is not None else str(FILE),
            allowed="a number from 1 on: the latest release is always kept",
            next_step="name how many of the last releases to keep",
        )
    return last, bool(document["first_of_year"]["keep"])


def kept(home: Path, keep: int | None = None) -> dict[str, str]:
    """Return the kept releases, each with the first applicable reason."""
    last, first_of_year = policy(keep)
    rows = releases(home)  # the newest first
    there = {row["id"] for row in rows}
    reasons: dict[str, str] = {}
    if latest := latest_release(home):
        reasons[latest.name] = "latest"
        reasons.setdefault(str(read_release_metadata(latest)["previous"]), "the one before the latest")
    for event in history(home)[-1:]:
        reasons.setdefault(event["to"], "rolled back to")
    for name in withdrawn(home):  # a run that would reproduce it must know
        reasons.setdefault(name, "withdrawn by a rollback")
    for row in rows[:last]:
        reasons.setdefault(row["id"], f"one of the last {last}")
    for row in reversed(rows) if first_of_year else ():
        year = row["created"][:4]
        if not any(reason == f"the first of {year}" for reason in reasons.values()) and not any(
            other["created"][:4] == year and other["created"] < row["created"] for other in rows
        ):
            reasons.setdefault(row["id"], f"the first of {year}")
    return {name: reason for name, reason in reasons.items() if name in there}


def reaches_back_to(home: Path, keep: int | None = None) -> datetime | None:
    """Return the earliest moment from which every state of the store can be rebuilt: the time of the
    oldest of the last releases; None before the first.
    """
    last, _ = policy(keep)
    made = [row["created"] for row in releases(home)[:last]]
    return datetime.fromisoformat(min(made)) if made else None
