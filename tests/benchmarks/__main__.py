"""`python -m tests.benchmarks MEASUREMENT`: measures the cost of a step, a model or a diff of releases.

One command per measurement; each is implemented in the module of its name. Results of `scale --keep` become
docs/benchmarks.md (docs/generate/benchmarks.py). Nothing here is part of the product.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.console.output import emit, note
from schemas.errors import CompactError
from sources.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Measure this machine on the data in COMPACT_HOME.",
)
Rows = Annotated[float, typer.Option(help="Replicate the release until it has this many values.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def _home() -> Path:
    return Settings().home


@app.command()
def steps(as_json: Json = False) -> None:
    """Each step of a run on the stored snapshots, and the evaluation in plain pandas."""
    from tests.benchmarks.steps import bench

    emit(bench(_home()), as_json=as_json)


@app.command()
def orchestration(
    repeats: Annotated[int, typer.Option(help="Runs of each side.")] = 2, as_json: Json = False
) -> None:
    """What Dagster adds to a run: the same steps with and without it."""
    from tests.benchmarks.orchestration import bench

    emit(bench(_home(), repeats), as_json=as_json)


@app.command()
def models(rows: Rows = 0, as_json: Json = False) -> None:
    """Each SQL model as a multiple of a bare scan of its input."""
    from tests.benchmarks.models import bench_methods

    emit(bench_methods(_home(), int(rows)), as_json=as_json)


@app.command()
def diff(rows: Rows = 0, as_json: Json = False) -> None:
    """The diff of two releases of synthetic values."""
    from tests.benchmarks.diff import ROWS, bench_diff

    emit(bench_diff(int(rows) or ROWS), as_json=as_json)


@app.command()
def scale(
    rows: Rows = 0,
    keep: Annotated[Path | None, typer.Option(help="Write the result as JSON to this folder.")] = None,
    as_json: Json = False,
) -> None:
    """Every step at any size, next to polars, pandas and a loop over series."""
    from docs.generate.benchmarks import Scale, keep_result, lines
    from tests.benchmarks.scale import ROWS, bench_scale

    result = Scale.model_validate(bench_scale(_home(), int(rows) or ROWS))
    if keep:
        note(f"written: {keep_result(keep, result)}")
    emit([result.model_dump()] if as_json else lines(result), as_json=as_json)


@app.command()
def engines(
    rows: Rows = 0,
    table: Annotated[list[str] | None, typer.Option(help="Only this table; repeatable.")] = None,
    as_json: Json = False,
) -> None:
    """Every table computed by DuckDB and by Spark, and whether the two are equal."""
    from tests.benchmarks.engines import bench_engines
    from warehouse.release.tables import MODEL_TABLES

    names = [contract.name for contract in MODEL_TABLES]
    if unknown := [name for name in table or [] if name not in names]:
        raise typer.BadParameter(f"no model computes {unknown[0]}; expected: {', '.join(names)}")
    rows_compared = []
    for row in bench_engines(_home(), int(rows), table or []):
        note(f"{row['table']}: {row['duckdb']} s and {row['spark']} s, the same: {row['same']}")
        rows_compared.append(row)
    emit(rows_compared, as_json=as_json)


@app.command()
def tiles(
    folder: Path,
    quarters: Annotated[int, typer.Option(help="Quarters to generate.")] = 2,
    rows: Annotated[int, typer.Option(help="Tiles per quarter.")] = 10_000_000,
    spark: Annotated[bool, typer.Option(help="Measure Spark on the generated files.")] = False,
) -> None:
    """Speed tiles in Ookla's published layout, generated in FOLDER; one JSON line per measurement."""
    from tests.benchmarks.tiles import on_duckdb, on_spark

    for row in on_spark(folder, quarters) if spark else on_duckdb(folder, quarters, rows):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    try:
        app()
    except CompactError as problem:
        note(str(problem))
        sys.exit(2)
