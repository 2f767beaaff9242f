"""`compact import`: the command-line side of sources.contributions.

Supplies the known indicator ids and the importing user, and prints the reconciliation.
"""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from indicators.registry import load_catalogue
from pipelines.cli.options import Json
from pipelines.console.output import emit, emit_one, note, say
from schemas.errors import CompactError
from sources.contributions import ImportResult, Known, Measure, import_file, write_template
from sources.settings import compact_home

MOST = 20  # number of problems printed; the returned workbook and --json have them all


def import_contribution(
    file: Annotated[Path | None, typer.Argument(help="A filled-in template, .xlsx or .csv.")] = None,
    kind: Annotated[str | None, typer.Option(help="Its template; by default found by its header.")] = None,
    by: Annotated[str, typer.Option(help="Who imports; by default the user of this machine.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Judge the file, write nothing.")] = False,
    template: Annotated[str, typer.Option(help="Write an empty template of this kind instead.")] = "",
    out: Annotated[Path | None, typer.Option(help="Where to write it, .xlsx or .csv.")] = None,
    as_json: Json = False,
) -> None:
    """Take in a stakeholder's pledges, national figures or corporate disclosures; return what is rejected."""
    if template and file is None:
        write_empty(template, out)
    elif file is not None and not template and out is None:
        raise typer.Exit(take_in(file, compact_home(), kind, by, dry_run=dry_run, as_json=as_json))
    else:
        raise typer.BadParameter("give a FILE to import, or --template KIND [--out FILE] for an empty one")


def take_in(path: Path, home: Path, kind: str | None, by: str, *, dry_run: bool, as_json: bool) -> int:
    """Import a file, print the result, and return the exit code."""
    result = import_file(
        path, kind, home, by=by or _user(), now=datetime.now(UTC), known=known(), dry_run=dry_run
    )
    for said in result.notes:
        note(f"{path.name}: {said}")
    if not as_json and result.problems:
        emit(result.problems[:MOST], as_json=False)
    if not as_json and len(result.problems) > MOST:
        note(f"and {len(result.problems) - MOST:,} more")
    emit_one(_summary(result, full=as_json), as_json=as_json)
    if result.returned:
        note(f"the rejected rows, with the reason beside each cell at fault: {result.returned}")
        note("fix them there, and import that workbook")
    if dry_run:
        note("nothing was written: --dry-run")
    return 1 if result.rejected else 0


def write_empty(kind: str, out: Path | None) -> None:
    """Write an empty template and print its path."""
    for path in write_template(kind, out or Path(f"{kind}.xlsx"), known()):
        say(path)


def known() -> Known:
    """Return the ids of the indicators. No list of targets exists yet, so only the form of a target's id is
    checked.
    """
    catalogue = load_catalogue()
    measures = {
        name: Measure(one.unit, one.expect.range[0], one.expect.range[1]) for name, one in catalogue.items()
    }
    return Known(indicators=tuple(catalogue), measures=measures)


def _summary(result: ImportResult, *, full: bool) -> dict[str, Any]:
    whole = vars(result) | {"returned": str(result.returned) if result.returned else None}
    return (
        whole
        if full
        else {k: v for k, v in whole.items() if k not in ("problems", "notes") and v not in (None, {})}
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without a user database, before and since 3.13
        raise CompactError(
            "who imports is not known: this machine has no name for its user",
            where="--by", allowed="a name or an address", next_step="say it with --by",
        ) from None  # fmt: skip
