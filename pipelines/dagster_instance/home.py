"""Location and settings of Dagster's own records: $COMPACT_HOME/dagster, with telemetry off."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from sources.snapshots.atomic import write_atomic

if TYPE_CHECKING:
    import dagster as dg

FOLDER, SETTINGS = "dagster", "dagster.yaml"
HERE = "{env: DAGSTER_HOME}"  # in our dagster.yaml; written out, as a process may open several homes


def prepare(home: Path) -> Path:
    """Create the instance's folder with the current dagster.yaml. A DAGSTER_HOME from the environment is used
    unchanged, with its own dagster.yaml.
    """
    if chosen := os.environ.get("DAGSTER_HOME"):
        return Path(chosen)
    folder = (home / FOLDER).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    template = Path(__file__).with_name(SETTINGS).read_text(encoding="utf-8")
    ours = template.replace(HERE, json.dumps(str(folder))).encode()
    there = folder / SETTINGS
    if not there.exists() or there.read_bytes() != ours:
        write_atomic(there, ours)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    return folder


def open_instance(home: Path) -> dg.DagsterInstance:
    """Open Dagster's records of this home, on disk. The caller closes them."""
    folder = prepare(home)
    import dagster as dg  # takes a second: imported only to open the records

    return dg.DagsterInstance.from_config(str(folder))
