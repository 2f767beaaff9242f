"""A draft: an indicator file at any path, validated against the unchanged catalogue.

A draft with an id of the catalogue is a change of that indicator. This module reads no data.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from indicators.lineage import carried_by_source, with_lineage
from indicators.registry import Catalogue
from indicators.validation import known_series, problems_of
from schemas.definitions.indicator import Indicator
from schemas.definitions.parsing import parse
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import DefinitionError, Problem
from sources.registry.sources import SOURCES


def load_draft(
    path: Path,
    catalogue: Catalogue,
    *,
    faulty: Mapping[str, list[Problem]] | None = None,
    sources_folder: Path = SOURCES,
) -> Indicator:
    """Load the indicator of a file with the lineage of its series, as in the catalogue.

    Args:
        path: the file.
        catalogue: the indicators around it.
        faulty: problems of indicators that are not in the catalogue, for a draft that depends on one.
        sources_folder: the agencies.

    Raises:
        DefinitionError: the file, or one that it depends on, is invalid; with all findings of `compact
            check`.
    """
    file = load_yaml(path)
    indicator = parse(Indicator, file)
    inputs = [
        item.indicator for items in indicator.named_inputs().values() for item in items if item.indicator
    ]
    if needed := [problem for name in dict.fromkeys(inputs) for problem in (faulty or {}).get(name, ())]:
        raise DefinitionError(needed)
    series = known_series(sources_folder)
    problems = list(problems_of(indicator, file, {*catalogue, indicator.id}, series, sources_folder))
    made_of = {
        item.indicator for items in indicator.named_inputs().values() for item in items if item.indicator
    }
    through = set(catalogue.in_order(made_of & set(catalogue)))
    if indicator.id in made_of | through:
        what, step = f"{indicator.id} is made of itself", "let one of them name a source's series instead"
        place = file.line(("inputs",))
        problems.append(
            Problem(str(path), place, "inputs", what, "indicators that do not need this one", step)
        )
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise DefinitionError(errors)
    return with_lineage(indicator, series, carried_by_source(sources_folder))
