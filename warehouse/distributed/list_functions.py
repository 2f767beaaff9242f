"""Lists on other engines: sums, sorting, distinct members and text of them, and the exact median."""

from __future__ import annotations

from sqlglot import exp


def plain_lists(node: exp.Expr, dialect: str) -> exp.Expr:
    """A list's function as the dialect says it; any other node as it is."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "list_sum":
        return list_sum(node.expressions[0], dialect)
    if isinstance(node, exp.ArrayAgg):
        return array_agg(node, dialect)
    if dialect == "spark" and isinstance(node, exp.Filter) and isinstance(node.this, exp.GroupConcat):
        return joined(node.this, node.expression)
    if dialect == "spark" and isinstance(node, exp.GroupConcat) and not isinstance(node.parent, exp.Filter):
        return joined(node, None)
    if isinstance(node, exp.Median) and dialect != "spark":
        return median(node, dialect)
    if dialect == "bigquery":
        return _bigquery(node)
    return node


def list_sum(members: exp.Expr, dialect: str) -> exp.Expr:
    """The sum of a list's members that are not null; null if there are none."""
    if dialect == "bigquery":
        return _from_members(exp.Sum(this=exp.column("member")), members)
    total, member = exp.to_identifier("total"), exp.to_identifier("member")
    both = exp.Coalesce(
        this=exp.Add(this=exp.column("total"), expression=exp.column("member")),
        expressions=[exp.column("member"), exp.column("total")],
    )
    folded = exp.Lambda(this=both, expressions=[total, member])
    none = exp.cast(exp.Null(), "double")
    if dialect == "trino":
        end = exp.Lambda(this=exp.column("total"), expressions=[total.copy()])
        return exp.Anonymous(this="REDUCE", expressions=[members, none, folded, end])
    return exp.Anonymous(this="AGGREGATE", expressions=[members, none, folded])


def array_agg(node: exp.ArrayAgg, dialect: str) -> exp.Expr:
    """Spark collects in no order, and of nothing an empty list, not null. Members that are not distinct are
    records, whose order no model depends on but for the last bits of sums."""
    inner = node.this.this if isinstance(node.this, exp.Order) else node.this
    if dialect == "spark":
        if not isinstance(inner, exp.Distinct):
            node.set("this", inner)
            return node
        collected = exp.Anonymous(this="COLLECT_SET", expressions=[one.copy() for one in inner.expressions])
        found = exp.Anonymous(this="SORT_ARRAY", expressions=[collected])
        some = exp.GT(this=exp.ArraySize(this=collected.copy()), expression=exp.Literal.number(0))
        return exp.Case().when(some, found)
    if dialect == "trino" and isinstance(inner, exp.Struct):
        fields = [
            exp.ColumnDef(this=one.this.copy(), kind=_kind(one.expression)) for one in inner.expressions
        ]
        row = exp.Anonymous(this="ROW", expressions=[one.expression.copy() for one in inner.expressions])
        named = exp.Cast(
            this=row, to=exp.DataType(this=exp.DataType.Type.STRUCT, expressions=fields, nested=True)
        )
        inner.replace(named)
    return node


def joined(node: exp.GroupConcat, where: exp.Expr | None) -> exp.Expr:
    """Text put together in an order. Spark's listagg takes no distinct text with a filter beside others (4.3,
    November 2026): collected, sorted, joined; of nothing null."""
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
    found: exp.Expr = exp.Anonymous(this="SORT_ARRAY", expressions=[collected])
    if not plain:
        last = exp.Dot(this=exp.column("member"), expression=exp.to_identifier("joined"))
        found = exp.Transform(
            this=found, expression=exp.Lambda(this=last, expressions=[exp.to_identifier("member")])
        )
    text = exp.Anonymous(this="ARRAY_JOIN", expressions=[found, node.args["separator"].copy()])
    return exp.Case().when(exp.GT(this=counted, expression=exp.Literal.number(0)), text)


def _kind(node: exp.Expr) -> exp.DataType:
    known = node.type is not None and not node.is_type("unknown")
    return node.type.copy() if known and node.type is not None else exp.DataType.build("double")


def median(node: exp.Median, dialect: str) -> exp.Expr:
    """The mean of the middle one or two in order: exact, where the engine's own is not or is not there."""
    value = node.this
    if dialect == "bigquery":
        ordered: exp.Expr = exp.ArrayAgg(
            this=exp.Order(
                this=exp.IgnoreNulls(this=value.copy()),
                expressions=[exp.Ordered(this=value.copy(), nulls_first=True)],
            )
        )
    else:
        ordered = exp.ArrayAgg(
            this=exp.Order(this=value.copy(), expressions=[exp.Ordered(this=value.copy())])
        )
        some = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
        ordered = exp.Filter(this=ordered, expression=exp.Where(this=some))
    size = exp.Count(this=value.copy())

    def middle(add: int) -> exp.Expr:
        place = exp.IntDiv(
            this=exp.paren(exp.Add(this=size.copy(), expression=exp.Literal.number(add))),
            expression=exp.Literal.number(2),
        )
        if dialect == "bigquery":
            one = exp.Sub(this=place, expression=exp.Literal.number(1))
            return exp.Bracket(this=ordered.copy(), expressions=[one], offset=0, safe=True)
        return exp.Anonymous(this="ELEMENT_AT", expressions=[ordered.copy(), place])

    two = exp.cast(exp.Literal.number(2), "double")
    return exp.Div(this=exp.paren(exp.Add(this=middle(1), expression=middle(2))), expression=two)


def _bigquery(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.ArrayToString) and isinstance(node.this, exp.ArraySort):
        inner = node.this.this
        if isinstance(inner, exp.ArrayDistinct):
            member = exp.column("member")
            order = exp.Order(
                this=exp.Distinct(expressions=[member]),
                expressions=[exp.Ordered(this=member.copy(), nulls_first=True)],
            )
            joined = exp.GroupConcat(this=order, separator=node.expression.copy())
            return _from_members(joined, inner.this)
    if isinstance(node, exp.Flatten) and isinstance(node.this, exp.ArrayAgg):
        return exp.Anonymous(this="ARRAY_CONCAT_AGG", expressions=[node.this.this])
    if isinstance(node, exp.Transform):
        made = node.expression
        name = made.expressions[0].name
        asked = exp.select(made.this.copy()).from_(_unnested(node.this, name))
        return exp.Anonymous(this="ARRAY", expressions=[asked])
    return node


def _from_members(found: exp.Expr, members: exp.Expr) -> exp.Expr:
    return exp.Subquery(this=exp.select(found).from_(_unnested(members, "member")))


def _unnested(members: exp.Expr, name: str) -> exp.Unnest:
    return exp.Unnest(expressions=[members.copy()], alias=exp.TableAlias(columns=[exp.to_identifier(name)]))
