"""The verbs that print values: `compact show`, `data` and `rank`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.options import AREA, Json, ReleaseId, open_release
from pipelines.console.output import emit, note, say
from schemas.codelists.obs_status import STATUS_WORDS
from schemas.display import counted
from schemas.errors import CompactError

if TYPE_CHECKING:
    from warehouse.client.release import Release

SHOW = ("area", "value", "time_period", "status", "verdict", "probability", "confidence", "source")
DATA = ("area", "time_period", "value", "unit_name", "status", "source")
RANK = ("rank", "area", "value", "unit_name", "time_period", "status", "source")
DIMENSIONS = ("sex", "age", "urbanisation", "quantile", "other_dims")


def show(
    indicator: str,
    area: Annotated[str, typer.Option(help=f"{AREA} All areas by default.")] = "",
    as_json: Json = False,
    release: ReleaseId = None,
    as_of: Annotated[
        str, typer.Option(help="As the release said that was the latest then.", metavar="DATE")
    ] = "",
    methods: Annotated[
        bool, typer.Option(help="Every method's assessment of one area, side by side.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Also codes, series and snapshot.")] = False,
) -> None:
    """Show the latest value of an indicator, its trend, its verdict and its source."""
    opened = open_release(release, as_of)
    if as_of:
        note(f"release {opened.id} was the latest then")
    if methods:
        from pipelines.cli.use.methods_text import show_methods

        raise typer.Exit(show_methods(opened.folder, indicator, area, as_json=as_json))
    if area and not as_json:
        raise typer.Exit(_sentences(opened, indicator, area, verbose=verbose))
    rows = opened.show(indicator, area or None)
    if not as_json:
        rows = _in_words(opened, rows)
    empty = f"{indicator} has no value for {area or 'any area'} in this release"
    if area and len(rows) == 1:
        from pipelines.console.output import emit_one

        emit_one(rows[0], as_json=as_json)
    else:
        emit(rows, as_json=as_json, empty=empty, columns=SHOW)
    raise typer.Exit(0 if rows else 1)


def _in_words(release: Release, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with status and verdict in words."""
    words = release.verdict_words()
    return [
        row
        | {
            "status": STATUS_WORDS.get(row["obs_status"], row["obs_status"]),
            "verdict": words.get(row["category"], row["category"]),
        }
        for row in rows
    ]


def _sentences(release: Release, indicator: str, area: str, *, verbose: bool) -> int:
    """Print the values of one area and return the exit code."""
    from pipelines.cli.use.sentences import shown
    from warehouse.client.profile import profile

    described = profile(release, indicator, area)
    say("\n".join(shown(described, verbose=verbose)))
    return 0 if described.series else 1


def data(
    indicators: Annotated[list[str], typer.Argument(metavar="ID…", help="One indicator or several.")],
    area: Annotated[list[str] | None, typer.Option(help=f"{AREA} May be repeated; every country.")] = None,
    since: Annotated[int | None, typer.Option("--from", help="First year.", metavar="YEAR")] = None,
    until: Annotated[int | None, typer.Option("--to", help="Last year.", metavar="YEAR")] = None,
    sex: Annotated[str, typer.Option(help="women, men or all; the total by default.")] = "_T",
    age: Annotated[str, typer.Option(help="A code such as Y15T24, or all; the total by default.")] = "_T",
    urbanisation: Annotated[str, typer.Option(help="urban, rural or all; the total by default.")] = "_T",
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, or write it with --out.")] = False,
    bom: Annotated[bool, typer.Option("--bom", help="Of CSV: a byte order mark, for Excel.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write Parquet; needs --out.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write to this file; .csv or .parquet.")] = None,
    as_json: Json = False,
    release: ReleaseId = None,
) -> None:
    """Print or write series: one row per value, with unit, status and source."""
    result = open_release(release).data(
        indicators, area, since, until, sex=sex, age=age, urbanisation=urbanisation
    )
    if parquet and out is None:
        raise CompactError(
            "Parquet is written to a file", where="--parquet", next_step="add --out FILE.parquet"
        )
    if out is not None:
        kind = ".parquet" if parquet else ".csv" if csv else out.suffix
        say(result.write(out if out.suffix == kind else out.with_name(out.name + kind), bom=bom))
    elif csv:
        sys.stdout.write(
            result.csv(bom=bom)
        )  # control characters are escaped in it, and `say` shows the escape
    else:
        of_parts = [name for name in DIMENSIONS if any(row[name] != "_T" for row in result)]
        emit(
            result.rows,
            as_json=as_json,
            empty="no value; `compact about ID` says what there is",
            columns=(*_indicator(result), *DATA[:2], *of_parts, *DATA[2:]),
        )
    _tell_breaks(open_release(release), result.rows)
    raise typer.Exit(0 if len(result) else 1)


def _tell_breaks(release: Release, rows: list[dict[str, Any]]) -> None:
    """Name the declared breaks inside the series that were printed or written."""
    from warehouse.query.series import breaks_of

    years: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        years.setdefault((row["indicator"], row["ref_area"]), []).append(row["time_period"])
    notes: dict[str, None] = {}
    for (indicator, area), of_series in years.items():
        for one in breaks_of(release.folder, indicator, area, of_series):
            notes[f"{indicator}: break in the series at {one['time_period']}: {one['reason']}"] = None
    for text in notes:
        note(text)


def _indicator(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The column that tells several indicators apart."""
    return ["indicator"] if len({row["indicator"] for row in rows}) > 1 else []


def rank(
    indicator: str,
    within: Annotated[
        str, typer.Option("--in", help="Rank the members of this group alone.", metavar="GROUP")
    ] = "",
    since: Annotated[
        int | None, typer.Option("--from", help="Leave out values of before this year.", metavar="YEAR")
    ] = None,
    top: Annotated[int | None, typer.Option(help="Only the first so many.", min=1)] = None,
    as_json: Json = False,
    release: ReleaseId = None,
) -> None:
    """Rank countries by their latest value, the best first; equal values share a rank."""
    rows = open_release(release).rank(indicator, within or None, since).rows
    emit(rows[:top], as_json=as_json, empty="no country has a value", columns=RANK)
    if rows and not as_json:
        years = [row["time_period"] for row in rows]
        note(
            f"{counted(len(rows), 'country', 'countries')}; {rows[0]['direction'].replace('_', ' ')}; "
            f"values of {min(years)} to {max(years)}"
        )
    raise typer.Exit(0 if rows else 1)
