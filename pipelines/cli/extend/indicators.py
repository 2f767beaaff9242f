"""The verbs for authors of indicators: `compact preview`, `why` and `new indicator`.

Each calls one function and prints; modules that a verb does not use are not imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.extend.sources import ask
from pipelines.cli.options import Json
from pipelines.console.output import emit, emit_one, note, say
from schemas.display import counted
from schemas.errors import CompactError
from sources.settings import compact_home

CHECKOUT = Path(__file__).resolve().parents[3]
GUIDE = "docs/definitions.md"


def preview(
    file: Annotated[Path, typer.Argument(help="An indicator file, wherever it lies.")],
    as_json: Json = False,
) -> None:
    """Compute a draft from stored data and show its coverage, range, changes and checks. Changes nothing."""
    from indicators.registry import load_sound_part
    from indicators.scaffold.draft import load_draft
    from sources.registry.sources import load_sources
    from warehouse.evaluation.cache import staged_now
    from warehouse.preview import preview as compute
    from warehouse.store.publish import latest_release

    catalogue, faulty = load_sound_part()
    draft = load_draft(file, catalogue, faulty=faulty)
    items = [item for named in draft.named_inputs().values() for item in named]
    release = latest_release(compact_home())
    sources = {item.source for item in items if item.source}
    stored = staged_now(compact_home(), load_sources(), sources)
    staged = {name: one.observation for name, one in stored.items()}
    if release is not None:  # for readers who have releases only
        staged = dict.fromkeys(sources - set(staged), release / "observation.parquet") | staged
    draft_values = compute(draft, staged, release, catalogue)
    if as_json:
        emit_one(draft_values, as_json=True)
    else:
        _show(draft_values)
    older = sorted(name for name, one in stored.items() if not one.current)
    if older:
        note(f"staged by an older version of the code, a run stages them anew: {', '.join(older)}")
    for reason in draft_values["why_none"]:
        note(f"no value: {reason}")
    if not any(row["rows"] for row in draft_values["inputs"]):
        asked = " ".join(f"--source {name}" for name in sorted(sources))
        note(
            "nothing is stored of its inputs; put the file into indicators/catalogue/<group>/ and "
            f"`compact run {asked}`"
        )
    raise typer.Exit(
        0
        if draft_values["values"]
        and all(c["passed"] or c["severity"] == "warn" for c in draft_values["checks"])
        else 1
    )


def why(
    indicator: Annotated[str, typer.Argument(metavar="ID", help="An indicator.")],
    as_json: Json = False,
) -> None:
    """Explain why an indicator is out of date: inputs, definition (numbers or words), method or code."""
    from indicators.registry import load_catalogue
    from sources.registry.sources import load_sources
    from warehouse.evaluation.cache import expected_paths, staged_now
    from warehouse.evaluation.invalidation import why as compare
    from warehouse.store.listing import open_release

    catalogue = load_catalogue()
    if indicator not in catalogue:
        raise _unknown_indicator(indicator, catalogue)
    release = open_release(compact_home())
    stored = staged_now(
        compact_home(), load_sources(), {source for source, _ in catalogue.inputs_of(indicator)}
    )
    staged = {name: one.observation for name, one in stored.items()}
    made_of = {name: catalogue[name] for name in catalogue.in_order([indicator])}
    comparison = compare(catalogue[indicator], staged, expected_paths(made_of, staged), release)
    said = f"nothing of {indicator} would be recomputed: all is as in release {release.name}"
    emit(comparison, as_json=as_json, empty=said)
    older = sorted(name for name, one in stored.items() if not one.current)
    if older:
        note(f"a run first stages anew, as code or definitions of the source changed: {', '.join(older)}")


def new_indicator(
    indicator: Annotated[str, typer.Argument(metavar="ID", help="Its id: lower-case letters, digits, _.")],
    series: Annotated[
        list[str] | None,
        typer.Option(help="SOURCE:CODE, in order of preference; may be repeated."),
    ] = None,
    given_input: Annotated[
        list[str] | None,
        typer.Option("--input", help="NAME=SOURCE:CODE or NAME=INDICATOR, for a formula; may be repeated."),
    ] = None,
    formula: Annotated[
        str, typer.Option(help="SQL expression over the inputs, see docs/definitions.md.")
    ] = "",
    find: Annotated[str, typer.Option(help="Words or a code: list the series that come into question.")] = "",
    from_sdmx: Annotated[
        str, typer.Option(help="AGENCY:FLOW(VERSION)/KEY: the series of a dataflow that a source here reads.")
    ] = "",
    group: Annotated[str, typer.Option(help="Folder of indicators/.")] = "",
    direction: Annotated[str, typer.Option(help="higher_is_better, lower_is_better or closer_to_one.")] = "",
    framework: Annotated[
        list[str] | None, typer.Option(help="NAME=REFERENCE, such as compact_brief=A; may be repeated.")
    ] = None,
    expected: Annotated[str, typer.Option("--range", help="LOWEST:HIGHEST value that is possible.")] = "",
    title: Annotated[str, typer.Option(help="Short, without the unit; by default the series' own.")] = "",
    description: Annotated[str, typer.Option(help="What is measured; by default the series' title.")] = "",
    unit: Annotated[str, typer.Option(help="A code of units.yaml; by default the series' own.")] = "",
    aggregate: Annotated[str, typer.Option(help="How a group's value is made.")] = "none",
    weight: Annotated[str, typer.Option(help="The indicator that weighs.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is made so.")] = "",
    target: Annotated[
        str,
        typer.Option(help="VALUE:YEAR such as 95:2030, or FACTORxBASE:YEAR: 0.5x2015:2030 halves by 2030."),
    ] = "",
    origin: Annotated[str, typer.Option(help="Who set the target, and where; needed with --target.")] = "",
    gaps: Annotated[
        list[str] | None, typer.Option(help="A dimension that is kept: sex, age, …; may be repeated.")
    ] = None,
    breaks: Annotated[
        list[str] | None,
        typer.Option("--break", help="YEAR=REASON, or ISO3:YEAR=REASON for one country; may be repeated."),
    ] = None,
    browse: Annotated[bool, typer.Option(help="Open the guide, where this is a terminal.")] = True,
    as_json: Json = False,
) -> None:
    """Write an indicator file that passes `compact check`; on a terminal, prompt for missing values."""
    from indicators.scaffold.indicator import Wanted, scaffold
    from indicators.scaffold.sdmx_lookup import series_of_dataflow
    from indicators.search import candidates
    from pipelines.cli.extend.answers import wanted_breaks, wanted_target

    chosen = [*(series or []), *(series_of_dataflow(from_sdmx) if from_sdmx else [])]
    inputs = _named(given_input or [])
    if not chosen and not inputs:
        words = find or ask("find", "", "Words of its title, or a code?")
        rows = candidates(words)
        emit(rows, as_json=as_json, empty=f"no series matches {words!r}; try fewer or other words")
        if not rows or not sys.stdin.isatty():
            raise typer.Exit(_choose(rows))
        chosen = [ask("series", "", "Which series (SOURCE:CODE)?")]
    low, high = _range(ask("range", expected, "Lowest and highest possible value (0:100)?"))
    request = Wanted(
        indicator,
        ask("group", group, "In which folder of indicators/?"),
        inputs or {"value": tuple(chosen)},
        ask("direction", direction, "higher_is_better, lower_is_better or closer_to_one?"),
        _pairs("--framework", framework or [ask("framework", "", "Which framework (compact_brief=A)?")]),
        low,
        high,
        *(title, description, unit, formula, aggregate, weight, reason),
        *(wanted_target(target, origin), tuple(gaps or ()), wanted_breaks(breaks or [])),
    )
    path = scaffold(request)
    written = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    if as_json:
        emit_one({"file": str(written)}, as_json=True)
    else:
        say(written)
    note(
        "it passes `compact check`; see what it gives: "
        f"compact preview indicators/catalogue/{request.group}/{path.name}"
    )
    note(f"every field is explained in {GUIDE}")
    if browse and sys.stdout.isatty() and sys.stdin.isatty():
        typer.launch(str(CHECKOUT / GUIDE))


def _choose(rows: list[dict[str, str]]) -> int:
    note("name one or more of them with --series" if rows else "")
    return 0 if rows else 1


def _named(texts: list[str]) -> dict[str, tuple[str, ...]]:
    """Parse NAME=REFERENCE options; a repeated name lists fallbacks, in order."""
    by_name: dict[str, tuple[str, ...]] = {}
    for text in texts:
        for name, reference in _pairs("--input", [text]).items():
            by_name[name] = (*by_name.get(name, ()), reference)
    return by_name


def _pairs(option: str, texts: list[str]) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in texts)
    if "" in pairs.values() or "" in pairs:
        raise CompactError(f"{option} is not NAME=REFERENCE", where=option, allowed="such as compact_brief=A")
    return pairs


def _range(text: str) -> tuple[float, float]:
    low, colon, high = text.partition(":")
    try:
        return float(low), float(high if colon else "")
    except ValueError:
        raise CompactError(
            f"{text!r} is no range", where="--range", allowed="LOWEST:HIGHEST, as 0:100"
        ) from None


def _unknown_indicator(name: str, known: Iterable[str]) -> CompactError:
    from indicators.nearest import did_you_mean

    names = list(known)
    return CompactError(
        f"there is no indicator {name}",
        where="indicators/",
        allowed=f"an id of the catalogue ({len(names)} files)",
        next_step=did_you_mean(name, names, "see `compact search TEXT`"),
    )


def _show(shown: dict[str, Any]) -> None:
    """Print the summary for a terminal: coverage, values and anything unusual."""
    unit = shown["unit"]
    say(
        f"{shown['indicator']}: {counted(shown['values'], 'value')} in {unit}, "
        f"{shown['first_year']}-{shown['latest_year']}"
        if shown["values"]
        else f"{shown['indicator']}: no value"
    )
    if shown["countries"]:
        say(
            f"coverage: {shown['countries']} of {shown['countries_known']} countries and territories, "
            f"{shown['since_2015']} since 2015, {shown['two_or_more_since_2015']} with two or more values "
            "since\n"
            f"range: {shown['lowest']:,.4g} ({shown['lowest_at']}) to {shown['highest']:,.4g} "
            f"({shown['highest_at']}), median {shown['median']:,.4g}"
        )
    if shown["no_number"]:
        say(f"no number: the formula gives none in {shown['no_number']:,} cells that have all inputs")
    say()
    emit(shown["inputs"], as_json=False)
    if shown["regions"]:
        say("\nmedian of the countries with a value, by region")
        emit(shown["regions"], as_json=False)
    if shown["changes"]:
        say("\nlargest changes a year")
        emit(shown["changes"], as_json=False)
    say("\nwhat `expect` says")
    for check in shown["checks"]:
        state = "ok   " if check["passed"] else f"{check['severity']:<5}"
        say(f"  {state}  {check['check']}: {check['says']}")
    if against := shown["against_release"]:
        say(
            f"\nagainst release {against['release']}: {against['same']:,} totals the same, "
            f"{against['changed']:,} changed, {against['new']:,} new, {against['gone']:,} gone"
        )
