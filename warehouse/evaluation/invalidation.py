"""`compact why`: explains why an indicator is out of date, by comparing the latest release's record with the
current inputs.

It distinguishes four reasons: inputs (other rows), definition (formula, or words only), method of assessment,
and code. It computes and stages nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from indicators.fingerprint import field_fingerprints, kind_of
from schemas.definitions.indicator import Indicator
from schemas.errors import CompactError
from warehouse.engine.duckdb_engine import code_fingerprint, engine, literal, parquet
from warehouse.evaluation.evaluate import fingerprint_parts

Row = dict[str, Any]
MODELS = ("warehouse/models/sql/**/*.sql", "warehouse/models/progress.py")
# The effect of each reason on the next release.
EFFECT = {
    "input": "values and assessment",
    "definition": "values and assessment",
    "memberships": "values and assessment",
    "code": "values and assessment",
    "method": "assessment",
    "models": "assessment",
    "checks": "checks",
    "prose": "words alone",
}
FIELD_REASON = {"numbers": "definition", "method": "method", "checks": "checks", "prose": "prose"}


def depends_on(indicator: Indicator, staged: Mapping[str, Path], evaluated: Mapping[str, Path]) -> Row:
    """Return the record of an indicator in a release, for later comparison."""
    return {
        "parts": fingerprint_parts(indicator, staged, evaluated),
        "fields": field_fingerprints(indicator),
        "models": code_fingerprint(*MODELS),
    }


def why(
    indicator: Indicator,
    staged: Mapping[str, Path],
    evaluated: Mapping[str, Path],
    release: Path,
) -> list[Row]:
    """Return every difference between the release and now: reason, subject, before, now, and effect.

    evaluated: paths of the values of the input indicators, existing or not; their names are their
    fingerprints. An empty result means that nothing would be recomputed. A single row with reason `new`: the
    release does not have the indicator.
    """
    recorded = _recorded(indicator.id, release)
    if recorded is None:
        return [
            _row("new", "the indicator", f"not in release {release.name}", "defined", "values and assessment")
        ]
    now = depends_on(indicator, staged, evaluated)
    return [
        *_fields(recorded["fields"], now["fields"]),
        *_parts(recorded["parts"], now["parts"], staged, release),
        *(
            [
                _row(
                    "models",
                    "warehouse/models, warehouse/models/progress.py",
                    recorded["models"],
                    now["models"],
                )
            ]
            if recorded["models"] != now["models"]
            else []
        ),
    ]


def _recorded(indicator_id: str, release: Path) -> Row | None:
    with engine() as con:
        meta = parquet(release / "indicator_meta.parquet")
        columns = {row[0] for row in con.execute(f"describe select * from {meta}").fetchall()}
        if "depends_on" not in columns:  # made before this was recorded
            raise CompactError(
                f"release {release.name} does not record what its values depend on",
                where=str(release),
                allowed="a release made since that is recorded",
                next_step="make one with `compact run`",
            )
        row = con.execute(
            f"select depends_on from {meta} where indicator = {literal(indicator_id)}"
        ).fetchone()
    recorded: Row | None = json.loads(row[0]) if row else None
    return recorded


def _fields(before: Mapping[str, str], now: Mapping[str, str]) -> list[Row]:
    """Return the fields of the definition that differ."""
    changes = []
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            what = f"field {name}"
            changes.append(_row(FIELD_REASON[kind_of(name)], what, before.get(name), now.get(name)))
    return changes


def _parts(
    before: Mapping[str, str], now: Mapping[str, str], staged: Mapping[str, Path], release: Path
) -> list[Row]:
    """Compare the computation part by part; the definition is omitted here, since it is compared field by
    field.
    """
    changes = []
    for name in sorted((before.keys() | now.keys()) - {"definition"}):
        if before.get(name) == now.get(name):
            continue
        kind = name.split(" ")[0]
        if name not in before or name not in now:  # the inputs themselves changed, as the field shows
            continue
        if kind == "series":
            _, source, series = name.split(" ", 2)
            old, new = _snapshots(release / "observation.parquet", source, series), None
            if source in staged:
                new = _snapshots(staged[source], source, series)
            changes.append(_row("input", name, _rows_said(before[name], old), _rows_said(now[name], new)))
        else:
            what = "code of the evaluation, DuckDB, or PyArrow" if kind == "code" else name
            reason = "input" if kind == "indicator" else kind
            changes.append(_row(reason, what, before[name][:12], now[name][:12]))
    return changes


def _snapshots(observation: Path, source: str, series: str) -> list[str]:
    if not observation.is_file():
        return []
    with engine() as con:
        rows = con.execute(
            f"select distinct snapshot from {parquet(observation)} "
            f"where source = {literal(source)} and series = {literal(series)} order by snapshot"
        ).fetchall()
    return [str(row[0])[:12] for row in rows]


def _rows_said(fingerprint: str, snapshots: list[str] | None) -> str:
    """Describe rows and snapshots, such as `5086 rows of snapshot 1f3a…`."""
    if fingerprint in ("absent", "empty"):
        return {"absent": "the source has nothing", "empty": "no rows of the series"}[fingerprint]
    of = f" of snapshot {', '.join(snapshots)}" if snapshots else ""
    return f"{fingerprint.split(' ')[0]} rows{of}"


def _row(reason: str, what: str, before: str | None, now: str | None, effect: str = "") -> Row:
    return {
        "reason": reason,
        "what": what,
        "before": (before or "not there")[:60],
        "now": (now or "not there")[:60],
        "makes_new": effect or EFFECT[reason],
    }
