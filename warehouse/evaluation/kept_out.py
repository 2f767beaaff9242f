"""The values that the rule of one lineage excludes from an indicator, with the reason: as a side file of each
evaluated file, and together as a published table.

The rule is in lineage.py. It lists the values preferred over the one used, or all if none is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from schemas.definitions.indicator import Indicator
from warehouse.engine.duckdb_engine import literal
from warehouse.evaluation.lineage import classified_sql, needs_choice
from warehouse.evaluation.sql import CELL, input_rows


def kept_out_sql(indicator: Indicator, staged: Mapping[str, Path], evaluated: Mapping[str, Path]) -> str:
    """Return SQL for the rows that preference alone would have used; empty if no input has an alternative."""
    parts = []
    for name, items in indicator.named_inputs().items():
        rows, lines = input_rows(indicator, items, staged, evaluated)
        if needs_choice([line for _, line in lines]):
            parts.append(
                f"select {literal(name)} as input, * from ({classified_sql(rows, lines)})\n"
                "qualify kept_out is not null and preference < coalesce(\n"
                "    min(preference) filter (where kept_out is null)\n"
                f"        over (partition by {', '.join(CELL)}), {len(items)})"
            )
    if not parts:
        return ""
    columns = ", ".join(
        ("input", "preference + 1 as rank", *CELL, "source", "series", "value", "carries", "concept")
    )
    return (
        f"select {literal(indicator.id)} as indicator, {columns}, leading_carries, leading_concept,\n"
        "    kept_out as rule\nfrom (\n" + "\nunion all\n".join(parts) + "\n)"
    )
