"""The lists of functions and recipes in docs/definitions.md, from the functions allowed in a formula."""

from __future__ import annotations

import re
from pathlib import Path

from indicators.formula.functions import OF_OTHER_CELLS, OF_THE_CELL, RECIPES, Function
from indicators.formula.window_functions import groupings_allowed

GUIDE = Path("docs/definitions.md")
CHECKOUT = Path(__file__).resolve().parents[2]


def files() -> dict[Path, str]:
    """Return the guide with current tables, by its path in the checkout."""
    return {GUIDE: with_tables((CHECKOUT / GUIDE).read_text(encoding="utf-8"))}


def functions_table(functions: tuple[Function, ...]) -> str:
    lines = ["| function | result |", "|---|---|"]
    return "\n".join(
        [*lines, *(f"| `{one.form.replace('), ', ')`, `')}` | {one.meaning} |" for one in functions)]
    )


def recipes_table() -> str:
    lines = ["| result | `formula:` | for example |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {one.task} | `{one.formula}` | {one.example} |" for one in RECIPES)])


def with_tables(text: str) -> str:
    """Return a page with the text between its markers replaced: <!-- formulas: recipes --> ... <!-- end
    -->.
    """
    tables = {
        "of_the_cell": functions_table(OF_THE_CELL),
        "of_other_cells": functions_table(OF_OTHER_CELLS),
        "recipes": recipes_table(),
        "groupings": ", ".join(f"`{name}`" for name in groupings_allowed()),
    }

    def made(found: re.Match[str]) -> str:
        return f"<!-- formulas: {found[1]} -->\n{tables[found[1]]}\n<!-- end -->"

    return re.sub(r"<!-- formulas: (\w+) -->.*?<!-- end -->", made, text, flags=re.DOTALL)
