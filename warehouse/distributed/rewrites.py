"""Rewrites of expressions that have another meaning on Spark than on DuckDB.

Each rewrite names the difference. They work on a tree whose columns are resolved and whose expressions have
types (translate.py); rewrites of lists are in list_functions.py.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from warehouse.distributed.list_functions import plain_lists
from warehouse.distributed.query_shapes import unlike_names, without_qualify

Rewrite = Callable[[exp.Expr], exp.Expr]


def rewritten(tree: exp.Expr) -> exp.Expr:
    """Rewrite the tree for Spark. Modifies the tree itself."""
    for rewrite in (*REWRITES, plain_lists):
        tree = tree.transform(rewrite, copy=False)
    return without_qualify(unlike_names(tree))


def double_literal(node: exp.Expr) -> exp.Expr:
    """Rewrite literals: 0.001 is a decimal on Spark, and decimals divide and round by other rules."""
    if isinstance(node, exp.Literal) and not node.is_string and not node.is_int:
        cast = isinstance(node.parent, exp.Cast) and node.parent.to.is_type("double")
        return node if cast else exp.cast(node.copy(), "double", copy=False)
    if isinstance(node, exp.Cast) and node.this.is_string and node.to.is_type("double"):
        node.this.set("this", node.this.name.capitalize().replace("-infinity", "-Infinity"))
    return node


def divide(node: exp.Expr) -> exp.Expr:
    """Rewrite divisions: by zero they give infinity on DuckDB and an error on Spark.

    pow(0, -1) is infinite with the right sign on Spark, and 0 times it is not a number.
    """
    if not isinstance(node, exp.Div) or _never_zero(node.expression):
        return node
    left, right = node.left.unnest(), node.right.unnest()
    over = exp.Anonymous(this="TRY_DIVIDE", expressions=[left, right])
    if isinstance(right, exp.Nullif) and _is_zero(right.expression):
        return over
    power = exp.Pow(this=right.copy(), expression=exp.Literal.number(-1))
    return exp.Coalesce(this=over, expressions=[exp.Mul(this=exp.paren(left.copy()), expression=power)])


def unordered_sum(node: exp.Expr) -> exp.Expr:
    """Drop the order of sums, which Spark lacks: the last bits may differ between runs."""
    if isinstance(node, exp.Sum) and isinstance(node.this, exp.Order):
        node.set("this", node.this.this)
    return node


def unhinted(node: exp.Expr) -> exp.Expr:
    """Drop `with … as materialized`, a hint to DuckDB that Spark lacks; the result is the same."""
    if isinstance(node, exp.CTE):
        node.set("materialized", None)
    return node


def any_value(node: exp.Expr) -> exp.Expr:
    """Replace any_value with the largest of equal values: DuckDB's any_value skips nulls, Spark's does
    not.
    """
    if isinstance(node, exp.IgnoreNulls) and isinstance(node.this, exp.AnyValue):
        node = node.this
    return exp.Max(this=node.this) if isinstance(node, exp.AnyValue) else node


def text(node: exp.Expr) -> exp.Expr:
    """Convert numbers to text by a cast; a rounded one with its digits, at least one, as on DuckDB."""
    if not isinstance(node, exp.DPipe):
        return node
    for name in ("this", "expression"):
        part = node.args[name]
        if isinstance(part, exp.Round):
            node.set(name, _digits(part))
        elif part.type is not None and part.is_type(*exp.DataType.INTEGER_TYPES):
            node.set(name, exp.cast(part, "varchar"))
        elif part.type is not None and part.is_type(*exp.DataType.REAL_TYPES):
            raise ValueError(
                f"a double as text looks different on each engine, so round it: {part.sql('duckdb')}"
            )
    return node


def _digits(rounded: exp.Round) -> exp.Expr:
    digits = int(rounded.args["decimals"].name)
    exact: exp.Expr = exp.cast(exp.cast(rounded.copy(), f"decimal(38, {digits})"), "varchar")
    return exp.Anonymous(
        this="REGEXP_REPLACE",
        expressions=[exact, exp.Literal.string(f"0{{1,{digits - 1}}}$"), exp.Literal.string("")],
    )


def finite(node: exp.Expr) -> exp.Expr:
    """Replace isfinite, which Spark lacks; NaN is not below infinity either."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "isfinite":
        infinity = exp.cast(exp.Literal.string("Infinity"), "double")
        return exp.LT(this=exp.Abs(this=node.expressions[0]), expression=infinity)
    return node


def _never_zero(node: exp.Expr) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Cast):
        node = node.this
    return isinstance(node, exp.Literal) and float(node.name) != 0


def _is_zero(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and float(node.name) == 0


REWRITES: tuple[Rewrite, ...] = (double_literal, any_value, unordered_sum, unhinted, text, finite, divide)
