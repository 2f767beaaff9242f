"""Rewrites of list functions for Spark: sums, sorting, distinct members and their text."""

from __future__ import annotations

from sqlglot import exp


def plain_lists(node: exp.Expr) -> exp.Expr:
    """Rewrite a list function for Spark; return any other node unchanged."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "list_sum":
        return list_sum(node.expressions[0])
    if isinstance(node, exp.ArrayAgg):
        return array_agg(node)
    if isinstance(node, exp.Filter) and isinstance(node.this, exp.GroupConcat):
        return joined(node.this, node.expression)
    if isinstance(node, exp.GroupConcat) and not isinstance(node.parent, exp.Filter):
        return joined(node, None)
    return node


def list_sum(members: exp.Expr) -> exp.Expr:
    """Sum a list's members that are not null; null if there are none."""
    total, member = exp.to_identifier("total"), exp.to_identifier("member")
    both = exp.Coalesce(
        this=exp.Add(this=exp.column("total"), expression=exp.column("member")),
        expressions=[exp.column("member"), exp.column("total")],
    )
    folded = exp.Lambda(this=both, expressions=[total, member])
    none = exp.cast(exp.Null(), "double")
    return exp.Anonymous(this="AGGREGATE", expressions=[members, none, folded])


def array_agg(node: exp.ArrayAgg) -> exp.Expr:
    """Rewrite array_agg: Spark collects in no order, and returns an empty list instead of null. Members
    that are not distinct are records; their order affects only the last bits of sums.
    """
    inner = node.this.this if isinstance(node.this, exp.Order) else node.this
    if not isinstance(inner, exp.Distinct):
        node.set("this", inner)
        return node
    collected = exp.Anonymous(this="COLLECT_SET", expressions=[one.copy() for one in inner.expressions])
    ordered = exp.Anonymous(this="SORT_ARRAY", expressions=[collected])
    not_empty = exp.GT(this=exp.ArraySize(this=collected.copy()), expression=exp.Literal.number(0))
    return exp.Case().when(not_empty, ordered)


def joined(node: exp.GroupConcat, where: exp.Expr | None) -> exp.Expr:
    """Join text in an order. Spark's listagg rejects distinct text with a filter next to others (4.3,
    November 2026), so it is collected, sorted and joined; null for no text.
    """
    order = node.this if isinstance(node.this, exp.Order) else None
    value = order.this if order else node.this
    distinct = isinstance(value, exp.Distinct)
    if isinstance(value, exp.Distinct):
        value = value.expressions[0]
    by = [one.this for one in order.expressions] if order else []
    name = "COLLECT_SET" if distinct else "COLLECT_LIST"
    plain = not by or (len(by) == 1 and by[0] == value)
    fields = [(f"by_{place}", one) for place, one in enumerate(by)] + [("joined", value)]
    record = [exp.PropertyEQ(this=exp.to_identifier(n), expression=one.copy()) for n, one in fields]
    member = value.copy() if plain else exp.Struct(expressions=record)
    collected: exp.Expr = exp.Anonymous(this=name, expressions=[member])
    counted: exp.Expr = exp.Count(this=value.copy())
    if where is not None:
        collected = exp.Filter(this=collected, expression=where.copy())
        counted = exp.Filter(this=counted, expression=where.copy())
    ordered: exp.Expr = exp.Anonymous(this="SORT_ARRAY", expressions=[collected])
    if not plain:
        last = exp.Dot(this=exp.column("member"), expression=exp.to_identifier("joined"))
        ordered = exp.Transform(
            this=ordered, expression=exp.Lambda(this=last, expressions=[exp.to_identifier("member")])
        )
    text = exp.Anonymous(this="ARRAY_JOIN", expressions=[ordered, node.args["separator"].copy()])
    return exp.Case().when(exp.GT(this=counted, expression=exp.Literal.number(0)), text)
