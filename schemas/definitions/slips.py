"""Messages for common mistakes in definition files: the mistake, and how to fix it.

yaml_file.py and parsing.py detect the faults; this module only improves their messages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Words = tuple[str, str, str]  # what it is, what is expected, what to do
PER_CENT = {"%", "percent", "per cent", "pct", "percentage"}
QUOTE = "put the text in quotes"


def syntax_slip(problem: str, line: str) -> Words | None:
    """Explain a known error of the YAML library about a line."""
    if "\\t" in problem or "\t" in problem or line.startswith("\t"):
        return "a tab", "blanks for indentation", "replace the tab by two blanks for each level"
    if "cannot start any token" in problem and re.search(r"(?:[:\-,\[{]|^)\s*[%@`]", line):
        return (
            "a value begins with a sign that YAML reserves",
            "text in quotes",
            f"{QUOTE}; for a unit in per cent write PT",
        )
    if problem.startswith("mapping values are not allowed"):
        return "a colon and a blank inside a text", "text in quotes", f'{QUOTE}: title: "One: two"'
    return None


def value_slip(place: Sequence[str | int], value: object, kind: str) -> Words | None:
    """Explain a known mistake in a value that does not fit its field.

    kind: the type of the error, as the parser of models names it.
    """
    field = str(place[-1]) if place else ""
    if not isinstance(value, str):
        if isinstance(value, float) and kind.startswith("string"):
            text = f'"{value:g}"'
            return f"{value:g} is read as a number", "text in quotes", f"write {text}"
        return None
    text = value.strip()
    if field == "unit" and text.lower() in PER_CENT:
        return f"{text!r} is not a code", "a code of schemas/codelists/units.yaml", "for per cent write PT"
    wants_number = kind.startswith(("int", "float"))
    if wants_number and re.fullmatch(r"[-+]?\d+,\d+", text):
        point = text.replace(",", ".")
        return f"{text!r} has a decimal comma", "a decimal point", f"write {point}"
    if wants_number and re.fullmatch(r"[-+]?\d+(\.\d+)?", text):
        return f"{text!r} is text, because it is in quotes", "a number", f"write {text}, without the quotes"
    if wants_number and re.fullmatch(r"[-+]?\d+(\.\d+)?\s*%", text):
        number = text.rstrip("% ")
        return f"{text!r} has a sign of its unit", "a number in the indicator's unit", f"write {number}"
    return None


def formula_slip(formula: str) -> Words | None:
    """Explain a known formula syntax of other programs."""
    text = formula.strip()
    if text.startswith("="):
        return "begins with =, as in a spreadsheet", "the expression alone", "remove the leading ="
    if "^" in text:
        return "^ is not a power here", "power(x, y)", "write power(x, 2) for x^2"
    if re.search(r"\d,\d", text) and "(" not in text:
        return "a decimal comma", "a decimal point", "write 2.5 for 2,5"
    if re.search(r"\b(avg|mean|average)\s*\(", text, re.IGNORECASE):
        return (
            "a mean over countries or years is no function here",
            "moving_average(x, years), or an aggregate",
            "for years write moving_average(x, 3); for a group of countries use `aggregate`",
        )
    if re.search(r"/\s*0(?:\.0*)?(?![\d.])", text):
        return "divides by zero: there is never a value", "a divisor other than 0", "fix the divisor"
    return None
