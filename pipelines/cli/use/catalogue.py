"""The verbs that browse a release: `compact search`, `list`, `about`, `areas` and `units`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from pipelines.cli.options import Json, ReleaseId, open_release
from pipelines.console.output import emit, emit_one, say

LIST = (
    "indicator",
    "title",
    "countries_since_2015",
    "latest_year",
    "unit_name",
    "target_value",
    "target_year",
)
SEARCH = ("id", "title", "kind", "series", "found_by")


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
    shown = matches if as_json else [_without_source(row) for row in matches]
    empty = f"nothing matches {text!r}; try fewer or other words"
    emit(shown, as_json=as_json, empty=empty, columns=SEARCH)
    raise typer.Exit(0 if matches else 1)


def _without_source(row: Mapping[str, str]) -> dict[str, str]:
    """A series' own code alone, as its source is the row's id."""
    return {**row, "series": (row["series"] or "").removeprefix(f"{row['id']}: ")}


def about(indicator: str, as_json: Json = False, release: ReleaseId = None) -> None:
    """Describe an indicator: definition, target, sources and coverage."""
    opened = open_release(release)
    description = opened.about(indicator)
    if as_json:
        emit_one(description, as_json=True)
    else:
        from pipelines.cli.use.sentences import described

        say("\n".join(described(description, opened.units(), opened.verdict_words())))


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
