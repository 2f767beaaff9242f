"""Validates one indicator against its neighbours: sources, series, units, other indicators, formula.

Its model in schemas/definitions/indicator.py has validated the fields before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from indicators.dimension_codes import code_findings
from indicators.formula.parser import check_formula, formula_names
from indicators.nearest import did_you_mean
from indicators.verdict_checks import verdict_findings, verdict_warnings
from schemas.codelists.areas import area_rows
from schemas.codelists.units import unit_codes
from schemas.definitions.indicator import Indicator, Input
from schemas.definitions.source import Source
from schemas.definitions.yaml_file import Place, YamlFile, load_yaml
from schemas.errors import DefinitionError, Problem
from schemas.tables.registry import INDICATOR
from sources.registry.renames import renamed
from sources.registry.sources import SOURCES, SeriesInfo, load_series

# Source to its series by code; None if series.csv is unreadable, which is reported at that file.
Known = Mapping[str, Mapping[str, SeriesInfo] | None]
NOT_STATED = "NOT_STATED"
FIRST_YEAR, LAST_YEAR = 1800, 2100  # columns of a series
NOT_NAMES = {"complete", *INDICATOR.names} - {"value"}  # reserved names of inputs
FRAMEWORKS = Path(__file__).resolve().parent / "catalogue" / "frameworks" / "frameworks.yaml"


def known_series(folder: Path, sources: Mapping[str, Source] | None = None) -> Known:
    """Return the series that may be named, by source."""
    names = sources if sources is not None else sorted(p.parent.name for p in folder.glob("*/source.yaml"))
    series_of: dict[str, Mapping[str, SeriesInfo] | None] = {}
    for name in names:
        try:
            series_of[name] = load_series(name, folder)
        except DefinitionError:
            series_of[name] = None
    return series_of


def problems_of(
    indicator: Indicator,
    file: YamlFile,
    others: Collection[str],
    series: Known,
    sources_folder: Path = SOURCES,
) -> Iterator[Problem]:
    """Return every problem of one indicator.

    Args:
        indicator: the definition.
        file: the file, for its lines.
        others: the ids of all indicators.
        series: the known series.
        sources_folder: the agencies.
    """

    def problem(place: Place, what: str, allowed: str, step: str) -> Problem:
        return Problem(str(file.path), file.line(place), ".".join(map(str, place)), what, allowed, step)

    findings = [
        *_unit(indicator),
        *_inputs(indicator, others, series),
        *_dimension_codes(indicator, sources_folder),
        *_formula(indicator),
        *_aggregate(indicator, others),
        *_scales(indicator),
        *_frameworks(indicator),
        *_impossible(indicator),
    ]
    for place, what, allowed, step in [*findings, *verdict_findings(indicator, _groups())]:
        yield problem(place, what, allowed, step)
    for place, what, allowed, step in verdict_warnings(indicator):
        yield replace(problem(place, what, allowed, step), severity="warning")


@cache
def _groups() -> frozenset[str]:
    return frozenset(str(row["ref_area"]) for row in area_rows() if row["kind"] != "country")


# A finding: place, problem, expected, next step.
Finding = tuple[Place, str, str, str]


def _unit(indicator: Indicator) -> Iterator[Finding]:
    if indicator.unit not in unit_codes() or indicator.unit == NOT_STATED:
        step = did_you_mean(indicator.unit, unit_codes(), "use a code of that file, or add the unit there")
        yield ("unit",), f"unknown unit {indicator.unit}", "a code of schemas/codelists/units.yaml", step


def _inputs(indicator: Indicator, others: Collection[str], series: Known) -> Iterator[Finding]:
    named = isinstance(indicator.inputs, dict)
    for name, items in indicator.named_inputs().items():
        if not items:
            yield (
                ("inputs", name),
                "names no series",
                "at least one input",
                "add `- {source: ..., series: ...}`",
            )
        if named and name in NOT_NAMES:
            step = f"call it otherwise, such as {name}_value"
            yield ("inputs", name), f"{name} is a column of every row", "a name of its own", step
        for number, item in enumerate(items):
            place: Place = ("inputs", name, number) if named else ("inputs", number)
            for part in sorted(set(item.part) - set(indicator.gaps)):
                step = f"add {part} to `gaps`, or remove it from `part`"
                allowed = ", ".join(indicator.gaps) or "none: the indicator has no gaps"
                yield (*place, "part"), f"{part} is not among the gaps", allowed, step
            yield from _input(indicator, item, place, others, series)


def _input(
    indicator: Indicator, item: Input, place: Place, others: Collection[str], series: Known
) -> Iterator[Finding]:
    if item.indicator is not None and item.source is None and item.series is None:
        if item.indicator not in others:
            step = did_you_mean(
                item.indicator, others, "write indicators/catalogue/<group>/<id>.yaml for it first"
            )
            what = f"there is no indicator {item.indicator}"
            yield (*place, "indicator"), what, "an id of the catalogue", step
    elif item.source is None or item.series is None or item.indicator is not None:
        what = "an input is either a series of a source or an indicator"
        yield place, what, "{source: ..., series: ...} or {indicator: ...}", "write one of the two forms"
    elif item.source not in series:
        step = did_you_mean(item.source, series, "add sources/agencies/<id>/source.yaml for it first")
        allowed = ", ".join(sorted(series)) or "none: sources/ has no source.yaml"
        yield (*place, "source"), f"there is no source {item.source}", allowed, step
    elif (known := series[item.source]) is not None:
        yield from _series(indicator, item, place, known)


def _dimension_codes(indicator: Indicator, sources_folder: Path) -> Iterator[Finding]:
    named = isinstance(indicator.inputs, dict)
    for name, items in indicator.named_inputs().items():
        for number, item in enumerate(items):
            place: Place = ("inputs", name, number) if named else ("inputs", number)
            yield from code_findings(item, place, sources_folder)


def _series(
    indicator: Indicator, item: Input, place: Place, known: Mapping[str, SeriesInfo]
) -> Iterator[Finding]:
    table = f"sources/agencies/{item.source}/series.csv"
    info = known.get(str(item.series))
    if info is None:
        step = did_you_mean(str(item.series), known, f"add its line to {table}")
        if now := renamed(str(item.source), [str(item.series)]):
            step = f"{now}. Name the new code, and add its line to {table} if it is not there"
        yield (*place, "series"), f"{item.source} has no series {item.series}", f"a code of {table}", step
        return
    plain = indicator.formula.strip() == "value" and item.scale == 1 and indicator.unit in unit_codes()
    if plain and info.unit not in (item.unit or indicator.unit, NOT_STATED):
        what = f"{item.series} is in {info.unit}, not in {item.unit or indicator.unit}"
        step = (
            f"give the input a `scale`, or `unit: {info.unit}` if that is the same quantity by another name"
        )
        yield (*place, "series"), what, indicator.unit, step


def _formula(indicator: Indicator) -> Iterator[Finding]:
    names = list(indicator.named_inputs())
    faults = check_formula(indicator.formula, names)
    for fault in faults:
        yield ("formula",), f"{fault.what} ({fault.place})", fault.allowed, fault.next_step
    unused = [] if faults else sorted(set(names) - formula_names(indicator.formula, names))
    for name in unused:
        place: Place = ("inputs", name) if isinstance(indicator.inputs, dict) else ("formula",)
        yield (
            place,
            f"the formula does not use `{name}`",
            "inputs that the formula uses",
            "use it or remove it",
        )


def _aggregate(indicator: Indicator, others: Collection[str]) -> Iterator[Finding]:
    method, weight = indicator.aggregate.method, indicator.aggregate.weight
    needs = {"weighted_mean": "a weighted mean", "gap_filled_total": "a gap-filled total"}
    if method in needs and weight is None:
        step = "add `weight: population`, or choose another method"
        yield ("aggregate",), f"{needs[method]} has no weight", "weight: <indicator>", step
    if weight is not None and method not in (*needs, "sum"):
        step = "remove `weight`, or write `method: weighted_mean`"
        allowed = "a weight for weighted_mean, sum and gap_filled_total"
        yield ("aggregate", "weight"), f"{method} uses no weight", allowed, step
    elif weight is not None and weight not in others:
        step = did_you_mean(weight, others, "write that indicator first")
        yield ("aggregate", "weight"), f"there is no indicator {weight}", "an id of the catalogue", step


def _scales(indicator: Indicator) -> Iterator[Finding]:
    low, high = indicator.expect.range
    if low >= high:
        what = f"runs from {low:g} to {high:g}"
        yield ("expect", "range"), what, "[lowest, highest]", "put the smaller number first"
    elif (
        indicator.target and indicator.target.value is not None and not low <= indicator.target.value <= high
    ):
        what = f"{indicator.target.value:g} lies outside expect.range"
        yield ("target", "value"), what, f"{low:g} to {high:g}", "fix the target or the range"
    if indicator.target and indicator.target.year <= indicator.target.baseline_year:
        what = f"{indicator.target.year} is not after the baseline year {indicator.target.baseline_year}"
        yield ("target", "year"), what, "a year after baseline_year", "fix one of the two"
    if bounds := indicator.bounds:
        rising = bounds.best > bounds.worst
        wrong = (indicator.direction == "higher_is_better" and not rising) or (
            indicator.direction == "lower_is_better" and bounds.best >= bounds.worst
        )
        if wrong:
            what = f"worst {bounds.worst:g} and best {bounds.best:g} do not fit {indicator.direction}"
            yield ("bounds",), what, "best on the better side of worst", "exchange them, or fix direction"


def _impossible(indicator: Indicator) -> Iterator[Finding]:
    """Check for impossible values: a factor of zero, a break without area or year, more areas than exist."""
    named = isinstance(indicator.inputs, dict)
    for name, items in indicator.named_inputs().items():
        for number, item in enumerate(items):
            if item.scale == 0:
                place: Place = ("inputs", name, number) if named else ("inputs", number)
                what = "a factor of 0 makes every value 0"
                yield (*place, "scale"), what, "another number than 0", "fix the factor, or remove it"
    known = _areas()
    for number, change in enumerate(indicator.breaks):
        if change.ref_area != "all" and change.ref_area not in known:
            step = did_you_mean(change.ref_area, known, "write the country's ISO3 code, or all")
            what = f"there is no country {change.ref_area}"
            yield ("breaks", number, "ref_area"), what, "an ISO3 code, or all", step
        if not FIRST_YEAR <= change.time_period <= LAST_YEAR:
            what = f"{change.time_period} is no year of a series here"
            allowed = f"{FIRST_YEAR} to {LAST_YEAR}"
            yield ("breaks", number, "time_period"), what, allowed, "write the first year on the new side"
    for field in ("areas_min", "areas_expected"):
        asked = getattr(indicator.expect, field)
        if asked is not None and asked > len(known):
            what = f"{asked} is more than the {len(known)} countries and territories that there are"
            yield ("expect", field), what, f"{len(known)} at most", "fix the number"


@cache
def _areas() -> frozenset[str]:
    return frozenset(str(row["ref_area"]) for row in area_rows() if row["kind"] == "country")


def _frameworks(indicator: Indicator) -> Iterator[Finding]:
    known = frameworks()
    for name, parts in indicator.frameworks.items():
        if name not in known:
            step = did_you_mean(
                name, known, "describe it in indicators/catalogue/frameworks/frameworks.yaml first"
            )
            yield ("frameworks", name), f"unknown framework {name}", ", ".join(sorted(known)), step
            continue
        codes, pattern = known[name].get("codes"), known[name].get("pattern")
        fits = str(parts) in codes if codes else re.fullmatch(str(pattern), str(parts)) is not None
        if not fits:
            allowed = ", ".join(codes) if codes else f"such as {known[name]['example']}"
            what = f"{name} has no part {parts}"
            yield (
                ("frameworks", name),
                what,
                allowed,
                "look it up in indicators/catalogue/frameworks/frameworks.yaml",
            )


@cache
def frameworks() -> dict[str, dict[str, Any]]:
    """Return the frameworks into which indicators are sorted: name to title, source, and its codes or a
    pattern.
    """
    return load_yaml(FRAMEWORKS).data
