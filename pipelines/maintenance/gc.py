"""`compact gc`: deletes unreferenced data: old releases by policy, stored pages, staged and evaluated tables.

warehouse/store/retention.py and sources/snapshots/garbage.py decide what is still referenced. Each removal is
atomic; after a crash, the next gc removes the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from pipelines.maintenance.cleanup import RELEASES, remove, remove_partial_files
from pipelines.steps.context import EVALUATED, open_context
from schemas.display import counted
from schemas.errors import CompactError
from schemas.tables.arrow import read_columns
from sources.locks import home_lock
from sources.settings import Settings
from sources.snapshots.garbage import needed_snapshots, unnamed_objects, unneeded_lines
from sources.snapshots.store import Store
from warehouse.evaluation.cache import Stored, expected_paths, staged_now
from warehouse.store.listing import releases
from warehouse.store.publish import REMOVED, latest_release, publishing, releases_folder, snapshots_of
from warehouse.store.retention import kept, reaches_back_to
from warehouse.verification.verify import verify_release


@dataclass(frozen=True)
class Removed:
    """One removed item, or one that would be. kind: release, page, staged or evaluated; bytes: the space it
    frees.
    """

    kind: str
    what: str
    bytes: int
    why: str


def collect(home: Path, keep: int | None = None, *, dry_run: bool = False) -> list[Removed]:
    """Delete unreferenced data. keep: number of releases to keep, instead of the policy's; dry_run: delete
    nothing. Raises HomeLocked if a run is active, and CompactError if a latest release is damaged: older ones
    may be needed for a rollback.
    """
    with nullcontext() if dry_run else home_lock(home, "compact gc"):
        if not dry_run:
            remove_partial_files(home)
        removed, spared = list[Removed](), list[Path]()
        for part in RELEASES:
            if releases_folder(home / part).is_dir():
                _latest_must_be_whole(home / part)
                removed += _releases(home / part, keep, dry_run, spared)
        spared += [path.parent for path in home.glob("as_of/**/releases/*/release.json")]
        if (home / "snapshots").is_dir():
            store = Store(home)
            needed = needed_snapshots(store, _snapshots(spared), reaches_back_to(home, keep))
            removed += _pages(store, needed, dry_run)
            removed += _tables(home, needed, dry_run)
        return removed


def _latest_must_be_whole(home: Path) -> None:
    latest = latest_release(home)
    if latest is not None and (damage := verify_release(latest)):
        raise CompactError(
            f"the latest release is damaged in {counted(len(damage), 'place')}, so nothing is removed: "
            f"{damage[0]}",
            where=str(latest),
            next_step="`compact rollback` to an older release, or fix the disk; then `compact gc`",
        )


def _releases(home: Path, keep: int | None, dry_run: bool, spared: list[Path]) -> Iterator[Removed]:
    """Rename each release, which is atomic, then delete it: no partial release is ever visible under its
    name.
    """
    keep_reasons = kept(home, keep)
    for row in releases(home):
        folder = releases_folder(home) / row["id"]
        if row["id"] in keep_reasons:
            spared.append(folder)
            continue
        size = _size([folder])
        if not dry_run:
            with publishing(home) as place:
                if latest_release(home) == folder.resolve():  # if a rollback happened meanwhile
                    spared.append(folder)
                    continue
                remove(folder.rename(place / f"{REMOVED}{row['id']}"))
        yield Removed("release", row["id"], size, f"made {row['created'][:10]}, beyond what is kept")


def _snapshots(folders: Iterable[Path]) -> set[str]:
    return {name for folder in folders for name in snapshots_of(folder)}


def _pages(store: Store, needed: set[str], dry_run: bool) -> Iterator[Removed]:
    """Delete the record first, then the bytes: no page disappears while it is still recorded."""
    lines = unneeded_lines(store, needed)
    reasons = {page["sha256"]: line["reason"] for line in lines for page in line["pages"]}
    if not dry_run:
        store.drop(lines)
    left = {path.name: "nothing speaks of it" for path in unnamed_objects(store)}
    for name, why in sorted((left | reasons).items()):
        path = store.objects.path(name)
        if path.is_file():
            yield Removed("page", name, path.stat().st_size, why)
            if not dry_run:
                path.unlink()


def _tables(home: Path, needed: set[str], dry_run: bool) -> Iterator[Removed]:
    """Delete staged tables that a newer one replaces, and values of definitions or inputs that no longer
    exist.
    """
    for kind, paths, why in (
        (
            "staged",
            _staged_unneeded(home, needed),
            "a newer table has these snapshots, or nothing needs them",
        ),
        ("evaluated", _evaluated_unneeded(home), "of other definitions, inputs or code"),
    ):
        for path in paths:
            files = [path] if path.is_dir() else sorted(path.parent.glob(f"{path.stem}.*"))
            yield Removed(kind, str(path.relative_to(home)), _size(files), why)
            if not dry_run and path.is_dir():
                remove(path.rename(path.with_name(f".partial-{path.name}")))
            elif not dry_run:
                for file in files:
                    file.unlink(missing_ok=True)


def _staged_unneeded(home: Path, needed: set[str]) -> list[Path]:
    """List the unneeded staged tables: neither in use nor the newest table of a needed snapshot, which
    `compact revisions` reads.
    """
    used = {place.observation.parent for place in _in_use(home).values()}
    unneeded = []
    for source in sorted((home / "staged").glob("*/")):
        covered: set[str] = set()
        tables = [path.parent for path in source.glob("*/ledger.parquet")]
        for table in sorted(
            tables, key=lambda path: (path in used, path.stat().st_mtime, path.name), reverse=True
        ):
            rows = read_columns(table / "ledger.parquet", "snapshot")["snapshot"].to_pylist()
            new = (set(rows) & needed) - covered
            if table not in used and not new:
                unneeded.append(table)
            covered |= set(rows)
    return unneeded


def _in_use(home: Path) -> Mapping[str, Stored]:
    sources = open_context(Settings(home=home)).sources
    return staged_now(home, sources, sources)


def _evaluated_unneeded(home: Path) -> list[Path]:
    """List the unneeded evaluated tables: neither reusable by a run nor the newest of an indicator, which
    `compact why` compares.
    """
    staged = {source_id: unneeded.observation for source_id, unneeded in _in_use(home).items()}
    used: set[Path] = set()
    for part in RELEASES:
        context = open_context(Settings(home=home), redistributable=bool(part))
        if releases_folder(home / part).is_dir():
            used |= {home / path for path in expected_paths(context.catalogue, staged).values()}
    unneeded = []
    for folder in sorted((home / EVALUATED).glob("*/")):
        tables = sorted(folder.glob("*.parquet"), key=lambda path: (path.stat().st_mtime, path.name))
        unneeded += [path for path in tables[:-1] if path not in used]
        alone = {path.stem for path in folder.glob("[!.]*")} - {path.stem for path in tables}
        unneeded += [next(folder.glob(f"{name}.*")) for name in sorted(alone)]
    return unneeded


def _size(paths: Iterable[Path]) -> int:
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return sum(file.stat().st_size for file in files if file.is_file())
