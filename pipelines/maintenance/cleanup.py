"""Cleans COMPACT_HOME after a run that died: removes partial files and completes an interrupted switch of
`latest`.

The caller holds the exclusive lock, so no unfinished file belongs to a live process. Finished files that are
no longer needed are the task of pipelines/maintenance/gc.py.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from schemas.definitions.contribution_templates import TEMPLATES
from sources.contributions.archive import Archive
from warehouse.store.publish import publishing, releases_folder

# Names under which files and folders are written before they are renamed into place.
UNFINISHED = (
    "snapshots/objects/*/.*",
    "staged/*/.partial-*",
    "staged/*/*/.*.json.*",
    "evaluated/*/.*",
    "tables",  # of a release that was not published
    "redistributable/tables",
    "status/.*",
)
RELEASES = ("", "redistributable")


def remove_partial_files(home: Path) -> list[Path]:
    """Remove partial files, and complete an interrupted publication.

    Publication covers a release that is in place, and the table of an import that is in the manifest. Returns
    the removed paths.
    """
    left = [path for pattern in UNFINISHED for path in home.glob(pattern)]
    left += [*_spilled(), *_unwritten_settings(home)]
    for path in left:
        remove(path)
    for template in TEMPLATES.values():
        Archive(home, template.table).rebuild()
    for part in RELEASES:
        if releases_folder(home / part).is_dir():
            with publishing(home / part):
                pass
    return left


def remove(path: Path) -> None:
    """Delete a file or a folder; do nothing if it does not exist."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _spilled() -> Iterator[Path]:
    """Find folders to which the engine of a dead process spilled data that did not fit into memory."""
    for folder in Path(tempfile.gettempdir()).glob("compact-*"):
        number = folder.name.removeprefix("compact-")
        if number.isdigit() and folder.stat().st_uid == os.getuid() and not _alive(int(number)):
            yield folder


def _unwritten_settings(home: Path) -> Iterator[Path]:
    """Find partial Dagster settings of a dead process: a live one may hold no lock."""
    for partial in home.glob("dagster/.dagster.yaml.*"):
        number = partial.suffix[1:].partition("-")[0]
        if number.isdigit() and not _alive(int(number)):
            yield partial


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
