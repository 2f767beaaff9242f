"""A formula as an expression of VTL 2.1 (the language of SDMX for transformations), where that says the same.

Every input is a data set of its name with the measure OBS_VALUE. Only arithmetic that means the same in both
languages is exported: our rules that a division by zero, the logarithm of zero and the root of a negative
number give no value are written out. For all else the reason is given instead of a translation that errs.

The translations were run by vtlengine 1.9.6 on 16 formulas over 36 cells each, missing and zero values among
them, and agreed with ours (November 2026). It cannot be installed beside our libraries, as it holds sqlglot
below 23, so tests compare with the text of those translations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from indicators.formula.functions import OF_OTHER_CELLS
from indicators.formula.parser import check_formula, parse_formula
from indicators.formula.window_functions import name_of
from schemas.definitions.indicator import Indicator

_BINARY = {"Add": "+", "Sub": "-", "Mul": "*"}
_ONE = {"Abs": "abs", "Exp": "exp", "Floor": "floor", "Ceil": "ceil"}
_ELSEWHERE = {function.name for function in OF_OTHER_CELLS}
WHY_NOT = {
    **dict.fromkeys(_ELSEWHERE, "VTL's analytic functions count rows, and this one counts years"),
    "Coalesce": "it has a value where an input has none, which a VTL join leaves out",
    "Greatest": "VTL has no function of several columns that skips what is missing",
    "Least": "VTL has no function of several columns that skips what is missing",
}


@dataclass(frozen=True)
class Exported:
    """The VTL statement, or why there is none."""

    vtl: str = ""
    why_not: str = ""


class _Unfaithful(Exception):
    pass


def to_vtl(indicator: Indicator) -> Exported:
    """The formula of an indicator as one VTL statement that assigns a data set of the indicator's name."""
    names = list(indicator.named_inputs())
    if faults := check_formula(indicator.formula, names):
        return Exported(why_not=f"the formula is not sound: {faults[0].what}")
    try:
        expression = _write(parse_formula(indicator.formula), len(names) > 1)
    except _Unfaithful as reason:
        return Exported(why_not=str(reason))
    if len(names) == 1:
        return Exported(f"{indicator.id} <- {names[0]} [calc OBS_VALUE := {expression}];")
    joined = ", ".join(f"{name} as {name}" for name in names)
    measure = f"calc VALUE := {expression} keep VALUE"
    return Exported(f"{indicator.id} <- inner_join({joined} {measure} rename VALUE to OBS_VALUE);")


def _write(node: Any, joined: bool) -> str:
    kind = type(node).__name__
    if kind in _BINARY:
        left, right = _write(node.this, joined), _write(node.expression, joined)
        return f"({left} {_BINARY[kind]} {right})"
    if kind == "Div":
        above, below = _write(node.this, joined), _write(node.expression, joined)
        if type(node.expression).__name__ == "Literal" and float(node.expression.this):
            return f"({above} / {below})"
        return f"(if {below} <> 0.0 then {above} / {below} else null)"
    if kind in _ONE:
        return f"{_ONE[kind]}({_write(node.this, joined)})"
    if kind in ("Ln", "Sqrt"):
        inner, sign = _write(node.this, joined), ">" if kind == "Ln" else ">="
        # the guard stands inside: vtlengine 1.9 computes both branches of an if
        return f"{kind.lower()}(if {inner} {sign} 0.0 then {inner} else null)"
    if kind == "Nullif" and type(node.expression).__name__ == "Literal":
        inner = _write(node.this, joined)
        return f"(if {inner} <> {_write(node.expression, joined)} then {inner} else null)"
    if kind == "Neg":
        return f"(0.0 - {_write(node.this, joined)})"
    if kind == "Paren":
        return _write(node.this, joined)
    if kind == "Literal":
        return repr(float(node.this))
    if kind == "Column":
        return f"{node.name}#OBS_VALUE" if joined else "OBS_VALUE"
    called = name_of(node) if kind in ("Lag", "Anonymous") else kind
    reason = WHY_NOT.get(called, "it has no VTL form that is proved here")
    raise _Unfaithful(f"`{node.sql(dialect='duckdb')[:60]}`: {reason}")
