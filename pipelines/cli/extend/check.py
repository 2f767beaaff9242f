"""`compact check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import Json
from pipelines.console.output import counted, emit, note, say


def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="Indicator files; all by default.")] = None,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="First repair the certain slips, in the files themselves."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the definition files: sources, indicators, formulas, area groups."""
    from indicators.registry import check_files

    fixed = _fix(paths) if fix else []
    found = check_files(paths or None)
    if as_json:
        emit([*fixed, *(vars(p) for p in [*found.problems, *found.warnings])], as_json=True)
    else:
        for one in fixed:
            say(f"{one['file']}:{one['line']}: fixed: {one['fixed']}")
        for problem in [*found.problems, *found.warnings]:
            say(problem)
    warned = f", {counted(len(found.warnings), 'warning')}" if found.warnings else ""
    note(f"{counted(found.files, 'file')} checked, {counted(len(found.problems), 'problem')}{warned}")
    if fix:
        note(f"{counted(len(fixed), 'slip')} fixed")
    raise typer.Exit(1 if found.problems else 0)


def _fix(paths: list[Path] | None) -> list[dict[str, str | int]]:
    from indicators.repairs import repair_files

    return repair_files(paths or None)
