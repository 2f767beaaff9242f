"""Checks of the codes by which an input selects rows (`where`) or labels them (`part`).

Sex, age, place and quantile have the codes of schemas/codelists/code_names.csv, which occur in some series,
and those that the input's source.yaml maps to. Education has a pattern, in dimension_codes.yaml. For
other_dims the source's keys are known. validation.py checks the rest of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from indicators.nearest import did_you_mean
from schemas.codelists.reader import CODELISTS, read_codelist
from schemas.definitions.indicator import Input
from schemas.definitions.source import Source
from schemas.definitions.yaml_file import Place, load_yaml
from schemas.errors import DefinitionError
from sources.registry.sources import load_source

LISTED = ("sex", "age", "urbanisation", "quantile")
LIST = "schemas/codelists/code_names.csv"
PATTERNS = "schemas/codelists/dimension_codes.yaml"
# A finding: place, problem, expected, next step.
Finding = tuple[Place, str, str, str]


def code_findings(item: Input, place: Place, sources_folder: Path) -> Iterator[Finding]:
    """Return codes that no input has, and dimensions that the input's source lacks."""
    source = None
    if item.source is not None and (item.where or item.part):
        source = _source(sources_folder / item.source / "source.yaml")
    for field in ("where", "part"):
        for dimension, code in getattr(item, field).items():
            here: Place = (*place, field, dimension)
            findings = list(_code(here, dimension, code, source))
            if not findings and source is not None and field == "where":
                findings = list(_of_the_source(here, dimension, code, source))
            yield from findings


def _code(place: Place, dimension: str, code: str, source: Source | None) -> Iterator[Finding]:
    what = f"no input has a code {code} of {dimension}"
    pattern = _patterns().get(dimension)
    if (listed := _listed().get(dimension)) is not None:
        known = listed | (_mapped(source, dimension) if source else set())
        if code not in known:
            otherwise = f"write one of these codes; a new one of a source is added to {LIST}"
            yield place, what, ", ".join(sorted(known)), did_you_mean(code, known, otherwise)
    elif pattern is not None and not re.fullmatch(pattern, code):
        yield place, what, f"{pattern} ({PATTERNS})", "write a code of that form"


def _mapped(source: Source, dimension: str) -> set[str]:
    """Return the codes that source.yaml assigns to codes of the agency."""
    rules = [rule for rule in source.dimensions.values() if rule.to == dimension]
    return {code for rule in rules for code in rule.codes.values()}


def _of_the_source(place: Place, dimension: str, code: str, source: Source) -> Iterator[Finding]:
    """Return the dimensions that source.yaml declares; rows of any other dimension are rejected, so they
    cannot be selected.
    """
    declared = {rule.to for rule in source.dimensions.values()}
    pairs = code.split(";") if dimension == "other_dims" else [dimension]
    for key in sorted({pair.partition("=")[0] for pair in pairs} - declared - {"_T"}):
        step = did_you_mean(key, declared, "remove it from `where`, or name a source that has it")
        allowed = ", ".join(sorted(declared)) or f"none: {source.id} declares no dimensions"
        yield place, f"{source.id} has no dimension {key}", allowed, step


def _source(path: Path) -> Source | None:
    """Load the source; None if its file is invalid, which is reported at that file."""
    try:
        state = path.stat()
        return _read(path, (state.st_mtime_ns, state.st_size))
    except (DefinitionError, FileNotFoundError):
        return None


@cache
def _read(path: Path, _state: tuple[int, int]) -> Source:
    return load_source(path)


@cache
def _listed() -> dict[str, set[str]]:
    lists: dict[str, set[str]] = {}
    for row in read_codelist("code_names"):
        if row["codelist"] in LISTED:
            lists.setdefault(row["codelist"], set()).add(row["code"])
    return lists


@cache
def _patterns() -> dict[str, str]:
    return {name: rule["codes"] for name, rule in load_yaml(CODELISTS / "dimension_codes.yaml").data.items()}
