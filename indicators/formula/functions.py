"""The functions allowed in a formula. The check, its messages and docs/definitions.md are generated from this
list.

Calls are compiled to SQL in compiler.py (functions of one cell) and window_functions.py (functions that read
other years or countries).
"""

from __future__ import annotations

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
    """A common task of a statistician, and the formula for it. inputs: the names that it uses."""

    wanted: str
    formula: str
    inputs: tuple[str, ...]


RECIPES = (
    Recipe("ratio", "female / male", ("female", "male")),
    Recipe("difference", "male - female", ("male", "female")),
    Recipe("share in per cent", "100 * part / whole", ("part", "whole")),
    Recipe("per capita", "emissions / population", ("emissions", "population")),
    Recipe("per 100,000 inhabitants", "100000 * cases / population", ("cases", "population")),
    Recipe("change against the year before", "value - lag(value)", ("value",)),
    Recipe("growth in per cent over five years", "100 * (value / lag(value, 5) - 1)", ("value",)),
    Recipe("moving average of three years", "moving_average(value, 3)", ("value",)),
    Recipe("index with 2015 as 100", "rebased(value, 2015)", ("value",)),
    Recipe(
        "ratio to the latest census of ten years", "cases / recent(population, 10)", ("cases", "population")
    ),
    Recipe("share of the world", "share_of_group(value, world, 0.9)", ("value",)),
    Recipe("share of the income group", "share_of_group(value, wb_income, 0.9)", ("value",)),
    Recipe("the complement of a share", "100 - value", ("value",)),
)
