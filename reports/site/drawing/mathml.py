"""Formulas as MathML, which browsers draw and screen readers read.

Only arithmetic and function calls are drawn; for other expressions (a case, say) the page has only the text,
which accompanies every drawing.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any

SIGNS = {"Add": "+", "Sub": "\N{MINUS SIGN}", "Mul": "\N{MULTIPLICATION SIGN}"}
LONGEST = 300  # characters; longer ones are easier to read as text


class _NotDrawn(Exception):
    """The formula contains a construct without a drawing."""


@cache
def mathml(formula: str) -> str:
    """Return the formula as a `math` element; empty if it is one name, too long, or more than arithmetic."""
    text = formula.strip()
    if text.isidentifier() or len(text) > LONGEST:
        return ""
    import sqlglot
    from sqlglot.errors import ParseError

    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
        return f'<math display="block">{_drawn(tree)}</math>'
    except (_NotDrawn, ParseError):
        return ""


def _drawn(node: Any) -> str:
    from sqlglot import exp

    match node:
        case exp.Column():
            return f"<mi>{escape(node.name.replace('_', ' '))}</mi>"
        case exp.Literal() if not node.is_string:
            return f"<mn>{escape(node.name)}</mn>"
        case exp.Paren():
            return f"<mrow><mo>(</mo>{_drawn(node.this)}<mo>)</mo></mrow>"
        case exp.Neg():
            return f"<mrow><mo>\N{MINUS SIGN}</mo>{_drawn(node.this)}</mrow>"
        case exp.Div():
            return f"<mfrac>{_bare(node.this)}{_bare(node.expression)}</mfrac>"
        case exp.Add() | exp.Sub() | exp.Mul():
            sign = SIGNS[type(node).__name__]
            return f"<mrow>{_drawn(node.this)}<mo>{sign}</mo>{_drawn(node.expression)}</mrow>"
        case exp.Nullif():  # a division by zero has no value anyway
            return _drawn(node.this)
        case exp.Func():
            return _call(node)
    raise _NotDrawn


def _bare(node: Any) -> str:
    """Return an operand above or below a bar, where no brackets are needed."""
    from sqlglot import exp

    return _drawn(node.this if isinstance(node, exp.Paren) else node)


def _call(node: Any) -> str:
    """Return a function with its arguments."""
    from sqlglot import exp

    name = node.name if isinstance(node, exp.Anonymous) else node.sql_name().lower()
    arguments = [
        part for part in node.args.values() if part is not None and not isinstance(part, (str, bool))
    ]
    flat = [one for part in arguments for one in (part if isinstance(part, list) else [part])]
    if isinstance(node, exp.Case) or not all(isinstance(one, exp.Expression) for one in flat):
        raise _NotDrawn
    inside = "<mo>,</mo>".join(map(_drawn, flat))
    return f"<mrow><mi>{escape(name)}</mi><mo>(</mo>{inside}<mo>)</mo></mrow>"
