"""Compares the observations of a release with the agencies' stored bytes: each source is restaged in a
separate folder from the snapshots that the release names.

A source whose current code or definition differs from the release's cannot be compared; it is counted and
reported.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schemas.columns.observation import OBSERVATION
from schemas.definitions.source import Source
from schemas.errors import CompactError
from sources.snapshots.store import Snapshot, Store
from sources.staging.result import fingerprint
from sources.staging.stage import stage_source
from warehouse.engine.duckdb_engine import engine, literal, parquet
from warehouse.store.publish import read_release_metadata
from warehouse.verification.finding import Finding

EXAMPLES = 5


@dataclass
class Restaged:
    """Result of restaging.

    Attributes:
        rows: number of observations compared.
        left_out: sources that could not be compared, each with the reason.
        findings: the sources whose observations differ.
    """

    rows: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def restage(folder: Path, store: Store, sources: Mapping[str, Source]) -> Restaged:
    """Compare every observation of a release with its snapshots.

    Args:
        folder: a release whose tables can be read.
        store: the store of snapshots.
        sources: today's definitions.
    """
    result = Restaged()
    recorded = read_release_metadata(folder).get("sources", {})
    for source_id, names in _snapshots(folder):
        if why := _compare(folder, store, sources.get(source_id), source_id, names, recorded, result):
            result.left_out[source_id] = why
    return result


def _snapshots(folder: Path) -> Iterator[tuple[str, list[str]]]:
    with engine() as con:
        rows = con.execute(
            f"select source, list(distinct snapshot order by snapshot) from "
            f"{parquet(folder / 'snapshot.parquet')} group by source order by source"
        ).fetchall()
    yield from ((str(source), list(map(str, names))) for source, names in rows)


def _compare(
    folder: Path,
    store: Store,
    source: Source | None,
    source_id: str,
    names: list[str],
    recorded: Mapping[str, Mapping[str, object]],
    result: Restaged,
) -> str:
    """Compare one source. Returns the reason if that is not possible."""
    if source is None:
        return "its definition is gone"
    snapshots: list[Snapshot] = []
    for name in names:
        whole = [s for s in store.find(name) if s.source == source_id and store.is_whole(s)]
        if not whole:
            return f"the bytes of snapshot {name[:12]} are not in the store"
        snapshots.append(whole[0])
    files = [store.files(snapshot) for snapshot in snapshots]
    if recorded.get(source_id, {}).get("staged") != fingerprint(source, files):
        return "its code or definition is not the one of the release"
    with tempfile.TemporaryDirectory(prefix="compact-verify-") as aside:
        try:
            staged = stage_source(source, files, Path(aside))
        except CompactError as problem:
            result.findings.append(Finding("snapshots", "restaged", f"{source_id}: {problem.what}"))
            return ""
        _compare_rows(folder, staged.observation, source_id, result)
    return ""


def _compare_rows(folder: Path, restaged: Path, source_id: str, result: Restaged) -> None:
    """Check that every published observation is among the restaged ones. Observations that no indicator uses
    are not published.
    """
    columns = ", ".join(f'"{name}"' for name in OBSERVATION.names)
    table = parquet(folder / "observation.parquet")
    published = f"(select {columns} from {table} where source = {literal(source_id)})"
    with engine() as con:
        counted = con.execute(f"select count(*) from {published}").fetchone()
        result.rows += int((counted or (0,))[0])
        rows = con.execute(
            f"from {published} except all select {columns} from {parquet(restaged)} "
            "order by series, ref_area, time_period"
        ).fetchall()
    if rows:
        names = list(OBSERVATION.names)
        at = [names.index(name) for name in ("series", "ref_area", "time_period", "obs_value")]
        shown = "; ".join(" ".join(str(row[index]) for index in at) for row in rows[:EXAMPLES])
        result.findings.append(
            Finding(
                "observation.parquet",
                "restaged",
                f"{len(rows)} observations of {source_id} are not what its stored bytes give: {shown}",
            )
        )
