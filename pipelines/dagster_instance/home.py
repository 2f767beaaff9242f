"""Where Dagster keeps its own records: $COMPACT_HOME/dagster, with telemetry off. Set before dagster is
imported."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


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
