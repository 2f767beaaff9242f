"""Loads targets, crosswalk, claims and score definitions, and validates them against the catalogue.

Their models are in schemas/definitions/targets.py; warehouse/ computes the numbers.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from indicators.formula.parser import check_formula, formula_names
from indicators.nearest import did_you_mean
from indicators.validation import frameworks
from schemas.codelists.units import unit_codes
from schemas.definitions.base import Model
from schemas.definitions.indicator import Indicator
from schemas.definitions.parsing import parse
from schemas.definitions.scores import ScoreFile
from schemas.definitions.targets import (
    Claim,
    ClaimFile,
    Commitment,
    CommitmentFile,
    CrosswalkFile,
    FieldFile,
    Link,
    Targets,
)
from schemas.definitions.yaml_file import Place, YamlFile, load_yaml
from schemas.errors import DefinitionError, Problem

FOLDER = Path(__file__).resolve().parent / "catalogue"
METRICS = FOLDER.parents[1] / "schemas" / "codelists" / "stakeholder_capitalism.csv"
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Read:
    """The readable files of a folder, and the problems of the others."""

    targets: list[tuple[YamlFile, CommitmentFile]]
    crosswalk: list[tuple[YamlFile, CrosswalkFile]]
    field: list[tuple[YamlFile, FieldFile]]
    claims: list[tuple[YamlFile, ClaimFile]]
    scores: list[tuple[YamlFile, ScoreFile]]
    problems: list[Problem]


def commitment_files(folder: Path = FOLDER) -> list[Path]:
    """Return every file of this kind, in order."""
    single = [folder / "frameworks" / "crosswalk.yaml", folder / "claims.yaml"]
    several = [
        *folder.glob("targets/*.yaml"),
        *folder.glob("scores/*.yaml"),
        *folder.glob("frameworks/field/*.yaml"),
    ]
    return sorted(path for path in [*single, *several] if path.is_file())


def load_commitments(folder: Path = FOLDER, indicators: Mapping[str, Indicator] | None = None) -> Targets:
    """Load all files of a folder, or raise DefinitionError with every problem. indicators: the catalogue
    to validate against, if any.
    """
    read = _read(folder)
    problems = [*read.problems, *(_problems(read, indicators) if indicators is not None else ())]
    if problems:
        raise DefinitionError(problems)
    return Targets(
        targets=[file for _, file in read.targets],
        links=[link for _, file in read.crosswalk for link in file.links],
        field=[file for _, file in read.field],
        claims=[claim for _, file in read.claims for claim in file.claims],
        scores=[file for _, file in read.scores],
        frameworks=titles(),
    )


def commitment_problems(folder: Path, indicators: Mapping[str, Indicator]) -> list[Problem]:
    """Return every problem of these files, given an otherwise valid catalogue."""
    read = _read(folder)
    return [*read.problems, *_problems(read, indicators)]


def titles() -> dict[str, dict[str, str]]:
    """Return the titles of the parts that frameworks list, and of the stakeholder-capitalism metrics."""
    titles_of = {
        name: {str(code): str(title) for code, title in about["codes"].items()}
        for name, about in frameworks().items()
        if "codes" in about
    }
    return {**titles_of, STAKEHOLDER: metrics()}


STAKEHOLDER = "stakeholder_capitalism"


def metrics() -> dict[str, str]:
    """Return the 21 core stakeholder-capitalism metrics: code to title."""
    with METRICS.open(encoding="utf-8", newline="") as file:
        return {row["metric"]: row["title"] for row in csv.DictReader(file)}


def _read(folder: Path) -> Read:
    problems: list[Problem] = []

    def files(model: type[M], pattern: str) -> list[tuple[YamlFile, M]]:
        documents: list[tuple[YamlFile, M]] = []
        for path in sorted(folder.glob(pattern)):
            try:
                file = load_yaml(path)
                documents.append((file, parse(model, file)))
            except DefinitionError as error:
                problems.extend(error.problems)
        return documents

    return Read(
        files(CommitmentFile, "targets/*.yaml"),
        files(CrosswalkFile, "frameworks/crosswalk.yaml"),
        files(FieldFile, "frameworks/field/*.yaml"),
        files(ClaimFile, "claims.yaml"),
        files(ScoreFile, "scores/*.yaml"),
        problems,
    )


# A finding: place, problem, expected, next step.
Finding = tuple[Place, str, str, str]


def _problems(read: Read, indicators: Mapping[str, Indicator]) -> Iterator[Problem]:
    for file, targets in read.targets:
        yield from _said(file, _targets(targets, indicators))
    yield from _twice(
        [(file, ("targets", i, "id"), t.id) for file, f in read.targets for i, t in enumerate(f.targets)]
    )
    for file, crosswalk in read.crosswalk:
        yield from _said(file, _links(crosswalk.links, indicators))
        keys = [f"{k.from_framework} {k.from_code} {k.to_framework} {k.to_code}" for k in crosswalk.links]
        yield from _twice([(file, ("links", i), key) for i, key in enumerate(keys)])
    for file, field in read.field:
        yield from _said(file, _parts(field, indicators))
        yield from _twice([(file, ("parts", i, "code"), part.code) for i, part in enumerate(field.parts)])
    known = {target.id for _, file in read.targets for target in file.targets}
    for file, claims in read.claims:
        yield from _said(file, _claims(claims.claims, indicators, known))
        yield from _twice([(file, ("claims", i, "id"), c.id) for i, c in enumerate(claims.claims)])
    for file, scores in read.scores:
        yield from _said(file, _scores(scores, indicators))


def _said(file: YamlFile, findings: Iterator[Finding]) -> Iterator[Problem]:
    for place, what, allowed, step in findings:
        yield Problem(str(file.path), file.line(place), ".".join(map(str, place)), what, allowed, step)


def _twice(ids: list[tuple[YamlFile, Place, str]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for file, place, name in ids:
        here = f"{file.path}:{file.line(place)}"
        if (before := first.setdefault(name, here)) != here:
            field = ".".join(map(str, place))
            what = f"{name} stands at {before} too"
            yield Problem(str(file.path), file.line(place), field, what, "each once", "remove one of the two")


def _indicator(place: Place, name: str, indicators: Collection[str]) -> Iterator[Finding]:
    if name not in indicators:
        step = did_you_mean(name, indicators, "write that indicator first")
        yield place, f"there is no indicator {name}", "an id of the catalogue", step


def _code(place: Place, framework: str, code: str) -> Iterator[Finding]:
    """Check that a framework exists and has this part."""
    known: dict[str, Any] = {**frameworks(), STAKEHOLDER: {"codes": metrics()}}
    if framework not in known:
        step = did_you_mean(
            framework, known, "describe it in indicators/catalogue/frameworks/frameworks.yaml first"
        )
        yield place, f"unknown framework {framework}", ", ".join(sorted(known)), step
        return
    codes, pattern = known[framework].get("codes"), known[framework].get("pattern")
    if not (code in map(str, codes) if codes else re.fullmatch(str(pattern), code)):
        allowed = ", ".join(map(str, codes)) if codes else f"such as {known[framework]['example']}"
        yield (
            place,
            f"{framework} has no part {code}",
            allowed,
            "look it up in indicators/catalogue/frameworks",
        )


def _unit(place: Place, unit: str | None) -> Iterator[Finding]:
    if unit is not None and unit not in unit_codes():
        step = did_you_mean(unit, unit_codes(), "use a code of that file, or add the unit there")
        yield place, f"unknown unit {unit}", "a code of schemas/codelists/units.yaml", step


def _targets(file: CommitmentFile, indicators: Mapping[str, Indicator]) -> Iterator[Finding]:
    for i, target in enumerate(file.targets):
        place: Place = ("targets", i)
        for j, name in enumerate(target.indicators):
            yield from _indicator((*place, "indicators", j), name, indicators)
        for framework in ("compact_brief", "compact_adopted"):
            for j, code in enumerate(getattr(target, framework)):
                yield from _code((*place, framework, j), framework, code)
        yield from _unit((*place, "unit"), target.unit)
        yield from _tests(place, target, indicators)


def _tests(place: Place, target: Commitment, indicators: Mapping[str, Indicator]) -> Iterator[Finding]:
    if target.tests and target.year is None:
        step = "give the deadline, or remove the tests"
        yield (*place, "tests"), "a target without a deadline is not tested", "`year`", step
    for j, test in enumerate(target.tests):
        indicator = indicators.get(test.indicator)
        if indicator is not None and test.change_from is None:
            low, high = indicator.expect.range
            if not low <= test.value <= high:
                what = f"{test.value:g} lies outside expect.range of {test.indicator}"
                yield (*place, "tests", j, "value"), what, f"{low:g} to {high:g}", "fix the number"


def _links(links: list[Link], indicators: Collection[str]) -> Iterator[Finding]:
    for i, link in enumerate(links):
        place: Place = ("links", i)
        yield from _code((*place, "from_code"), link.from_framework, link.from_code)
        if link.to_code != "none":
            yield from _code((*place, "to_code"), link.to_framework, link.to_code)
        elif link.fit != "none":
            step = "write `fit: none`, or the part that corresponds"
            yield (*place, "fit"), f"{link.fit} without a part that corresponds", "none", step
        for j, name in enumerate(link.indicators):
            yield from _indicator((*place, "indicators", j), name, indicators)


def _parts(file: FieldFile, indicators: Collection[str]) -> Iterator[Finding]:
    if file.framework in frameworks():
        what, step = f"{file.framework} is in frameworks.yaml too", "use another name"
        yield ("framework",), what, "a framework that indicators do not name", step
    codes = {part.code for part in file.parts}
    for i, part in enumerate(file.parts):
        place: Place = ("parts", i)
        for j, name in enumerate(part.indicators):
            yield from _indicator((*place, "indicators", j), name, indicators)
        for framework in ("compact_brief", "compact_adopted"):
            for j, code in enumerate(getattr(part, framework)):
                yield from _code((*place, framework, j), framework, code)
        if part.level == "indicator" and part.parent and part.parent not in codes:
            what = f"there is no part {part.parent}"
            yield (*place, "parent"), what, "a code of this file", "add that part, or remove `parent`"


def _claims(claims: list[Claim], indicators: Collection[str], targets: Collection[str]) -> Iterator[Finding]:
    for i, claim in enumerate(claims):
        place: Place = ("claims", i)
        yield from _unit((*place, "unit"), claim.unit)
        if claim.target not in targets:
            step = did_you_mean(
                claim.target, targets, "write its entry in indicators/catalogue/targets first"
            )
            yield (
                (*place, "target"),
                f"there is no target {claim.target}",
                "an id of indicators/catalogue/targets",
                step,
            )
        for name, part in claim.parts.items():
            for used in (*([part.indicator] if part.indicator else []), *part.or_of):
                yield from _indicator((*place, "parts", name, "indicator"), used, indicators)
        faults = check_formula(claim.formula, claim.parts) if claim.formula else []
        for fault in faults:
            yield (*place, "formula"), f"{fault.what} ({fault.place})", fault.allowed, fault.next_step
        named = formula_names(claim.formula, claim.parts) if claim.formula and not faults else claim.parts
        for name in sorted(set(claim.parts) - set(named)):
            what = f"the formula does not use `{name}`"
            yield (*place, "parts", name), what, "parts that the formula uses", "use it or remove it"


def _scores(file: ScoreFile, indicators: Mapping[str, Indicator]) -> Iterator[Finding]:
    for code in (*file.components, *file.not_scored):
        yield from _code(("components", code), file.framework, code)
    for code in sorted(set(file.components) & set(file.not_scored)):
        yield ("not_scored", code), f"{code} is scored", "parts without a score", "remove one of the two"
    for code, component in file.components.items():
        seen: set[str] = set()
        for j, item in enumerate(component.indicators):
            place: Place = ("components", code, "indicators", j, "indicator")
            yield from _indicator(place, item.indicator, indicators)
            if item.indicator in seen:
                yield place, f"{item.indicator} appears twice", "each once", "remove one of the two"
            seen.add(item.indicator)
            indicator = indicators.get(item.indicator)
            if indicator is not None and indicator.bounds is None:
                step = f"give {item.indicator} `bounds` with their reason, or leave it out"
                yield place, f"{item.indicator} has no bounds", "indicators with bounds", step
