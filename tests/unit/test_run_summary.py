"""The end of a run: the files that it recommends to open."""

from __future__ import annotations

from pathlib import Path

from pipelines.cli.make.run_summary import open_lines


def test_the_reports_of_a_release_are_named(tmp_path: Path) -> None:
    for name in (
        "site/index.html",
        "compact-tracker.xlsx",
        "briefs/KEN.pdf",
        "briefs/AFG.pdf",
        "briefs/M49-001.pdf",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert open_lines(tmp_path) == [
        "Open:",
        f"  site      {tmp_path / 'site' / 'index.html'}",
        f"  workbook  {tmp_path / 'compact-tracker.xlsx'}",
        f"  brief     {tmp_path / 'briefs' / 'AFG.pdf'} (and 1 other country)",
    ]


def test_a_release_without_reports_names_none(tmp_path: Path) -> None:
    assert open_lines(tmp_path) == []
