"""Rewrites of query shapes that Spark lacks: qualify, and the same name for two common tables.

sqlglot's own rewrites confuse columns of the same name (30.30, November 2026) or leave SQL that Spark
rejects. Columns are resolved before, see translate.py."""

from __future__ import annotations

from sqlglot import exp


def without_qualify(tree: exp.Expr) -> exp.Expr:
    """Move a window from qualify to a column of an inner query, filtered outside."""
    for select in list(tree.find_all(exp.Select)):
        qualify = select.args.get("qualify")
        if qualify is None:
            continue
        select.set("qualify", None)
        condition = qualify.this
        listed = [exp.column(one.alias_or_name, quoted=True) for one in select.selects]
        inner = select.copy()
        for number, window in enumerate(_windows(condition), 1):
            name = f"_chosen_{number}"
            inner.select(exp.alias_(window.copy(), name), copy=False)
            if window is condition:
                condition = exp.column(name)
            else:
                window.replace(exp.column(name))
        outer = exp.select(*listed).from_(inner.subquery("_of")).where(condition)
        outer.set("with_", inner.args.get("with_"))
        inner.set("with_", None)
        if select is tree:
            tree = outer
        else:
            select.replace(outer)
    return tree


def _windows(condition: exp.Expr) -> list[exp.Window]:
    return list(condition.find_all(exp.Window))


def unlike_names(tree: exp.Expr) -> exp.Expr:
    """Number common tables of subqueries that share a name: sqlglot moves all of them to the top, where
    names must be unique.
    """
    seen: set[str] = set()
    for select in list(tree.find_all(exp.Query)):
        for table in select.ctes:
            name = table.alias
            if name in seen:
                unlike = f"{name}_{len(seen)}"
                table.args["alias"].set("this", exp.to_identifier(unlike))
                for used in select.find_all(exp.Table):
                    if used.name == name and not used.db:
                        used.set("this", exp.to_identifier(unlike))
                name = unlike
            seen.add(name)
    return tree
