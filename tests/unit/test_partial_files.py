"""Partial files of a dead process: the next run removes them, but none of a live process that may write at
the same time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pipelines.maintenance.cleanup import remove_partial_files
from sources.snapshots.atomic import replacing
from warehouse.store.latest import MOVING

DIE = """
import os, sys
from pathlib import Path
from sources.snapshots.atomic import replacing
with replacing(Path(sys.argv[1])) as partial:
    partial.write_bytes(b"half")
    os._exit(9)
"""
WRITTEN = (f"releases/{MOVING}", "releases/latest", "dagster/dagster.yaml", "status/worldbank_wdi.json")


def test_what_a_process_was_writing_when_it_died_is_removed(tmp_path: Path) -> None:
    for name in WRITTEN:
        assert subprocess.run([sys.executable, "-c", DIE, tmp_path / name], check=False).returncode == 9
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(left) == len(WRITTEN)
    remove_partial_files(tmp_path)
    assert [path for path in left if path.exists()] == []


def test_settings_that_a_living_process_writes_are_left_to_it(tmp_path: Path) -> None:
    settings = tmp_path / "dagster" / "dagster.yaml"
    with replacing(settings) as partial:
        partial.write_bytes(b"telemetry: {}")
        assert str(os.getpid()) in partial.name
        remove_partial_files(tmp_path)
    assert settings.read_bytes() == b"telemetry: {}"
