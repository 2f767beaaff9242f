"""The verbs for maintainers of sources: `compact contracts` and `compact new source`.

Each calls one function and prints; modules that a verb does not use are not imported.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import Json
from pipelines.console.output import emit, note
from schemas.display import counted
from schemas.errors import CompactError
from sources.settings import compact_home

NAMED_CHANGES = 5  # changes per source shown in a table


def contracts(
    source: Annotated[list[str] | None, typer.Option(help="Ask only this source; may be repeated.")] = None,
    record: Annotated[
        bool, typer.Option(help="Write down the structure of what is well and has no contract yet.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Send every agency one cheap request and compare the response with the recorded schema."""
    from indicators.registry import load_catalogue
    from sources.drift.check import check_contracts, record_new
    from sources.drift.results import remember_contracts
    from sources.registry.sources import load_sources

    known, catalogue = load_sources(), load_catalogue()
    for name in source or []:
        if name not in known:
            raise CompactError(
                f"there is no source {name!r}", where="--source", allowed=", ".join(sorted(known))
            )
    asked = [known[name] for name in source or known]
    results = check_contracts(asked, used={one.id: catalogue.series_of(one.id) for one in asked})
    emit([result.row(None if as_json else NAMED_CHANGES) for result in results], as_json=as_json)
    said = {one.source: (one.state, str(one.row(NAMED_CHANGES)["what_changed"])) for one in results}
    remember_contracts(compact_home(), said)
    recorded = record_new(results) if record else []
    for path in recorded:
        note(f"written: {path}")
    well = sum(result.state == "ok" for result in results) + len(recorded)
    note(f"{counted(len(results), 'agency', 'agencies')} asked, {len(results) - well} to look at")
    raise typer.Exit(0 if well == len(results) else 1)


def new_source(
    source_id: Annotated[
        str, typer.Argument(metavar="ID", help="Its folder: lower-case letters, digits, _.")
    ],
    reader: Annotated[str, typer.Option(help="A module of sources/readers.")] = "",
    url: Annotated[
        str, typer.Option(help="One answer of the agency: a file, or a question with its answer.")
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option(help="A delimited file at hand, which is read instead of asking.", dir_okay=False),
    ] = None,
    title: Annotated[str, typer.Option(help="What the agency calls it.")] = "",
    agency: Annotated[str, typer.Option(help="Who publishes it.")] = "",
    licence: Annotated[str, typer.Option(help="Under which terms.")] = "",
    licence_url: Annotated[str, typer.Option(help="Where the terms stand.")] = "",
    homepage: Annotated[str, typer.Option(help="Where the agency presents it.")] = "",
    field: Annotated[
        list[str] | None,
        typer.Option(
            help="FIELD=COLUMN, for reader delimited: area, time_period, series, value, … May be repeated."
        ),
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(help="A column of values that is a series of its own. May be repeated."),
    ] = None,
    unit: Annotated[str, typer.Option(help="The unit of all series, a code of units.yaml.")] = "",
    rows: Annotated[int, typer.Option(min=1, max=500, help="Rows of the specimen.")] = 20,
    as_json: Json = False,
) -> None:
    """Scaffold a source from one response of its agency; open decisions are left as questions."""
    from sources.scaffold.source import SourceRequest, scaffold

    made = scaffold(
        SourceRequest(
            source_id,
            ask("reader", reader or ("delimited" if file else ""), "Which reader of sources/readers?"),
            url if file else ask("url", url, "Which address?"),
            ask("title", title, "What does the agency call it?"),
            ask("agency", agency, "Which agency?"),
            ask("licence", licence, "Under which licence?"),
            licence_url,
            homepage,
            unit,
            _pairs(field or []),
            tuple(value or ()),
            rows,
            file,
        )
    )
    emit([vars(one) for one in made], as_json=as_json)
    note(f"answer the questions, then: compact check sources/agencies/{source_id}/source.yaml")


def ask(option: str, text: str, question: str) -> str:
    """Return the value from the command line, or prompt for it on a terminal."""
    if not text and sys.stdin.isatty():
        text = typer.prompt(question)
    if not text:
        raise CompactError(f"--{option} is missing", next_step=f"add --{option} TEXT")
    return text


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in texts)
    if "" in pairs.values():
        raise CompactError("--field without a column", allowed="FIELD=COLUMN")
    return pairs
