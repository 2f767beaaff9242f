"""Terminal output: tables or JSON to stdout, notes and problems to stderr.

Every line passes `visible`: names, titles and messages come from agencies and files, and a terminal obeys
control characters. Characters that the terminal's encoding lacks are replaced, see `use_any_encoding`. No
colour is used, so that NO_COLOR needs no care.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pipelines.console.table import table
from schemas.display import visible, visible_json

Row = Mapping[str, Any]
UNBOUNDED = "COMPACT_WIDE"  # set by --wide
MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2})(:[0-9.]+)?(Z|[+-][0-9]{2}:[0-9]{2})?")
LABELLED = re.compile(r" *\S.{0,14}?  +(?=\S)")  # a line's label and the blanks after it
HEADS = {  # of columns whose name is long and whose cells are short
    "time_period": "year",
    "ref_area": "code",
    "countries_since_2015": "countries",
    "countries_used": "countries",
}


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


def say(text: object = "", *, end: str = "\n", flush: bool = False, wrapped: bool = True) -> None:
    """Print text to stdout. On a terminal its lines are wrapped at blanks, unless it is to be copied."""
    shown = visible(str(text))
    print(_wrapped(shown) if wrapped else shown, end=end, flush=flush)


def note(text: str) -> None:
    """Print text that is not part of the result to stderr."""
    print(_wrapped(visible(text)), file=sys.stderr)


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
    whole = [all(_is_whole(row.get(name)) for row in rows) for name in names]
    shown = [[_line(_cell(row.get(name))) for name in names] for row in rows]
    head = [HEADS.get(name, name.replace("_", " ")) for name in names]
    text = table(head, shown, right, line_width(), whole)
    say(text if can_print(text) else text.replace("…", "~"), wrapped=False)


def _is_whole(value: Any) -> bool:
    """Numbers and moments are never shortened: a part of one says something else."""
    moment = isinstance(value, str) and MOMENT.fullmatch(value) is not None
    return moment or isinstance(value, int | float | date | None)


def _wrapped(text: str) -> str:
    """Lines that are wider than the terminal go on below the text after their label."""
    width = line_width()
    if width is None:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        label = LABELLED.match(line)
        below = len(label[0]) if label else len(line) - len(line.lstrip()) + 2
        lines += textwrap.wrap(
            line, width, subsequent_indent=" " * min(below, width // 2), drop_whitespace=True,
            break_long_words=False, break_on_hyphens=False,
        ) if len(line) > width and " " in line[below:] else [line]  # fmt: skip
    return "\n".join(lines)


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
    if isinstance(value, str) and (moment := MOMENT.fullmatch(value)):
        return f"{moment[1]} {moment[2]}"
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
