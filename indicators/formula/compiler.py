"""Compiles a formula's syntax tree to SQL, node by node: nodes without a rule here are refused.

The public interface, with the rules in words, is indicators/formula/parser.py.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

from indicators.formula import window_functions as formula_cells
from indicators.formula.faults import ALLOWED, CHECK, SPLIT, FormulaFault, Refused, too_deep
from indicators.formula.functions import FUNCTIONS, LISTED, OF_OTHER_CELLS

Kind = Literal["number", "truth"]

DEEPEST, LONGEST_SQL = 40, 20_000

# Nodes of sqlglot's tree. Its compiled classes confuse mypy, so nodes are distinguished by class name.
Node = Any
_BINARY = {"Add": "+", "Sub": "-", "Mul": "*"}
_COMPARISON = {"EQ": "=", "NEQ": "<>", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<="}
_LOGIC = {"And": "and", "Or": "or"}
_ONE = {"Abs": "abs", "Ceil": "ceil", "Exp": "exp", "Floor": "floor", "Ln": "ln", "Sqrt": "sqrt"}
_MANY = {"Coalesce": "coalesce", "Greatest": "greatest", "Least": "least"}
# Further arguments of a node: flags that sqlglot sets by itself and that have no effect here.
_FLAGS = {"typed", "safe", "ignore_nulls"}
_ELSEWHERE = {function.name for function in OF_OTHER_CELLS}


def finite(sql: str) -> str:
    """Replace an infinity or a NaN, which DuckDB would sort above every number, with a missing value.

    The text appears twice in the result; its length is bounded here, before nesting doubles it without limit.
    """
    if len(sql) > LONGEST_SQL:
        raise Refused(FormulaFault("is too involved", "a formula that a reader can follow", SPLIT))
    return sql if re.fullmatch(r'"[a-z0-9_]+"', sql) else f"case when isfinite({sql}) then {sql} end"


class Writer:
    """Writes the SQL of a tree. number() and truth() require the type of an expression."""

    def __init__(self, names: Sequence[str], text: str) -> None:
        self.names, self.text, self.used, self.depth = names, text, set[str](), 0
        self.frames, self.elsewhere = set[formula_cells.WindowFrame](), False

    def number(self, node: Node) -> str:
        return self._of_kind(node, "number")

    def truth(self, node: Node) -> str:
        return self._of_kind(node, "truth")

    def operand(self, node: Node) -> str:
        """Return a number that is compared or tested for null: an infinity is already null there."""
        sql = self.number(node)
        return sql if type(node).__name__ in ("Literal", "Null") else finite(sql)

    def _of_kind(self, node: Node, expected: Kind) -> str:
        self.depth += 1
        if self.depth > DEEPEST:
            raise too_deep()
        sql, kind = self._write(node)
        self.depth -= 1
        if kind != expected:
            words = {"number": "a number", "truth": "a comparison"}
            what = f"{_excerpt(node)} is {words[kind]} where {words[expected]} is needed"
            raise Refused(self._fault(node, what, "case when a > b then 1 else 0 end"))
        return sql

    def _write(self, node: Node) -> tuple[str, Kind]:
        name = type(node).__name__
        families = (
            (_BINARY, self._arithmetic),
            (_COMPARISON, self._comparison),
            (_LOGIC, self._logic),
            (_ONE, self._one),
            (_MANY, self._many),
        )
        for table, write in families:
            if name in table:
                return write(node, table[name])
        if name in ("Lag", "Anonymous") and formula_cells.name_of(node) in _ELSEWHERE:
            return formula_cells.call(self, node), "number"
        if name not in _OWN:
            raise Refused(self._unknown(node))
        own: Callable[[Node], tuple[str, Kind]] = getattr(self, f"_{name.lower()}")
        return own(node)

    def inner(self, node: Node, argument: Node) -> str:
        """Return the argument of a function of other cells: an expression of this cell."""
        if self.elsewhere:
            what = f"{_excerpt(node)} stands inside another function of other years or countries"
            raise Refused(self._fault(node, what, "such a function of an expression of the same year", SPLIT))
        self.elsewhere = True
        sql = self.operand(argument)
        self.elsewhere = False
        return sql

    def refused(self, node: Node, what: str, allowed: str) -> Refused:
        return Refused(self._fault(node, what, allowed))

    # --- one method a kind of node ------------------------------------------------------------------------
    def _arithmetic(self, node: Node, sign: str) -> tuple[str, Kind]:
        a, b = self._parts(node, "this", "expression")
        return f"({self.number(a)} {sign} {self.number(b)})", "number"

    def _div(self, node: Node) -> tuple[str, Kind]:
        a, b = self._parts(node, "this", "expression")
        return f"({self.number(a)} / nullif({self.number(b)}, 0e0))", "number"

    def _comparison(self, node: Node, sign: str) -> tuple[str, Kind]:
        a, b = self._parts(node, "this", "expression")
        return f"({self.operand(a)} {sign} {self.operand(b)})", "truth"

    def _logic(self, node: Node, word: str) -> tuple[str, Kind]:
        a, b = self._parts(node, "this", "expression")
        return f"({self.truth(a)} {word} {self.truth(b)})", "truth"

    def _one(self, node: Node, function: str) -> tuple[str, Kind]:
        (a,) = self._parts(node, "this")
        return f"{function}({self.number(a)})", "number"

    def _many(self, node: Node, function: str) -> tuple[str, Kind]:
        (a,) = self._parts(node, "this", also=("expressions",))
        rest = node.args.get("expressions") or []
        return f"{function}({', '.join(self.operand(n) for n in [a, *rest])})", "number"

    def _nullif(self, node: Node) -> tuple[str, Kind]:
        a, b = self._parts(node, "this", "expression")
        return f"nullif({self.operand(a)}, {self.operand(b)})", "number"

    def _pow(self, node: Node) -> tuple[str, Kind]:
        a, b = self._parts(node, "this", "expression")
        return f"power({self.number(a)}, {self.number(b)})", "number"

    def _log(self, node: Node) -> tuple[str, Kind]:
        base, a = node.args.get("this"), node.args.get("expression")
        if a is None or getattr(base, "name", "") != "10":
            raise Refused(self._fault(node, "log does not say its base", "ln (natural) or log10 (base 10)"))
        self._parts(node, "this", "expression")
        return f"log10({self.number(a)})", "number"

    def _round(self, node: Node) -> tuple[str, Kind]:
        (a,) = self._parts(node, "this", also=("decimals",))
        digits = node.args.get("decimals")
        places = "0" if digits is None else str(digits.sql())
        if not re.fullmatch(r"1?[0-9]", places):
            raise Refused(self._fault(node, "round takes a whole number of digits", "round(x), round(x, 2)"))
        return f"round({self.number(a)}, {places})", "number"

    def _neg(self, node: Node) -> tuple[str, Kind]:
        (a,) = self._parts(node, "this")
        return f"(- {self.number(a)})", "number"

    def _not(self, node: Node) -> tuple[str, Kind]:
        (a,) = self._parts(node, "this")
        return f"(not {self.truth(a)})", "truth"

    def _paren(self, node: Node) -> tuple[str, Kind]:
        return self._write(self._parts(node, "this")[0])

    def _null(self, _node: Node) -> tuple[str, Kind]:
        return "cast(null as double)", "number"

    def _is(self, node: Node) -> tuple[str, Kind]:
        a, b = self._parts(node, "this", "expression")
        if type(b).__name__ != "Null":
            raise Refused(self._fault(node, f"{_excerpt(node)} cannot be asked", "x is null, x is not null"))
        return f"({self.operand(a)} is null)", "truth"

    def _between(self, node: Node) -> tuple[str, Kind]:
        a, low, high = self._parts(node, "this", "low", "high")
        return f"({self.operand(a)} between {self.operand(low)} and {self.operand(high)})", "truth"

    def _case(self, node: Node) -> tuple[str, Kind]:
        self._parts(node, also=("this", "ifs", "default"))
        of, default = node.args.get("this"), node.args.get("default")
        words = ["case"]
        for branch in node.args.get("ifs") or []:
            when, then = self._parts(branch, "this", "true")
            test = self.truth(when) if of is None else f"({self.operand(of)} = {self.operand(when)})"
            words.append(f"when {test} then {self.number(then)}")
        words += [f"else {self.number(default)}"] if default is not None else []
        return " ".join([*words, "end"]), "number"

    def _cast(self, node: Node) -> tuple[str, Kind]:
        (a,) = self._parts(node, "this", also=("to",))
        if node.args["to"].sql(dialect="duckdb") != "DOUBLE":
            what = f"{_excerpt(node)}: every number is a double"
            raise Refused(self._fault(node, what, "cast(x as double)"))
        return f"cast({self.number(a)} as double)", "number"

    def _literal(self, node: Node) -> tuple[str, Kind]:
        text = str(node.args["this"])
        if node.args.get("is_string"):
            raise Refused(self._fault(node, f"text {text[:20]!r} in a formula", "numbers, names of inputs"))
        try:
            value = float(text)
        except ValueError:
            raise Refused(self._fault(node, f"{text[:20]!r} is no number", "such as 100 or 0.25")) from None
        if not math.isfinite(value):
            raise Refused(self._fault(node, f"{text[:20]} is too large", "a number below 1e308"))
        # with an exponent it is a double for DuckDB; 5.0 would be a decimal
        return (repr(value) if "e" in repr(value) else repr(value).removesuffix(".0") + "e0"), "number"

    def _column(self, node: Node) -> tuple[str, Kind]:
        (identifier,) = self._parts(node, "this")
        name = str(identifier.name)
        if name not in self.names:
            near = difflib.get_close_matches(name.lower(), self.names, 1)
            step = f"did you mean `{near[0]}`?" if near else "add it under `inputs`, or use one of those"
            raise Refused(self._fault(identifier, f"unknown column `{name}`", ", ".join(self.names), step))
        self.used.add(name)
        return f'"{name}"', "number"

    # --- helpers ------------------------------------------------------------------------------------------
    def _parts(self, node: Node, *keys: str, also: Sequence[str] = ()) -> list[Any]:
        """Return the node's parts by key. Any other part is refused, so that nothing is silently dropped."""
        present = {key for key, value in node.args.items() if value not in (None, False, [])}
        extra = present - set(keys) - set(also) - _FLAGS
        if extra or not set(keys) <= present:
            raise Refused(self._unknown(node))
        return [node.args[key] for key in keys]

    def _unknown(self, node: Node) -> FormulaFault:
        called = re.match(r"(\w+)\s*\(", self.text[int(node.meta.get("start", len(self.text))) :])
        if called is None:
            return self._fault(node, f"{_excerpt(node)} is not allowed in a formula")
        name = called[1].lower()
        if name in FUNCTIONS:
            return self._fault(node, f"`{name}` has other arguments here", LISTED[name].form)
        near = difflib.get_close_matches(name, FUNCTIONS, 1)
        step = f"did you mean `{near[0]}`?" if near else "compute it from those, or take it as a series"
        return self._fault(node, f"function `{name}` is not allowed", ", ".join(FUNCTIONS), step)

    def _fault(self, node: Node, what: str, allowed: str = ALLOWED, step: str = CHECK) -> FormulaFault:
        return FormulaFault(what, allowed, step, *self._position(node))

    def _position(self, node: Node) -> tuple[int, int]:
        """Return line and column of the first character below this node with a position from sqlglot."""
        starts = [int(n.meta["start"]) for n in node.walk() if "start" in n.meta]
        before = self.text[: min(starts, default=0)]
        return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


_OWN = frozenset(
    {
        "Between",
        "Case",
        "Cast",
        "Column",
        "Div",
        "Is",
        "Literal",
        "Log",
        "Neg",
        "Not",
        "Null",
        "Nullif",
        "Paren",
        "Pow",
        "Round",
    }
)


def _excerpt(node: Node) -> str:
    text = node.sql(dialect="duckdb")
    return f"`{text[:40]}`" + ("..." if len(text) > 40 else "")
