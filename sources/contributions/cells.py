"""Cells as received, the text a cell may hold, and protection against formulas in spreadsheets."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from schemas.errors import CompactError

Kind = Literal["text", "number", "date"]

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
# Prefixes that some spreadsheet program interprets as a formula, including full-width forms.
STARTS = "=+-@＝＋－＠"
RUNS = re.compile(rf"^[\s\u200b-\u200f\u2060\ufeff]*(?:[{re.escape(STARTS)}]|[\t\r\n])")
SPACES = " \t\r\n\u00a0\u3000"
HIDING = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ufffd]")


class Refused(CompactError):
    """A contributed file that cannot be validated row by row."""


@dataclass(frozen=True)
class Cell:
    """One cell. text: as displayed, trimmed; fault: why it is unreadable, if it is; raised: the text with
    raised or lowered parts in brackets, if it has some.
    """

    text: str = ""
    kind: Kind = "text"
    fault: str = ""
    raised: str = ""


@dataclass(frozen=True)
class Row:
    """One row that is not blank. number: as in a spreadsheet, the header being 1; beyond: filled cells to
    the right of the header.
    """

    number: int
    cells: tuple[Cell, ...]
    beyond: tuple[Cell, ...] = ()
    short: bool = False  # fewer fields than the header: possible in a CSV only


@dataclass(frozen=True)
class Received:
    """A file as read. shared: the cells of the sheet `file`, which apply to all rows."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    shared: dict[str, Cell] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def text_cell(text: str, kind: Kind = "text", fault: str = "") -> Cell:
    """Return the text of a cell without surrounding spaces and with line ends as \n. Nothing else changes."""
    return Cell(text.replace("\r\n", "\n").strip(SPACES), kind, fault)


def is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def runs(text: str) -> bool:
    """Return whether a spreadsheet might evaluate the text as a formula. A negative number is a number."""
    return RUNS.match(text) is not None and not is_number(text.strip())


def neutral(text: str) -> str:
    """Escape text for XLSX or CSV: prefix an apostrophe to a possible formula, and make invalid characters
    visible.
    """
    shown = "".join(_shown(character) for character in text)
    return f"'{shown}" if runs(text) or runs(shown) else shown


def _shown(character: str) -> str:
    if character == "\n" or (
        unicodedata.category(character) not in ("Cc", "Cs") and not HIDING.match(character)
    ):
        return character
    return f"\\u{ord(character):04x}"


def text_fault(text: str, *, long: bool, longest: int) -> str:
    """Return why a text is not valid in a cell; empty if it is."""
    if len(text) > longest:
        return f"has {len(text):,} characters; {longest:,} is the most"
    for character in text:
        if character == "\n" and long:
            continue
        if character == "\n":
            return "has a line break; write it in one line"
        if character == "\ufffd":
            return "holds U+FFFD: a letter was lost when the file was converted; write it again"
        if unicodedata.category(character) in ("Cc", "Cs") or HIDING.match(character):
            return f"holds the invisible character U+{ord(character):04X}; take it out"
    if runs(text) or (text.startswith("'") and runs(text.lstrip("'"))):
        return f"begins with {text.lstrip(chr(39))[:1]!r}, as a formula does; begin with a letter or a digit"
    return ""
