"""`compact`: the command line. Parses arguments, calls one function, prints; verbs that read load nothing
they do not use.

Exit code 0: fine; 1: a problem was found, or something could not be fully checked; 2: it could not run.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.arguments import require_known
from pipelines.cli.backtest import backtest
from pipelines.cli.indicators import export, preview, why
from pipelines.cli.maintenance import backup, gc, restore, sign, verify
from pipelines.cli.releases import diff, explain, mcp, revisions, rollback
from pipelines.cli.remote import publish, pull
from pipelines.cli.reports import report
from pipelines.cli.sources import contracts, new
from pipelines.cli.status import alert, status
from pipelines.console.output import emit, emit_one, note, say, use_any_encoding
from sources.settings import compact_home, debug_is_on, pass_home_on, switch_debug_on, switch_insecure_on

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="How far every country is from the measurable targets of the UN Global Digital Compact.",
)

VERBS = (
    *(contracts, backtest, report, diff, explain, revisions, rollback, mcp, status, alert, export),
    *(backup, restore, gc, sign, verify, publish, pull, preview, why),
)
for verb in VERBS:
    app.command()(verb)
app.add_typer(new, name="new")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ReleaseId = Annotated[str | None, typer.Option("--release", help="A release id; the latest by default.")]


@app.callback()
def options(
    context: typer.Context, debug: Annotated[bool, typer.Option(help="Show tracebacks.")] = False
) -> None:
    context.obj = {"debug": debug}
    if debug:
        switch_debug_on()


@app.command()
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
) -> None:
    """Fetch what changed, stage, evaluate, check, and make a release."""
    if allow_insecure:
        switch_insecure_on()
    if as_of:
        _rebuild(as_of, redistributable=redistributable)
        return
    from pipelines.cli.run_summary import tell
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
    raise typer.Exit(tell(run_all(context)))


@app.command()
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="Indicator files; all by default.")] = None,
    as_json: Json = False,
) -> None:
    """Check the definition files: sources, indicators, formulas, area groups."""
    from indicators.registry import check_files

    found = check_files(paths or None)
    if as_json:
        emit([vars(p) for p in [*found.problems, *found.warnings]], as_json=True)
    else:
        for problem in [*found.problems, *found.warnings]:
            say(problem)
    warned = f", {len(found.warnings)} warnings" if found.warnings else ""
    note(f"{found.files} files checked, {len(found.problems)} problems{warned}")
    raise typer.Exit(1 if found.problems else 0)


@app.command("list")
def list_indicators(as_json: Json = False, release: ReleaseId = None) -> None:
    """The indicators of a release, with their coverage."""
    from warehouse.query.indicators import list_indicators as rows
    from warehouse.store.listing import open_release

    emit(rows(open_release(compact_home(), release)), as_json=as_json)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Words, or an agency's own code such as IT.NET.USER.ZS.")],
    as_json: Json = False,
) -> None:
    """Find indicators and agencies' series by words or by code."""
    from indicators.search import search as find

    found = find(text)
    emit(found, as_json=as_json, empty=f"nothing matches {text!r}; try fewer or other words")
    raise typer.Exit(0 if found else 1)


@app.command()
def about(indicator: str, as_json: Json = False, release: ReleaseId = None) -> None:
    """What an indicator is, where it comes from and what there is of it."""
    from warehouse.query.indicators import about as read
    from warehouse.store.listing import open_release

    emit_one(read(open_release(compact_home(), release), indicator), as_json=as_json)


@app.command()
def show(
    indicator: str,
    area: Annotated[
        str, typer.Option(help="ISO 3166-1 alpha-3, or a group's code. All areas by default.")
    ] = "",
    as_json: Json = False,
    release: ReleaseId = None,
    as_of: Annotated[
        str, typer.Option(help="As the release said that was the latest then.", metavar="DATE")
    ] = "",
    methods: Annotated[
        bool, typer.Option(help="Every method's assessment of one area, side by side.")
    ] = False,
) -> None:
    """The latest value of an indicator: year, source, snapshot and assessment."""
    from warehouse.query.indicators import show as read
    from warehouse.store.listing import open_release

    folder = _release_of(as_of) if as_of else open_release(compact_home(), release)
    if methods:
        from pipelines.cli.methods import show_methods

        raise typer.Exit(show_methods(folder, indicator, area, as_json=as_json))
    rows = read(folder, indicator, area or None)
    if area and len(rows) == 1:
        emit_one(rows[0], as_json=as_json)
    else:
        emit(
            rows, as_json=as_json, empty=f"{indicator} has no value for {area or 'any area'} in this release"
        )
    raise typer.Exit(0 if rows else 1)


@app.command()
def releases(
    latest: Annotated[bool, typer.Option(help="Say only where the latest release is.")] = False,
    as_json: Json = False,
) -> None:
    """The releases that are kept, newest first."""
    from warehouse.store.listing import releases as read

    rows = read(compact_home())
    if latest and rows:
        newest = next(row for row in rows if row["latest"])
        emit_one({name: newest[name] for name in ("id", "created", "folder")}, as_json=as_json)
    else:
        emit(rows, as_json=as_json, empty="no release yet")
    raise typer.Exit(0 if rows else 1)


@app.command()
def accept(
    snapshot: Annotated[str, typer.Argument(help="The first characters of a held snapshot's id.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is right after all; kept with the decision.")] = "",
    by: Annotated[str, typer.Option(help="Who decides; by default the user of this machine.")] = "",
    as_json: Json = False,
) -> None:
    """Accept a held snapshot, with a reason; without an argument, list what is held and why."""
    from pipelines.maintenance.accept import accept as decide
    from pipelines.maintenance.accept import held

    if not snapshot:
        emit(held(compact_home()), as_json=as_json, empty="nothing is held")
        return
    decided = decide(compact_home(), snapshot, reason, by or None)
    emit_one(vars(decided), as_json=as_json)
    note("the next `compact run` uses it")


@app.command("import")
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
    from pipelines.cli.contributions import take_in, write_empty

    if template and file is None:
        write_empty(template, out)
    elif file is not None and not template and out is None:
        raise typer.Exit(take_in(file, compact_home(), kind, by, dry_run=dry_run, as_json=as_json))
    else:
        raise typer.BadParameter("give a FILE to import, or --template KIND [--out FILE] for an empty one")


@app.command()
def ui(port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000) -> None:
    """Open the Dagster UI on the assets of this checkout. Pages of other sites cannot use it."""
    from pipelines.dagster_instance.home import prepare

    os.environ["DAGSTER_HOME"] = str(prepare(compact_home()))
    pass_home_on(compact_home())
    from pipelines.webserver.local_ui import run_local_ui

    raise typer.Exit(run_local_ui(port))


def _release_of(as_of: str) -> Path:
    from warehouse.store.listing import moment, release_as_of

    folder = release_as_of(compact_home(), moment(as_of))
    note(f"release {folder.name} was the latest then")
    return folder


def _rebuild(as_of: str, *, redistributable: bool) -> None:
    from pipelines.steps.as_of import rebuild
    from pipelines.steps.context import open_context
    from warehouse.store.listing import moment

    result = rebuild(open_context(when=moment(as_of), redistributable=redistributable))
    say(f"Release {result.id}, as of {as_of}: {result.note}\n  {result.path}")
    note("`latest` is unchanged")


def main() -> None:
    """Run a verb; a problem of ours is printed as such, without a traceback, and means exit code 2."""
    from schemas.errors import CompactError, DefinitionError

    use_any_encoding()
    try:
        compact_home()  # raises for an address
        app()
    except CompactError as problem:
        if debug_is_on():
            traceback.print_exc()
        note(str(problem))
        sys.exit(1 if isinstance(problem, DefinitionError) else 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        from pipelines.steps.system_errors import system_fault

        if debug_is_on() or (fault := system_fault(error, compact_home())) is None:
            raise
        note(str(fault))
        sys.exit(2)
