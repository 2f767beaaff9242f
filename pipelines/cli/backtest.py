"""`compact backtest`: how well the projection and its rivals would have done, and the widths of its
intervals.

Calls warehouse/projections/backtest.py on the values of a release, prints, and with --write replaces the two
files that production reads.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.console.output import emit, note
from sources.settings import compact_home

FIRST_ORIGIN = 2009
HISTORY = 40  # years of values that are read: ten before the first origin, and more
HEAD = """\
# Widths of the projection's intervals: errors that were made, in units of a series' volatility; see
# docs/methods/projection.md. Written by `compact backtest --write`, not by hand. Rows: horizon 1 to 10 years;
# columns: the width that held 50, 80, 90, 95 and 98 per cent of the errors.
"""


def backtest(
    release: Annotated[
        str | None, typer.Option("--release", help="A release id; the latest by default.")
    ] = None,
    write: Annotated[
        bool, typer.Option(help="Replace the widths and figures that production reads.")
    ] = False,
    indicator: Annotated[
        list[str] | None, typer.Option(help="Print only this one; may be repeated; all_four for the mean.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Make every projection method project what is now known; print errors and how often intervals held."""
    from warehouse.projections.backtest import FOUR, calibrated, errors, no_change, settled, skill
    from warehouse.projections.model import settings

    folder = compact_home() / "releases" / (release or "latest")
    panel, this_year = _panel(folder.resolve())
    found = errors(panel, settings(), range(FIRST_ORIGIN, this_year))
    still = no_change(panel, found, settings())
    found = settled(panel, found, still)
    rows = skill(panel, found)
    chosen = set(indicator or ["all_four", *FOUR])
    emit([row for row in rows if row["measured_on"] in chosen], as_json=as_json)
    if write:
        made = {
            "release": folder.resolve().name,
            "model": settings().model,
            "first_origin": FIRST_ORIGIN,
            "last_origin": this_year - 1,
            "forecasts": len(found.horizon),
            "command": "compact backtest --write",
        }
        _write(calibrated(panel, found), made, still, rows)


def _panel(folder: Path) -> tuple[Any, int]:
    """The countries' series of a release, and the year of its newest snapshot."""
    from indicators.registry import load_catalogue
    from schemas.errors import CompactError
    from warehouse.engine.duckdb_engine import engine
    from warehouse.models.definition_inputs import load_model_inputs
    from warehouse.projections.projection import load_projection_series, panel_of

    if not (folder / "indicator.parquet").exists():
        raise CompactError("there is no such release", where=str(folder), next_step="compact releases")
    with engine() as con:
        load_model_inputs(con, folder, load_catalogue().entries, None)
        load_projection_series(con)
        panel = panel_of(con, HISTORY)
        year = con.execute("select this_year from projection_rule").fetchone()
    return panel.take(panel.country), int(year[0]) if year else 0


def _write(
    widths: Mapping[str, Any],
    made: Mapping[str, Any],
    still: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    import yaml

    from warehouse.projections.intervals import CALIBRATION
    from warehouse.projections.projection import SKILL

    head = {"made_from": dict(made), "no_change": sorted(still)}
    lines = [HEAD, yaml.safe_dump(head, sort_keys=False), "widths:\n"]
    for name, table in sorted(widths.items()):
        lines.append(f"  {name}:\n")
        lines += [f"    - [{', '.join(f'{value:.4g}' for value in row)}]\n" for row in table]
    CALIBRATION.write_text("".join(lines), encoding="utf-8")
    with SKILL.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    note(f"written: {CALIBRATION} and {SKILL.name}")
