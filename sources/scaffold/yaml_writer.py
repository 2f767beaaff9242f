"""Writes YAML for the scaffold of a source: scalars, and open fields with a question in a comment."""

from __future__ import annotations

import json
import re

PLAIN = re.compile(r"[A-Za-z][\w ()/%+.-]*(?<! )")
WORDS = {"true", "false", "null", "yes", "no", "on", "off"}
MARK = "# QUESTION:"
EDITOR = "# yaml-language-server: $schema=../../../schemas/json/source.schema.json"


def scalar(text: str) -> str:
    """Format a text as YAML, quoted if it could be read as another type."""
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def question(field: str, text: str) -> str:
    """Return a field without a value, which `compact check` reports, with its question."""
    return f"{field:30} {MARK} {text}"
