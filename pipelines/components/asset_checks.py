"""Asset checks: Dagster's form of the findings of stage, of an indicator's `expect`, and of a table's key.

The verdicts themselves are made elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from schemas.columns.model import Table
from sources.ingest.cadence import Freshness
from sources.staging.stage import StagedSource
from warehouse.checks.indicator_checks import CheckResult, ledger_check
from warehouse.engine.duckdb_engine import engine, parquet

SNAPSHOT_CHECKS = {
    "fresh": "The agency has confirmed what is stored within the time that its cadence allows.",
}
OBSERVATION_CHECKS = {
    "ledger": "For every snapshot, rows in = rows kept + rows rejected with a reason.",
}
EXPECT = "expect"
EXPECT_TEXT = (
    "The values are as the file expects: some, unique, in range, for enough areas, no large loss against the "
    "release before, no change of unit, no larger yearly change or difference between sources than declared."
)
UNIQUE_KEY = "unique_key"
KEY_TEXT = "No two rows have the same key."
SEVERITY = {"error": dg.AssetCheckSeverity.ERROR, "warn": dg.AssetCheckSeverity.WARN}


def snapshot_results(key: dg.AssetKey, status: Freshness) -> list[dg.AssetCheckResult]:
    """Report whether a source is stale. This fails no run, but an operator should know."""
    since, confirmed = status.stale_since, status.last_confirmed
    text = f"confirmed {confirmed:%Y-%m-%d %H:%M} UTC" if confirmed else "nothing of it is stored"
    return [
        dg.AssetCheckResult(
            check_name="fresh",
            asset_key=key,
            passed=since is None,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"stale since {since:%Y-%m-%d}, last {text}" if since else text,
        )
    ]


def observation_results(key: dg.AssetKey, staged: StagedSource | None) -> list[dg.AssetCheckResult]:
    """Reconcile the ledger of each snapshot again, from the written files."""
    if staged is None:
        return [
            dg.AssetCheckResult(check_name=name, asset_key=key, passed=True) for name in OBSERVATION_CHECKS
        ]
    ledger = ledger_check(staged.ledger_file, staged.observation)
    return [
        dg.AssetCheckResult(
            check_name=ledger.name,
            asset_key=key,
            passed=ledger.passed,
            severity=SEVERITY[ledger.severity],
            description=ledger.message,
            metadata=dict(ledger.numbers),
        )
    ]


def expect_result(key: dg.AssetKey, results: Sequence[CheckResult]) -> dg.AssetCheckResult:
    """Report the checks of an indicator as one, which blocks if a check of level error fails.

    Dagster stores some seven events per check, which for eight checks of 219 indicators would take longer
    than computing them.
    """
    failed = [result for result in results if not result.passed]
    errors = [result for result in failed if result.severity == "error"]
    return dg.AssetCheckResult(
        check_name=EXPECT,
        asset_key=key,
        passed=not failed,
        severity=SEVERITY["error" if errors else "warn"],
        description="\n".join(f"{one.name}: {one.message}" for one in errors or failed or results),
        metadata={
            one.name: dg.MetadataValue.text(f"{'passed' if one.passed else one.severity}: {one.message}")
            for one in results
        },
    )


def key_result(key: dg.AssetKey, table: Table, path: Path) -> dg.AssetCheckResult:
    """Report whether the rows of a written table are unique by its key."""
    columns = ", ".join(f'"{name}"' for name in table.key)
    with engine() as con:
        row = con.execute(
            f"select count(*) from (select {columns} from {parquet(path)} group by all having count(*) > 1)"
        ).fetchone()
    repeated = int(row[0]) if row else 0
    return dg.AssetCheckResult(
        check_name=UNIQUE_KEY,
        asset_key=key,
        passed=repeated == 0,
        description=f"{repeated} keys appear more than once"
        if repeated
        else f"unique by {', '.join(table.key)}",
        metadata={"repeated keys": repeated},
    )


def taken_over(key: dg.AssetKey) -> dg.AssetCheckResult:
    """Report the check of a linked table: these bytes passed it before they were published."""
    return dg.AssetCheckResult(
        check_name=UNIQUE_KEY,
        asset_key=key,
        passed=True,
        description="unchanged since the previous release, which passed",
    )
