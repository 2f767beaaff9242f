"""The verbs of whoever writes indicators: `compact preview`, `why`, and `new indicator`.

They call one function each and print; what they do not use is not loaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.output import emit, emit_one, note
from schemas.errors import CompactError

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def preview(
    file: Annotated[Path, typer.Argument(help="An indicator file, wherever it lies.")],
    as_json: Json = False,
) -> None:
    """Compute a draft on what is stored and show what it gives: coverage, range, changes, checks. Touches
    nothing."""
    from indicators.catalogue import load_catalogue
    from indicators.draft import load_draft
    from sources.registry import load_sources
    from warehouse.preview import preview as compute
    from warehouse.release import latest_release
    from warehouse.stored import staged_now

    catalogue = load_catalogue()
    draft = load_draft(file, catalogue)
    items = [item for named in draft.named_inputs().values() for item in named]
    release = latest_release(_home())
    sources = {item.source for item in items if item.source}
    stored = staged_now(_home(), load_sources(), sources)
    staged = {name: one.observation for name, one in stored.items()}
    if release is not None:  # a reader who has releases alone
        staged = dict.fromkeys(sources - set(staged), release / "observation.parquet") | staged
    found = compute(draft, staged, release, catalogue)
    if as_json:
        emit_one(found, as_json=True)
    else:
        _show(found)
    older = sorted(name for name, one in stored.items() if not one.current)
    if older:
        note(f"staged by an older version of the code, a run stages them anew: {', '.join(older)}")
    if not found["values"]:
        asked = " ".join(f"--source {name}" for name in sorted(sources))
        note(
            "no input has a value in the store; put the file into indicators/<group>/ and "
            f"`compact run {asked}`"
        )
    raise typer.Exit(
        0 if found["values"] and all(c["passed"] or c["severity"] == "warn" for c in found["checks"]) else 1
    )


def why(
    indicator: Annotated[str, typer.Argument(metavar="ID", help="An indicator.")],
    as_json: Json = False,
) -> None:
    """Why an indicator would be computed anew: its inputs, its definition (numbers or words), the method, the
    code."""
    from indicators.catalogue import load_catalogue
    from sources.registry import load_sources
    from warehouse.read import open_release
    from warehouse.stored import staged_now, would_be
    from warehouse.why import why as compare

    catalogue = load_catalogue()
    if indicator not in catalogue:
        raise _unknown_indicator(indicator, catalogue)
    release = open_release(_home())
    stored = staged_now(_home(), load_sources(), {source for source, _ in catalogue.inputs_of(indicator)})
    staged = {name: one.observation for name, one in stored.items()}
    made_of = {name: catalogue[name] for name in catalogue.in_order([indicator])}
    found = compare(catalogue[indicator], staged, would_be(made_of, staged), release)
    said = f"nothing of {indicator} would be computed anew: all is as in release {release.name}"
    emit(found, as_json=as_json, empty=said)
    older = sorted(name for name, one in stored.items() if not one.current)
    if older:
        note(f"a run first stages anew, as code or definitions of the source changed: {', '.join(older)}")


def _unknown_indicator(given: str, known: Iterable[str]) -> CompactError:
    from indicators.checks import did_you_mean

    names = list(known)
    return CompactError(
        f"there is no indicator {given}",
        where="indicators/",
        allowed=f"an id of the catalogue ({len(names)} files)",
        next_step=did_you_mean(given, names, "see `compact search TEXT`"),
    )


def _show(found: dict[str, Any]) -> None:
    """The summary for a terminal: what there is, what it looks like, what is strange."""
    unit = found["unit"]
    print(
        f"{found['indicator']}: {found['values']:,} values in {unit}, "
        f"{found['first_year']}-{found['latest_year']}"
        if found["values"]
        else f"{found['indicator']}: no value"
    )
    if found["countries"]:
        print(
            f"coverage: {found['countries']} of {found['countries_known']} countries and territories, "
            f"{found['since_2015']} since 2015, {found['two_or_more_since_2015']} with two or more values "
            "since\n"
            f"range: {found['lowest']:,.4g} ({found['lowest_at']}) to {found['highest']:,.4g} "
            f"({found['highest_at']}), median {found['median']:,.4g}"
        )
    if found["no_number"]:
        print(f"no number: the formula gives none in {found['no_number']:,} cells that have all inputs")
    print()
    emit(found["inputs"], as_json=False)
    if found["regions"]:
        print("\nmedian of the countries with a value, by region")
        emit(found["regions"], as_json=False)
    if found["changes"]:
        print("\nlargest changes a year")
        emit(found["changes"], as_json=False)
    print("\nwhat `expect` says")
    for check in found["checks"]:
        state = "ok   " if check["passed"] else f"{check['severity']:<5}"
        print(f"  {state}  {check['check']}: {check['says']}")
    if against := found["against_release"]:
        print(
            f"\nagainst release {against['release']}: {against['same']:,} totals the same, "
            f"{against['changed']:,} changed, {against['new']:,} new, {against['gone']:,} gone"
        )


def _home() -> Path:
    return Path(os.environ.get("COMPACT_HOME") or "data")
