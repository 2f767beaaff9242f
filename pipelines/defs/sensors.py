"""Sensors that follow changed data and send alerts. They are off until an operator turns them on."""

import dagster as dg

from pipelines.monitoring.alerts import receivers, send_news
from pipelines.monitoring.status import facts
from sources.settings import compact_home

ALERT_SECONDS = 600

what_follows = dg.AutomationConditionSensorDefinition(
    "what_follows",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Recomputes what depends on a source whose data have changed, up to the release.",
)


@dg.sensor(
    name="alerts",
    minimum_interval_seconds=ALERT_SECONDS,
    description="Sends what requires action to the receivers that COMPACT_ALERT_* name.",
)
def alerts(_context: dg.SensorEvaluationContext) -> dg.SkipReason:
    if not receivers():
        return dg.SkipReason("no alert receivers configured (COMPACT_ALERT_WEBHOOK, COMPACT_ALERT_SMTP)")
    home = compact_home()
    failed = send_news(home, facts(home))
    return dg.SkipReason("; ".join(failed) or "sent what was new, if anything was")
