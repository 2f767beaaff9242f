"""`compact check --fix`: selects the files to repair and the model of each. The repairs are in
schemas/definitions.

A file without a known slip is not written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indicators.registry import FOLDER, NOT_GROUPS
from schemas.definitions.indicator import Indicator
from schemas.definitions.repairs import repair
from schemas.definitions.source import Source
from schemas.definitions.yaml_limits import MOST_BYTES
from sources.registry.sources import SOURCES
from sources.snapshots.atomic import write_atomic

OTHER_FILES = {"claims.yaml", "corrections.yaml", "removed.yaml", "series.yaml"}


def repair_files(
    paths: Sequence[Path] | None = None, *, folder: Path = FOLDER, sources_folder: Path = SOURCES
) -> list[dict[str, str | int]]:
    """Repair the definition files in place: all, or those named; a folder means the files in it.

    Returns:
        One row for each repair: file, line, and the new text. An unreadable file is left to the check.
    """
    repairs: list[dict[str, str | int]] = []
    for path in _files(paths or [folder, sources_folder]):
        try:
            if path.stat().st_size > MOST_BYTES:
                continue
            content = path.read_bytes()
        except OSError:
            continue
        repaired = repair(path, content, _model(path))
        if repaired.repairs:
            write_atomic(path.resolve(), repaired.content)
        repairs += [{"file": str(path), "line": one.line, "fixed": one.what} for one in repaired.repairs]
    return repairs


def _files(paths: Sequence[Path]) -> list[Path]:
    return [f for p in paths for f in (sorted(p.rglob("*.yaml")) if p.is_dir() else [p])]


def _model(path: Path) -> type[Indicator] | type[Source] | None:
    """Return the model of a file; None if only its syntax is checked."""
    if path.name == "source.yaml":
        return Source
    return None if path.parent.name in NOT_GROUPS or path.name in OTHER_FILES else Indicator
