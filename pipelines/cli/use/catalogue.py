"""The verbs that browse a release: `compact search`, `list`, `about`, `areas` and `units`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.options import Json, ReleaseId, open_release
from pipelines.console.output import emit, emit_one, say

LIST = (
    "indicator",
    "title",
    "unit_name",
    "countries_since_2015",
    "latest_year",
    "target_value",
    "target_year",
)
SEARCH = ("id", "title", "series", "found_by", "kind")


def list_indicators(as_json: Json = False, release: ReleaseId = None) -> None:
    """List the indicators of a release, with their coverage."""
    emit(open_release(release).indicators().rows, as_json=as_json, columns=LIST)


def search(
    text: Annotated[str, typer.Argument(help="Words, or an agency's own code such as IT.NET.USER.ZS.")],
    as_json: Json = False,
) -> None:
    """Find indicators and agencies' series by words or by code."""
    from indicators.search import search as find

    matches = find(text)
    emit(
        matches, as_json=as_json, empty=f"nothing matches {text!r}; try fewer or other words", columns=SEARCH
    )
    raise typer.Exit(0 if matches else 1)


def about(indicator: str, as_json: Json = False, release: ReleaseId = None) -> None:
    """Describe an indicator: definition, target, sources and coverage."""
    opened = open_release(release)
    description = opened.about(indicator)
    if as_json:
        emit_one(description, as_json=True)
    else:
        from pipelines.cli.use.sentences import described

        say("\n".join(described(description, opened.units())))


def areas(
    text: Annotated[str, typer.Argument(help="Words of a name, or a code; all areas by default.")] = "",
    members: Annotated[
        str, typer.Option(help="List the members of this group instead.", metavar="GROUP")
    ] = "",
    as_json: Json = False,
    release: ReleaseId = None,
) -> None:
    """Find countries and groups by name or code, or list the members of a group."""
    opened = open_release(release)
    if members:
        codes = set(opened.members(members))
        rows = [row for row in opened.areas() if row["ref_area"] in codes]
    else:
        rows = opened.areas(text).rows
        if text and not rows:  # by a usual name, such as South Korea; raises with the nearest
            code = opened.area(text).code
            rows = [row for row in opened.areas() if row["ref_area"] == code]
    emit(rows, as_json=as_json, empty="the release lists no members of it")
    raise typer.Exit(0 if rows else 1)


def units(as_json: Json = False, release: ReleaseId = None) -> None:
    """List the units of measure: code, name and the symbol after a number."""
    words = open_release(release).units()
    emit(
        [{"unit": code, "name": name, "symbol": symbol} for code, (name, symbol) in words.items()],
        as_json=as_json,
    )
