"""Asset checks: the findings of stage and of an indicator's `expect`, in Dagster's form. What they mean is
judged elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from schemas.definitions.indicator import Indicator
from sources.ingest.cadence import Freshness
from sources.staging.stage import StagedSource
from warehouse.checks.indicator_checks import CheckResult, ledger_check

SOURCE_CHECKS = {
    "fresh": "The agency has confirmed what is stored within the time that its cadence allows.",
}
STAGED_CHECKS = {
    "ledger": "For every snapshot, rows in = rows kept + rows rejected with a reason.",
}
INDICATOR_CHECKS = {
    "not_empty": "There is at least one value.",
    "unique_key": "No cell stands twice.",
    "range": "Every value lies in the declared range.",
    "areas_min": "At least the declared number of areas has a value.",
    "coverage": "No more areas or values are gone since the release before than is declared (a tenth).",
    "magnitude": "No value is a thousand times that of the release before, or of the year before.",
}
WHERE_DECLARED = {
    "yearly_change": "No value jumps by more than the declared yearly change.",
    "disagreement": "Where several sources have a value, they differ by no more than is declared.",
}
SEVERITY = {"error": dg.AssetCheckSeverity.ERROR, "warn": dg.AssetCheckSeverity.WARN}


def indicator_checks_of(indicator: Indicator) -> dict[str, str]:
    """The names of the checks that an indicator has, with what each of them says."""
    declared = {
        "yearly_change": indicator.expect.yearly_change,
        "disagreement": indicator.disagreement,
    }
    return INDICATOR_CHECKS | {name: text for name, text in WHERE_DECLARED.items() if declared[name]}


def source_results(key: dg.AssetKey, stands: Freshness) -> list[dg.AssetCheckResult]:
    """Whether a source is stale: of that no run is red, but a person should know."""
    since, confirmed = stands.stale_since, stands.last_confirmed
    said = f"confirmed {confirmed:%Y-%m-%d %H:%M} UTC" if confirmed else "nothing of it is stored"
    return [
        dg.AssetCheckResult(
            check_name="fresh",
            asset_key=key,
            passed=since is None,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"stale since {since:%Y-%m-%d}, last {said}" if since else said,
        )
    ]


def staged_results(key: dg.AssetKey, staged: StagedSource | None) -> list[dg.AssetCheckResult]:
    """The ledger of each snapshot, added up again from what was written."""
    if staged is None:
        return [dg.AssetCheckResult(check_name=name, asset_key=key, passed=True) for name in STAGED_CHECKS]
    return [_result(key, ledger_check(staged.ledger_file, staged.observation))]


def indicator_results(key: dg.AssetKey, found: Sequence[CheckResult]) -> list[dg.AssetCheckResult]:
    """What an indicator's `expect` says of its values."""
    return [_result(key, check) for check in found]


def _result(key: dg.AssetKey, check: CheckResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=check.name,
        asset_key=key,
        passed=check.passed,
        severity=SEVERITY[check.severity],
        description=check.message,
        metadata=dict(check.numbers),
    )
