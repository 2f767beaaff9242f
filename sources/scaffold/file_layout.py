"""Infers the layout of a delimited file from its bytes: encoding, delimiter, lines before the header, number
format.

The meaning of the columns is inferred in table_inference.py.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sources.drift.structure import DELIMITERS
from sources.http.content import bad, check_text
from sources.http.file_kind import text_encoding
from sources.model import Page
from sources.readers.delimited.parser import SEPARATOR_LINE, Layout
from sources.scaffold.yaml_writer import scalar

LOOKED_AT = 200  # lines used to infer the delimiter and the header
TITLE_ROWS = 20  # the most that the reader can skip
SPACES = " \u00a0\u202f'"
GROUPED = re.compile(rf"[-+]?[0-9]{{1,3}}(?:([{SPACES}.,])[0-9]{{3}})(?:\1[0-9]{{3}})*(?:([.,])[0-9]+)?")
DECIMAL = re.compile(r"[-+]?[0-9]+([.,])[0-9]+(?:[eE][+-]?[0-9]+)?|[-+]?([.,])[0-9]+")


@dataclass(frozen=True)
class FileLayout:
    """The position of the table in a file, and its layout. before: lines before its header; title_rows:
    those that are a title and not Excel's `sep=`.
    """

    encoding: str
    delimiter: str
    before: int
    title_rows: int
    text: str  # from the header on

    @property
    def lines(self) -> list[str]:
        """Return the lines from the header on, with their ends."""
        return self.text.splitlines(keepends=True)


@dataclass(frozen=True)
class NumberStyle:
    """Separators within numbers. unclear: an ambiguous example, such as 1,234."""

    decimal: str = "."
    thousands: str = ""
    unclear: str = ""

    def is_number(self, text: str) -> bool:
        """Return whether a text is a number in this format; if the format is unclear, in either format."""
        if self.unclear and GROUPED.fullmatch(text.strip()):
            return True
        plain = text.strip().replace(self.thousands, "") if self.thousands else text.strip()
        plain = plain.replace(self.decimal, ".") if self.decimal != "." else plain
        return re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", plain) is not None


def read_layout(page: Page) -> FileLayout:
    """Infer the layout of a text with separators. Raises InvalidResponse if the bytes are not text."""
    encoding = text_encoding(page.body)
    check_text(page, page.body, encoding)
    text = page.body.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    lines = text.splitlines(keepends=True)
    said = SEPARATOR_LINE.fullmatch(lines[0].strip()) if lines else None
    delimiter, header = _table_in(lines[:LOOKED_AT], said[1] if said else "")
    if header > TITLE_ROWS:
        raise bad(page, f"has {header} lines before its header", allowed=f"at most {TITLE_ROWS}")
    return FileLayout(encoding, delimiter, header, header - bool(said and header), "".join(lines[header:]))


def number_style(texts: Iterable[str]) -> NumberStyle:
    """Infer the number format from all texts that may be numbers."""
    decimals, groups, unclear = Counter[str](), Counter[str](), ""
    for text in map(str.strip, texts):
        if (grouped := GROUPED.fullmatch(text)) and (grouped[2] or text.count(grouped[1]) > 1):
            groups[grouped[1]] += 1
            decimals.update(grouped[2] or ())
        elif grouped and grouped[1] in SPACES:
            groups[grouped[1]] += 1
        elif grouped:
            unclear = unclear or text
        elif match := DECIMAL.fullmatch(text):
            decimals[match[1] or match[2]] += 1
    decimal = decimals.most_common(1)[0][0] if decimals else ""
    thousands = groups.most_common(1)[0][0] if groups else ""
    if unclear and not decimal and thousands not in (".", ","):
        return NumberStyle(".", thousands, unclear)
    if not decimal and thousands == ".":
        decimal = ","
    if unclear and not thousands and decimal and decimal not in unclear:
        thousands = "," if "," in unclear else "."
    return NumberStyle(decimal or ".", thousands)


def layout_lines(layout: FileLayout, numbers: NumberStyle) -> list[str]:
    """Return the reader's options that differ from their defaults, as lines of YAML."""
    usual = Layout.model_fields
    options = {
        "encoding": layout.encoding,
        "delimiter": layout.delimiter,
        "title_rows": layout.title_rows,
        "decimal": numbers.decimal,
        "thousands": numbers.thousands,
    }
    return [
        f"  {name}: {scalar(value) if isinstance(value, str) else value}"
        for name, value in options.items()
        if value != usual[name].default
    ]


def _table_in(lines: Sequence[str], said: str) -> tuple[str, int]:
    """Return the delimiter and the place of the header: the first line with as many fields as most lines,
    more than half of them filled.
    """
    best, place, score = said or ",", 0, (0, 0)
    for delimiter in said or DELIMITERS:
        records = [next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), []) for line in lines]
        sizes = Counter(len(record) for record in records if len(record) > 1)
        size, times = max(sizes.items(), key=lambda one: (one[1], one[0]), default=(1, 0))
        filled = [len(r) == size and 2 * sum(map(bool, r)) > size for r in records]
        header = filled.index(True) if True in filled else 0
        if (times, size) > score:
            best, place, score = delimiter, header, (times, size)
    return best, place
