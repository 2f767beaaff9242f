"""The lists of functions and recipes in docs/definitions.md, made from formula_functions.py.

`python -m indicators.formula_page` writes them; a test proves that the page is current.
"""

from __future__ import annotations

import re
from pathlib import Path

from indicators.formula.functions import OF_OTHER_CELLS, OF_THE_CELL, RECIPES, Function
from indicators.formula.window_functions import groupings_allowed

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "definitions.md"


def functions_table(functions: tuple[Function, ...]) -> str:
    lines = ["| function | gives |", "|---|---|"]
    return "\n".join(
        [*lines, *(f"| `{one.form.replace('), ', ')`, `')}` | {one.meaning} |" for one in functions)]
    )


def recipes_table() -> str:
    lines = ["| wanted | `formula:` |", "|---|---|"]
    return "\n".join([*lines, *(f"| {one.wanted} | `{one.formula}` |" for one in RECIPES)])


def with_tables(text: str) -> str:
    """A page with what stands between its markers made anew: <!-- formulas: recipes --> ... <!-- end -->."""
    tables = {
        "of_the_cell": functions_table(OF_THE_CELL),
        "of_other_cells": functions_table(OF_OTHER_CELLS),
        "recipes": recipes_table(),
        "groupings": ", ".join(f"`{name}`" for name in groupings_allowed()),
    }

    def made(found: re.Match[str]) -> str:
        return f"<!-- formulas: {found[1]} -->\n{tables[found[1]]}\n<!-- end -->"

    return re.sub(r"<!-- formulas: (\w+) -->.*?<!-- end -->", made, text, flags=re.DOTALL)


if __name__ == "__main__":
    GUIDE.write_text(with_tables(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
