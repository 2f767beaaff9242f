"""`compact bench`: what a step, a model, a difference of releases costs on this machine.

What is measured, and how, is in the modules bench*.py; docs/benchmarks.md shows what was measured last.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pipelines.console.output import emit, note
from schemas.errors import CompactError

WHAT = ("methods", "diff", "scale", "engines")


def bench(
    what: Annotated[
        str,
        typer.Argument(
            help="methods: each model beside a bare scan of its input; diff: of two releases; "
            "scale: every step at any size, beside pandas, polars and a loop; "
            "engines: every table by DuckDB and by Spark, and whether they are the same."
        ),
    ] = "",
    rows: Annotated[float, typer.Option(help="Repeat the release until there are so many values.")] = 0,
    table: Annotated[
        list[str] | None, typer.Option(help="engines: compare this table alone; may be repeated.")
    ] = None,
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
        from tests.benchmarks.diff import ROWS, bench_diff

        emit(bench_diff(int(rows) or ROWS), as_json=as_json)
    elif what == "methods":
        from tests.benchmarks.models import bench_methods

        emit(bench_methods(home, int(rows)), as_json=as_json)
    elif what == "engines":
        _engines(home, int(rows), table or [], as_json=as_json)
    elif what == "scale":
        _scale(home, int(rows), keep, as_json=as_json)
    else:
        from tests.benchmarks.steps import bench as measure

        emit(measure(home), as_json=as_json)


def _engines(home: Path, rows: int, tables: list[str], *, as_json: bool) -> None:
    from tests.benchmarks.engines import bench_engines
    from warehouse.release.tables import MODEL_TABLES

    names = [contract.name for contract in MODEL_TABLES]
    if wrong := [name for name in tables if name not in names]:
        raise CompactError(
            f"no model makes a table {wrong[0]}",
            where="--table",
            allowed=", ".join(names),
            next_step="name one",
        )
    found = []
    for row in bench_engines(home, rows, tables):
        note(f"{row['table']}: {row['duckdb']} s and {row['spark']} s, the same: {row['same']}")
        found.append(row)
    emit(found, as_json=as_json)


def _scale(home: Path, rows: int, keep: str, *, as_json: bool) -> None:
    from docs.generate.benchmarks import Scale, keep_result, lines
    from tests.benchmarks.scale import ROWS, bench_scale

    found = Scale.model_validate(bench_scale(home, rows or ROWS))
    if keep:
        note(f"written: {keep_result(Path(keep), found)}")
    emit([found.model_dump()] if as_json else lines(found), as_json=as_json)
