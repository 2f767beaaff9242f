"""Translates a model's SQL to the dialect of Apache Spark.

sqlglot parses, resolves each column (star, using, lateral aliases, qualify) against the tables' types, and
writes Spark's dialect. rewrites.py first replaces constructs with another meaning there. portable_sql.py
lists what a model may use.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
from sqlglot import ErrorLevel, exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from warehouse.distributed.portable_sql import parse
from warehouse.distributed.rewrites import rewritten

Schema = Mapping[str, Mapping[str, str]]  # table to column to DuckDB's name of its type


def translate(sql: str, schema: Schema) -> str:
    """Return the select in Spark's dialect, formatted.

    Args:
        sql: a model, in DuckDB's dialect.
        schema: the tables that it reads.

    Raises:
        sqlglot.errors.SqlglotError: a column or table is unknown, or Spark has no equivalent.
    """
    tree = typed(sql, schema)
    return rewritten(tree).sql(
        dialect="spark", pretty=True, identify=True, unsupported_level=ErrorLevel.RAISE
    )


def typed(sql: str, schema: Schema) -> exp.Expr:
    """Return the model's tree with every column resolved and every expression typed."""
    known: dict[str, object] = {name: dict(columns) for name, columns in schema.items()}
    tree = parse(sql)
    for join in tree.find_all(exp.Join):
        join.meta["using"] = bool(join.args.get("using"))
    tree = qualify(tree, schema=known, dialect="duckdb", identify=False, quote_identifiers=False)
    for select in tree.find_all(exp.Select):
        _key_of_both(select)
    return annotate_types(tree, schema=known, dialect="duckdb")


def _key_of_both(select: exp.Select) -> None:
    """Correct chained joins: after `full join … using (key)` a further `using (key)` means the key of
    either side. sqlglot (30.30, November 2026) uses the left side's, and loses rows that only the right
    side has.
    """
    either: dict[str, exp.Expr] = {}
    for join in select.args.get("joins") or []:
        equal = (
            list(join.args["on"].find_all(exp.EQ)) if join.args.get("on") and join.meta.get("using") else []
        )
        for pair in equal:
            if join.side == "FULL":
                either[pair.left.sql()] = exp.Coalesce(this=pair.left.copy(), expressions=[pair.right.copy()])
            elif pair.left.sql() in either:
                pair.set("this", either[pair.left.sql()].copy())


def described(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Return the columns of a table, or of a select in brackets, with DuckDB's names of their types."""
    return {
        str(name): str(kind) for name, kind, *_ in con.execute(f"describe select * from {table}").fetchall()
    }
