"""Fingerprints of a definition: one of its computation, one of its words.

A changed note recomputes nothing, but must reach the next release; a changed scale does both.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from schemas.definitions.indicator import Indicator, Input


def numbers_fingerprint(indicator: Indicator) -> str:
    """Return the sha256 of the parts of a definition that determine its values."""
    return _digest(
        {
            "inputs": {
                name: [_input(item) for item in items] for name, items in indicator.named_inputs().items()
            },
            "formula": " ".join(indicator.formula.split()),
            "unit": indicator.unit,
            "gaps": sorted(indicator.gaps),
            "breaks": sorted([item.time_period, item.ref_area] for item in indicator.breaks),
            # it decides whether a copy of the same figures continues a series:
            # warehouse/evaluation/lineage.py
            "disagreement": _tolerance(indicator),
        }
    )


# The effect of a change in each field of a definition. The values of an indicator depend on `numbers`, its
# assessment (progress, aggregates, scores) also on `method`; `checks` check them, `prose` is text for
# readers.
FIELDS = {
    "numbers": ("inputs", "formula", "unit", "gaps", "breaks", "disagreement"),
    "method": (
        *("direction", "assessed", "target", "bounds", "aggregate", "frameworks"),
        *("verdict_kind", "group_verdict_kind", "stale_after", "min_span", "noise", "links"),
    ),
    "checks": ("expect", "fallback_when_held"),
    "prose": ("id", "former_ids", "title", "description", "verdict_reason", "aliases", "notes"),
}
KIND = {field: kind for kind, fields in FIELDS.items() for field in fields}


def field_fingerprints(indicator: Indicator) -> dict[str, str]:
    """Return a short fingerprint of each non-empty field, so that a later comparison can name the changes.

    Words inside `inputs` and `breaks` (a note, a reason) are separate from the computation, as `inputs
    (words)`.
    """
    fields = indicator.model_dump(mode="json")
    declared = {name: value for name, value in fields.items() if value not in (None, [])}
    numbers = {name: [_input(item) for item in items] for name, items in indicator.named_inputs().items()}
    declared["inputs"] = numbers
    declared["inputs (words)"] = [
        [item.note, item.optional] for items in indicator.named_inputs().values() for item in items
    ]
    if indicator.disagreement is not None:
        declared["disagreement"] = _tolerance(indicator)
        declared["disagreement (words)"] = indicator.disagreement.reason
    if indicator.breaks:
        declared["breaks"] = [[item.time_period, item.ref_area] for item in indicator.breaks]
        declared["breaks (words)"] = [item.reason for item in indicator.breaks]
    return {name: _digest({"": value})[:12] for name, value in sorted(declared.items())}


def kind_of(field: str) -> str:
    """Return the effect of a field's change: numbers, method, checks or prose. An unknown field counts as
    method, so that a new one is never taken for prose.
    """
    return "prose" if field.endswith("(words)") else KIND.get(field, "method")


def _tolerance(indicator: Indicator) -> list[float | None]:
    limit = indicator.disagreement
    return [limit.relative, limit.absolute] if limit is not None else []


def _input(item: Input) -> dict[str, Any]:
    """Fingerprint an input; the order of inputs counts, their notes do not."""
    return {
        "source": item.source,
        "series": item.series,
        "indicator": item.indicator,
        "where": dict(sorted(item.where.items())),
        "carries": item.carries or item.source,
        "concept": item.concept,
        "use": item.use,
        "splice": item.splice.model_dump(exclude={"reason"}) if item.splice else None,
        "part": dict(sorted(item.part.items())),
        "scale": item.scale,
    }


def _digest(parts: dict[str, Any]) -> str:
    return sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
