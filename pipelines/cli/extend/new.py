"""`compact new indicator` and `compact new source`: scaffold definition files."""

from __future__ import annotations

import typer

from pipelines.cli.extend.indicators import new_indicator
from pipelines.cli.extend.sources import new_source

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Write the files of a new indicator or source; on a terminal, what is missing is asked for.",
)
app.command("indicator")(new_indicator)
app.command("source")(new_source)
