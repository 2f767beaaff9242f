"""What a run that died has left in COMPACT_HOME: half-written files, and a swap of `latest` half done.

Called by who works there alone, so that whatever looks unfinished belongs to nobody. What is finished and no
longer needed is a matter of pipelines/maintenance/gc.py.
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
    """Remove what is unfinished, and finish what was all but published: a release that is in place, and the
    table of an import that is in the manifest. Returns what was removed."""
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
    """Delete a file or a folder, whichever it is; gone already is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _spilled() -> Iterator[Path]:
    """Folders to which the engine of a process that is no more moved what did not fit into memory."""
    for folder in Path(tempfile.gettempdir()).glob("compact-*"):
        number = folder.name.removeprefix("compact-")
        if number.isdigit() and folder.stat().st_uid == os.getuid() and not _alive(int(number)):
            yield folder


def _unwritten_settings(home: Path) -> Iterator[Path]:
    """Dagster's settings, half written by a process that is no more: a living one may hold no lock."""
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
