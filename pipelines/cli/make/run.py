"""`compact run`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.options import Json, require_known
from pipelines.console.output import emit_one, note, say


def run(
    source: Annotated[list[str] | None, typer.Option(help="Ask only this source; may be repeated.")] = None,
    offline: Annotated[bool, typer.Option(help="Ask no agency: work from the store alone.")] = False,
    every_series: Annotated[
        bool, typer.Option(help="Fetch every series a source is known to have, not only those in use.")
    ] = False,
    redistributable: Annotated[
        bool,
        typer.Option(help="Make a release of only what anyone may pass on, in COMPACT_HOME/redistributable."),
    ] = False,
    acknowledge: Annotated[
        str, typer.Option(help="Why large revisions are right; kept with the release.", metavar="TEXT")
    ] = "",
    as_of: Annotated[
        str,
        typer.Option(help="Rebuild, aside, what was known then; asks no agency.", metavar="DATE"),
    ] = "",
    allow_insecure: Annotated[
        bool, typer.Option(help="Also send requests over plain http to another machine (COMPACT_URL_…).")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fetch what changed, stage, evaluate, check, and make a release."""
    if allow_insecure:
        from sources.settings import switch_insecure_on

        switch_insecure_on()
    if as_of:
        _rebuild(as_of, redistributable=redistributable, as_json=as_json)
        return
    from pipelines.cli.make.run_summary import tell
    from pipelines.runner.run import run as run_all
    from pipelines.steps.context import open_context

    context = open_context(
        offline=offline,
        only=tuple(source or ()),
        every_series=every_series,
        redistributable=redistributable,
        acknowledge=acknowledge,
    )
    require_known("source", source or [], context.sources)
    raise typer.Exit(tell(run_all(context), as_json=as_json))


def _rebuild(as_of: str, *, redistributable: bool, as_json: bool) -> None:
    from pipelines.steps.as_of import rebuild
    from pipelines.steps.context import open_context
    from warehouse.store.listing import moment

    result = rebuild(open_context(when=moment(as_of), redistributable=redistributable))
    if as_json:
        emit_one({"release": result.id, "note": result.note, "path": str(result.path)}, as_json=True)
    else:
        say(f"Release {result.id}, as of {as_of}: {result.note}\n  {result.path}")
    note("`latest` is unchanged")
