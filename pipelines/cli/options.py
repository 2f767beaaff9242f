"""Options that several verbs share, and validation of their values."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import CompactError
from sources.settings import compact_home

if TYPE_CHECKING:
    from warehouse.client.release import Release

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ReleaseId = Annotated[str | None, typer.Option("--release", help="A release id; the latest by default.")]
AREA = "A name or code of a country or group: Kenya, KEN, KE, 404, Africa, LDCs."


def open_release(release: str | None, as_of: str = "") -> Release:
    """Open the release that a verb reads."""
    from warehouse.client.release import Release

    return Release.open(release, home=compact_home(), as_of=as_of)


def release_folder(release: str | None) -> Path:
    """Return the folder of a release, by default of the latest."""
    from warehouse.store.listing import open_release as find

    return find(compact_home(), release)


def require_known(what: str, names: list[str], known: Collection[str]) -> None:
    """Raise CompactError unless every name is known."""
    for name in names:
        if name not in known:
            raise CompactError(
                f"there is no {what} {name!r}", where=f"--{what}", allowed=", ".join(sorted(known)),
                next_step=f"name one of the {what}s above",
            )  # fmt: skip
