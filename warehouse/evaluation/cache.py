"""Finds the staged table of each source in the store, without staging anything.

It serves read-only commands (preview, why). A run stages missing tables, see pipelines/steps/stage.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.definitions.indicator import Indicator
from schemas.definitions.source import Source
from schemas.tables.arrow import read_columns
from sources.snapshots.store import Snapshot, Store
from sources.staging.stage import staged_table
from warehouse.evaluation.evaluate import cached_path, evaluation_fingerprint


@dataclass(frozen=True)
class Stored:
    """The staged table of a source. current: a run would use this table, not restage."""

    observation: Path
    current: bool


def staged_now(home: Path, sources: Mapping[str, Source], source_ids: Iterable[str]) -> dict[str, Stored]:
    """Return the staged tables of the current snapshots of these sources; a source without one is omitted.

    A table staged by older code or definitions is used until a run makes the new one.
    """
    if not (home / "snapshots").is_dir():
        return {}
    store = Store(home)
    staged: dict[str, Stored] = {}
    for source_id in sorted(set(source_ids) & set(sources)):
        live = list(store.live(source_id).values())
        if live and (table := _staged(home, store, sources[source_id], live)):
            staged[source_id] = table
    return staged


def _staged(home: Path, store: Store, source: Source, live: list[Snapshot]) -> Stored | None:
    if (current := staged_table(source, [store.files(one) for one in live], home)) is not None:
        return Stored(current.observation, True)
    folder = home / "staged" / source.id
    names = {one.snapshot for one in live}
    older = [
        path.parent
        for path in folder.glob("*/ledger.parquet")
        if path.with_name("observation.parquet").is_file()
    ]
    for place in sorted(older, key=lambda path: (path.stat().st_mtime, path.name), reverse=True):
        if set(read_columns(place / "ledger.parquet", "snapshot")["snapshot"].to_pylist()) == names:
            return Stored(place / "observation.parquet", False)
    return None


def expected_paths(made_of: Mapping[str, Indicator], staged: Mapping[str, Path]) -> dict[str, Path]:
    """Return the paths of evaluated indicators by their fingerprints, existing or not; made_of: the
    indicators in dependency order.
    """
    paths: dict[str, Path] = {}
    for indicator_id, indicator in made_of.items():
        fingerprint_of = evaluation_fingerprint(indicator, staged, paths)
        paths[indicator_id] = cached_path(Path("evaluated"), indicator_id, fingerprint_of)
    return paths
