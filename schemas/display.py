"""Text as it is shown to people: unsafe characters from outside become visible, long text is cut, and a
number agrees with its noun. Bytes are stored as they came.
"""

from __future__ import annotations

import re

# C0 but tab and line feed, DEL and C1; marks that change the direction of text, or cannot be seen.
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


def visible(text: str) -> str:
    """The text with unsafe characters as \\uXXXX; tab and line feed stay."""
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def visible_json(text: str) -> str:
    """A JSON document with the same content and unsafe characters escaped, as JSON allows in strings."""
    return UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def bounded(text: str, longest: int) -> str:
    """The text, cut after so many characters with a note of its length."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 file, 2 files, 1,200 values."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
