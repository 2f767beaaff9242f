"""Builds and validates every table, then publishes the release atomically; on any failure nothing is
published.

tables.py computes the tables; warehouse/store/publish.py turns the folder into a release. This module fetches
and stages nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from schemas.display import counted
from schemas.tables.arrow import read_columns
from schemas.tables.registry import TABLES
from warehouse.checks.indicator_checks import CheckResult, indicator_checks, staged_series
from warehouse.checks.unexplained_changes import unexplained_changes
from warehouse.diff.document import DIFF, compare
from warehouse.release.datapackage import datapackage, write_text
from warehouse.release.dataset_metadata import write_dataset_cards
from warehouse.release.duckdb_file import write_database
from warehouse.release.inputs import ReleaseInputs, SourceState, inputs_fingerprint
from warehouse.release.notes import notes
from warehouse.release.reuse import PARTS, link_or_copy, parts_of, unchanged_tables
from warehouse.release.source_pages import write_source_pages
from warehouse.release.summary import summary
from warehouse.release.tables import changed_values, write_tables
from warehouse.store.history import was_withdrawn
from warehouse.store.publish import (
    CARD,
    ReleaseRefused,
    ReleaseResult,
    building,
    file_sha256,
    latest_release,
    next_release_id,
    not_before,
    publish,
    publishing,
    read_release_metadata,
    write_sums,
)
from warehouse.verification.verify import table_findings

__all__ = ["ReleaseInputs", "SourceState", "all_checks", "build_release"]

CHECKS = "checks.json"


def build_release(
    home: Path,
    inputs: ReleaseInputs,
    *,
    tables: Path | None = None,
    now: datetime | None = None,
    temp: Path | None = None,
    reports: Callable[[Path], None] | None = None,
    acknowledge: str = "",
    about: Mapping[str, Any] | None = None,
) -> ReleaseResult:
    """Make a release and point `latest` to it, unless nothing has changed or an operator withdrew the same
    release. Raises ReleaseRefused, leaving everything unchanged, if a check of level error fails, the written
    files fail verification, or they revise the previous release by more than revision_limits.yaml without an
    acknowledgement.

    tables: a folder with every table, from `build_tables`; without it they are computed here. reports: writes
    site, briefs and workbook into the folder, after the checks of its tables and before the checksums. about:
    further fields of release.json (as_of: the as-of moment).
    """
    now = now or datetime.now(UTC)
    fingerprint = inputs_fingerprint(inputs)
    with publishing(home) as folder:
        previous = latest_release(home)
        if previous is not None and read_release_metadata(previous)["fingerprint"] == fingerprint:
            return ReleaseResult(
                False, previous.name, previous, f"nothing changed since release {previous.name}"
            )
        if previous is not None and (why := was_withdrawn(home, fingerprint)):
            return ReleaseResult(False, previous.name, previous, why)
        checks = all_checks(inputs, previous) if inputs.checks is None else inputs.checks
        refuse(
            [
                f"{check.name}: {check.message}"
                for check in checks
                if check.severity == "error" and not check.passed
            ]
        )
        warnings = [*inputs.held_inputs.values(), *_stale(inputs), *_warnings(checks)]
        now = not_before(previous, now)
        release_id = next_release_id(folder, f"{now:%Y-%m-%d}-{fingerprint[:8]}")
        with building(folder, release_id) as aside, ThreadPoolExecutor(1) as beside:
            if tables is None:
                write_tables(aside, inputs, previous, temp)
            else:
                take_tables(tables, aside)
            changes = changed_values(aside)
            same = unchanged_tables(parts_of(previous), aside)
            # DuckDB works while Python checks the tables
            database = beside.submit(write_database, aside, previous, same)
            refuse([str(finding) for finding in table_findings(aside, fresh=True, checked=same)])
            if "indicator" not in same:
                _refuse_unexplained(unexplained_changes(previous, aside))
            diff = _diff(previous, aside, release_id, acknowledge, inputs.decided)
            card = _card(aside, inputs, release_id, now, fingerprint, previous, warnings) | {
                "acknowledged": diff["acknowledged"],
                "large_revisions": [row["what"] for row in diff["large"]],
                **(about or {}),
            }
            database.result()
            write_text(aside / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")
            write_text(
                aside / "datapackage.json",
                json.dumps(datapackage(card, inputs.sources), indent=2, ensure_ascii=False) + "\n",
            )
            write_dataset_cards(aside, card, inputs.sources)
            write_text(aside / DIFF, json.dumps(diff, indent=1, ensure_ascii=False) + "\n")
            write_text(aside / CHECKS, _checks_text(checks))
            write_text(aside / "NOTES.md", notes(card, inputs.sources, changes, diff["notes"]))
            states = {name: _standing(inputs.states[name]) for name in inputs.sources}
            write_source_pages(aside, inputs.sources, states)
            if reports is not None:
                reports(aside)
            write_sums(aside)
            final = publish(aside, release_id)
    rows = {name: int(facts["rows"]) for name, facts in card["tables"].items()}
    said = summary(final, rows, previous, changes)
    return ReleaseResult(True, release_id, final, said, rows, tuple(warnings))


def take_tables(tables: Path, aside: Path) -> None:
    """Move precomputed tables into the folder of the release: by links if the file system has them, as
    they are never rewritten.
    """
    for file in (*(f"{name}.parquet" for name in TABLES), PARTS):
        link_or_copy(tables / file, aside / file)


def _diff(
    previous: Path | None, aside: Path, release_id: str, acknowledge: str, decided: Mapping[str, str]
) -> dict[str, Any]:
    """Return the changes of the release. Raises ReleaseRefused if they exceed the limits without an
    acknowledgement.
    """
    diff = compare(previous, aside, (previous.name if previous else None, release_id), decided=decided)
    if diff["large"] and not acknowledge.strip():
        listed = "\n  - ".join(row["what"] for row in diff["large"])
        raise ReleaseRefused(
            f"{len(diff['large'])} large revision{'s' if len(diff['large']) > 1 else ''} against release "
            f"{diff['before']}, so nothing was published\n  - {listed}",
            where="warehouse/diff/thresholds.yaml",
            allowed="large revisions that a person has looked at",
            next_step="compare with the agency's page and its notes. If they are right: "
            '`compact run --acknowledge "why they are right"`; if not, fix the definition, or tell the '
            "agency and wait for its correction",
        )
    if diff["large"]:
        diff["acknowledged"] = acknowledge.strip()
        diff["notes"].insert(0, f"Large revisions, acknowledged: {acknowledge.strip()}")
    return diff


def _checks_text(checks: Sequence[CheckResult]) -> str:
    """Return checks.json: the checks of each indicator's values, with the outcome in words."""
    rows = [
        {
            "indicator": check.subject,
            "check": check.name,
            "level": check.severity,
            "passed": check.passed,
            "what": check.message,
        }
        for check in checks
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def _standing(state: SourceState) -> str:
    """Return the status of a source for its page, with the age of its stored data."""
    parts = [f"{state.state}: {state.note}" if state.note else state.state]
    if confirmed := state.facts.get("last_confirmed"):
        parts.append(f"the agency last confirmed it on {confirmed[:10]}")
    if since := state.facts.get("stale_since"):
        parts.append(f"**stale since {since[:10]}**, by its cadence")
    return "; ".join(parts)


def _stale(inputs: ReleaseInputs) -> list[str]:
    """Return a sentence for each source that was not confirmed for longer than its cadence allows."""
    return [
        f"{name} is stale since {since[:10]}: the agency last confirmed what is used of it on "
        f"{str(state.facts.get('last_confirmed'))[:10]}"
        for name, state in sorted(inputs.states.items())
        if name in inputs.sources and (since := state.facts.get("stale_since"))
    ]


def all_checks(inputs: ReleaseInputs, previous: Path | None = None) -> list[CheckResult]:
    """Run the checks of every indicator."""
    definitions = {name: entry.indicator for name, entry in inputs.catalogue.items()}
    present = staged_series(tuple(path for _, path in sorted(inputs.staged.items())))
    return [
        check
        for name, indicator in sorted(definitions.items())
        for check in indicator_checks(indicator, inputs.evaluated[name], present, definitions, previous)
    ]


def _warnings(checks: Sequence[CheckResult]) -> list[str]:
    """Return the warnings in words; indicators without any value share one sentence."""
    failed = [check for check in checks if check.severity == "warn" and not check.passed]
    empty = [check.subject for check in failed if check.name == "not_empty"]
    said = [check.message for check in failed if check.subject not in empty or not check.subject]
    without = f"indicators without a value, as sources are missing: {', '.join(sorted(empty))}"
    return [without, *said] if empty else said


def refuse(faults: list[str]) -> None:
    """Raise ReleaseRefused if there are any."""
    if faults:
        raise ReleaseRefused(
            f"{counted(len(faults), 'check')} failed, so nothing was published\n  - " + "\n  - ".join(faults),
            allowed="a release in which every check of level error passes",
            next_step="look at the values named; fix the source or the definition, or correct the "
            "expectation if it is wrong; then `compact run`",
        )


def _refuse_unexplained(changes: list[str]) -> None:
    """Raise ReleaseRefused if values changed although none of their inputs did."""
    if changes:
        raise ReleaseRefused(
            f"{counted(len(changes), 'indicator')} changed without a cause, so nothing was published\n  - "
            + "\n  - ".join(changes),
            where="evaluated/, staged/",
            allowed="the same values from the same snapshots, definition and code",
            next_step="this is a fault of ours, not a revision: `compact verify --all` names the release "
            "whose values cannot be computed again; delete staged/ and evaluated/, run again, and report it",
        )


def _card(
    aside: Path,
    inputs: ReleaseInputs,
    release_id: str,
    now: datetime,
    fingerprint: str,
    previous: Path | None,
    warnings: list[str],
) -> dict[str, Any]:
    """Return release.json, the machine-readable description of the release."""
    ledger = read_columns(aside / "ledger.parquet", "rows_out", "rows_rejected").to_pylist()
    tables = {}
    for name in TABLES:
        path = aside / f"{name}.parquet"
        tables[name] = {
            "rows": pq.read_metadata(path).num_rows,
            "bytes": path.stat().st_size,
            "sha256": file_sha256(path),
        }
    snapshots = [row["source"] for row in inputs.snapshots]
    return {
        "id": release_id,
        "created": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "fingerprint": fingerprint,
        "previous": previous.name if previous else None,
        "indicators": len(inputs.catalogue),
        "rows_kept": sum(row["rows_out"] for row in ledger),
        "rows_rejected": sum(row["rows_rejected"] for row in ledger),
        "sources": {
            name: {
                "state": inputs.states[name].state,
                "note": inputs.states[name].note,
                "snapshots": snapshots.count(name),
                "staged": inputs.staged[name].parent.name if name in inputs.staged else None,
                **inputs.states[name].facts,
            }
            for name in sorted(inputs.sources)
        },
        "held_inputs": dict(sorted(inputs.held_inputs.items())),
        "tables": tables,
        "warnings": warnings,
    }
