"""Substitute inputs of an indicator while one of its inputs is held and was never accepted.

If an earlier snapshot was accepted, it stays current and no substitute is needed. The store knows the held
snapshots; this module applies them to the order of preference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from schemas.definitions.indicator import Indicator, Input

Series = tuple[str, str]  # source, series


@dataclass(frozen=True)
class HeldInput:
    """A held input with inputs after it. falls_back: the file allows those as substitutes."""

    item: Input
    falls_back: bool
    text: str


def held_inputs(indicators: Iterable[Indicator], held: Collection[Series]) -> dict[str, HeldInput]:
    """Return the indicators with a held input that has alternatives, each with the first such input."""
    by_indicator: dict[str, HeldInput] = {}
    for indicator in indicators:
        for items in indicator.named_inputs().values():
            for number, item in enumerate(items[:-1], 1):
                if (item.source or "", item.series or "") in held:
                    by_indicator.setdefault(indicator.id, _told(indicator, item, items[number]))
    return by_indicator


def _told(indicator: Indicator, item: Input, then: Input) -> HeldInput:
    name, stand_in = f"{item.source} {item.series}", then.indicator or f"{then.source} {then.series}"
    head = f"{indicator.id}: its input {name} is held, and nothing of it was accepted before"
    if reason := indicator.fallback_when_held:
        return HeldInput(item, True, f"{head}; {stand_in} stands in for it ({reason})")
    return HeldInput(
        item,
        False,
        f"{head}; the inputs after it, {stand_in} first, do not stand in, as its file has no "
        "`fallback_when_held`: values are missing",
    )


def as_evaluated(indicator: Indicator, held: Mapping[str, HeldInput]) -> Indicator:
    """Return the definition without the inputs that may not be substitutes: those after the held one."""
    held_input = held.get(indicator.id)
    if held_input is None or held_input.falls_back:
        return indicator
    kept = {name: _up_to(items, held_input.item) for name, items in indicator.named_inputs().items()}
    inputs = kept if isinstance(indicator.inputs, dict) else kept["value"]
    return indicator.model_copy(update={"inputs": inputs})


def _up_to(items: list[Input], last: Input) -> list[Input]:
    return items[: items.index(last) + 1] if last in items else items
