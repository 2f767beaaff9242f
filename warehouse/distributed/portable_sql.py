"""The subset of SQL for models: constructs and functions with the same meaning on every engine.

translate.py translates them. The list is deliberately short: other constructs have not been compared between
engines. A model that needs more adds it here, with its translation and a test of equality.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import sqlglot
from sqlglot import exp

from warehouse.engine.duckdb_engine import MODELS

# Shape of a query. No order by at the top (tables are sorted when written), no limit, no recursion, no pivot,
# no sample; approximate functions are not on any list.
SHAPE: tuple[type[exp.Expr], ...] = (
    exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Join, exp.With, exp.CTE,
    exp.Subquery, exp.Union, exp.Intersect, exp.Table, exp.TableAlias, exp.Values, exp.Tuple, exp.Alias,
    exp.Column, exp.Identifier, exp.Star, exp.Distinct, exp.Window, exp.WindowSpec, exp.Order, exp.Ordered,
    exp.Filter, exp.IgnoreNulls, exp.Lambda, exp.Dot, exp.Struct, exp.PropertyEQ, exp.Literal, exp.Null,
    exp.Boolean, exp.Paren, exp.Cast, exp.DataType, exp.DataTypeParam,
)  # fmt: skip
OPERATORS: tuple[type[exp.Expr], ...] = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.EQ, exp.NEQ, exp.GT, exp.GTE,
    exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.And, exp.Or, exp.Not, exp.Is, exp.In,
    exp.Between, exp.Like, exp.Exists, exp.DPipe, exp.Case, exp.If,
)  # fmt: skip
FUNCTIONS: tuple[type[exp.Expr], ...] = (
    exp.Abs, exp.Ceil, exp.Coalesce, exp.Exp, exp.Floor, exp.Greatest, exp.Least, exp.Ln, exp.Log,
    exp.Nullif, exp.Pow, exp.Round, exp.Sqrt, exp.ConcatWs, exp.Contains, exp.StartsWith, exp.Split,
    exp.SplitPart, exp.Substring,
)  # fmt: skip
AGGREGATES: tuple[type[exp.Expr], ...] = (
    exp.AnyValue, exp.ArgMax, exp.ArgMin, exp.ArrayAgg, exp.Count, exp.GroupConcat, exp.LogicalOr,
    exp.LogicalAnd, exp.Max, exp.Median, exp.Min, exp.Sum, exp.FirstValue, exp.LastValue, exp.Lag, exp.Lead,
    exp.Rank, exp.RowNumber,
)  # fmt: skip
LISTS: tuple[type[exp.Expr], ...] = (
    exp.ArrayConcat, exp.ArrayContains, exp.ArrayDistinct, exp.ArrayFilter, exp.ArraySize, exp.ArraySort,
    exp.ArrayToString, exp.Explode, exp.Flatten, exp.Transform,
)  # fmt: skip
# Functions that sqlglot has no name for.
UNNAMED = frozenset({"list_sum"})
ALLOWED = frozenset((*SHAPE, *OPERATORS, *FUNCTIONS, *AGGREGATES, *LISTS))
# decimal(38, 0) is the exact integer for order-independent sums; no other decimal.
TYPES = frozenset({"DOUBLE", "TEXT", "BOOLEAN", "SMALLINT", "INT", "BIGINT", "DECIMAL(38, 0)"})


@cache
def model_names() -> tuple[str, ...]:
    """Return every model, by its path below warehouse/models without the suffix. views.sql is not a model:
    it makes the views of warehouse.duckdb.
    """
    paths = sorted(MODELS.rglob("*.sql"))
    return tuple(str(path.relative_to(MODELS).with_suffix("")) for path in paths if path.stem != "views")


def parse(sql: str) -> exp.Expr:
    """Parse a model's one select statement."""
    statement = sqlglot.parse_one(sql, dialect="duckdb")
    if not isinstance(statement, exp.Query):
        raise ValueError(f"a model is one select statement, not {type(statement).__name__}")
    return statement


def faults(sql: str) -> list[str]:
    """Return the constructs outside the subset, one sentence each; none if the model runs on any engine."""
    return sorted(set(_faults(parse(sql))))


def _faults(tree: exp.Expr) -> Iterator[str]:
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            if node.name.lower() not in UNNAMED:
                yield f"function {node.name.lower()} is not in the portable subset"
        elif type(node) not in ALLOWED:
            yield f"{type(node).key} is not in the portable subset: {node.sql('duckdb')[:80]}"
        elif isinstance(node, exp.DataType) and node.sql("duckdb") not in TYPES:
            yield f"type {node.sql('duckdb')} is not in the portable subset"
        else:
            yield from _fault_of_meaning(node)


def _fault_of_meaning(node: exp.Expr) -> Iterator[str]:
    """Check for constructs that every engine parses but interprets in its own way."""
    if isinstance(node, exp.Cast) and node.to.is_type("smallint", "int", "bigint") and _fraction(node.this):
        said = node.sql("duckdb")
        yield f"a cast to a whole number rounds here and cuts off there, so say floor or round: {said}"
    if isinstance(node, exp.Join) and (odd := node.args.get("method") or _odd_kind(node)):
        yield f"{odd.lower()} join is not in the portable subset"
    if isinstance(node, exp.Select) and node.args.get("limit") is not None:
        yield "limit is not in the portable subset"


def _odd_kind(join: exp.Join) -> str:
    return join.kind if join.kind not in ("", "INNER", "OUTER", "CROSS") else ""


def _fraction(node: exp.Expr) -> bool:
    return isinstance(node, exp.Div | exp.Median | exp.Mul) or (
        isinstance(node, exp.Literal) and not node.is_string and not node.is_int
    )
