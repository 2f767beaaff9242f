"""The verbs that maintain a store: `compact gc`, `backup` and `restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.options import Json
from pipelines.console.output import emit, emit_one, note
from schemas.display import counted
from sources.settings import compact_home


def gc(
    keep: Annotated[
        int | None,
        typer.Option(help="How many of the last releases to keep, instead of the policy's number."),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would be removed; remove nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Delete unreferenced releases, snapshots and cached tables according to the retention policy."""
    from pipelines.maintenance.gc import collect

    removed = collect(compact_home(), keep, dry_run=dry_run)
    rows: list[dict[str, Any]] = [vars(one) for one in removed]
    emit(rows, as_json=as_json, empty="nothing to remove: everything there is needed")
    if not removed:
        return
    freed = sum(one.bytes for one in removed) / 1e6
    note(f"{freed:,.1f} MB in {counted(len(removed), 'thing')} {'would be' if dry_run else 'were'} freed")


def backup(
    folder: Annotated[Path, typer.Argument(help="The backup folder, on another disk.")],
    keep: Annotated[int | None, typer.Option(help="Then remove all but so many of the newest.")] = None,
    check: Annotated[bool, typer.Option(help="Read every byte of the backups that are there.")] = False,
    as_json: Json = False,
) -> None:
    """Copy everything that cannot be recomputed (snapshots, decisions, contributions, releases, logs) to a
    backup folder. Only new bytes are copied. `compact restore` restores it.
    """
    from pipelines.maintenance.backup import back_up, damage, prune

    if check:
        findings = [{"damage": sentence} for sentence in damage(folder)]
        emit(findings, as_json=as_json, empty="every backup is whole")
        raise typer.Exit(1 if findings else 0)
    emit_one(vars(back_up(compact_home(), folder)), as_json=as_json)
    if keep is not None:
        note(f"{counted(prune(folder, keep), 'older backup')} removed")


def restore(
    folder: Annotated[Path, typer.Argument(help="The backup folder.")],
    id_: Annotated[str | None, typer.Option("--backup", help="A backup's id; the newest by default.")] = None,
    as_json: Json = False,
) -> None:
    """Restore a backup into COMPACT_HOME, which must be empty; the sha256 of each file is verified."""
    from pipelines.maintenance.backup import restore as bring_back

    emit_one(vars(bring_back(folder, compact_home(), id_)), as_json=as_json)
    note("run `compact verify` on it; staged and evaluated tables are made again by the next run")
