"""The verbs for changes and provenance: `compact diff`, `explain` and `revisions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.options import AREA, Json, ReleaseId, open_release
from pipelines.console.output import emit, emit_one, note, say
from schemas.errors import CompactError
from sources.settings import compact_home

if TYPE_CHECKING:
    from warehouse.client.release import Release

OF_RELEASES = ("time_period", "value", "change", "relative", "what", "created", "obs_status", "release",
               "source", "series")  # fmt: skip
OF_SNAPSHOTS = ("time_period", "obs_value", "fetched_at", "source", "series", "dimensions")
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
    """Compare two releases: in sentences, by indicator or row by row."""
    from warehouse.diff.document import MOST

    if rows and rows not in LISTS:
        raise CompactError(f"there is no kind of rows {rows!r}", where="--rows", allowed=", ".join(LISTS))
    new = open_release(after)
    old = open_release(before or _previous(new))
    changes = new.compare(old, most=None if rows else MOST)
    if rows:
        listed = _listed(changes, rows)
        listed = [row for row in listed if not indicator or row.get("indicator") == indicator]
        emit(listed, as_json=as_json, empty="none")
    elif as_json:
        emit_one(changes, as_json=True)
    else:
        say(f"From {old.id} to {new.id}:\n")
        say("\n".join(f"- {text}" for text in changes["notes"]), end="\n\n")
        shown = ("indicator", "state", "added", "removed", "revised", "revised_beyond", "status_changed",
                 "other_origin", "years_gained")  # fmt: skip
        emit([{name: row[name] for name in shown} for row in changes["indicators"]], as_json=False, empty="")


def _previous(new: Release) -> str:
    previous: str | None = new.metadata["previous"]
    if previous is None:
        raise CompactError(
            f"release {new.id} is a first release, so there is nothing to compare it with",
            next_step="name two releases: `compact releases`",
        )
    return previous


def _listed(changes: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    part = changes["coverage"][kind] if kind in ("gained", "lost") else changes[kind]
    rows: list[dict[str, Any]] = part["listed"] if isinstance(part, dict) else part
    return rows


def explain(
    indicator: str,
    area: Annotated[str, typer.Option(help=AREA)],
    year: Annotated[int | None, typer.Option(help="The latest by default.")] = None,
    sex: Annotated[str, typer.Option(help="F or M; the total by default.")] = "_T",
    age: Annotated[str, typer.Option(help="An age group; the total by default.")] = "_T",
    urbanisation: Annotated[str, typer.Option(help="U or R; the total by default.")] = "_T",
    as_json: Json = False,
    release: ReleaseId = None,
) -> None:
    """Trace a published number to the raw bytes: formula, observations, snapshots, place, checks and SQL.
    Exits with 1 if recomputing it from its inputs gives another number.
    """
    from pipelines.cli.use.provenance_text import explanation, statements
    from warehouse.provenance.value import disagreements

    explained = open_release(release).explain(
        indicator, area, year, home=compact_home(), sex=sex, age=age, urbanisation=urbanisation
    )
    if as_json:
        emit_one(explained, as_json=True)
    else:
        say("\n".join(explanation(explained)))
        say("\n".join(statements(explained)), wrapped=False)
    if different := disagreements(explained):
        for sentence in different:
            note(sentence)
        note("run `compact verify --all`: the release, or what it was made from, is damaged")
        raise typer.Exit(1)


def revisions(
    indicator: str,
    area: Annotated[str, typer.Option(help=AREA)],
    year: Annotated[int | None, typer.Option(help="This year alone.")] = None,
    as_json: Json = False,
) -> None:
    """Show the history of a value: over the kept releases, and over the stored snapshots."""
    from warehouse.query.revisions import revisions as read

    listed = read(compact_home(), indicator, area, year)
    if as_json:
        emit_one(listed, as_json=True)
    else:
        for name, columns in (("releases", OF_RELEASES), ("snapshots", OF_SNAPSHOTS)):
            say(f"What the {name} say, where they say something else than the one before:\n")
            emit(listed[name], as_json=False, empty="nothing", columns=columns)
            say()
    raise typer.Exit(0 if listed["releases"] else 1)
