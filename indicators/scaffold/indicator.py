"""`compact new indicator`: writes an indicator file from a few values, and checks it.

pipelines/cli/extend/indicators.py prompts for decisions; nothing is guessed here. indicators/search.py finds
candidate series.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from indicators.nearest import did_you_mean
from indicators.registry import FOLDER, NOT_GROUPS, check_files
from indicators.validation import known_series
from schemas.errors import CompactError, DefinitionError
from sources.registry.sources import SOURCES, SeriesInfo
from sources.scaffold.yaml_writer import scalar

ID = re.compile(r"[a-z][a-z0-9_]*")
SCHEMA = "# yaml-language-server: $schema=../../../schemas/json/indicator.schema.json"
UNDECIDED = "not decided yet how countries are weighed, so no value of a group is published"


@dataclass(frozen=True)
class WantedTarget:
    """A target: a number, or a factor of each area's own value in a base year. origin: who set it, and
    where.
    """

    year: int
    origin: str
    value: float | None = None
    factor: float | None = None
    base_year: int | None = None

    def lines(self) -> list[str]:
        """Return the YAML of the target."""
        relative = (
            f"{{base_year: {self.base_year}, factor: {self.factor:.6g}, reason: {scalar(self.origin)}}}"
            if self.factor is not None
            else ""
        )
        return [
            "target:",
            f"  value: {'null' if self.value is None else format(self.value, '.15g')}",
            f"  year: {self.year}",
            f"  origin: {scalar(self.origin)}",
            *([f"  relative: {relative}"] if relative else []),
        ]


@dataclass(frozen=True)
class WantedBreak:
    """A break: the first year on the new side, the country concerned or `all`, and the change."""

    year: int
    area: str
    reason: str


@dataclass(frozen=True)
class Wanted:
    """The user's values. inputs: name to references in order of preference, SOURCE:CODE or the id of an
    indicator; the single name `value` makes a plain list.
    """

    id: str
    group: str
    inputs: Mapping[str, tuple[str, ...]]
    direction: str
    frameworks: Mapping[str, str]
    low: float
    high: float
    title: str = ""
    description: str = ""
    unit: str = ""
    formula: str = ""
    aggregate: str = "none"
    weight: str = ""
    reason: str = ""
    target: WantedTarget | None = None
    gaps: tuple[str, ...] = ()
    breaks: tuple[WantedBreak, ...] = ()
    notes: str = field(default="")


def scaffold(request: Wanted, *, folder: Path = FOLDER, sources_folder: Path = SOURCES) -> Path:
    """Write indicators/catalogue/<group>/<id>.yaml. Raises CompactError if a value is missing or invalid;
    the file is kept only if `compact check` has no finding on it.
    """
    path = _place(request, folder)
    text = _text(request, sources_folder)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    problems = check_files([path], folder=folder, sources_folder=sources_folder).problems
    if problems:
        path.unlink()
        raise DefinitionError(problems)
    return path


def _place(request: Wanted, folder: Path) -> Path:
    if not ID.fullmatch(request.id):
        raise CompactError(
            f"{request.id!r} cannot be an id", where="ID", allowed="lower-case letters, digits, _"
        )
    groups = sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name not in NOT_GROUPS)
    if not ID.fullmatch(request.group) or request.group in NOT_GROUPS:
        raise CompactError(
            f"{request.group!r} cannot be a group",
            where="--group",
            allowed=", ".join(groups) + ", or a new one",
        )
    for there in folder.glob(f"*/{request.id}.yaml"):
        raise CompactError(
            f"there is an indicator {request.id}",
            where=str(there),
            allowed="each id once",
            next_step="take another id, or edit that file; nothing is written over",
        )
    return folder / request.group / f"{request.id}.yaml"


def first_series(request: Wanted, sources_folder: Path = SOURCES) -> tuple[str, SeriesInfo] | None:
    """Return the source and series for title and unit: that of a plain list's first input."""
    references = request.inputs.get("value", ())
    if len(request.inputs) != 1 or not references or ":" not in references[0]:
        return None
    source, _, code = references[0].partition(":")
    series = known_series(sources_folder)
    if source not in series:
        step = did_you_mean(source, series, "add the source first: docs/new-source.md")
        raise CompactError(
            f"there is no source {source}", where="--series", allowed=", ".join(series), next_step=step
        )
    known = series[source] or {}
    if code not in known:
        step = did_you_mean(code, known, "find it with `compact search`")
        raise CompactError(
            f"{source} has no series {code}",
            where="--series",
            allowed=f"a code of sources/agencies/{source}/series.csv",
            next_step=step,
        )
    return source, known[code]


def _text(request: Wanted, sources_folder: Path) -> str:
    """Return the text of the file, field by field in the order of the guide."""
    named = first_series(request, sources_folder)
    title = request.title or (named[1].title if named else "")
    unit = request.unit or (named[1].unit if named else "")
    description = request.description or (
        f"As published by the source {named[0]}: {named[1].title}." if named else ""
    )
    for option, value in (("--title", title), ("--unit", unit), ("--description", description)):
        if not value or value == "NOT_STATED":
            raise CompactError(f"{option} is missing", next_step=f"add {option} TEXT: no series says it here")
    lines = [
        SCHEMA,
        f"id: {request.id}",
        f"title: {scalar(title)}",
        f"description: {scalar(description)}",
        f"frameworks: {{{', '.join(f'{name}: {scalar(ref)}' for name, ref in request.frameworks.items())}}}",
        f"unit: {unit}",
        f"direction: {request.direction}",
        *_inputs(request),
        *([f"formula: {scalar(request.formula)}"] if request.formula else []),
        *(request.target.lines() if request.target else []),
        "aggregate:",
        f"  method: {request.aggregate}",
        *([f"  weight: {request.weight}"] if request.weight else []),
        f"  reason: {scalar(request.reason or UNDECIDED)}",
        *([f"gaps: [{', '.join(request.gaps)}]"] if request.gaps else []),
        "expect:",
        f"  range: [{request.low:.15g}, {request.high:.15g}]",
        *(["breaks:"] if request.breaks else []),
        *(
            f"  - {{time_period: {one.year}, ref_area: {scalar(one.area)}, reason: {scalar(one.reason)}}}"
            for one in request.breaks
        ),
        *([f"notes: {scalar(request.notes)}"] if request.notes else []),
    ]
    return "\n".join(lines) + "\n"


def _inputs(request: Wanted) -> list[str]:
    lines = ["inputs:"]
    if set(request.inputs) == {"value"}:
        return [*lines, *(f"  - {_input(reference)}" for reference in request.inputs["value"])]
    for name, references in request.inputs.items():
        lines += [f"  {name}:", *(f"    - {_input(reference)}" for reference in references)]
    return lines


def _input(reference: str) -> str:
    source, colon, code = reference.partition(":")
    return f"{{source: {scalar(source)}, series: {scalar(code)}}}" if colon else f"{{indicator: {source}}}"
