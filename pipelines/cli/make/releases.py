"""The verbs that act on releases and held snapshots: `compact releases`, `accept` and `rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.options import Json
from pipelines.console.output import emit, emit_one, note
from sources.settings import compact_home

RELEASES = ("id", "created", "latest", "values", "indicators", "revisions", "previous", "withdrawn")


def releases(
    latest: Annotated[bool, typer.Option(help="Say only where the latest release is.")] = False,
    as_json: Json = False,
) -> None:
    """List the kept releases, newest first. --wide adds sources and folders."""
    from warehouse.store.listing import releases as read

    rows = read(compact_home())
    if latest and rows:
        newest = next(row for row in rows if row["latest"])
        emit_one({name: newest[name] for name in ("id", "created", "folder")}, as_json=as_json)
    else:
        emit(rows, as_json=as_json, empty="no release yet", columns=RELEASES)
    raise typer.Exit(0 if rows else 1)


def accept(
    snapshot: Annotated[str, typer.Argument(help="The first characters of a held snapshot's id.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is right after all; kept with the decision.")] = "",
    by: Annotated[str, typer.Option(help="Who decides; by default the user of this machine.")] = "",
    as_json: Json = False,
) -> None:
    """Accept a held snapshot, with a reason; without an argument, list what is held and why."""
    from pipelines.maintenance.accept import accept as decide
    from pipelines.maintenance.accept import held

    if not snapshot:
        emit(held(compact_home()), as_json=as_json, empty="nothing is held")
        return
    decided = decide(compact_home(), snapshot, reason, by or None)
    emit_one(vars(decided), as_json=as_json)
    note("the next `compact run` uses it")


def rollback(
    release: Annotated[str, typer.Argument(help="The release that `latest` shall point to.")],
    reason: Annotated[str, typer.Option(help="What is wrong with the later ones; kept.")] = "",
    by: Annotated[str, typer.Option(help="Who decides; by default the user of this machine.")] = "",
    as_json: Json = False,
) -> None:
    """Point `latest` to another kept release, after verifying it."""
    from pipelines.maintenance.accept import this_user
    from pipelines.maintenance.rollback import roll_back

    emit_one(roll_back(compact_home(), release, reason, by or this_user()), as_json=as_json)
    note("a run that would make a withdrawn release again publishes nothing; any change makes a new one")
