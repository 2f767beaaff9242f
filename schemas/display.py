"""Formatting of displayed text: escapes unsafe characters from outside, shortens long text, and matches a
noun to its number. Stored bytes stay unchanged.
"""

from __future__ import annotations

import re

# C0 except tab and line feed, DEL and C1; marks that change the text direction, or are invisible.
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


def visible(text: str) -> str:
    """Escape unsafe characters as \\uXXXX; tab and line feed stay."""
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def visible_json(text: str) -> str:
    """Return a JSON document with the same content and unsafe characters escaped, as JSON allows in
    strings.
    """
    return UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def bounded(text: str, longest: int) -> str:
    """Shorten a text to so many characters, with a note of its length."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def counted(number: int, one: str, many: str = "") -> str:
    """Format a number with its noun: 1 file, 2 files, 1,200 values."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
