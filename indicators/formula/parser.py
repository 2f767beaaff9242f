"""The formula language: SQL expressions over named inputs, checked against an allow-list before any data are
read.

sqlglot parses a formula, and compiler.py writes it again from its syntax tree, so that nothing without a
rule there can reach the engine. Every number is a double. A division by zero, a logarithm of zero and a
root of a negative number give no value. A missing input gives no value, except in coalesce, greatest and
least, which skip it as SQL does. Functions of other years or countries are in window_functions.py, the list
of functions in functions.py.

sqlglot takes a third of a second to import, so it is imported only when a formula is more than one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from indicators.formula.compiler import Writer, finite
from indicators.formula.faults import ALLOWED, SPLIT, FormulaFault, Refused, too_deep
from indicators.formula.functions import FUNCTIONS
from indicators.formula.window_functions import WindowFrame
from schemas.definitions.slips import formula_slip

__all__ = [
    "ALLOWED",
    "FUNCTIONS",
    "FormulaFault",
    "WindowFrame",
    "check_formula",
    "formula_frames",
    "formula_names",
    "formula_sql",
]

LONGEST = 1000
NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_formula(text: str, names: Iterable[str]) -> list[FormulaFault]:
    """Return the first fault of a formula over these inputs; empty if it can be evaluated."""
    try:
        _translate(text, tuple(names))
    except Refused as refused:
        return [refused.fault]
    return []


def formula_sql(text: str, names: Iterable[str]) -> str:
    """Return the formula as canonical SQL over double columns; raise ValueError if check_formula finds a
    fault.
    """
    return _sound(text, names)[0]


def formula_names(text: str, names: Iterable[str]) -> frozenset[str]:
    """Return the inputs that a valid formula uses; raise ValueError if check_formula finds a fault."""
    return _sound(text, names)[1]


def formula_frames(text: str, names: Iterable[str]) -> list[WindowFrame]:
    """Return the other years and groups that a valid formula reads; raise ValueError if check_formula
    finds a fault.
    """
    return sorted(_sound(text, names)[2])


Translated = tuple[str, frozenset[str], frozenset[WindowFrame]]  # SQL, inputs used, other cells read


def _sound(text: str, names: Iterable[str]) -> Translated:
    try:
        return _translate(text, tuple(names))
    except Refused as refused:
        raise ValueError(f"formula {text!r}: {refused.fault.what}") from None


def _translate(text: str, names: tuple[str, ...]) -> Translated:
    if (slip := formula_slip(text)) is not None:
        raise Refused(FormulaFault(*slip))
    plain = text.strip()
    if plain in names and NAME.fullmatch(plain):
        return f'"{plain}"', frozenset({plain}), frozenset()
    writer = Writer(names, text)
    tree = parse_formula(text)
    try:
        sql = finite(writer.number(tree))
    except RecursionError:
        raise too_deep() from None
    return sql, frozenset(writer.used), frozenset(writer.frames)


def parse_formula(text: str) -> Any:
    """Return the syntax tree of one expression; anything after it, such as a second statement, is a syntax
    error.
    """
    if len(text) > LONGEST:
        raise Refused(FormulaFault(f"has {len(text)} characters", f"at most {LONGEST}", SPLIT))
    if not text.strip():
        raise Refused(FormulaFault("is empty", "one expression", "write `formula: value`, or leave it out"))
    from sqlglot import exp
    from sqlglot.dialects.duckdb import DuckDB
    from sqlglot.errors import ParseError, SqlglotError

    dialect = DuckDB()
    try:
        tokens = dialect.tokenize(text)
        _check_logarithms(tokens)
        trees = dialect.parser().parse_into(exp.Condition, tokens, text)
    except ParseError as error:
        raise Refused(_syntax(error.errors[0] if error.errors else {})) from None
    except RecursionError:
        raise too_deep() from None
    except SqlglotError as error:
        raise Refused(FormulaFault(f"syntax error: {str(error).splitlines()[0][:120]}")) from None
    if len(trees) != 1 or trees[0] is None:
        raise Refused(FormulaFault("is not one expression", "one SQL expression"))
    return trees[0]


def _check_logarithms(tokens: Sequence[Any]) -> None:
    """Raise Refused if log10 has more than one argument: sqlglot drops the others without an error."""
    for index, token in enumerate(tokens):
        if token.text.lower() != "log10" or [t.text for t in tokens[index + 1 : index + 2]] != ["("]:
            continue
        depth = 0
        for inner in tokens[index + 1 :]:
            depth += {"(": 1, ")": -1}.get(inner.text, 0)
            if depth == 0:
                break
            if depth == 1 and inner.text == ",":
                fault = FormulaFault(
                    "log10 has more than one argument", "log10(x)", line=token.line, column=token.col
                )
                raise Refused(fault)


def _syntax(error: dict[str, Any]) -> FormulaFault:
    """Translate the parser's error, at the first character of the failing token; the parser names the
    last.
    """
    what = str(error.get("description") or "cannot be read")
    what = what.replace("Invalid expression / Unexpected token", "unexpected text")
    missing = re.match(r"Required keyword: '\w+' missing for <class '[\w.]*\.(\w+)'>", what)
    what = f"something is missing beside {missing[1].upper()}" if missing else what
    here = str(error.get("highlight") or "")
    column = max(1, int(error.get("col") or 1) - max(len(here) - 1, 0))
    at = f" at {here!r}" if here else ""
    return FormulaFault(f"syntax error{at}: {what}", line=int(error.get("line") or 1), column=column)
