"""How the scaffold of a source writes YAML: scalars, and fields left open with a question beside them."""

from __future__ import annotations

import json
import re

PLAIN = re.compile(r"[A-Za-z][\w ()/%+.-]*(?<! )")
WORDS = {"true", "false", "null", "yes", "no", "on", "off"}
MARK = "# QUESTION:"
EDITOR = "# yaml-language-server: $schema=../../../schemas/json/source.schema.json"


def scalar(text: str) -> str:
    """A text as YAML; in quotes where it could be read as something else."""
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def question(field: str, text: str) -> str:
    """A field without a value, which `compact check` names, and what is to be answered."""
    return f"{field:30} {MARK} {text}"
