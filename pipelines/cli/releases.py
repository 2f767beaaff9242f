"""The verbs that look behind and back: `compact diff`, `explain`, `revisions`, `rollback` and `mcp`.

They call one function each and print; what they do not use is not loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.console.output import emit, emit_one, note, say
from schemas.errors import CompactError
from sources.settings import compact_home

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ReleaseId = Annotated[str | None, typer.Option("--release", help="A release id; the latest by default.")]

LISTS = ("revised", "status", "gained", "lost", "categories", "series", "targets", "tables", "indicators")


def diff(
    before: Annotated[str | None, typer.Argument(help="A release id; the one before by default.")] = None,
    after: Annotated[str | None, typer.Argument(help="A release id; the latest by default.")] = None,
    rows: Annotated[
        str, typer.Option(help=f"Print all rows of one kind instead: {', '.join(LISTS)}.", metavar="KIND")
    ] = "",
    indicator: Annotated[str, typer.Option(help="With --rows: of this indicator alone.")] = "",
    as_json: Json = False,
) -> None:
    """What changed from one release to another, in sentences, by indicator or row by row."""
    from warehouse.diff.document import MOST, compare
    from warehouse.store.listing import open_release

    if rows and rows not in LISTS:
        raise CompactError(f"there is no kind of rows {rows!r}", where="--rows", allowed=", ".join(LISTS))
    new = open_release(compact_home(), after).resolve()
    old = open_release(compact_home(), before or _previous(new)).resolve()
    found = compare(old, new, (old.name, new.name), most=None if rows else MOST)
    if rows:
        listed = _listed(found, rows)
        listed = [row for row in listed if not indicator or row.get("indicator") == indicator]
        emit(listed, as_json=as_json, empty="none")
    elif as_json:
        emit_one(found, as_json=True)
    else:
        say(f"From {old.name} to {new.name}:\n")
        say("\n".join(f"- {text}" for text in found["notes"]), end="\n\n")
        shown = ("indicator", "state", "added", "removed", "revised", "revised_beyond", "status_changed",
                 "other_origin", "years_gained")  # fmt: skip
        emit([{name: row[name] for name in shown} for row in found["indicators"]], as_json=False, empty="")


def _previous(new: Path) -> str:
    from warehouse.store.publish import read_release_metadata

    previous: str | None = read_release_metadata(new)["previous"]
    if previous is None:
        raise CompactError(
            f"release {new.name} is a first release, so there is nothing to compare it with",
            next_step="name two releases: `compact releases`",
        )
    return previous


def _listed(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    part = found["coverage"][kind] if kind in ("gained", "lost") else found[kind]
    rows: list[dict[str, Any]] = part["listed"] if isinstance(part, dict) else part
    return rows


def explain(
    indicator: str,
    area: Annotated[str, typer.Option(help="ISO 3166-1 alpha-3, or a group's code.")],
    year: Annotated[int | None, typer.Option(help="The latest by default.")] = None,
    sex: Annotated[str, typer.Option(help="F or M; the total by default.")] = "_T",
    age: Annotated[str, typer.Option(help="An age group; the total by default.")] = "_T",
    urbanisation: Annotated[str, typer.Option(help="U or R; the total by default.")] = "_T",
    as_json: Json = False,
    release: ReleaseId = None,
) -> None:
    """From a published number to the raw bytes: formula, observations, snapshots, place, checks and SQL.
    Exits with 1 if the number is not what its inputs give."""
    from pipelines.cli.provenance_text import explanation
    from warehouse.provenance.value import disagreements
    from warehouse.provenance.value import explain as read
    from warehouse.store.listing import open_release

    dimensions = {"sex": sex, "age": age, "urbanisation": urbanisation}
    folder = open_release(compact_home(), release)
    found = read(folder, indicator, area, year, home=compact_home(), dimensions=dimensions)
    if as_json:
        emit_one(found, as_json=True)
    else:
        say("\n".join(explanation(found)))
    if different := disagreements(found):
        for sentence in different:
            note(sentence)
        note("run `compact verify --all`: the release, or what it was made from, is damaged")
        raise typer.Exit(1)


def revisions(
    indicator: str,
    area: Annotated[str, typer.Option(help="ISO 3166-1 alpha-3, or a group's code.")],
    year: Annotated[int | None, typer.Option(help="This year alone.")] = None,
    as_json: Json = False,
) -> None:
    """A value's history: over the kept releases, and over the snapshots in the store."""
    from warehouse.query.revisions import revisions as read

    found = read(compact_home(), indicator, area, year)
    if as_json:
        emit_one(found, as_json=True)
    else:
        for name, kept in (("releases", "created"), ("snapshots", "fetched_at")):
            say(f"What the {name} say, where they say something else than the one before ({kept}):\n")
            rows = [row | {"snapshot": (row["snapshot"] or "")[:12]} for row in found[name]]
            emit(rows, as_json=False, empty="nothing")
            say()
    raise typer.Exit(0 if found["releases"] else 1)


def rollback(
    release: Annotated[str, typer.Argument(help="The release that `latest` shall point to.")],
    reason: Annotated[str, typer.Option(help="What is wrong with the later ones; kept.")] = "",
    by: Annotated[str, typer.Option(help="Who decides; by default the user of this machine.")] = "",
    as_json: Json = False,
) -> None:
    """Point `latest` to another kept release, once it is proved to be whole."""
    from pipelines.maintenance.accept import this_user
    from pipelines.maintenance.rollback import roll_back

    emit_one(roll_back(compact_home(), release, reason, by or this_user()), as_json=as_json)
    note("a run that would make a withdrawn release again publishes nothing; any change makes a new one")


def mcp() -> None:
    """Serve the latest release to AI assistants, read-only, over standard input and output (MCP)."""
    from pipelines.mcp.server import serve

    serve(compact_home())
