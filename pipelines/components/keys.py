"""Asset keys and groups, in pipeline order."""

from __future__ import annotations

import dagster as dg

# Groups of assets; an indicator's group is its folder.
SOURCES, OBSERVATIONS, TABLES, RELEASE, VINTAGES = "sources", "observations", "tables", "release", "vintages"
RELEASE_KEY = dg.AssetKey(["release"])
AS_OF_KEY = dg.AssetKey(["release_as_of"])


def snapshot_key(source_id: str) -> dg.AssetKey:
    return dg.AssetKey(["snapshot", source_id])


def observation_key(source_id: str) -> dg.AssetKey:
    return dg.AssetKey(["observation", source_id])


def indicator_key(indicator_id: str) -> dg.AssetKey:
    return dg.AssetKey(["indicator", indicator_id])


def table_key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["table", name])


def report_key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["report", name])


def when_inputs_change() -> dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]:
    """True when an input's data version changed, not merely when it was materialized again.

    False while inputs are being made, and where the run that changed the input also makes this asset.
    """
    condition = dg.AutomationCondition
    changed = condition.data_version_changed() & ~condition.executed_with_root_target()
    return (
        condition.any_deps_match(changed).with_label("an input has other data").since_last_handled()
        & ~condition.any_deps_in_progress()
        & ~condition.in_progress()
    )
