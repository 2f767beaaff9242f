"""Step 5, release: builds the tables from the results of evaluate and check, and publishes them.

Computing tables and switching a folder to a release are in warehouse/release and warehouse/store.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from indicators.targets import load_commitments
from pipelines.steps.check import Checks
from pipelines.steps.context import RunContext, UpstreamMissing
from pipelines.steps.evaluate import expected_values, held_of
from pipelines.steps.fetch import STATUS
from pipelines.steps.reports import ReportFiles, write_reports
from pipelines.steps.stage import current_tables, observations, require
from pipelines.steps.system_errors import translate_system_errors
from schemas.codelists.areas import area_rows, membership_rows
from schemas.tables.registry import TABLES
from sources.ingest.cadence import standing_facts
from warehouse.release.build import build_release
from warehouse.release.inputs import ReleaseInputs, SourceState, inputs_fingerprint
from warehouse.release.reuse import PARTS
from warehouse.release.tables import WrittenTable, build_tables
from warehouse.store.history import was_withdrawn
from warehouse.store.publish import ReleaseResult, latest_release, read_release_metadata, snapshots_of

FOLDER = "tables"  # below the folder with `releases`: the tables of the unpublished release


@translate_system_errors
def release_inputs(
    context: RunContext, values: Mapping[str, Path], staged: Mapping[str, Path], checks: Checks | None = None
) -> ReleaseInputs:
    """Collect the inputs of a release. checks: the results of check; without them the inputs serve only for
    fingerprints.
    """
    home, store = context.home, context.store
    with store.unchanging():
        return ReleaseInputs(
            catalogue=context.catalogue.entries,
            sources=context.sources,
            states=source_states(context),
            snapshots=[s.row() for source_id in context.sources for s in store.live(source_id).values()],
            staged=staged,
            evaluated=values,
            areas=area_rows(home / "groups"),
            area_groups=membership_rows(home / "groups"),
            checks=[check for name in sorted(checks) for check in checks[name]]
            if checks is not None
            else None,
            commitments=load_commitments(),
            contributions={path.stem: path for path in sorted((home / "contributions").glob("*/*.parquet"))},
            decided=_decided(context),
            held_inputs={name: one.text for name, one in held_of(context).items()},
            with_reports=context.settings.reports == "all",
        )


def source_states(context: RunContext) -> dict[str, SourceState]:
    """Return the status of each source at its last request; for a past moment, the snapshots accepted by
    then.
    """
    return {source_id: _state(context, source_id) for source_id in context.sources}


def _state(context: RunContext, source_id: str) -> SourceState:
    if context.when is not None:
        day = f"{context.when:%Y-%m-%d}"
        if context.store.live(source_id):
            return SourceState("stored", f"as of {day}")
        return SourceState("absent", f"nothing of it was accepted by {day}")
    path = context.home / STATUS / f"{source_id}.json"
    never = {"state": "absent", "note": "never asked"}
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else never
    facts = standing_facts(context.sources[source_id], context.store, context.wanted_series(source_id))
    return SourceState(known["state"], known["note"] or None, facts)


def _decided(context: RunContext) -> dict[str, str]:
    """Return the unreleased current snapshots that an operator accepted despite large differences: who, and
    why. A later snapshot was compared with the accepted one, so the decision covers it too.
    """
    latest = latest_release(context.releases_home)
    released = snapshots_of(latest) if latest else set()
    decided: dict[str, str] = {}
    for source_id in context.sources:
        reasons: dict[str, str] = {}
        for event in context.store.events(source_id):
            if event["event"] != "accepted":
                continue
            if event["snapshot"] in released:
                reasons.pop(event["resource"], None)
            elif event.get("by"):
                reasons[event["resource"]] = f"{event['by']}: {event['reason']}"
        live = context.store.live(source_id)
        decided |= {live[key].snapshot: why for key, why in reasons.items() if key in live}
    return decided


@translate_system_errors
def find_unchanged(context: RunContext) -> ReleaseResult | None:
    """Return the latest release if it was made from the current snapshots, definitions and code, or if the
    release that they would make was withdrawn. None also if something is not staged yet.
    """
    latest = latest_release(context.releases_home)
    if latest is None:
        return None
    try:
        staged = observations(current_tables(context))
    except UpstreamMissing:
        return None
    fingerprint = inputs_fingerprint(release_inputs(context, expected_values(context, staged), staged))
    if why := was_withdrawn(context.releases_home, fingerprint):
        return ReleaseResult(False, latest.name, latest, why)
    if fingerprint != read_release_metadata(latest)["fingerprint"]:
        return None
    return ReleaseResult(False, latest.name, latest, f"nothing changed since release {latest.name}")


def tables_folder(context: RunContext, inputs: ReleaseInputs) -> Path:
    """Return the folder of a release's tables, named after its inputs and the previous release."""
    latest = latest_release(context.releases_home)
    name = f"{inputs_fingerprint(inputs)[:16]}-after-{latest.name if latest else 'none'}"
    return context.releases_home / FOLDER / name


@translate_system_errors
def write_release_tables(context: RunContext, inputs: ReleaseInputs) -> Iterator[WrittenTable]:
    """Compute the tables of an unpublished release in dependency order.

    Args:
        context: The run.
        inputs: The inputs of the release.

    Yields:
        Each table as it is written.
    """
    folder = tables_folder(context, inputs)
    for other in folder.parent.glob("*"):
        if other != folder:
            shutil.rmtree(other)
    folder.mkdir(parents=True, exist_ok=True)
    written = build_tables(folder, inputs, latest_release(context.releases_home), None)
    for number, table in enumerate(written, 1):
        context.progress("tables", number, len(TABLES))
        yield table


@translate_system_errors
def release(context: RunContext, inputs: ReleaseInputs) -> tuple[ReleaseResult, list[ReportFiles]]:
    """Publish the results of evaluate, check and the tables.

    Args:
        context: The run.
        inputs: From `release_inputs`, with the checks.

    Returns:
        The release, and its reports if the settings enable them.

    Raises:
        ReleaseRefused: A check of level error fails; `latest` is unchanged.
        UpstreamMissing: Tables are missing.
    """
    folder = tables_folder(context, inputs)
    latest = latest_release(context.releases_home)
    same = latest is not None and read_release_metadata(latest)["fingerprint"] == inputs_fingerprint(inputs)
    if not same:
        whole = (folder / PARTS).is_file()  # it is written after the last table
        require(
            [f"table/{name}" for name in TABLES if not (whole and (folder / f"{name}.parquet").is_file())]
        )
    reports = list[ReportFiles]()
    context.progress("release", 0, 1)
    result = build_release(
        context.releases_home,
        inputs,
        tables=folder,
        acknowledge=context.acknowledge,
        about=context.about_release,
        reports=(lambda aside: reports.extend(write_reports(aside)))
        if context.settings.reports == "all"
        else None,
    )
    shutil.rmtree(folder.parent, ignore_errors=True)
    context.progress("release", 1, 1)
    # they were written into the folder that became the release
    return result, [replace(one, folder=result.path / one.folder.name) for one in reports]
