"""Terminal output of `compact show --methods`: the result of each method with its components.

The query is in warehouse/query/methods.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.console.output import emit, note


def show_methods(folder: Path, indicator: str, area: str, *, as_json: bool) -> int:
    """Print one row per method and return the exit code."""
    from schemas.errors import CompactError
    from warehouse.query.methods import show_methods as read

    if not area:
        raise CompactError(
            "the methods are shown for one area", where="--methods", next_step="name it: --area KEN"
        )
    rows = read(folder, indicator, area)
    if as_json or not rows:
        emit(rows, as_json=as_json, empty=f"{indicator} has no total value for {area} in this release")
    else:
        emit([_short(row) for row in rows], as_json=False)
        _explain(rows)
    return 0 if rows else 1


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """Reduce a method to one line: result, basis, and the components in one cell."""
    baseline = f"{row['baseline_value']:,.4g} ({row['baseline_year']})" if row["baseline_year"] else ""
    return {
        "method": row["method"] + ("*" if row["provisional"] else ""),
        "category": row["category"],
        "outlook": row["outlook"],
        "measure": row["measure"],
        "score": row["score"],
        "baseline": baseline,
        "components": ", ".join(
            f"{name.replace('_', ' ')} {value:,.4g}" for name, value in row["components"].items()
        ),
        "reason": row["reason"],
    }


def _explain(rows: list[dict[str, Any]]) -> None:
    """Print to stderr what all rows have in common, and which methods are provisional."""
    first = rows[0]
    target = (
        f"target {first['target_value']:,.4g} by {first['target_year']}"
        if first["target_value"] is not None
        else "no target"
    )
    note(f"latest value {first['latest_value']:,.4g} ({first['latest_year']}), {target}")
    for row in rows:
        if row["provisional"]:
            note(f"* {row['method']} is provisional: {row['provisional']}")
    said = {row["outlook"] for row in rows} - {None}
    note("the methods agree on the direction" if len(said) < 2 else "the methods disagree on the direction")
