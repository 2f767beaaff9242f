"""`compact backtest`: past accuracy of the projection and its benchmarks, and the widths of its intervals.

Calls warehouse/projections/backtest.py on the values of a release, prints, and with --write replaces the two
files that production reads.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.console.output import emit, note
from sources.settings import compact_home

if TYPE_CHECKING:
    from warehouse.projections.backtest import Calibrated

FIRST_ORIGIN = 1998  # forecasts count from nested.JUDGED_FROM on; the calibration learns from earlier ones
HISTORY = 45  # years of values to read: 17 before the first origin
HEAD = """\
# Widths of the projection's intervals: errors that were made, in units of a series' volatility; see
# docs/methods/projection.md. Written by `compact backtest --write`, not by hand. Rows: horizon 1 to 10 years;
# columns: the width that held 50, 80, 90, 95 and 98 per cent of the errors. blends: shares of the drift and
# of the way to the smoothed level. shifts: of the log odds of each indicator's probabilities, for series that
# do not meet the target and for those that do. limits: highest probability of one that does not, by family.
"""
GROUP_HEAD = """\
# Correlation of countries' errors, and the factor on a group's simulated spread, by family of indicators; see
# docs/methods/projection.md. Written by `compact backtest --write`, not by hand. correlation: of any two
# countries in one year, and what two of one sub-region have in common beyond that. chances: slope of
# the log odds of a group's probability, and shift of each indicator's.
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
    """Backtest every projection method on the values known now; print errors and interval coverage."""
    import numpy as np

    from warehouse.models.group_errors import FILE as GROUP_ERRORS
    from warehouse.models.group_errors import group_errors
    from warehouse.projections.backtest import FOUR, calibrated, errors, skill
    from warehouse.projections.chance_learning import met_now
    from warehouse.projections.groups.backtest import group_families, judged_groups, production, tested_groups
    from warehouse.projections.groups.official import official_of
    from warehouse.projections.groups.simulation import GROUP_CALIBRATION
    from warehouse.projections.intervals import CALIBRATION
    from warehouse.projections.model_settings import settings
    from warehouse.projections.nested import by_family, cross_fitted, judged, nested, reliability, tenths

    folder = compact_home() / "releases" / (release or "latest")
    panel, this_year = _panel(folder.resolve())
    forecast_errors = errors(panel, settings(), range(FIRST_ORIGIN, this_year))
    learned = nested(panel, forecast_errors, settings())
    tested = judged(learned)
    rows = skill(panel, forecast_errors, tested)
    chosen = set(indicator or ["all_four", *FOUR])
    families = by_family(panel, tested)
    others = cross_fitted(panel, tested, settings())
    ahead = tested_groups(panel, forecast_errors, learned, official_of(folder.resolve()), settings())
    came = reliability(tested, "other_countries", others)
    came += reliability(tested, "earlier_years", tested.chance)
    still_open = ~met_now(panel, tested.use)
    came += reliability(tested, "not_met_yet", np.where(still_open, tested.chance, np.nan))
    came += reliability(tested, "not_met_yet_other_countries", np.where(still_open, others, np.nan))
    shown_groups = judged_groups(ahead)
    came += tenths("groups", shown_groups.said, shown_groups.raw, shown_groups.met)
    of_groups = group_families(shown_groups)
    values = group_errors(folder.resolve())
    emit([row for row in rows if row["measured_on"] in chosen], as_json=as_json)
    for shown in (families, came, of_groups, [row for row in values if row["family"] == "all"]):
        emit(shown, as_json=as_json)
    if write:
        made = {
            "release": folder.resolve().name,
            "model": settings().model,
            "first_origin": FIRST_ORIGIN,
            "last_origin": this_year - 1,
            "forecasts": len(forecast_errors.horizon),
            "command": "compact backtest --write",
        }
        _write(calibrated(panel, forecast_errors, settings(), learned), made)
        _write_csv(CALIBRATION.with_name("skill.csv"), rows)
        _write_csv(CALIBRATION.with_name("families.csv"), families)
        _write_csv(CALIBRATION.with_name("reliability.csv"), came)
        _write_csv(CALIBRATION.with_name("groups.csv"), of_groups)
        _write_csv(GROUP_ERRORS, values)
        _write_groups(GROUP_CALIBRATION, production(panel, forecast_errors, learned, ahead), made)


def _panel(folder: Path) -> tuple[Any, int]:
    """Return the countries' series of a release, and the year of its newest snapshot."""
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


def _write(calibrated: Calibrated, made: Mapping[str, Any]) -> None:
    import yaml

    from warehouse.projections.intervals import CALIBRATION

    blends = {name: [float(share) for share in pair] for name, pair in sorted(calibrated.blends.items())}
    lines = [HEAD, yaml.safe_dump({"made_from": dict(made)}, sort_keys=False)]
    lines += ["blends:\n", *(f"  {name}: {pair}\n" for name, pair in blends.items())]
    shifts = calibrated.chances.shifts
    lines += ["shifts:\n", *(f"  {name}: [{a:.4f}, {b:.4f}]\n" for name, (a, b) in sorted(shifts.items()))]
    limits = calibrated.chances.limits
    lines += ["limits:\n", *(f"  {name}: {limit:.4f}\n" for name, limit in sorted(limits.items()))]
    lines.append("widths:\n")
    for name, table in sorted(calibrated.widths.items()):
        lines.append(f"  {name}:\n")
        lines += [f"    - [{', '.join(f'{value:.4g}' for value in row)}]\n" for row in table]
    CALIBRATION.write_text("".join(lines), encoding="utf-8")
    note(f"written: {CALIBRATION}")


def _write_groups(path: Path, calibrated: Mapping[str, Any], made: Mapping[str, Any]) -> None:
    import yaml

    body = yaml.safe_dump({"made_from": dict(made), **calibrated}, sort_keys=False, default_flow_style=None)
    path.write_text(GROUP_HEAD + body, encoding="utf-8")
    note(f"written: {path}")


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    note(f"written: {path}")
