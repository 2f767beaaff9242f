"""Restricts a catalogue to inputs allowed for a purpose, such as redistribution.

The caller decides which inputs those are: licences are declared by the sources.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from indicators.registry import Catalogue, Entry
from schemas.definitions.indicator import Input


def restricted(catalogue: Catalogue, keep: Callable[[Input], bool]) -> tuple[Catalogue, list[str]]:
    """Return the catalogue with only the inputs that `keep` allows, and the indicators that lost all of them.

    An indicator is removed if one of its named inputs has nothing left, or if it depends on a removed one. If
    an aggregate's weight is removed, the indicator stays, without group values.
    """
    entries: dict[str, Entry] = {}
    gone: list[str] = []
    for indicator_id, entry in catalogue.entries.items():
        inputs = {
            name: [i for i in items if keep(i) and (i.indicator is None or i.indicator in entries)]
            for name, items in entry.indicator.named_inputs().items()
        }
        if not all(inputs.values()):
            gone.append(indicator_id)
            continue
        left = inputs if isinstance(entry.indicator.inputs, dict) else inputs["value"]
        entries[indicator_id] = replace(entry, indicator=entry.indicator.model_copy(update={"inputs": left}))
    for indicator_id, entry in entries.items():
        aggregate = entry.indicator.aggregate
        if aggregate.weight in gone:
            none = aggregate.model_copy(update={"method": "none", "weight": None})
            entries[indicator_id] = replace(
                entry, indicator=entry.indicator.model_copy(update={"aggregate": none})
            )
    return Catalogue(entries), gone
