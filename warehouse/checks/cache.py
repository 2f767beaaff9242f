"""Cached check results of an indicator, stored next to its values: unchanged values are not checked again.

The checks are in indicator_checks.py and release_comparison.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from schemas.definitions.indicator import Indicator
from sources.snapshots.cache_record import read_record, write_record
from warehouse.checks.first_arrival import series_of_release
from warehouse.checks.indicator_checks import CheckResult, expected, indicator_checks
from warehouse.checks.release_comparison import compared_with
from warehouse.engine.duckdb_engine import code_fingerprint

SUFFIX = ".checks"
CODE = (
    "schemas/columns/observation.py",
    "warehouse/checks/*.py",
    "warehouse/checks/*.yaml",
    "warehouse/evaluation/source_overlap.py",
    "warehouse/engine/duckdb_engine.py",
    "warehouse/models/sql/disagreement.sql",
)


def cached_checks(
    indicator: Indicator,
    path: Path,
    present: frozenset[tuple[str, str]],
    catalogue: Mapping[str, Indicator],
    previous: Path | None,
) -> list[CheckResult]:
    """Return indicator_checks of an evaluated table, which is named after its content.

    The cache file next to it is used if it was made from the same values, definition, sources, code and
    previous release.
    """
    side, key = path.with_suffix(SUFFIX), _key(indicator, path, present, catalogue, previous)
    if (kept := read_record(side)) and kept["key"] == key:
        return [CheckResult(**row | {"snapshots": frozenset(row["snapshots"])}) for row in kept["found"]]
    results = indicator_checks(indicator, path, present, catalogue, previous)
    rows = [asdict(result) | {"snapshots": sorted(result.snapshots)} for result in results]
    write_record(side, {"key": key, "found": rows})
    return results


def _key(
    indicator: Indicator,
    path: Path,
    present: frozenset[tuple[str, str]],
    catalogue: Mapping[str, Indicator],
    previous: Path | None,
) -> str:
    parts = (
        path.stem,
        indicator.model_dump_json(),
        expected(indicator, present, catalogue),
        expected(indicator, present, catalogue, preferred=True),
        compared_with(indicator, previous),
        sorted(series_of_release(previous)) if previous else "",
        code_fingerprint(*CODE),
    )
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()
