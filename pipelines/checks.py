"""Asset checks: the findings of stage and of an indicator's `expect`, in Dagster's form. What they mean is
judged elsewhere."""

from __future__ import annotations

import dagster as dg
from sources.stage import Staged
from warehouse.checks import CheckResult, indicator_checks

from schemas.definitions import Indicator
from warehouse.evaluate import Evaluated

STAGED_CHECKS = {
    "ledger_reconciles": "For every snapshot, rows in = rows kept + rows rejected with a reason.",
}
INDICATOR_CHECKS = {
    "not_empty": "There is at least one value.",
    "unique_key": "No cell stands twice.",
    "range": "Every value lies in the declared range.",
    "areas_min": "At least the declared number of areas has a value.",
    "yearly_change": "No value jumps by more than the declared yearly change.",
}
SEVERITY = {"error": dg.AssetCheckSeverity.ERROR, "warn": dg.AssetCheckSeverity.WARN}


def staged_results(staged: Staged | None) -> list[dg.AssetCheckResult]:
    """The ledger of each snapshot, summed up again from what was written."""
    if staged is None:
        return [dg.AssetCheckResult(check_name="ledger_reconciles", passed=True, metadata={"snapshots": 0})]
    wrong = [counts for counts in staged.ledger() if not counts.reconciles]
    return [
        dg.AssetCheckResult(
            check_name="ledger_reconciles",
            passed=not wrong,
            metadata={"snapshots": len(staged.ledger()), "wrong": [c.snapshot for c in wrong][:10]},
        )
    ]


def indicator_results(indicator: Indicator, result: Evaluated) -> list[dg.AssetCheckResult]:
    return [_result(check) for check in indicator_checks(indicator, result)]


def _result(check: CheckResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=check.passed,
        severity=SEVERITY[check.severity],
        description=check.message,
        metadata=dict(check.numbers),
    )
