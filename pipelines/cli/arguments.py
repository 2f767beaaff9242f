"""Checks of arguments that several commands share."""

from __future__ import annotations

from collections.abc import Collection

from schemas.errors import CompactError


def require_known(what: str, names: list[str], known: Collection[str]) -> None:
    """Raise CompactError unless every name is among the known ones."""
    for name in names:
        if name not in known:
            raise CompactError(
                f"there is no {what} {name!r}", where=f"--{what}", allowed=", ".join(sorted(known)),
                next_step=f"name one of the {what}s above",
            )  # fmt: skip
