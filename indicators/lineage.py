"""Custodian and concept of each input of an indicator, as declared in its file, series.csv or source.yaml.

The lineage of an area is chosen in evaluation, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from indicators.validation import Known
from schemas.definitions.indicator import Indicator, Input
from schemas.definitions.yaml_file import load_yaml
from schemas.errors import DefinitionError


def carried_by_source(folder: Path) -> dict[str, str]:
    """Return the custodian that each source.yaml of a folder names; by default a source is its own."""
    carriers: dict[str, str] = {}
    for path in sorted(folder.glob("*/source.yaml")):
        try:
            carriers[path.parent.name] = str(load_yaml(path).data.get("carries") or path.parent.name)
        except DefinitionError:  # reported where the sources are checked
            carriers[path.parent.name] = path.parent.name
    return carriers


def with_lineage(indicator: Indicator, series: Known, carried: Mapping[str, str]) -> Indicator:
    """The indicator with `carries` and `concept` filled in at every input that names a series."""

    def resolved(item: Input) -> Input:
        if item.source is None or item.series is None:
            return item
        info = (series.get(item.source) or {}).get(item.series)
        carries = item.carries or (info.carries if info else "") or carried.get(item.source, item.source)
        concept = item.concept or (info.concept if info else "") or None
        return item.model_copy(update={"carries": carries, "concept": concept})

    if isinstance(indicator.inputs, dict):
        named = {name: [resolved(item) for item in items] for name, items in indicator.inputs.items()}
        return indicator.model_copy(update={"inputs": named})
    return indicator.model_copy(update={"inputs": [resolved(item) for item in indicator.inputs]})
