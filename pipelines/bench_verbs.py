"""`compact bench`: what a step, a model, a difference of releases costs on this machine.

What is measured, and how, is in the modules bench*.py; docs/benchmarks.md shows what was measured last.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pipelines.output import emit, note
from schemas.errors import CompactError

WHAT = ("methods", "diff", "scale")


def bench(
    what: Annotated[
        str,
        typer.Argument(
            help="methods: each model beside a bare scan of its input; diff: of two releases; "
            "scale: the models on made-up values, beside pandas, polars and a loop."
        ),
    ] = "",
    rows: Annotated[float, typer.Option(help="Repeat the release until there are so many values.")] = 0,
    keep: Annotated[str, typer.Option(help="scale: put the result as JSON into this folder.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure this machine: each step on what is stored, and the evaluation beside plain pandas."""
    home = Path(os.environ.get("COMPACT_HOME") or "data")
    if what and what not in WHAT:
        raise CompactError(
            f"there is no measurement {what!r}", where="WHAT", allowed=", ".join(WHAT), next_step="name one"
        )
    if what == "diff":
        from pipelines.bench_diff import ROWS, bench_diff

        emit(bench_diff(int(rows) or ROWS), as_json=as_json)
    elif what == "methods":
        from pipelines.bench_methods import bench_methods

        emit(bench_methods(home, int(rows)), as_json=as_json)
    elif what == "scale":
        _scale(home, int(rows), keep, as_json=as_json)
    else:
        from pipelines.bench import bench as measure

        emit(measure(home), as_json=as_json)


def _scale(home: Path, rows: int, keep: str, *, as_json: bool) -> None:
    from pipelines.bench_page import Scale, keep_result, lines
    from pipelines.bench_scale import ROWS, bench_scale

    found = Scale.model_validate(bench_scale(home, rows or ROWS))
    if keep:
        note(f"written: {keep_result(Path(keep), found)}")
    emit([found.model_dump()] if as_json else lines(found), as_json=as_json)
