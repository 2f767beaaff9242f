"""Status of countries on targets: one count with one denominator, for every page, brief and sheet.

The unit is a pair of a UN Member State and a numeric target. A pair has one verdict of the default method, or
too little data for one; all shares are of all pairs. Directions of indicators without a target are counted
separately and never summed with verdicts. It makes no assessment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

GOOD = ("met", "very_likely", "likely")
EVEN = ("about_as_likely_as_not",)
BAD = ("unlikely", "very_unlikely", "not_met")
ON_TARGET = (*GOOD, *EVEN, *BAD)
LIKELIHOODS = ("very_likely", "likely", *EVEN, "unlikely", "very_unlikely")  # classes with a probability
DIRECTIONS = ("improving", "no_clear_change", "worsening")
UNKNOWN = "insufficient_data"
UNDECIDED = (UNKNOWN, "not_applicable")
CATEGORIES = (*ON_TARGET, *DIRECTIONS, *UNDECIDED)  # in the order of bars
CONFIDENCES = ("high", "medium", "low")


@dataclass(frozen=True)
class Pace:
    """An assessment by the default method."""

    category: str
    measure: float | None = None
    projected: float | None = None
    baseline_year: int | None = None
    baseline_value: float | None = None
    has_target: bool = False
    confidence: str | None = None
    probability: float | None = None

    @property
    def on_target(self) -> bool:
        """Whether it is a verdict, or a missing verdict, on a target."""
        return self.category in ON_TARGET or (self.has_target and self.category == UNKNOWN)

    @property
    def chance(self) -> float | None:
        """The probability from which the class follows; none where the class has none."""
        return self.probability if self.category in LIKELIHOODS else None


@dataclass
class Standing:
    """Pairs of a Member State and a target by verdict, and further counts. Shares are of 1."""

    counts: Counter[str] = field(default_factory=Counter)
    directions: Counter[str] = field(default_factory=Counter)
    confidence: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    available: int = 0
    values: int = 0
    indicators: int = 0
    with_values: int = 0

    def add(self, pace: Pace) -> None:
        """Count an assessment."""
        if pace.on_target:
            self.counts[pace.category] += 1
            if pace.category in ON_TARGET:
                self.confidence[pace.confidence or "low"] += 1
        elif pace.category in (*DIRECTIONS, UNKNOWN):
            self.directions[pace.category] += 1

    @property
    def asked(self) -> int:
        """The denominator: all pairs of a Member State and a target."""
        return sum(self.counts.values())

    @property
    def decided(self) -> int:
        """Pairs with a verdict."""
        return self._of(ON_TARGET)

    @property
    def good(self) -> int:
        """Targets that are met or likely to be."""
        return self._of(GOOD)

    @property
    def even(self) -> int:
        return self._of(EVEN)

    @property
    def bad(self) -> int:
        """Targets that are unlikely to be met or were missed."""
        return self._of(BAD)

    @property
    def unknown(self) -> int:
        """Pairs with too little data for a verdict."""
        return self.counts[UNKNOWN]

    @property
    def bar(self) -> list[tuple[str, int, float]]:
        """Return class, number and share of the pairs; of directions if no indicator has a target."""
        counts = self.counts or self.directions
        total = sum(counts.values())
        return [(name, counts[name], counts[name] / total) for name in CATEGORIES if counts[name]]

    @property
    def covered(self) -> float | None:
        """Share of indicators by Member States with a value since 2015."""
        return self.available / self.pairs if self.pairs else None

    def share(self, number: int) -> float | None:
        """Return a number of pairs as a share of all."""
        return number / self.asked if self.asked else None

    def _of(self, categories: Iterable[str]) -> int:
        return sum(self.counts[name] for name in categories)
