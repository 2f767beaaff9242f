"""What an indicator does while one of its inputs is held and nothing of it was ever accepted.

Where an earlier snapshot was accepted, that one stays live and this is not needed. Which are held is
told by the store; here is only what follows for the order of preference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from schemas.definitions.indicator import Indicator, Input

Series = tuple[str, str]  # source, series


@dataclass(frozen=True)
class HeldInput:
    """An input that is held, with inputs after it. falls_back: the file allows those to stand in."""

    item: Input
    falls_back: bool
    text: str


def held_inputs(indicators: Iterable[Indicator], held: Collection[Series]) -> dict[str, HeldInput]:
    """The indicators of which an input is held that others stand behind, each with the first such input."""
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
    """The definition without the inputs that may not stand in: those after the one that is held."""
    held_input = held.get(indicator.id)
    if held_input is None or held_input.falls_back:
        return indicator
    kept = {name: _up_to(items, held_input.item) for name, items in indicator.named_inputs().items()}
    inputs = kept if isinstance(indicator.inputs, dict) else kept["value"]
    return indicator.model_copy(update={"inputs": inputs})


def _up_to(items: list[Input], last: Input) -> list[Input]:
    return items[: items.index(last) + 1] if last in items else items
