"""What other engines mean by the same words, said in words that mean there what they mean on DuckDB.

Each rewrite names the difference. They work on a tree whose columns are resolved and whose expressions have
types (translate.py); rewrites of lists are in lists.py.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from warehouse.distributed.list_functions import plain_lists
from warehouse.distributed.query_shapes import unlike_names, windows_in_place, without_qualify

Rewrite = Callable[[exp.Expr, str], exp.Expr]


def rewritten(tree: exp.Expr, dialect: str) -> exp.Expr:
    """The tree for a dialect. The tree itself is changed too."""
    for rewrite in (*REWRITES, plain_lists):
        tree = tree.transform(rewrite, dialect, copy=False)
    return windows_in_place(tree) if dialect == "bigquery" else without_qualify(unlike_names(tree))


def double_literal(node: exp.Expr, dialect: str) -> exp.Expr:
    """0.001 is a decimal elsewhere, and decimals divide and round by other rules."""
    del dialect
    if isinstance(node, exp.Literal) and not node.is_string and not node.is_int:
        cast = isinstance(node.parent, exp.Cast) and node.parent.to.is_type("double")
        return node if cast else exp.cast(node.copy(), "double", copy=False)
    if isinstance(node, exp.Cast) and node.this.is_string and node.to.is_type("double"):
        node.this.set("this", node.this.name.capitalize().replace("-infinity", "-Infinity"))
    return node


def divide(node: exp.Expr, dialect: str) -> exp.Expr:
    """Something over nought is infinite here, an error there. IEEE_DIVIDE is BigQuery's word for what is done
    here; Spark has none, but pow(0, -1) is infinite of the right sign, and 0 times it is not a number."""
    if not isinstance(node, exp.Div) or dialect == "trino" or _never_nought(node.expression):
        return node
    left, right = node.left.unnest(), node.right.unnest()
    if dialect == "bigquery":
        return exp.Anonymous(this="IEEE_DIVIDE", expressions=[left, right])
    over = exp.Anonymous(this="TRY_DIVIDE", expressions=[left, right])
    if isinstance(right, exp.Nullif) and _is_nought(right.expression):
        return over
    power = exp.Pow(this=right.copy(), expression=exp.Literal.number(-1))
    return exp.Coalesce(this=over, expressions=[exp.Mul(this=exp.paren(left.copy()), expression=power)])


def unordered_sum(node: exp.Expr, dialect: str) -> exp.Expr:
    """Only Trino adds up in a given order; elsewhere the last bits of a sum may differ from run to run."""
    if isinstance(node, exp.Sum) and isinstance(node.this, exp.Order) and dialect != "trino":
        node.set("this", node.this.this)
    return node


def any_value(node: exp.Expr, dialect: str) -> exp.Expr:
    """Of values that are all the same the largest is any: DuckDB's passes over nulls, others' do not."""
    del dialect
    if isinstance(node, exp.IgnoreNulls) and isinstance(node.this, exp.AnyValue):
        node = node.this
    return exp.Max(this=node.this) if isinstance(node, exp.AnyValue) else node


def least_of_known(node: exp.Expr, dialect: str) -> exp.Expr:
    """The least of 1 and null is 1 here and on Spark, null on Trino and BigQuery."""
    if not isinstance(node, exp.Least | exp.Greatest) or dialect == "spark" or node.meta.get("known"):
        return node
    rest: list[exp.Expr] = list(node.expressions)
    found: exp.Expr = node.this
    for other in rest:
        both = type(node)(this=found.copy(), expressions=[other.copy()])
        both.meta["known"] = True
        case = exp.Case()
        for one, alone in ((found, other), (other, found)):
            if not isinstance(one.unnest(), exp.Literal):
                case = case.when(exp.Is(this=one.copy(), expression=exp.Null()), alone.copy())
        found = case.else_(both) if case.args.get("ifs") else both
    return found


def text(node: exp.Expr, dialect: str) -> exp.Expr:
    """A number becomes text by saying so; a rounded one with its digits and at least one, as here."""
    if not isinstance(node, exp.DPipe):
        return node
    for name in ("this", "expression"):
        part = node.args[name]
        if isinstance(part, exp.Round):
            node.set(name, _digits(part, dialect))
        elif part.type is not None and part.is_type(*exp.DataType.INTEGER_TYPES):
            node.set(name, exp.cast(part, "varchar"))
        elif part.type is not None and part.is_type(*exp.DataType.REAL_TYPES):
            raise ValueError(
                f"a double as text looks different on each engine, so round it: {part.sql('duckdb')}"
            )
    return node


def _digits(rounded: exp.Round, dialect: str) -> exp.Expr:
    digits = int(rounded.args["decimals"].name)
    exact: exp.Expr = exp.cast(exp.cast(rounded.copy(), f"decimal(38, {digits})"), "varchar")
    if dialect == "bigquery":
        exact = exp.Anonymous(this="FORMAT", expressions=[exp.Literal.string(f"%.{digits}f"), rounded.copy()])
    return exp.Anonymous(
        this="REGEXP_REPLACE",
        expressions=[exact, exp.Literal.string(f"0{{1,{digits - 1}}}$"), exp.Literal.string("")],
    )


def contains(node: exp.Expr, dialect: str) -> exp.Expr:
    """Trino's contains is of arrays, BigQuery's knows no capitals."""
    if isinstance(node, exp.Contains) and dialect != "spark":
        found = exp.Anonymous(this="STRPOS", expressions=[node.this, node.expression])
        return exp.GT(this=found, expression=exp.Literal.number(0))
    return node


def finite(node: exp.Expr, dialect: str) -> exp.Expr:
    """isfinite has another name everywhere; what is not a number is not below infinity either."""
    del dialect
    if isinstance(node, exp.Anonymous) and node.name.lower() == "isfinite":
        infinity = exp.cast(exp.Literal.string("Infinity"), "double")
        return exp.LT(this=exp.Abs(this=node.expressions[0]), expression=infinity)
    return node


def split_part(node: exp.Expr, dialect: str) -> exp.Expr:
    """BigQuery has no split_part."""
    if isinstance(node, exp.SplitPart) and dialect == "bigquery":
        place = int(node.args["part_index"].name) - 1
        split = exp.Split(this=node.this, expression=node.args["delimiter"])
        at = exp.Bracket(this=split, expressions=[exp.Literal.number(place)], offset=0, safe=True)
        return exp.Coalesce(this=at, expressions=[exp.Literal.string("")])
    return node


def filtered_by(node: exp.Expr, dialect: str) -> exp.Expr:
    """BigQuery has no filter; of its arg_min a row that is left out must lose its place, not its value."""
    if (
        dialect == "bigquery"
        and isinstance(node, exp.Filter)
        and isinstance(node.this, exp.ArgMin | exp.ArgMax)
    ):
        kept = exp.If(this=node.expression.this, true=node.this.expression, false=exp.Null())
        node.this.set("expression", kept)
        return node.this
    return node


def listed_values(node: exp.Expr, dialect: str) -> exp.Expr:
    """BigQuery has no values and no names of columns beside a CTE's: selects, one below the other."""
    if dialect != "bigquery" or not isinstance(node, exp.CTE) or not node.alias_column_names:
        return node
    values = next(iter(node.this.find_all(exp.Values)), None)
    if values is None:
        return node
    names = node.alias_column_names
    rows = [
        exp.select(
            *(exp.alias_(cell.copy(), name) for cell, name in zip(row.expressions, names, strict=True))
        )
        for row in values.expressions
    ]
    node.args["alias"].set("columns", None)
    node.set("this", exp.union(*rows, distinct=False))
    return node


def _never_nought(node: exp.Expr) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Cast):
        node = node.this
    return isinstance(node, exp.Literal) and float(node.name) != 0


def _is_nought(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and float(node.name) == 0


def order(node: exp.Expr, dialect: str) -> exp.Expr:
    """BigQuery cannot say where nulls go inside an aggregate or a window: what models order by has none."""
    if isinstance(node, exp.Ordered) and dialect == "bigquery":
        node.set("nulls_first", not node.args.get("desc"))
    return node


def whole_number(node: exp.Expr, dialect: str) -> exp.Expr:
    """BigQuery's decimal of 38 digits keeps nine of them for fractions."""
    if (
        isinstance(node, exp.DataType)
        and node.is_type("decimal")
        and dialect == "bigquery"
        and node.expressions
    ):
        return exp.DataType.build("bignumeric", dialect="bigquery")
    return node


REWRITES: tuple[Rewrite, ...] = (
    listed_values, double_literal, any_value, filtered_by, unordered_sum, least_of_known, text, contains,
    finite, split_part, divide, order, whole_number,
)  # fmt: skip
