"""How the command line prints: tables or JSON to stdout, notes and problems to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from tabulate import tabulate

Row = Mapping[str, Any]


def emit(rows: Sequence[Row], *, as_json: bool, empty: str = "nothing found") -> None:
    """Print rows as JSON, or as a table that fits a terminal; columns are the keys of the first row."""
    if as_json:
        print(json.dumps([dict(row) for row in rows], ensure_ascii=False, indent=1, default=_plain))
    elif not rows:
        print(empty)
    else:
        _table(rows)


def emit_one(row: Row, *, as_json: bool) -> None:
    """Print one record, a field a line."""
    if as_json:
        print(json.dumps(dict(row), ensure_ascii=False, indent=1, default=_plain))
    else:
        lines = [(name, _cell(value)) for name, value in row.items()]
        print(tabulate(lines, tablefmt="plain", disable_numparse=True))  # an id such as 1e5 is no number


def note(text: str) -> None:
    print(text, file=sys.stderr)


def _table(rows: Sequence[Row]) -> None:
    names = list(rows[0])
    right = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in names]
    print(
        tabulate(
            [[_cell(row.get(name)) for name in names] for row in rows],
            headers=[name.replace("_", " ") for name in names],
            disable_numparse=True,
            colalign=["right" if number else "left" for number in right],
        )
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
