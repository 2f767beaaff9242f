"""Where Dagster keeps its own records: $COMPACT_HOME/dagster, with telemetry off. Set before dagster is
imported."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event


def prepare(home: Path) -> Path:
    """Make the instance's folder with our dagster.yaml and point DAGSTER_HOME to it; a DAGSTER_HOME that is
    set stays."""
    if given := os.environ.get("DAGSTER_HOME"):
        return Path(given)
    folder = (home / "dagster").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "dagster.yaml").exists():
        shutil.copyfile(Path(__file__).with_name("dagster.yaml"), folder / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    return folder


@event.listens_for(Engine, "connect")
def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
    """Dagster commits some thousand times a run, and each commit would wait for the disk (measured 2026-11:
    most of a run's time). A killed process loses nothing by this, a power cut at worst Dagster's own log of
    the run: never data, which the store and the releases sync themselves."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("pragma synchronous = off")
