"""The inputs of a release, and the fingerprint that shows whether anything has changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from schemas.codelists.areas import area_rows, membership_rows
from schemas.definitions.source import Source
from schemas.definitions.targets import Targets
from warehouse.checks.indicator_checks import CheckResult
from warehouse.distributed.backend import engine_version
from warehouse.engine.duckdb_engine import code_fingerprint
from warehouse.models.definition_inputs import Defined

CODE = (
    "schemas/**/*.py",
    "warehouse/**/*.py",
    "warehouse/**/*.sql",
    "warehouse/**/*.yaml",
    "warehouse/**/*.csv",
    "schemas/codelists/**/*.csv",
    "schemas/codelists/**/*.yaml",
)


REPORTS = tuple(
    f"reports/**/*.{kind}"
    for kind in ("py", "yaml", "po", "typ", "html", "css", "js", "mjs", "json", "svg", "txt")
)
REPORT_LIBRARIES = ("babel", "jinja2", "typst", "xlsxwriter")  # they determine the written files


@dataclass(frozen=True)
class SourceState:
    """Status of a source in the run. note: why it is not live; facts: further fields of release.json
    (last_confirmed, stale_since, agency_release, cadence), all as of that moment.
    """

    state: Literal["live", "stored", "absent"]
    note: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReleaseInputs:
    """The inputs of a release.

    snapshots: the current ones, as rows of the table `snapshot`; staged: source to its observation.parquet,
    with ledger.parquet and quarantine.parquet next to it; evaluated: indicator to its file; checks: those of
    the evaluated indicators, None if not run yet; contributions: kind to the parquet file of the accepted
    rows; commitments: targets, crosswalk, claims and score definitions; decided: snapshots that an operator
    accepted despite large differences, with operator and reason; with_reports: whether the release gets site,
    briefs and workbook.
    """

    catalogue: Mapping[str, Defined]
    sources: Mapping[str, Source]
    states: Mapping[str, SourceState]
    snapshots: Sequence[Mapping[str, Any]]
    staged: Mapping[str, Path]
    evaluated: Mapping[str, Path]
    areas: Sequence[Mapping[str, Any]] = field(default_factory=area_rows)
    area_groups: Sequence[Mapping[str, Any]] = field(default_factory=membership_rows)
    checks: Sequence[CheckResult] | None = None
    decided: Mapping[str, str] = field(default_factory=dict)
    held_inputs: Mapping[str, str] = field(default_factory=dict)
    contributions: Mapping[str, Path] = field(default_factory=dict)
    commitments: Targets = field(default_factory=Targets)
    with_reports: bool = False


def inputs_fingerprint(inputs: ReleaseInputs) -> str:
    """Return the sha256 of all inputs of the tables. The availability of the agencies is not included: an
    outage alone makes no new release.
    """
    digest = sha256(code_fingerprint(*CODE).encode() + engine_version().encode())
    snapshots = sorted((row["source"], row["resource"], row["snapshot"]) for row in inputs.snapshots)
    if inputs.with_reports:
        digest.update(code_fingerprint(*REPORTS).encode())
        digest.update(" ".join(f"{name} {version(name)}" for name in REPORT_LIBRARIES).encode())
    parts: list[object] = [
        [
            [name, entry.group, entry.indicator.model_dump(mode="json")]
            for name, entry in sorted(inputs.catalogue.items())
        ],
        [[name, source.model_dump(mode="json")] for name, source in sorted(inputs.sources.items())],
        snapshots,
        [[name, path.parent.name] for name, path in sorted(inputs.staged.items())],
        [[name, path.stem] for name, path in sorted(inputs.evaluated.items())],
        [
            [name, sha256(path.read_bytes()).hexdigest()]
            for name, path in sorted(inputs.contributions.items())
        ],
        inputs.commitments.model_dump(mode="json"),
    ]
    digest.update(json.dumps(parts, sort_keys=True).encode())
    for rows in (inputs.areas, inputs.area_groups):
        digest.update(json.dumps([dict(row) for row in rows], sort_keys=True).encode())
    return digest.hexdigest()
