"""Fingerprints of a definition: one of what its numbers depend on, one of its words.

A changed note must recompute nothing, and must still reach the next release; a changed scale must do both.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from schemas.definitions import Indicator, Input


def numbers_fingerprint(indicator: Indicator) -> str:
    """sha256 of the parts of a definition from which its values follow."""
    return _digest(
        {
            "inputs": {
                name: [_input(item) for item in items] for name, items in indicator.named_inputs().items()
            },
            "formula": " ".join(indicator.formula.split()),
            "unit": indicator.unit,
            "gaps": sorted(indicator.gaps),
            "breaks": sorted([item.time_period, item.ref_area] for item in indicator.breaks),
        }
    )


def prose_fingerprint(indicator: Indicator) -> str:
    """sha256 of what a reader is told."""
    notes = {name: [item.note for item in items] for name, items in indicator.named_inputs().items()}
    return _digest(
        {
            "title": indicator.title,
            "description": indicator.description,
            "notes": indicator.notes,
            "aliases": indicator.aliases,
            "inputs": notes,
            "breaks": [item.reason for item in indicator.breaks],
        }
    )


def _input(item: Input) -> dict[str, Any]:
    """The order of inputs counts, their notes do not."""
    return {
        "source": item.source,
        "series": item.series,
        "indicator": item.indicator,
        "where": dict(sorted(item.where.items())),
        "scale": item.scale,
    }


def _digest(parts: dict[str, Any]) -> str:
    return sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
