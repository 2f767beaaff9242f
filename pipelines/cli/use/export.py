"""`compact export`: a release in the format of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import Json
from pipelines.console.output import emit
from schemas.errors import CompactError
from sources.settings import compact_home


def export(
    form: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT",
            help="sdmx: structure, SDMX-CSV 2.0; lake: parquet by source and year; "
            "sql: the models for another engine.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("export"),
    release: Annotated[str | None, typer.Option(help="A release id; the latest by default.")] = None,
    dialect: Annotated[str, typer.Option(help="Of sql: spark.")] = "spark",
    as_json: Json = False,
) -> None:
    """Write a release, or its models, for another program: `compact export sdmx|lake|sql`."""
    from indicators.targets import load_commitments
    from warehouse.store.listing import open_release

    if form == "sdmx":
        from warehouse.export.sdmx import export as write

        written = write(open_release(compact_home(), release), out)
    elif form == "lake":
        from warehouse.export.partitioned_parquet import write_lake

        written = write_lake(open_release(compact_home(), release), out)
    elif form == "sql":
        from warehouse.export.sql_models import export_sql

        written = export_sql(dialect, out, load_commitments())
    else:
        raise CompactError(f"there is no format {form!r}", where="FORMAT", allowed="sdmx, lake, sql")
    emit([{"file": str(path), "bytes": path.stat().st_size} for path in written], as_json=as_json)
