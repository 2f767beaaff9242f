"""`compact check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import Json
from pipelines.console.output import emit, note, say
from schemas.display import counted


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
    problems = check_files(paths or None)
    if as_json:
        emit([*fixed, *(vars(p) for p in [*problems.problems, *problems.warnings])], as_json=True)
    else:
        for one in fixed:
            say(f"{one['file']}:{one['line']}: fixed: {one['fixed']}")
        for problem in [*problems.problems, *problems.warnings]:
            say(problem)
    warned = f", {counted(len(problems.warnings), 'warning')}" if problems.warnings else ""
    note(f"{counted(problems.files, 'file')} checked, {counted(len(problems.problems), 'problem')}{warned}")
    if fix:
        note(f"{counted(len(fixed), 'slip')} fixed")
    raise typer.Exit(1 if problems.problems else 0)


def _fix(paths: list[Path] | None) -> list[dict[str, str | int]]:
    from indicators.repairs import repair_files

    return repair_files(paths or None)
