"""The jobs over all assets; those of one source or one folder of indicators come with their components."""

import dagster as dg

from pipelines.components.keys import OBSERVATIONS, SOURCES, VINTAGES

ALL = dg.AssetSelection.all() - dg.AssetSelection.groups(VINTAGES)
INCOMING = dg.AssetSelection.groups(SOURCES, OBSERVATIONS)

everything = dg.define_asset_job(
    "everything",
    selection=ALL,
    description="Fetch what changed, stage, evaluate, and release if all checks pass.",
)
fetch_and_stage = dg.define_asset_job("fetch_and_stage", selection=INCOMING, description="What comes in.")
evaluate_and_release = dg.define_asset_job(
    "evaluate_and_release", selection=ALL - INCOMING, description="What goes out."
)
