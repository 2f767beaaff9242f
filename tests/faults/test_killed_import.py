"""An import of contributions killed at every file operation: the next run's clean-up leaves the table
consistent with the manifest, with all rows of the import or none.
"""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.maintenance.cleanup import remove_partial_files
from schemas.definitions.contribution_templates import TEMPLATES
from sources.contributions import import_file
from sources.contributions.archive import Archive
from tests.faults.kills import Kill, fork
from tests.faults.table import saw, tried
from tests.unit.contributed import KNOWN, NOW, PLEDGE, as_csv

FAULT = "an import of contributions is killed"


@pytest.mark.fault(FAULT)
def test_an_import_that_is_killed_keeps_all_of_its_rows_or_none(tmp_path: Path) -> None:
    file = tmp_path / "pledges.csv"
    file.write_bytes(as_csv([PLEDGE]))
    killed, rows = 0, set()
    for number in range(1, 200):
        home = tmp_path / "home"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        kill = Kill(home, tmp_path / "changes.txt", change=number)

        def work(kill: Kill = kill, home: Path = home) -> int:
            kill.arm()
            import_file(file, None, home, by="a test", now=NOW, known=KNOWN)
            return 0

        if fork(work, tmp_path / "said.txt") != -signal.SIGKILL:
            break
        killed += 1
        remove_partial_files(home)
        archive = Archive(home, TEMPLATES["pledge"].table)
        promised = sum(event["accepted"] for event in archive.imports())
        there = pq.read_table(archive.path).to_pylist() if archive.path.is_file() else []
        kept = len(there)
        assert {(row["imported_by"], row["consent"]) for row in there} <= {("a test", "yes")}
        saw(f"{kept} rows after the next clean-up")
        assert kept == promised
        assert not [path for path in home.rglob(".*") if path.name.startswith((".new-", ".pledge.parquet."))]
        rows.add(kept)
        assert import_file(file, None, home, by="a test", now=NOW, known=KNOWN).accepted == 1
        assert pq.read_metadata(archive.path).num_rows == 1
    assert rows == {0, 1}
    tried(FAULT, killed, killed)
