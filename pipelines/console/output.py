"""Terminal output: tables or JSON to stdout, notes and problems to stderr.

Every line passes `visible`: names, titles and messages come from agencies and files, and a terminal obeys
control characters. Characters that the terminal's encoding lacks are replaced, see `use_any_encoding`. No
colour is used, so that NO_COLOR needs no care.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pipelines.console.table import table
from schemas.display import visible, visible_json

Row = Mapping[str, Any]
UNBOUNDED = "COMPACT_WIDE"  # set by --wide


def emit(
    rows: Sequence[Row], *, as_json: bool, empty: str = "nothing found", columns: Sequence[str] = ()
) -> None:
    """Print rows as JSON, or as a table that fits the terminal.

    Args:
        rows: the rows.
        as_json: print JSON, with every key.
        empty: the text printed for no rows.
        columns: keys that a table shows, the most important first; by default the keys of the first row.
    """
    if as_json:
        _print_json([dict(row) for row in rows])
    elif not rows:
        say(empty)
    else:
        wide = os.environ.get(UNBOUNDED) or not columns
        # a requested column that is empty throughout carries no information
        chosen = [name for name in columns if any(row.get(name) is not None for row in rows)]
        _table(rows, list(rows[0]) if wide else chosen)


def emit_one(row: Row, *, as_json: bool) -> None:
    """Print one record, one field per line."""
    if as_json:
        _print_json(dict(row))
    else:
        longest = max(map(len, row), default=0)
        for name, value in row.items():
            say(f"{name:<{longest}}  {_cell(value)}".rstrip())


def say(text: object = "", *, end: str = "\n", flush: bool = False) -> None:
    """Print text to stdout."""
    print(visible(str(text)), end=end, flush=flush)


def note(text: str) -> None:
    """Print text that is not part of the result to stderr."""
    print(visible(text), file=sys.stderr)


def use_any_encoding() -> None:
    """Replace characters that the encoding of stdout or stderr lacks (as Windows code pages do), instead of
    raising.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _print_json(answer: object) -> None:
    print(visible_json(json.dumps(answer, ensure_ascii=False, indent=1, default=_plain)))


def line_width() -> int | None:
    """Return the characters per line: COLUMNS, or the terminal's width; None where output is not a
    terminal.
    """
    if os.environ.get(UNBOUNDED):
        return None
    if not os.environ.get("COLUMNS") and not sys.stdout.isatty():
        return None
    return max(shutil.get_terminal_size().columns, 40)


def can_print(text: str) -> bool:
    """Return whether the encoding of stdout has every character of a text."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _table(rows: Sequence[Row], names: Sequence[str]) -> None:
    right = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in names]
    shown = [[_line(_cell(row.get(name))) for name in names] for row in rows]
    text = table([name.replace("_", " ") for name in names], shown, right, line_width())
    say(text if can_print(text) else text.replace("…", "~"))


def _line(text: str) -> str:
    """Format a cell on one line."""
    return " ".join(text.split()) if "\n" in text else text


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
