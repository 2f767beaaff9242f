"""How the command line prints: tables or JSON to stdout, notes and problems to stderr.

Every line passes `visible`: names, titles and messages come from agencies and files, and a terminal obeys
control characters. Characters that the terminal's encoding lacks are replaced, see `use_any_encoding`.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from tabulate import tabulate

from schemas.display import visible, visible_json

Row = Mapping[str, Any]


def emit(rows: Sequence[Row], *, as_json: bool, empty: str = "nothing found") -> None:
    """Print rows as JSON, or as a table that fits a terminal; columns are the keys of the first row."""
    if as_json:
        _print_json([dict(row) for row in rows])
    elif not rows:
        say(empty)
    else:
        _table(rows)


def emit_one(row: Row, *, as_json: bool) -> None:
    """Print one record, a field a line."""
    if as_json:
        _print_json(dict(row))
    else:
        lines = [(name, _cell(value)) for name, value in row.items()]
        say(tabulate(lines, tablefmt="plain", disable_numparse=True))  # an id such as 1e5 is no number


def say(text: object = "", *, end: str = "\n", flush: bool = False) -> None:
    """Print text to stdout."""
    print(visible(str(text)), end=end, flush=flush)


def note(text: str) -> None:
    """Print text to stderr: what is not part of the answer."""
    print(visible(text), file=sys.stderr)


def use_any_encoding() -> None:
    """Replace characters that the encoding of stdout or stderr lacks, as Windows code pages do, instead of
    ending in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _print_json(answer: object) -> None:
    print(visible_json(json.dumps(answer, ensure_ascii=False, indent=1, default=_plain)))


def _table(rows: Sequence[Row]) -> None:
    names = list(rows[0])
    right = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in names]
    say(
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
