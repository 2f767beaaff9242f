"""Evaluation: computes rows of `indicator` from one definition and the staged observations.

A result is cached under a fingerprint of all its inputs, so that unchanged indicators are not recomputed. The
rules and their SQL are in sql.py; assessment is in models/sql/*.sql.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from indicators.fingerprint import numbers_fingerprint
from indicators.formula.parser import formula_frames
from schemas.definitions.indicator import Indicator, Input
from schemas.tables.arrow import arrow_schema, read_columns
from schemas.tables.assessment import KEPT_OUT
from schemas.tables.registry import INDICATOR
from sources.snapshots.cache_record import read_record, write_record
from warehouse.engine.duckdb_engine import (
    code_fingerprint,
    engine,
    parquet,
    run_sql,
    sealed_engine,
    write_table,
)
from warehouse.evaluation.beside import beside, write_beside
from warehouse.evaluation.input_profile import PROFILE, profile_sql, refuse_mixed_units
from warehouse.evaluation.kept_out import kept_out_sql
from warehouse.evaluation.source_overlap import OVERLAP, overlap_sql
from warehouse.evaluation.sql import evaluated_path, evaluation_sql
from warehouse.evaluation.windows import memberships_fingerprint

CODE = (
    "schemas/columns/observation.py",
    "schemas/tables/registry.py",
    "schemas/tables/assessment.py",
    "indicators/formula/*.py",
    "warehouse/evaluation/*.py",
    "warehouse/engine/duckdb_engine.py",
)


@dataclass(frozen=True)
class Evaluated:
    """Result of an evaluation. no_number: cells where the formula has no numeric result, as for a division
    by 0.
    """

    path: Path
    fingerprint: str
    rows: int
    areas: int
    no_number: int
    made: bool


def evaluate(
    indicator: Indicator,
    staged: Mapping[str, Path],
    evaluated: Mapping[str, Path],
    out_path: Path,
    *,
    temp: Path | None = None,
) -> int:
    """Write the indicator's rows to out_path. Returns the number of cells without a finite result.

    staged: source to its observation.parquet; evaluated: indicator to its file. A missing source is skipped,
    like an input without values.
    """
    if not _anything_there(indicator, staged, evaluated):
        write_table(arrow_schema(INDICATOR).empty_table(), INDICATOR, out_path)
        return 0
    with sealed_engine(_folders(staged, evaluated, out_path), temp) as con:
        write_beside(con, profile_sql(indicator, staged), PROFILE, out_path)
        refuse_mixed_units(con, indicator, beside(out_path, PROFILE))
        con.execute(f"create temp table result as\n{evaluation_sql(indicator, staged, evaluated)}")
        kept = run_sql(con, "select * from result where isfinite(value)", INDICATOR)
        write_beside(con, overlap_sql(indicator, staged, evaluated), OVERLAP, out_path)
        write_beside(con, kept_out_sql(indicator, staged, evaluated), KEPT_OUT, out_path)
        no_number = con.execute(
            "select count(*) from result where complete and not coalesce(isfinite(value), false)"
        )
        dropped = int((no_number.fetchone() or (0,))[0])
    write_table(kept, INDICATOR, out_path)
    return dropped


def _anything_there(indicator: Indicator, staged: Mapping[str, Path], evaluated: Mapping[str, Path]) -> bool:
    """Return whether any input can have a value. In a release of one source most indicators have none, and
    some hundred empty queries take seconds.
    """

    def there(item: Input) -> bool:
        if not item.indicator:
            return item.source in staged
        path = evaluated.get(item.indicator)  # one that is not evaluated yet is an error, which SQL raises
        return path is None or pq.read_metadata(path).num_rows > 0

    return any(there(item) for items in indicator.named_inputs().values() for item in items)


def _folders(staged: Mapping[str, Path], evaluated: Mapping[str, Path], out_path: Path) -> set[Path]:
    """Return the folders of all staged tables and evaluated indicators: the same for every indicator of a
    run, so that they share one database.
    """
    tables = [path.parent for path in staged.values()]
    together = {Path(os.path.commonpath(tables))} if tables else set()
    return together | {path.parent.parent for path in (*evaluated.values(), out_path)}


def evaluate_cached(
    indicator: Indicator,
    staged: Mapping[str, Path],
    evaluated: Mapping[str, Path],
    folder: Path,
    *,
    temp: Path | None = None,
) -> Evaluated:
    """Write the indicator's rows to folder/<indicator>/<fingerprint>.parquet, unless that file exists
    unchanged.
    """
    fingerprint = evaluation_fingerprint(indicator, staged, evaluated)
    path = cached_path(folder, indicator.id, fingerprint)
    side = path.with_suffix(".json")
    facts = read_record(side)
    made = facts is None
    if facts is None:
        companions = [beside(path, table) for table in (PROFILE, OVERLAP, KEPT_OUT)]
        for one in companions:
            one.unlink(missing_ok=True)
        no_number = evaluate(indicator, staged, evaluated, path, temp=temp)
        areas = pc.count_distinct(read_columns(path, "ref_area")["ref_area"]).as_py()
        rows = pq.read_metadata(path).num_rows
        facts = {"rows": rows, "areas": areas, "no_number": no_number}
        write_record(side, facts, [one for one in (path, *companions) if one.exists()])
    return Evaluated(path, fingerprint, facts["rows"], facts["areas"], facts["no_number"], made)


def cached_path(folder: Path, indicator_id: str, fingerprint: str) -> Path:
    """Return the path of an indicator's rows with this fingerprint."""
    return folder / indicator_id / f"{fingerprint}.parquet"


def evaluation_fingerprint(
    indicator: Indicator, staged: Mapping[str, Path], evaluated: Mapping[str, Path]
) -> str:
    """Return the sha256 of all inputs of the numbers: the computing part of the definition, the staged
    rows of exactly its series, the fingerprints of the indicators it builds on, and the code.
    """
    parts = fingerprint_parts(indicator, staged, evaluated)
    return sha256("\n".join(f"{what} {value}" for what, value in parts.items()).encode()).hexdigest()


def fingerprint_parts(
    indicator: Indicator, staged: Mapping[str, Path], evaluated: Mapping[str, Path]
) -> dict[str, str]:
    """Return the inputs of the numbers one by one: definition, code, memberships of groups, and every
    input as `series SOURCE CODE` or `indicator ID`.
    """
    frames = formula_frames(indicator.formula, indicator.named_inputs())
    parts = {"definition": numbers_fingerprint(indicator), "code": code_fingerprint(*CODE)}
    if memberships := memberships_fingerprint(frames):
        parts["memberships"] = memberships
    for item in _all_inputs(indicator):
        if item.indicator:
            parts[f"indicator {item.indicator}"] = evaluated_path(item, evaluated).stem
        elif item.source and item.source in staged:
            rows = series_fingerprints(staged[item.source]).get(item.series or "", "empty")
            parts[f"series {item.source} {item.series}"] = rows
        else:
            parts[f"series {item.source} {item.series}"] = "absent"
    return parts


def _all_inputs(indicator: Indicator) -> list[Input]:
    return [item for items in indicator.named_inputs().values() for item in items]


@cache
def series_fingerprints(observation: Path) -> dict[str, str]:
    """Return an order-independent checksum of each series of a staged table.

    It is written next to the table once, because staged tables never change: two sums over 64-bit hashes of
    whole rows, which detect a change but not a forgery.
    """
    side = observation.with_name("series.json")
    facts = read_record(side)
    if facts is None:
        with engine() as con:
            rows = con.execute(f"""
                select series, count(*) || ' ' || sum(hash(o)::hugeint) || ' ' || bit_xor(hash(o))
                from {parquet(observation)} as o
                group by series
                order by series""").fetchall()
        facts = dict(rows)
        write_record(side, facts)
    fingerprints: dict[str, str] = facts
    return fingerprints
