"""docs/tables.md, made from the tables. `python -m schemas.docs` writes it; a test says when it is out of
date."""

from __future__ import annotations

from pathlib import Path

from schemas.columns.model import Column, Table
from schemas.tables.registry import TABLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"
HEAD = """# The published tables

Generated from `schemas/tables/registry.py` by `python -m schemas.docs`; do not edit.
Every table is a parquet file of this name in a release, sorted by its key, and a table of `warehouse.duckdb`.
The same column list makes the Pandera contract, the Arrow fields and the data package.
"""


def tables_page() -> str:
    """The whole page as Markdown."""
    return HEAD + "".join(_section(table) for table in TABLES.values())


def _section(table: Table) -> str:
    rows = "".join(f"| {' | '.join(_cells(column, table))} |\n" for column in table.columns)
    return (
        f"\n## {table.name}\n{table.title}. {table.description}\n\nKey: `{'`, `'.join(table.key)}`\n\n"
        f"| column | type | unit | null | meaning | checked |\n|---|---|---|---|---|---|\n{rows}"
    )


def _cells(column: Column, table: Table) -> list[str]:
    checks = [f"one of {', '.join(column.allowed)}"] if column.allowed else []
    checks += [f"matches `{column.pattern}`".replace("|", "\\|")] if column.pattern else []
    checks += [f"from {column.minimum:g}"] if column.minimum is not None else []
    checks += [f"to {column.maximum:g}"] if column.maximum is not None else []
    name = f"**{column.name}**" if column.name in table.key else column.name
    return [
        name,
        column.type,
        column.unit,
        "yes" if column.nullable else "no",
        column.description,
        "; ".join(checks),
    ]


if __name__ == "__main__":
    PAGE.write_text(tables_page(), encoding="utf-8")
