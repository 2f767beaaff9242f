"""The functions allowed in a formula. The check, its messages and docs/definitions.md are generated from this
list.

Calls are compiled to SQL in compiler.py (functions of one cell) and window_functions.py (functions that read
other years or countries).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """One function. example: a formula over the inputs a and b that uses it."""

    name: str
    form: str
    meaning: str
    example: str


OF_THE_CELL = (
    Function("abs", "abs(x)", "the size of a number without its sign", "abs(a - b)"),
    Function("ceil", "ceil(x)", "the next whole number above", "ceil(a)"),
    Function("coalesce", "coalesce(x, y, …)", "the first that is not missing", "coalesce(a, b)"),
    Function("exp", "exp(x)", "e to the power of x", "exp(a)"),
    Function("floor", "floor(x)", "the next whole number below", "floor(a)"),
    Function("greatest", "greatest(x, y, …)", "the largest that is not missing", "greatest(a, b)"),
    Function("least", "least(x, y, …)", "the smallest that is not missing", "least(a, b)"),
    Function("ln", "ln(x)", "the natural logarithm; none for zero or less", "ln(a)"),
    Function("log10", "log10(x)", "the logarithm to base 10; none for zero or less", "log10(a)"),
    Function("nullif", "nullif(x, y)", "x, or no value where it equals y", "nullif(a, b)"),
    Function("power", "power(x, y)", "x to the power of y", "power(a, b)"),
    Function("round", "round(x), round(x, digits)", "rounded, halves away from zero", "round(a, 1)"),
    Function("sqrt", "sqrt(x)", "the square root; none for a negative number", "sqrt(a)"),
)
OF_OTHER_CELLS = (
    Function(
        "lag",
        "lag(x), lag(x, years)",
        "the value one year before, or so many (1 to 50); none where just that year has none",
        "a - lag(a)",
    ),
    Function(
        "moving_average",
        "moving_average(x, years)",
        "the mean of this year and those before it, so many in all (2 to 10); none where any has none",
        "moving_average(a, 3)",
    ),
    Function(
        "rebased",
        "rebased(x, base_year)",
        "an index: x as per cent of its value in the base year; none where that year has none",
        "rebased(a, 2015)",
    ),
    Function(
        "recent",
        "recent(x, years)",
        "the value of the year, or else the latest of the years before it, so many at most (1 to 10); for "
        "inputs whose years differ",
        "a / recent(b, 3)",
    ),
    Function(
        "share_of_group",
        "share_of_group(x, grouping, least)",
        "x as per cent of the sum over the countries of its group in the same year; none where fewer "
        "of them than `least` (a part from 0 to 1) have a value",
        "share_of_group(a, world, 0.9)",
    ),
)
LISTED = {function.name: function for function in (*OF_THE_CELL, *OF_OTHER_CELLS)}
FUNCTIONS = tuple(LISTED)


@dataclass(frozen=True)
class Recipe:
    """A common task of a statistician, and its formula with an example.

    Attributes:
        task: what the formula does, in words.
        formula: the formula.
        series: of each input its values by year; the result is that of the last year.
        result: the result.
        others: the sum over the other countries of the group, for a share of it.
    """

    task: str
    formula: str
    series: Mapping[str, Mapping[int, float]]
    result: float
    others: float | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(self.series)

    @property
    def example(self) -> str:
        """Inputs and result in a line."""
        dated = len({year for values in self.series.values() for year in values}) > 1
        said = [
            f"{name} {number:g}" + (f" in {year}" if dated else "")
            for name, values in self.series.items()
            for year, number in values.items()
        ]
        said += [] if self.others is None else [f"the others together {self.others:g}"]
        return f"{', '.join(said)}: {self.result:g}"


RECIPES = (
    Recipe("ratio", "female / male", {"female": {2020: 30}, "male": {2020: 40}}, 0.75),
    Recipe("difference", "male - female", {"male": {2020: 40}, "female": {2020: 30}}, 10),
    Recipe("share in per cent", "100 * part / whole", {"part": {2020: 30}, "whole": {2020: 120}}, 25),
    Recipe("per capita", "emissions / population", {"emissions": {2020: 500}, "population": {2020: 100}}, 5),
    Recipe(
        "per 100,000 inhabitants",
        "100000 * cases / population",
        {"cases": {2020: 12}, "population": {2020: 400_000}},
        3,
    ),
    Recipe("change against the year before", "value - lag(value)", {"value": {2019: 40, 2020: 46}}, 6),
    Recipe(
        "growth in per cent over five years",
        "100 * (value / lag(value, 5) - 1)",
        {"value": {2015: 40, 2020: 50}},
        25,
    ),
    Recipe(
        "moving average of three years",
        "moving_average(value, 3)",
        {"value": {2018: 30, 2019: 33, 2020: 36}},
        33,
    ),
    Recipe("index with 2015 as 100", "rebased(value, 2015)", {"value": {2015: 80, 2020: 100}}, 125),
    Recipe(
        "ratio to the latest census of ten years",
        "cases / recent(population, 10)",
        {"population": {2015: 120}, "cases": {2020: 30}},
        0.25,
    ),
    Recipe("share of the world", "share_of_group(value, world, 0.9)", {"value": {2020: 50}}, 25, others=150),
    Recipe(
        "share of the income group",
        "share_of_group(value, wb_income, 0.9)",
        {"value": {2020: 50}},
        20,
        others=200,
    ),
    Recipe("the complement of a share", "100 - value", {"value": {2020: 35}}, 65),
)
